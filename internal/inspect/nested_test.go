package inspect

import (
	"net/url"
	"strings"
	"testing"
)

func TestHidesSecret(t *testing.T) {
	f := func(in string, want bool) {
		t.Helper()
		for range maxNesting + 1 {
			if got := hidesSecret(in); got != want {
				t.Errorf("hidesSecret(%q) = %t", in, got)
			}
			in = url.QueryEscape(in)
		}
	}
	f("/reset?token=x", true)
	f("/cb#access_token=x", true)
	f("/cb?a=1&user[password]=x", true)
	f("a=1;password=x", true)
	f("https://ann:x@example.com/", true)
	f(`{"a":{"password" : "x"}}`, true)
	f(`{\"password\":\"x\"}`, true)
	f("Bearer "+someID, true)
	f("sid="+someID, true)

	f("", false)
	f("red shoes", false)
	f("12:30", false)
	f("sort=price", false)
	f("sid=42", false)
	f("https://example.com/ann@home:8", false)
	f("https://example.com:8080/?page=2", false)
	f(`{"q":"token"}`, false)
	f("scope:token", false)
	f("the bearer of news", false)
}

func FuzzHidesSecret(f *testing.F) {
	f.Add("/reset?token=x")
	f.Fuzz(func(t *testing.T, s string) {
		if hidesSecret(s); !secretInside(s + "&password=x") {
			t.Fatalf("behind %q a password is not seen", s)
		}
	})
}

func BenchmarkHidesSecret(b *testing.B) {
	for name, s := range map[string]string{
		"equals":    strings.Repeat("=", 64<<10),
		"members":   strings.Repeat(`":`, 32<<10),
		"addresses": strings.Repeat("://", 21<<10),
		"encoded":   strings.Repeat("%25", 21<<10),
		"name":      strings.Repeat("a", 64<<10) + "=1",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				hidesSecret(s)
			}
		})
	}
}
