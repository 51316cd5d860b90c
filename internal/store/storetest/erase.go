package storetest

import (
	"errors"
	"slices"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

func testErase(t *testing.T, f *fixture) {
	g := newGenerator(13)
	batches := []store.Batch{g.batch(150, 20, 3), g.batch(100, 20, 3)}
	f.writeBatch(batches[0])
	f.seal(monday.Day(), monday.Day()+1)
	f.writeBatch(batches[1])
	for i := range batches {
		batches[i].Position = store.Position{Log: "log", Seq: uint64(i + 1)}
	}

	f.erase(where(is("user", "nobody")))
	all := f.model.match(store.Filter{})
	id, one := all[0].Session, all[len(all)/2]
	f.erase(store.Filter{Session: &id})
	if _, err := f.store.Session(f.ctx, id, store.Filter{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Session of an erased one: %v, want ErrNotFound", err)
	}
	f.erase(store.Filter{Request: &one.ID})
	if _, err := f.store.Request(f.ctx, one.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Request of an erased one: %v, want ErrNotFound", err)
	}
	f.erase(where(is("user", "maria")))
	f.erase(where(is("attack", "sqli"))) // findings go with their requests
	f.erase(store.Filter{From: monday, To: monday + 6*hour})

	f.mustWrite(store.Written{Skipped: 250}, batches...) // nothing erased comes back
	f.check(store.Filter{})
	f.writeBatch(g.batch(100, 20, 3)) // but new requests of the same sessions and users do
	f.check(where(is("user", "maria")))
	f.seal(monday.Day(), monday.Day()+1, monday.Day()+2)
	f.check(store.Filter{})
	f.erase(store.Filter{From: monday + day, To: monday + 2*day, Where: []store.Condition{not("user", "")}})
	f.erase(store.Filter{})
	f.mustWrite(store.Written{Skipped: 250}, batches...)
	f.writeBatch(g.batch(20, 5, 3))
	f.check(store.Filter{})
}

// testEraseHas: what a session has is judged before any of it is gone, also when
// it is judged by requests of one day and has others on another.
func testEraseHas(t *testing.T, f *fixture) {
	told := request(monday+day, session(1))
	told.User = "maria"
	f.write(request(monday, session(1)), told, request(monday+2*day, session(1)), request(monday, session(2)))
	f.seal(monday.Day())
	f.erase(has(is("user", "maria")))
	if n := len(f.model.requests); n != 1 {
		t.Errorf("the model has %d requests left, want 1", n)
	}
	f.erase(has(not("user", "maria")))
	if n := len(f.model.requests); n != 0 {
		t.Errorf("the model has %d requests left, want none", n)
	}
}

// erase erases and checks what is told and what is left: lists, counts, and the
// findings of what is gone.
func (f *fixture) erase(filter store.Filter) {
	f.t.Helper()
	gone := f.model.match(filter)
	want := f.model.erase(filter)
	got, err := f.store.Erase(f.ctx, filter)
	if err != nil {
		f.t.Fatalf("Erase(%s): %v", show(filter), err)
	}
	if !slices.Equal(got, want) {
		f.t.Fatalf("Erase(%s) told %v, want %v", show(filter), got, want)
	}
	for _, r := range gone[:min(10, len(gone))] {
		if found, err := f.store.Findings(f.ctx, r.ID); err != nil || len(found) != 0 {
			f.t.Fatalf("findings of an erased request: %v, %v", found, err)
		}
	}
	f.checkDays()
	f.check(store.Filter{})
	f.ask(filter)
	f.checkQuery(store.Query{By: []string{"user"}, Measures: []string{"requests", "sessions", "attacks"}})
}

// checkDays compares how many requests each day holds; a day may be there that
// holds none.
func (f *fixture) checkDays() {
	f.t.Helper()
	want, got := map[record.Day]int64{}, map[record.Day]int64{}
	for _, r := range f.model.requests {
		want[r.Started.Day()]++
	}
	days, _, err := f.store.Status(f.ctx)
	if err != nil {
		f.t.Fatalf("Status: %v", err)
	}
	for _, d := range days {
		if d.Requests != 0 {
			got[d.Day] = d.Requests
		}
	}
	f.same("the days of Status", store.Filter{}, want, got)
}

// RunReopen tests that a store finds what it held when it is opened again in the
// same folder: rows, findings, positions, and nothing that was erased. open opens
// the store of a folder; the suite closes it.
func RunReopen(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	dir := t.TempDir()
	f := &fixture{t: t, ctx: t.Context(), store: open(t, dir), model: newModel()}
	reopen := func() {
		t.Helper()
		if err := f.store.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		f.store = open(t, dir)
		f.checkDays()
		f.check(store.Filter{})
		f.check(store.Filter{Where: []store.Condition{not("attack", "sqli")}, Has: []store.Condition{is("user", "maria")}})
		f.checkQuery(store.Query{By: []string{"flow"}, Measures: everyMeasure})
		last := store.Batch{Position: store.Position{Log: "log", Seq: f.seq}, Requests: []record.Request{request(monday, session(1)), request(monday+day, session(1))}}
		f.mustWrite(store.Written{Skipped: 2}, last)
	}
	g := newGenerator(14)
	f.writeBatch(g.batch(150, 20, 2))
	reopen()
	f.writeBatch(g.batch(50, 20, 2))
	f.seal(monday.Day())
	reopen()
	f.erase(where(is("user", "maria", "Jürgen")))
	reopen()
	f.writeBatch(g.batch(50, 20, 2))
	f.seal(monday.Day(), monday.Day()+1)
	f.erase(where(is("status", "4xx")))
	f.seal(monday.Day(), monday.Day()+1)
	reopen()
	f.erase(store.Filter{})
	reopen()
	if err := f.store.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}
