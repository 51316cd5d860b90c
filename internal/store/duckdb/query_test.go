package duckdb_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
	"sojourn/internal/store/storetest"
)

func openFew(t *testing.T, groups, distinct int) store.Store {
	t.Helper()
	s, err := duckdb.OpenFew(t.Context(), duckdb.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}, groups, distinct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestTooMany(t *testing.T) { storetest.RunTooMany(t, openFew(t, 20, 20), 20) }

func TestApproximate(t *testing.T) { storetest.RunApproximate(t, openFew(t, 1000, 50), 50) }

// TestQuerySums: what is answered from counts made at sealing is what the rows
// tell, for ranges of whole minutes and others, and when rows came later.
func TestQuerySums(t *testing.T) {
	const rows = 3000
	sealed, plain := open(t, t.TempDir()), open(t, t.TempDir())
	day := record.Time(24 * time.Hour / time.Microsecond)
	write := func(seq uint64, start record.Time, rows int) {
		t.Helper()
		told := newTraffic(seq, start, rows)
		told.told = true
		b := told.batch(seq, rows)
		for i := range b.Requests {
			if r := &b.Requests[i]; i%7 == 0 {
				r.Flags = []record.Flag{record.FlagTruncated, record.FlagBlocked}[i%2:]
				b.Findings = append(b.Findings, record.Finding{ID: fmt.Sprint(seq, i), Request: r.ID, Session: r.Session, Type: []string{"sqli", "xss"}[i%2], Attack: i%3 > 0})
			}
		}
		for _, s := range []*duckdb.Store{sealed, plain} {
			if _, err := s.Write(t.Context(), []store.Batch{b}); err != nil {
				t.Fatal(err)
			}
		}
	}
	ask := func() {
		t.Helper()
		ranges := []store.Filter{
			{}, {From: benchDay + 61_000_001}, {From: benchDay, To: benchDay + 2*day}, {To: benchDay + 2*day - 3600_000_000},
			{From: benchDay, To: benchDay + day}, {From: benchDay + 3600_000_000, To: benchDay + 3660_000_000}, {From: benchDay + 1, To: benchDay + 30_000_000},
		}
		for i, q := range sumQueries(t) {
			for _, n := range []int{0, 1 + i%6} {
				q.From, q.To = ranges[n].From, ranges[n].To
				want, err := plain.Query(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				got, err := sealed.Query(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if diff := gocmp.Diff(want, got, nearly); diff != "" {
					t.Fatalf("by %q step %v, %q, %d conditions, contains %q, from %s to %s, sealed (-rows +counts):\n%s", q.By, q.Step, q.Measures, len(q.Where), q.Contains, q.From, q.To, diff)
				}
			}
		}
	}
	write(1, benchDay, rows)
	write(2, benchDay+day, rows)
	if err := sealed.Seal(t.Context(), benchDay.Day(), benchDay.Day()+1); err != nil {
		t.Fatal(err)
	}
	ask()
	write(3, benchDay+3600_000_000, rows/10)
	ask()
}

// nearly takes sums that were added up in another order as equal.
var nearly = gocmp.Comparer(func(a, b record.Amount) bool {
	x, y := float64(a), float64(b)
	return x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*math.Abs(x)
})

func sumQueries(t *testing.T) (all []store.Query) {
	var every []string
	for _, m := range store.Measures {
		every = append(every, m.Name)
	}
	counts := []string{"requests", "blocked", "errors", "bytes", "error_share", "attacks"}
	for _, q := range []store.Query{
		{Measures: every},
		{By: []string{store.ByTime}, Step: time.Hour, Measures: counts},
		{By: []string{store.ByTime}, Step: 7 * time.Second, Measures: counts},
		{By: []string{store.ByTime}, Step: 48 * time.Hour, Measures: every},
		{By: []string{"endpoint"}, Measures: every},
		{By: []string{"host"}, Measures: every},
		{By: []string{"country"}, Measures: every},
		{By: []string{"ip"}, Measures: []string{"requests", "sessions", "attacks"}},
		{By: []string{"ip"}, Measures: every},
		{By: []string{"user"}, Measures: every, Contains: "R1"},
		{By: []string{"role", "user"}, Measures: every, Contains: "adm"},
		{By: []string{"context.tenant"}, Measures: every},
		{By: []string{"flag", store.ByTime}, Step: 24 * time.Hour, Measures: every},
		{By: []string{"endpoint"}, Measures: every, Filter: where(t, "endpoint", "GET *resource1*", "method", "GET")},
		{By: []string{"endpoint"}, Measures: every, Filter: where(t, "endpoint", "resource1")},
		{Measures: every, Filter: where(t, "country", "DE")},
	} {
		q.Limit = store.MaxGroups
		all = append(all, q)
	}
	return all
}

// TestQueryCancelled: a query ends with its context, also while DuckDB is at work,
// and the day answers the next one.
func TestQueryCancelled(t *testing.T) {
	s := open(t, t.TempDir())
	told := newTraffic(1, benchDay, 200_000)
	for seq := range uint64(10) {
		if _, err := s.Write(t.Context(), []store.Batch{told.batch(seq, 20_000)}); err != nil {
			t.Fatal(err)
		}
	}
	q := store.Query{By: []string{"client", "ip", "endpoint"}, Measures: []string{"requests", "sessions", "p95"}}
	for _, after := range []time.Duration{0, time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		if _, err := s.Query(ctx, q); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled after %v: %v", after, err)
		}
		cancel()
	}
	if got, err := s.Query(t.Context(), store.Query{Measures: []string{"requests"}}); err != nil || got.Rows[0].Values[0] != 200_000 {
		t.Errorf("a query after those: %+v, %v", got, err)
	}
}
