package endpoint

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestNameIsBounded(t *testing.T) {
	n := New()
	seen := map[string]bool{}
	for i := range 3 * MaxPerHost {
		seen[n.Name("a.example.com", "/shop/"+word(i))] = true
	}
	if len(seen) != MaxPerHost+1 || !seen["/shop/{rest}"] || n.Folded() != 2*MaxPerHost {
		t.Errorf("%d templates, %d folded", len(seen), n.Folded())
	}
	for i := range 3 * MaxFoldedPerHost {
		seen[n.Name("a.example.com", "/"+word(i)+"/x")] = true
	}
	if len(seen) != MaxPerHost+MaxFoldedPerHost+1 || !seen["/{rest}"] {
		t.Errorf("%d templates with folded ones", len(seen))
	}
	if got := n.Name("a.example.com", "/shop/"+word(0)); got != "/shop/"+word(0) {
		t.Errorf("a template from before the limit became %s", got)
	}
	if got := n.Name("b.example.com", "/shop/"+word(0)); got != "/shop/"+word(0) {
		t.Errorf("another host's template became %s", got)
	}
}

func TestNameIsBoundedOverHosts(t *testing.T) {
	n := New()
	for i := range MaxTotal + 1000 {
		n.Name(fmt.Sprintf("h%d.example.com", i), "/x")
	}
	if n.total > MaxTotal || len(n.hosts) > MaxTotal {
		t.Errorf("%d templates kept of %d hosts", n.total, len(n.hosts))
	}
	if got := n.Name("new.example.com", "/x"); got != "/{rest}" {
		t.Errorf("a new host beyond the limit gives %s", got)
	}
}

// TestNameKeepsNoOrder: below the limits, what came before does not matter.
func TestNameKeepsNoOrder(t *testing.T) {
	paths := []string{"/a/1", "/a/x", "/a/2026-11-21", "/b%61r", "/bar", "/a/1.json"}
	forth, back := New(), New()
	for i := range paths {
		forth.Name("h", paths[i])
		back.Name("h", paths[len(paths)-1-i])
	}
	for _, p := range paths {
		if a, b := forth.Name("h", p), back.Name("h", p); a != b || a != Template(p) {
			t.Errorf("%s: %s and %s", p, a, b)
		}
	}
}

func TestNameDoesNotAllocate(t *testing.T) {
	n := New()
	for _, p := range []string{"/api/catalogue", "/users/42/orders", "/x/507f1f77bcf86cd799439011"} {
		n.Name("h", p)
		if allocs := testing.AllocsPerRun(100, func() { n.Name("h", p) }); allocs > 0 {
			t.Errorf("%s: %v allocations", p, allocs)
		}
	}
}

func TestNameTogether(t *testing.T) {
	n := New()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				if got := n.Name("h", "/"+word(i+g)); !strings.HasPrefix(got, "/") {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}

// word spells i in letters, so that it is no id.
func word(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'g' }, fmt.Sprint(i))
}
