package storetest

import (
	"net/netip"

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
	f.checkParts(filter, 20)
	f.checkRequests(filter, 300)
	seen := map[record.SessionID]bool{}
	for _, r := range f.model.requests {
		if len(seen) < 3 && !seen[r.Session] {
			seen[r.Session] = true
			f.checkSession(r.Session, filter)
		}
	}
}

// checkParts reads the list of parts page by page.
func (f *fixture) checkParts(filter store.Filter, limit int) {
	f.t.Helper()
	f.same("Sessions", filter, f.model.parts(filter), f.parts(filter, limit))
}

func (f *fixture) parts(filter store.Filter, limit int) []record.Part {
	f.t.Helper()
	all := []record.Part{}
	q := store.SessionQuery{Filter: filter, Limit: limit}
	for {
		page, err := f.store.Sessions(f.ctx, q)
		if err != nil {
			f.t.Fatalf("Sessions(%+v): %v", q, err)
		}
		if len(page.Parts) > limit || page.Next != "" && len(page.Parts) < limit {
			f.t.Fatalf("Sessions(%+v) gave %d parts, next %q", q, len(page.Parts), page.Next)
		}
		all = append(all, page.Parts...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

// checkRequests reads the list of requests page by page.
func (f *fixture) checkRequests(filter store.Filter, limit int) {
	f.t.Helper()
	all := []record.Request{}
	q := store.RequestQuery{Filter: filter, Limit: limit}
	for {
		page, err := f.store.Requests(f.ctx, q)
		if err != nil {
			f.t.Fatalf("Requests(%+v): %v", q, err)
		}
		if len(page.Requests) > limit || page.Next != "" && len(page.Requests) < limit {
			f.t.Fatalf("Requests(%+v) gave %d requests, next %q", q, len(page.Requests), page.Next)
		}
		all = append(all, page.Requests...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	f.same("Requests", filter, f.model.match(filter), all)
}

func (f *fixture) checkSession(id record.SessionID, filter store.Filter) {
	f.t.Helper()
	want, ok := f.model.session(id, filter)
	if !ok {
		f.t.Fatalf("the model has no session %s", id)
	}
	got, err := f.store.Session(f.ctx, id, filter)
	if err != nil {
		f.t.Fatalf("Session(%s, %+v): %v", id, filter, err)
	}
	f.same("Session", filter, want, got)
}

func (f *fixture) same(what string, filter store.Filter, want, got any) {
	f.t.Helper()
	if diff := cmp.Diff(want, got, sameAddr); diff != "" {
		f.t.Fatalf("%s with %+v (-want +got):\n%s", what, filter, diff)
	}
}
