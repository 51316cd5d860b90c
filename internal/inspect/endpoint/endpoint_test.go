package endpoint

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

func TestNameIsBounded(t *testing.T) {
	n := New()
	seen := map[string]bool{}
	for i := range 3 * MaxPerHost {
		seen[nameOf(n, "a.example.com", "/shop/"+word(i), http.StatusOK)] = true
	}
	if len(seen) != MaxPerHost+1 || !seen["/shop/{rest}"] || n.Folded() != 2*MaxPerHost {
		t.Errorf("%d templates, %d folded", len(seen), n.Folded())
	}
	for i := range 3 * MaxFoldedPerHost {
		seen[nameOf(n, "a.example.com", "/"+word(i)+"/x", http.StatusOK)] = true
	}
	if len(seen) != MaxPerHost+MaxFoldedPerHost+1 || !seen["/{rest}"] {
		t.Errorf("%d templates with folded ones", len(seen))
	}
	if got := nameOf(n, "a.example.com", "/shop/"+word(0), http.StatusOK); got != "/shop/"+word(0) {
		t.Errorf("a template from before the limit became %s", got)
	}
	if got := nameOf(n, "b.example.com", "/shop/"+word(0), http.StatusOK); got != "/shop/"+word(0) {
		t.Errorf("another host's template became %s", got)
	}
}

// TestNameIsBoundedOverHosts: made-up names, hosts and paths both, for as long as
// anyone likes.
func TestNameIsBoundedOverHosts(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusNotFound} {
		n := New()
		seen := map[string]bool{}
		for i := range 3 * MaxHosts {
			for j := range 8 {
				seen[nameOf(n, fmt.Sprintf("h%d.example.com", i), "/"+word(8*i+j)+"/x", status)] = true
			}
		}
		kept, hosts := len(n.others.templates.names)+len(n.others.coarse.names), len(n.hosts)
		for _, h := range n.hosts {
			kept += len(h.templates.names) + len(h.coarse.names)
		}
		if limit := MaxTotal + MaxPerHost + MaxFoldedPerHost; kept > limit || hosts > MaxHosts || len(seen) > limit+1 {
			t.Errorf("%d: %d templates kept of %d hosts, %d given out", status, kept, hosts, len(seen))
		}
		if !seen["/"+Rest] || n.Folded() == 0 {
			t.Errorf("%d: nothing was folded", status)
		}
	}
}

// TestNameOutlivesScanner: paths and hosts that somebody makes up do not take the
// names of those that exist.
func TestNameOutlivesScanner(t *testing.T) {
	f := func(what string, scan func(n *Namer, i int)) {
		t.Helper()
		n := New()
		for i := range 2 * MaxTotal {
			scan(n, i)
		}
		for _, host := range []string{"shop.example.com", "late.example.com"} {
			for i := range MaxPerHost / 2 {
				path := "/real/" + word(i)
				if got := nameOf(n, host, path, http.StatusOK); got != path {
					t.Fatalf("behind %s, %s%s is %s", what, host, path, got)
				}
			}
		}
	}
	for _, status := range []int{0, 400, 404, 502} {
		f(fmt.Sprintf("paths that answer %d", status), func(n *Namer, i int) {
			nameOf(n, "shop.example.com", "/"+word(i), status)
		})
		f(fmt.Sprintf("folders that answer %d", status), func(n *Namer, i int) {
			nameOf(n, "shop.example.com", "/"+word(i)+"/x", status)
		})
		f(fmt.Sprintf("hosts that answer %d", status), func(n *Namer, i int) {
			nameOf(n, word(i)+".example.com", "/"+word(i), status)
		})
	}
	// An upstream that does not look at the Host header answers each.
	f("hosts that answer", func(n *Namer, i int) { nameOf(n, word(i)+".example.com", "/", http.StatusOK) })
	f("hosts that answer many paths", func(n *Namer, i int) {
		nameOf(n, word(i)+".example.com", "/"+word(i%(MaxPerHost/4)), http.StatusOK)
	})
}

// TestNameFoldsGuessesFirst: a folded guess leaves the first segment to those
// that are answered.
func TestNameFoldsGuessesFirst(t *testing.T) {
	n := New()
	for i := range 2 * MaxPerHost {
		nameOf(n, "h", "/"+word(i)+"/x", http.StatusNotFound)
	}
	if got := nameOf(n, "h", "/unheard/of", http.StatusNotFound); got != "/{rest}" {
		t.Errorf("a guess beyond all limits is %s", got)
	}
	for i := range 2 * MaxPerHost {
		nameOf(n, "h", "/shop/"+word(i), http.StatusOK)
	}
	if got := nameOf(n, "h", "/cart/unheard-of", http.StatusOK); got != "/cart/{rest}" {
		t.Errorf("an answered path beyond the limit is %s", got)
	}
}

// TestNameForgetsNoStatus: below the limits a path has one name whatever its
// status, and one that was answered once is no guess anymore.
func TestNameForgetsNoStatus(t *testing.T) {
	n := New()
	for i := range MaxPerHost / 2 {
		path := "/users/" + word(i)
		for _, status := range []int{404, 200, 0} {
			if got := nameOf(n, "h", path, status); got != path {
				t.Fatalf("%s with %d is %s", path, status, got)
			}
		}
	}
	if got := nameOf(n, "h", "/unknown", http.StatusNotFound); got != "/unknown" || n.Folded() > 0 {
		t.Errorf("answered paths were held to be guesses: %s, %d folded", got, n.Folded())
	}
}

// TestNameKeepsNoOrder: below the limits, what came before does not matter.
func TestNameKeepsNoOrder(t *testing.T) {
	paths := []string{"/a/1", "/a/x", "/a/2026-11-21", "/b%61r", "/bar", "/a/1.json"}
	forth, back := New(), New()
	for i := range paths {
		nameOf(forth, "h", paths[i], http.StatusOK)
		nameOf(back, "h", paths[len(paths)-1-i], http.StatusNotFound)
	}
	for _, p := range paths {
		if a, b := nameOf(forth, "h", p, http.StatusOK), nameOf(back, "h", p, http.StatusOK); a != b || a != Template(p) {
			t.Errorf("%s: %s and %s", p, a, b)
		}
	}
}

func TestNameDoesNotAllocate(t *testing.T) {
	n := New()
	for i := range MaxHosts {
		nameOf(n, word(i), "/", http.StatusOK)
	}
	for _, host := range []string{word(0), "one of the others"} {
		for _, p := range []string{"/api/catalogue", "/users/42/orders", "/x/507f1f77bcf86cd799439011"} {
			nameOf(n, host, p, http.StatusOK)
			if allocs := testing.AllocsPerRun(100, func() { nameOf(n, host, p, http.StatusOK) }); allocs > 0 {
				t.Errorf("%s %s: %v allocations", host, p, allocs)
			}
		}
	}
}

func TestNameTogether(t *testing.T) {
	n := New()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 500 {
				if got := nameOf(n, "h", "/"+word(i+g), 200+200*(g%2)); !strings.HasPrefix(got, "/") {
					t.Errorf("got %q", got)
				}
			}
		})
	}
	wg.Wait()
}

// nameOf names a path that holds no secret.
func nameOf(n *Namer, host, path string, status int) string { return n.Name(host, path, path, status) }

// word spells i in letters, so that it is no id.
func word(i int) string {
	return strings.Map(func(r rune) rune { return r - '0' + 'g' }, fmt.Sprint(i))
}
