// Package storetest is the one suite that every store passes. It says what a
// store must answer with a naive model of its own, so that a store is never
// compared with itself.
package storetest

import (
	"context"
	"errors"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Run tests the stores that open returns; each must be empty and of its own.
func Run(t *testing.T, open func(t *testing.T) store.Store) { run(t, open, false) }

// RunBrief is Run for stores where every question takes its time, however little
// they hold: it asks every filter in fewer ways, the ways in turn, and reads lists
// in fewer pages.
func RunBrief(t *testing.T, open func(t *testing.T) store.Store) { run(t, open, true) }

func run(t *testing.T, open func(t *testing.T) store.Store, brief bool) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, *fixture)
	}{
		{"Empty", testEmpty},
		{"Closed", testClosed},
		{"Write/RoundTrip", testRoundTrip},
		{"Write/ExactlyOnce", testExactlyOnce},
		{"Write/TwoDays", testTwoDays},
		{"Write/Cancelled", testCancelled},
		{"Write/Hostile", testHostile},
		{"Sessions/Order", testSessionsOrder},
		{"Sessions/Summary", testSummary},
		{"Sessions/SameRequest", testSameRequest},
		{"Sessions/Paging", testSessionsPaging},
		{"Sessions/Within", testWithin},
		{"Session", testSession},
		{"Session/Told", testTold},
		{"Session/Messages", testMessages},
		{"Requests/Paging", testRequestsPaging},
		{"Fields", testFields},
		{"Filters", testFilters},
		{"Has", testHas},
		{"Query", testQuery},
		{"Query/Time", testQueryTime},
		{"Query/Contains", testQueryContains},
		{"Query/Measures", testQueryMeasures},
		{"Query/Errors", testQueryErrors},
		{"Findings", testFindings},
		{"Cursors", testCursors},
		{"Seal", testSeal},
		{"Erase", testErase},
		{"Erase/Has", testEraseHas},
		{"Expire/Days", testExpireDays},
		{"Expire/Bytes", testExpireBytes},
		{"Random", testRandom},
		{"Concurrent", testConcurrent},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test.run(t, &fixture{t: t, ctx: t.Context(), store: s, model: newModel(), brief: brief})
		})
	}
}

// fixture is a store under test, and the model of what it should hold.
type fixture struct {
	t     *testing.T
	ctx   context.Context
	store store.Store
	model *model
	seq   uint64
	turn  int  // of check
	brief bool // see RunBrief
}

// in returns f with another test to report to, whose context it uses.
func (f *fixture) in(t *testing.T) *fixture {
	sub := *f
	sub.t, sub.ctx = t, t.Context()
	return &sub
}

func (f *fixture) seal(days ...record.Day) {
	f.t.Helper()
	if err := f.store.Seal(f.ctx, days...); err != nil {
		f.t.Fatalf("Seal: %v", err)
	}
}

// write stores requests as one batch at the next position of one log.
func (f *fixture) write(requests ...record.Request) {
	f.t.Helper()
	f.writeBatch(store.Batch{Requests: requests})
}

// writeBatch gives b the next position of one log, stores it, and checks the count.
func (f *fixture) writeBatch(b store.Batch) {
	f.t.Helper()
	f.seq++
	b.Position = store.Position{Log: "log", Seq: f.seq}
	f.mustWrite(store.Written{Stored: len(b.Requests)}, b)
}

// mustWrite writes batches to the store and the model and expects the counts.
func (f *fixture) mustWrite(want store.Written, batches ...store.Batch) {
	f.t.Helper()
	got, err := f.store.Write(f.ctx, batches)
	if err != nil {
		f.t.Fatalf("Write: %v", err)
	}
	if model := f.model.write(batches); model != want {
		f.t.Fatalf("the model wrote %+v, the test expects %+v", model, want)
	}
	if got != want {
		f.t.Fatalf("Write counted %+v, want %+v", got, want)
	}
}

func testEmpty(t *testing.T, f *fixture) {
	f.mustWrite(store.Written{})
	f.check(store.Filter{})
	if _, err := f.store.Session(f.ctx, session(1), store.Filter{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Session of an empty store: %v, want ErrNotFound", err)
	}
	if _, err := f.store.Request(f.ctx, record.RequestID{At: monday}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Request of an empty store: %v, want ErrNotFound", err)
	}
	if found, err := f.store.Findings(f.ctx, record.RequestID{At: monday}); len(found) != 0 || err != nil {
		t.Errorf("Findings of an empty store: %v, %v", found, err)
	}
	days, aside, err := f.store.Status(f.ctx)
	if len(days) != 0 || len(aside) != 0 || err != nil {
		t.Errorf("Status of an empty store: %v, %v, %v", days, aside, err)
	}
	if err := f.store.Seal(f.ctx, monday.Day()); err != nil {
		t.Errorf("Seal of a day that does not exist: %v", err)
	}
	if dropped, err := f.store.Expire(f.ctx, monday.Day(), record.Retention{Days: 1, Bytes: 1}); len(dropped) != 0 || err != nil {
		t.Errorf("Expire of an empty store: %v, %v", dropped, err)
	}
}

func testClosed(t *testing.T, f *fixture) {
	f.write(request(monday, session(1)))
	for range 2 {
		if err := f.store.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	for name, err := range f.callAll(f.ctx) {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
}

// callAll calls everything that takes a context, and returns the errors.
func (f *fixture) callAll(ctx context.Context) map[string]error {
	r := request(monday, session(1))
	errs := map[string]error{}
	_, errs["Write"] = f.store.Write(ctx, []store.Batch{{Position: store.Position{Log: "log", Seq: 9}, Requests: []record.Request{r}}})
	_, errs["Sessions"] = f.store.Sessions(ctx, store.SessionQuery{})
	_, errs["Count"] = f.store.Count(ctx, store.Filter{}, 0)
	_, errs["Query"] = f.store.Query(ctx, store.Query{Measures: []string{"requests"}})
	_, errs["Session"] = f.store.Session(ctx, r.Session, store.Filter{})
	_, errs["Requests"] = f.store.Requests(ctx, store.RequestQuery{})
	_, errs["Request"] = f.store.Request(ctx, r.ID)
	_, errs["Findings"] = f.store.Findings(ctx, r.ID)
	_, _, errs["Status"] = f.store.Status(ctx)
	errs["Seal"] = f.store.Seal(ctx, monday.Day())
	_, errs["Expire"] = f.store.Expire(ctx, monday.Day(), record.Retention{Days: 1})
	_, errs["Erase"] = f.store.Erase(ctx, store.Filter{})
	return errs
}
