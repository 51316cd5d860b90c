package policy

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	m := NewMatcher([]Application{
		{Name: "rest", Hosts: []string{"shop.example.com"}},
		{Name: "api", Hosts: []string{"shop.example.com", "*.shop.example.com"}, Paths: []string{"/api", "/v2/"}},
		{Name: "admin", Paths: []string{"/api/admin"}},
		{Name: "wide", Hosts: []string{"*.example.com"}},
		{Name: "narrow", Hosts: []string{"*.shop.example.com"}},
		{Name: "six", Hosts: []string{"[2001:db8::1]"}},
		{Name: "second", Hosts: []string{"shop.example.com"}},
		{Name: "upper", Hosts: []string{"UPPER.example.com."}},
	})
	f := func(host, path, want string) {
		t.Helper()
		got := ""
		if a := m.Match(host, path); a != nil {
			got = a.Name
		}
		if got != want {
			t.Errorf("Match(%q, %q) = %q, want %q", host, path, got, want)
		}
	}
	f("shop.example.com", "/", "rest")
	f("shop.example.com", "", "rest")
	f("shop.example.com", "*", "rest")
	f("SHOP.example.com.:8080", "/x", "rest")
	f("upper.example.com", "/x", "upper")

	f("shop.example.com", "/api", "api")
	f("shop.example.com", "/api/x", "api")
	f("shop.example.com", "/api;v=1", "api")
	f("shop.example.com", "/apix", "rest")
	f("shop.example.com", "/v2/x", "api")
	f("shop.example.com", "/v2", "rest")

	// The longest prefix wins over the more exact host.
	f("shop.example.com", "/api/admin/x", "admin")
	f("elsewhere.test", "/api/admin", "admin")
	f("elsewhere.test", "/", "")
	f("", "/", "")

	// Among equal prefixes the more exact host wins, then the order.
	f("a.shop.example.com", "/", "narrow")
	f("a.example.com", "/", "wide")
	f("a.b.shop.example.com", "/api", "api")

	f("[2001:db8::1]:443", "/", "six")
	f("[2001:DB8::1]", "/", "six")
	f("2001:db8::1", "/", "six")

	// Other spellings of a path stay in their application.
	f("shop.example.com", "/%61pi/x", "api")
	f("shop.example.com", "//api//x", "api")
	f("shop.example.com", "/./api", "api")
	f("shop.example.com", "/x/../api/admin", "admin")
	f("shop.example.com", "/x/..%2fapi%2Fadmin", "admin")
	f("shop.example.com", "/api/..", "rest")
	f("shop.example.com", "/../../api", "api")
	f("shop.example.com", "/api/%", "api")
	f("shop.example.com", "/%zzapi", "rest")
}

func TestMatchNothing(t *testing.T) {
	if a := NewMatcher(nil).Match("a", "/"); a != nil {
		t.Errorf("no applications: got %q", a.Name)
	}
}

func TestMatchKeepsItsOwnApplications(t *testing.T) {
	apps := []Application{{Name: "a"}}
	m := NewMatcher(apps)
	apps[0].Name = "changed"
	if got := m.Match("x", "/").Name; got != "a" {
		t.Errorf("got %q: the matcher shares its caller's slice", got)
	}
}

func TestNormalPath(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := normalPath(in); got != want {
			t.Errorf("normalPath(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("*", "*")
	f("/", "/")
	f("//", "/")
	f("/a/", "/a/")
	f("/a//", "/a/")
	f("/a/.", "/a/")
	f("/a/..", "/")
	f("/a/b/..", "/a/")
	f("/a/b/../c", "/a/c")
	f("/..", "/")
	f("/.well-known/x", "/.well-known/x")
	f("/...", "/...")
	f("/caf%C3%A9", "/café")
	f("/%2e%2e/a", "/a")
	f("/%252e", "/%2e")
	f("/a%", "/a%")
	f("/a%4", "/a%4")
}

// FuzzNormalPath checks what Match relies on: a normal path is absolute, clean,
// and not longer than what it came from.
func FuzzNormalPath(f *testing.F) {
	for _, s := range []string{"/a/../b", "//", "/%2f%2e%2e/", "/a/./b/", "/.", "*"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := normalPath(s)
		if !strings.HasPrefix(s, "/") {
			if got != s {
				t.Errorf("normalPath(%q) = %q, want it unchanged", s, got)
			}
			return
		}
		if !strings.HasPrefix(got, "/") || len(got) > len(s) || strings.Contains(got, "//") {
			t.Errorf("normalPath(%q) = %q", s, got)
		}
		for segment := range strings.SplitSeq(got, "/") {
			if segment == "." || segment == ".." {
				t.Errorf("normalPath(%q) = %q keeps a dot segment", s, got)
			}
		}
	})
}

func TestMatchDoesNotAllocate(t *testing.T) {
	m := benchMatcher()
	if n := testing.AllocsPerRun(100, func() { m.Match("eu.shop.example.com:8080", "/v2/users/17/orders") }); n != 0 {
		t.Errorf("Match allocates %v times", n)
	}
}

func BenchmarkMatch(b *testing.B) {
	m := benchMatcher()
	b.ReportAllocs()
	for b.Loop() {
		m.Match("eu.shop.example.com:8080", "/v2/users/17/orders")
	}
}

func benchMatcher() *Matcher {
	return NewMatcher([]Application{
		{Name: "crm", Hosts: []string{"crm.example.com"}, Paths: []string{"/mcp", "/api"}},
		{Name: "shop", Hosts: []string{"shop.example.com", "*.shop.example.com"}},
		{Name: "users", Hosts: []string{"*.shop.example.com"}, Paths: []string{"/v2/users"}},
	})
}

// A path of many ".." must not cost a copy of the path for each of them.
func TestMatchHostilePathCost(t *testing.T) {
	m := NewMatcher([]Application{{Name: "a", Paths: []string{"/api"}}})
	allocations := func(climbs int) float64 {
		path := "/" + strings.Repeat("a", 1<<10) + strings.Repeat("/b/..", climbs)
		return testing.AllocsPerRun(10, func() { m.Match("h", path) })
	}
	if few, many := allocations(10), allocations(1000); many > few {
		t.Errorf("%v allocations for 10 climbs, %v for 1000", few, many)
	}
}
