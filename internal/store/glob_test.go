package store

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "abc", true}, {"?", "", false}, {"?", "a", true}, {"?", "ü", true}, {"??", "ü", false},
		{"a*c", "abbc", true}, {"a*c", "abbd", false}, {"*.example.com", "a.example.com", true}, {"*.example.com", "example.com", false},
		{"*??b*", "€bz", false}, {"*??b*", "x€bz", true}, {"a*b*c", "aXbYbZc", true}, {"**", "x", true}, {"[a]", "a", false}, {`\*`, "*", false},
	} {
		if got := Glob(c.pattern, c.s); got != c.want {
			t.Errorf("Glob(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

// FuzzGlob compares Glob with the same pattern as a regular expression.
func FuzzGlob(f *testing.F) {
	f.Add("a*?b", "a€bab")
	f.Add("*??b*", "€bz")
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(s) || len(pattern) > 100 {
			t.Skip()
		}
		quoted := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
		want := regexp.MustCompile(`(?s)\A` + quoted + `\z`).MatchString(s)
		if got := Glob(pattern, s); got != want {
			t.Errorf("Glob(%q, %q) = %v", pattern, s, got)
		}
	})
}

func TestMatchEndpoint(t *testing.T) {
	for _, c := range []struct {
		pattern, method, endpoint, path string
		want                            bool
	}{
		{"GET /users/{int}", "GET", "/users/{int}", "/users/7", true},
		{"get /USERS/*", "GET", "/users/{int}", "/users/7", true},
		{"POST /users/{int}", "GET", "/users/{int}", "/users/7", false},
		{"GET /users/7", "GET", "/users/{int}", "/users/7", false},
		{"/users/7", "GET", "/users/{int}", "/users/7", true},
		{"SERS", "GET", "/users/{int}", "/users/7", true},
		{"/users/?", "GET", "/users/{int}", "/Users/7", true},
		{"/users", "GET", "/users/{int}", "/users/7", true},
		{"/users*", "GET", "/", "/users/7", true},
		{"*users", "GET", "/users/{int}", "/users/7", false},
		{"", "GET", "/", "/", true},
	} {
		if got := MatchEndpoint(c.pattern, c.method, c.endpoint, c.path); got != c.want {
			t.Errorf("MatchEndpoint(%q, %q, %q, %q) = %v", c.pattern, c.method, c.endpoint, c.path, got)
		}
	}
}
