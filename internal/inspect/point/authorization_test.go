package point

import (
	"encoding/base64"
	"strings"
	"testing"
)

func TestCredentials(t *testing.T) {
	for in, want := range map[string][2]string{
		"":                  {"", ""},
		"token":             {"", "token"},
		" token ":           {"", "token"},
		"Bearer abc":        {"Bearer", "abc"},
		"bearer   abc ":     {"bearer", "abc"},
		"Digest a=1, b=\"2": {"Digest", "a=1, b=\"2"},
	} {
		if scheme, rest := Credentials(in); scheme != want[0] || rest != want[1] {
			t.Errorf("Credentials(%q) = %q, %q; want %q", in, scheme, rest, want)
		}
	}
}

func TestBasicUser(t *testing.T) {
	encode := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		in, want string
		ok       bool
	}{
		{encode([]byte("ann:secret")), "ann", true},
		{strings.TrimRight(encode([]byte("ann:secret")), "="), "ann", true},
		{encode([]byte("ann:")), "ann", true},
		{encode([]byte(":secret")), "", true},
		{encode([]byte("ann:a:b")), "ann", true},
		{encode([]byte("ann")), "", false},
		{"", "", false},
		{"%%%", "", false},
		{encode([]byte(strings.Repeat("x", maxBasicBytes) + ":")), "", false},
	} {
		if got, ok := BasicUser(c.in); got != c.want || ok != c.ok {
			t.Errorf("BasicUser(%q) = %q, %v; want %q, %v", c.in, got, ok, c.want, c.ok)
		}
	}
}
