package inspect

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestNormalHost(t *testing.T) {
	for _, c := range [][3]string{
		{"", "http", ""},
		{"Shop.Example.COM", "http", "shop.example.com"},
		{"shop.example.com.", "https", "shop.example.com"},
		{"shop.example.com.:443", "https", "shop.example.com"},
		{"shop.example.com:80", "http", "shop.example.com"},
		{"shop.example.com:80", "https", "shop.example.com:80"},
		{"shop.example.com:443", "", "shop.example.com"},
		{"shop.example.com:8080", "http", "shop.example.com:8080"},
		{"shop.example.com:", "http", "shop.example.com"},
		{"[2001:DB8::1]:80", "http", "[2001:db8::1]"},
		{"[2001:db8::1]:8080", "http", "[2001:db8::1]:8080"},
		{"[2001:db8::1]", "http", "[2001:db8::1]"},
		{"2001:db8::1", "http", "2001:db8::1"},
		{":80", "http", ""},
		{"[", "http", "["},
		{"ann:secret@shop.example.com:8080", "http", "shop.example.com:8080"},
		{"ann@", "http", ""},
	} {
		if got := normalHost(c[0], c[1]); got != c[2] {
			t.Errorf("normalHost(%q, %q) = %q, want %q", c[0], c[1], got, c[2])
		}
	}
}

func TestKeep(t *testing.T) {
	f := func(in string, limit int, esc escapes, want string, flags ...record.Flag) {
		t.Helper()
		var k keeper
		if diff := cmp.Diff(want, k.keep(in, limit, esc)); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(flags, k.flags); diff != "" {
			t.Errorf("%q: %s", in, diff)
		}
	}
	f("", 8, percentEscapes, "")
	f("/plain", 8, percentEscapes, "/plain")
	f("/plainer", 8, percentEscapes, "/plainer")
	f("/plainest", 8, percentEscapes, "/plaines", record.FlagValueCut)
	f("/café", 8, percentEscapes, "/café")
	f("/aaaacafé", 9, percentEscapes, "/aaaacaf", record.FlagValueCut)
	f("a\x00b", 8, percentEscapes, "a%00b", record.FlagMalformed)
	f("a\x1bb", 8, plainEscapes, `a\x1Bb`, record.FlagMalformed)
	f("a\xffb", 8, plainEscapes, `a\xFFb`, record.FlagMalformed)
	f("a\u0085b", 8, percentEscapes, "a%C2%85b", record.FlagMalformed)
	f("aaaaaa\x00", 8, percentEscapes, "aaaaaa", record.FlagMalformed, record.FlagValueCut)
	f("\ufffd", 8, percentEscapes, "\ufffd")
}

func TestKeepDoesNotTouchSharedFlags(t *testing.T) {
	shared := make([]record.Flag, 1, 4)
	shared[0] = record.FlagUpgraded
	a, b := keeper{flags: shared}, keeper{flags: shared}
	a.flag(record.FlagValueCut)
	b.flag(record.FlagMalformed)
	if diff := cmp.Diff([]record.Flag{record.FlagUpgraded, record.FlagValueCut}, a.flags); diff != "" {
		t.Error(diff)
	}
}

func FuzzKeep(f *testing.F) {
	f.Add("a\x00é\xff", 3)
	f.Fuzz(func(t *testing.T, in string, limit int) {
		if limit < 0 || limit > 1<<16 {
			return
		}
		var k keeper
		got := k.keep(in, limit, percentEscapes)
		if len(got) > limit || !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\n\r\x1b\x7f") {
			t.Fatalf("%q at %d gives %q", in, limit, got)
		}
	})
}
