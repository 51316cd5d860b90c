package storetest

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// testSessionsPaging reads pages in every order while requests come in: parts
// that nothing was added to are seen once and in order, whatever happens
// meanwhile, and no part that came in is seen twice.
func testSessionsPaging(t *testing.T, f *fixture) {
	g := newGenerator(8)
	f.writeBatch(g.batch(150, 30, 2))
	f.seal(monday.Day())
	fresh := uint64(1000)
	for _, sort := range store.Sorts {
		for _, up := range []bool{false, true} {
			f.readWhileWriting(store.SessionQuery{Sort: sort, Up: up, Limit: f.limits(7, 20)[0]}, func(i int) {
				fresh++
				for n := range 1 + i%3 { // newcomers, newest of all, oldest of all and in the middle
					at := []record.Time{monday + 2*day, monday.Day().Start(), monday + 9*hour}[i%3] + record.Time(n*i)
					r := request(at, session(fresh))
					r.ID.Seq = uint32(fresh)
					f.write(r)
				}
				touched := g.request(1, 2) // session 0
				touched.ID.Seq += 1 << 16
				f.write(touched)
			})
		}
	}
	f.checkParts(store.SessionQuery{Limit: store.MaxLimit})
	for _, limit := range f.limits(1, 3, 20) {
		f.checkParts(store.SessionQuery{Limit: limit, Sort: store.SortAttacks}) // many are equal
	}
}

