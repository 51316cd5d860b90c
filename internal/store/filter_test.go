package store

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"sojourn/internal/record"
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

func TestMatchContext(t *testing.T) {
	r := record.Request{Context: []record.Value{{Name: "tenant", Value: "7"}, {Name: "item", Value: "a"}, {Name: "item", Value: "b", Hashed: true}}}
	for _, c := range []struct {
		wanted []ContextValue
		want   bool
	}{
		{nil, true},
		{[]ContextValue{{"tenant", "7"}}, true},
		{[]ContextValue{{"tenant", "8"}}, false},
		{[]ContextValue{{"tenant", "a"}}, false},
		{[]ContextValue{{"tenant", "8"}, {"tenant", "7"}}, true},
		{[]ContextValue{{"item", "b"}, {"tenant", "7"}}, true},
		{[]ContextValue{{"item", "b"}, {"tenant", "8"}}, false},
		{[]ContextValue{{"item", "c"}, {"tenant", "7"}, {"item", "a"}}, true},
	} {
		if got := (&Filter{Context: c.wanted}).Match(&r); got != c.want {
			t.Errorf("a filter with context %v: %v", c.wanted, got)
		}
	}
}

func TestMatchMCP(t *testing.T) {
	batch := record.Request{MCP: &record.MCP{Server: "a/mcp", Method: "tools/call", Name: "search", More: []record.MCPMessage{
		{Method: "tools/call", Name: "pay"}, {Method: "notifications/progress"},
	}}}
	nameless := record.Request{MCP: &record.MCP{Method: "ping", More: []record.MCPMessage{{Method: "tools/list"}}}}
	for _, c := range []struct {
		filter          Filter
		batch, nameless bool
	}{
		{Filter{MCPMethods: []string{"tools/call"}}, true, false},
		{Filter{MCPMethods: []string{"notifications/progress", "tools/list"}}, true, true},
		{Filter{MCPMethods: []string{"notifications"}}, false, false},
		{Filter{MCPMethods: []string{""}}, false, false},
		{Filter{MCPNames: []string{"pay"}}, true, false},
		{Filter{MCPNames: []string{"pay"}, MCPMethods: []string{"notifications/progress"}}, true, false},
		{Filter{MCPNames: []string{""}}, false, true},
		{Filter{MCPServers: []string{""}}, false, true},
	} {
		if got := [2]bool{c.filter.Match(&batch), c.filter.Match(&nameless)}; got != [2]bool{c.batch, c.nameless} {
			t.Errorf("%+v: %v", c.filter, got)
		}
	}
	for _, f := range []Filter{{MCPMethods: []string{""}}, {MCPNames: []string{""}}, {MCPServers: []string{""}}} {
		if !f.Match(&record.Request{}) {
			t.Errorf("%+v does not match a request without a message", f)
		}
	}
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
		r := record.Request{Method: c.method, Endpoint: c.endpoint, Path: c.path}
		if got := (&Filter{Endpoints: []string{"nothing like it", c.pattern}}).Match(&r); got != c.want {
			t.Errorf("a filter with %q: %v", c.pattern, got)
		}
	}
}
