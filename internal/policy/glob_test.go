package policy

import (
	"regexp"
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	f := func(pattern, s string, want bool) {
		t.Helper()
		if got := Glob(pattern, s); got != want {
			t.Errorf("Glob(%q, %q) = %v, want %v", pattern, s, got, want)
		}
	}
	f("", "", true)
	f("", "a", false)
	f("*", "", true)
	f("*", "a.b", true)
	f("?", "", false)
	f("?", "a", true)
	f("a*c", "abbc", true)
	f("a*c", "abbd", false)
	f("*.example.com", "a.b.example.com", true)
	f("*.example.com", "example.com", false)
	f("/static/*", "/static/js/app.js", true)
	f("*ab*ab*", "aabab", true)
	f("*ab*ab*", "aab", false)
	f("a**", "a", true)
}

// FuzzGlob compares Glob with the regular expression that says the same.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "aXXbYc")
	f.Add("**", "")
	f.Add("*.*.com", "shop.example.com")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 32 || len(s) > 256 || !isASCII(pattern) || !isASCII(s) {
			return
		}
		re := regexp.QuoteMeta(pattern)
		re = strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(re)
		want := regexp.MustCompile(`(?s)\A` + re + `\z`).MatchString(s)
		if got := Glob(pattern, s); got != want {
			t.Errorf("Glob(%q, %q) = %v, want %v", pattern, s, got, want)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}