// readWhileWriting reads a list of parts and calls write between its pages. What
// write adds is of new sessions and of session 0.
func (f *fixture) readWhileWriting(q store.SessionQuery, write func(page int)) {
	f.t.Helper()
	known, want := map[partKey]bool{}, []record.Part{}
	for _, p := range f.model.parts(q.Filter, q.Sort, q.Up) {
		if p.ID != session(0) {
			known[partKey{p.ID, p.Part}], want = true, append(want, p)
		}
	}
	seen, got := map[partKey]bool{}, []record.Part{}
	for i := 0; ; i++ {
		page, err := f.store.Sessions(f.ctx, q)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, p := range page.Parts {
			k := partKey{p.ID, p.Part}
			if seen[k] && p.ID != session(0) {
				f.t.Errorf("by %s, up %v: part %s of %s came twice", q.Sort, q.Up, p.ID, p.Part)
			}
			if seen[k] = true; known[k] {
				got = append(got, p)
			}
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
		write(i)
	}
	f.same(fmt.Sprintf("Sessions by %s, up %v, while writing,", q.Sort, q.Up), q.Filter, want, got)
}

// testWithin reads lists in steps that may be cut short: together they are the
// whole list, in order.
func testWithin(t *testing.T, f *fixture) {
	g := newGenerator(9)
	f.writeBatch(g.batch(150, 30, 3))
	f.seal(monday.Day(), monday.Day()+1)
	f.writeBatch(g.batch(150, 30, 3))
	for _, filter := range []store.Filter{
		{}, where(is("endpoint", "found nowhere")), where(is("endpoint", "/7")), where(is("context.tenant", "7")),
		has(is("status", "5xx"), not("user", "maria")), {From: monday, To: monday + day}, where(is("status", "4xx"), not("host", "*.example.com")),
	} {
		for _, within := range []time.Duration{1, time.Hour} {
			f.readWithin(store.SessionQuery{Filter: filter, Limit: 7, Within: within})
		}
		for _, q := range []store.SessionQuery{{Up: true}, {Sort: store.SortRequests}} { // which need all parts
			q.Filter, q.Limit, q.Within = filter, 20, 1
			f.checkParts(q)
		}
		exact := f.model.count(filter)
		for _, within := range []time.Duration{1, time.Hour} {
			got, err := f.store.Count(f.ctx, filter, within)
			if err != nil {
				t.Fatal(err)
			}
			least := !got.Complete && got.Parts <= exact.Parts && got.Requests <= exact.Requests
			if got != exact && !least {
				t.Errorf("Count(%s) within %v: %+v, want %+v or less of it", show(filter), within, got, exact)
			}
		}
	}
}

// readWithin reads a list by start, newest first, whose pages may be cut short.
func (f *fixture) readWithin(q store.SessionQuery) {
	f.t.Helper()
	const mostPages = 10_000
	all, searched := []record.Part{}, record.Time(math.MaxInt64)
	for range mostPages {
		page, err := f.store.Sessions(f.ctx, q)
		if err != nil {
			f.t.Fatal(err)
		}
		cut := page.Next != "" && len(page.Parts) < q.Limit
		if cut != (page.Searched != 0) || page.Searched > searched {
			f.t.Fatalf("Sessions(%s) of %d within %v gave %d parts, next %q, searched %s after %s", show(q.Filter), q.Limit, q.Within, len(page.Parts), page.Next, page.Searched, searched)
		}
		for _, p := range page.Parts {
			if p.Started > searched || p.Started < page.Searched {
				f.t.Errorf("Sessions(%s) gave a part that starts at %s when it had searched to %s and came to %s", show(q.Filter), p.Started, searched, page.Searched)
			}
		}
		if cut {
			searched = page.Searched
		}
		all = append(all, page.Parts...)
		if q.Cursor = page.Next; q.Cursor == "" {
			f.same(fmt.Sprintf("Sessions within %v", q.Within), q.Filter, f.model.parts(q.Filter, q.Sort, q.Up), all)
			return
		}
	}
	f.t.Fatalf("Sessions(%s) within %v does not come to an end", show(q.Filter), q.Within)
}

func testRequestsPaging(t *testing.T, f *fixture) {
	g := newGenerator(3)
	for range 3 {
		b := g.batch(40, 5, 2)
		b.Findings = nil
		for i := range b.Requests {
			r := &b.Requests[i]
			r.ID.At = r.ID.At / hour * hour // many at one time: node and sequence decide
		}
		f.writeBatch(b)
	}
	for _, limit := range f.limits(1, 7, 119, 120, 1000) {
		f.checkRequests(store.RequestQuery{Limit: limit})
		f.checkRequests(store.RequestQuery{Limit: limit, Down: true})
	}
	id := f.model.requests[0].Session
	f.checkRequests(store.RequestQuery{Filter: store.Filter{Session: &id}, Limit: 3})
	f.checkRequests(store.RequestQuery{Filter: store.Filter{Session: &id}, Limit: 3, Down: true})
	page, err := f.store.Requests(f.ctx, store.RequestQuery{})
	if err != nil || len(page.Requests) != store.DefaultLimit {
		t.Errorf("a page without a limit has %d requests, %v; want DefaultLimit", len(page.Requests), err)
	}
	// A cursor leads both ways from its request.
	all := f.model.match(store.Filter{})
	for _, i := range []int{0, 50, 119} {
		back, err := f.store.Requests(f.ctx, store.RequestQuery{Cursor: all[i].ID.String(), Down: true, Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		f.same("Requests back from a cursor", store.Filter{}, reversed(append([]record.Request{}, all[max(0, i-5):i]...)), back.Requests)
	}
}

func testCursors(t *testing.T, f *fixture) {
	f.write(request(monday, session(1)), request(monday, session(2)))
	for _, cursor := range []string{"x", "AAAA", "'; --", "!!!!", record.RequestID{At: 1}.String() + "0", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "\x00"} {
		if _, err := f.store.Sessions(f.ctx, store.SessionQuery{Cursor: cursor}); !errors.Is(err, store.ErrCursor) {
			t.Errorf("Sessions after %q: %v, want ErrCursor", cursor, err)
		}
		if _, err := f.store.Requests(f.ctx, store.RequestQuery{Cursor: cursor}); !errors.Is(err, store.ErrCursor) {
			t.Errorf("Requests after %q: %v, want ErrCursor", cursor, err)
		}
	}
	page, err := f.store.Sessions(f.ctx, store.SessionQuery{Limit: 1, Sort: store.SortBytes})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []store.SessionQuery{{}, {Sort: store.SortRequests}, {Sort: store.SortBytes, Up: true}} {
		q.Cursor = page.Next
		if _, err := f.store.Sessions(f.ctx, q); !errors.Is(err, store.ErrCursor) {
			t.Errorf("Sessions by %q, up %v, after a cursor of another order: %v, want ErrCursor", q.Sort, q.Up, err)
		}
	}
}
