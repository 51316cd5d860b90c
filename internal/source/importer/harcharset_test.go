package importer

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnTheWire(t *testing.T) {
	for _, c := range []struct{ text, mediaType, want string }{
		{"grüße", "", "grüße"},
		{"grüße", "text/plain", "grüße"},
		{"grüße", "application/json; charset=UTF-8", "grüße"},
		{"grüße", "application/json; charset=ISO-8859-1", "gr\xfc\xdfe"},
		{"grüße", `text/xml; charset="windows-1252"`, "gr\xfc\xdfe"},
		{"€", "text/plain; charset=latin1", "\x80"}, // which the web takes for windows-1252
		{"日本", "text/plain; charset=shift_jis", "\x93\xfa\x96{"},
		{"日", "text/plain; charset=latin1", "\x1a"},
		{"ü", "text/plain; charset=utf-16", "\xfc\x00"},
		{"grüße", "text/plain; charset=klingon", "grüße"},
		{"grüße", "text/plain; charset", "grüße"},
		{"a\xffb", "text/plain; charset=latin1", "a\x1ab"},
		{"", "text/plain; charset=utf-16", ""},
	} {
		if diff := cmp.Diff(c.want, string(onTheWire(c.text, c.mediaType))); diff != "" {
			t.Errorf("%q as %s:\n%s", c.text, c.mediaType, diff)
		}
	}
}
