package storetest

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// sameAddr compares addresses, which have fields of their own.
var sameAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// check asks everything that can be asked with a filter and compares the answers
// with the model's.
func (f *fixture) check(filter store.Filter) {
	f.t.Helper()
	f.checkParts(store.SessionQuery{Filter: filter, Limit: 20})
	f.ask(filter)
	seen := map[record.SessionID]bool{}
	for _, r := range f.model.requests {
		if len(seen) < 3 && !seen[r.Session] {
			seen[r.Session] = true
			if !f.brief || f.turn%3 == len(seen)-1 {
				f.checkSession(r.Session, filter)
			}
		}
	}
}

// ask asks once for each kind of answer, in another order of the lists each time.
func (f *fixture) ask(filter store.Filter) {
	f.t.Helper()
	f.turn++
	turn, all := f.turn, !f.brief
	if f.brief {
		turn /= 3
	}
	if all || f.turn%3 == 0 {
		f.checkParts(store.SessionQuery{Filter: filter, Limit: 40, Sort: store.Sorts[turn%len(store.Sorts)], Up: turn/len(store.Sorts)%2 == 1})
	}
	if all || f.turn%3 == 1 {
		f.checkRequests(store.RequestQuery{Filter: filter, Limit: 300, Down: turn%2 == 1})
	}
	if all || f.turn%3 == 2 {
		f.checkCount(filter)
	}
}

// checkParts reads a list of parts page by page.
func (f *fixture) checkParts(q store.SessionQuery) {
	f.t.Helper()
	f.same(fmt.Sprintf("Sessions by %q, up %v,", q.Sort, q.Up), q.Filter, f.model.parts(q.Filter, q.Sort, q.Up), f.parts(q))
}

func (f *fixture) parts(q store.SessionQuery) []record.Part {
	f.t.Helper()
	all := []record.Part{}
	for {
		page, err := f.store.Sessions(f.ctx, q)
		if err != nil {
			f.t.Fatalf("Sessions(%s): %v", show(q.Filter), err)
		}
		if len(page.Parts) > q.Limit || page.Next != "" && len(page.Parts) < q.Limit || page.Searched != 0 {
			f.t.Fatalf("Sessions(%s) of %d gave %d parts, next %q, searched %d", show(q.Filter), q.Limit, len(page.Parts), page.Next, page.Searched)
		}
		all = append(all, page.Parts...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

// checkRequests reads a list of requests page by page.
func (f *fixture) checkRequests(q store.RequestQuery) {
	f.t.Helper()
	want, all := f.model.match(q.Filter), []record.Request{}
	if q.Down {
		want = reversed(want)
	}
	for {
		page, err := f.store.Requests(f.ctx, q)
		if err != nil {
			f.t.Fatalf("Requests(%s): %v", show(q.Filter), err)
		}
		if len(page.Requests) > q.Limit || page.Next != "" && len(page.Requests) < q.Limit {
			f.t.Fatalf("Requests(%s) of %d gave %d requests, next %q", show(q.Filter), q.Limit, len(page.Requests), page.Next)
		}
		all = append(all, page.Requests...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	f.same(fmt.Sprintf("Requests, down %v,", q.Down), q.Filter, want, all)
}

func (f *fixture) checkCount(filter store.Filter) {
	f.t.Helper()
	got, err := f.store.Count(f.ctx, filter, 0)
	if err != nil {
		f.t.Fatalf("Count(%s): %v", show(filter), err)
	}
	f.same("Count", filter, f.model.count(filter), got)
}

func (f *fixture) checkSession(id record.SessionID, filter store.Filter) {
	f.t.Helper()
	want, ok := f.model.session(id, filter)
	if !ok {
		f.t.Fatalf("the model has no session %s", id)
	}
	got, err := f.store.Session(f.ctx, id, filter)
	if err != nil {
		f.t.Fatalf("Session(%s, %s): %v", id, show(filter), err)
	}
	f.same("Session", filter, want, got)
}

func (f *fixture) same(what string, filter store.Filter, want, got any) {
	f.t.Helper()
	if reflect.DeepEqual(want, got) { // faster than cmp, and stricter
		return
	}
	if diff := cmp.Diff(want, got, sameAddr); diff != "" {
		f.t.Fatalf("%s with {%s} (-want +got):\n%s", what, show(filter), diff)
	}
}

// show prints a filter for people.
func show(f store.Filter) string {
	var b strings.Builder
	if f.From != 0 {
		fmt.Fprintf(&b, "from %s ", f.From)
	}
	if f.To != 0 {
		fmt.Fprintf(&b, "to %s ", f.To)
	}
	if f.Session != nil {
		fmt.Fprintf(&b, "session %s ", f.Session)
	}
	if f.Request != nil {
		fmt.Fprintf(&b, "request %s ", f.Request)
	}
	for _, list := range []struct {
		has        string
		conditions []store.Condition
	}{{"", f.Where}, {"has.", f.Has}} {
		for _, c := range list.conditions {
			not := map[bool]string{true: "not."}[c.Not]
			fmt.Fprintf(&b, "%s%s%s%.100q%v%v ", not, list.has, strings.TrimSuffix(c.Field.Name+"."+c.Parameter, "."), c.Texts, c.Ranges, c.Addresses)
		}
	}
	return strings.TrimSpace(b.String())
}

// limits returns the page limits that a list is read with; for a brief suite not
// the small ones, which take many pages.
func (f *fixture) limits(limits ...int) (all []int) {
	const small = 20
	for _, n := range limits {
		if !f.brief || n >= small {
			all = append(all, n)
		}
	}
	return all
}
