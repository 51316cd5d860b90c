package duckdb

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

const testDay = record.Day(20_000)

// testShares returns n requests of one session each as one batch.
func testShares(seq uint64, n int) []share {
	b := store.Batch{Position: store.Position{Log: "log", Seq: seq}}
	for i := range n {
		b.Requests = append(b.Requests, record.Request{
			ID:   record.RequestID{At: testDay.Start() + record.Time(i), Node: uint32(seq), Seq: uint32(i)},
			Host: fmt.Sprint("host", seq), Path: fmt.Sprint("/", i), Session: record.SessionID{byte(i), byte(seq)},
		})
	}
	return planWrite([]store.Batch{b})[testDay]
}

// TestRollback: rows that were rolled back leave no gap in the row ids, by which
// the summary of parts and sealing tell old rows from new ones; not even so many
// rows that DuckDB had begun to write them to the file.
func TestRollback(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.dayOf(testDay, true)
	if _, err := s.writeTo(ctx, d, testShares(1, 10)); err != nil {
		t.Fatal(err)
	}
	w := d.writer
	for i, rows := range []int{3, 200_000} {
		if _, err := w.conn.ExecContext(ctx, "BEGIN"); err != nil {
			t.Fatal(err)
		}
		if err := w.append(ctx, testShares(uint64(10+i), rows)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.conn.ExecContext(ctx, "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
		if err := w.commit(ctx, testShares(uint64(20+i), 5), false); err != nil {
			t.Fatal(err)
		}
		if err := s.onConnection(ctx, d, extendParts); err != nil {
			t.Fatal(err)
		}
		var count, next, covered, summed int64
		err := w.conn.QueryRowContext(ctx, "SELECT count(*), max(rowid) + 1, (SELECT covered FROM meta), (SELECT sum(requests)::BIGINT FROM parts) FROM requests").
			Scan(&count, &next, &covered, &summed)
		if want := int64(15 + 5*i); err != nil || count != want || next != want || covered != want || summed != want {
			t.Errorf("%d rows, the next row id is %d, parts sums up %d, below %d, %v; want %d of each", count, next, summed, covered, err, want)
		}
	}
}

// TestCancelledWrite: a write that is cancelled between its rows and its commit
// leaves nothing, and can be repeated.
func TestCancelledWrite(t *testing.T) {
	s, err := Open(t.Context(), Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.dayOf(testDay, true)
	if _, err := s.writeTo(t.Context(), d, testShares(1, 10)); err != nil {
		t.Fatal(err)
	}
	ctx := &cancelledAfter{Context: t.Context(), checks: 1}
	if _, err := s.writeTo(ctx, d, testShares(2, 10)); !errors.Is(err, context.Canceled) || ctx.checks != -1 {
		t.Fatalf("writeTo: %v after %d checks, want context.Canceled at the second", err, 1-ctx.checks)
	}
	w, err := s.writeTo(t.Context(), d, testShares(2, 10))
	if err != nil || w.Stored != 10 {
		t.Errorf("writeTo again: %+v, %v; want 10 stored", w, err)
	}
	page, err := s.Requests(t.Context(), store.RequestQuery{Filter: store.Filter{Where: []store.Condition{where(t, "host", "host2")}}})
	if err != nil || len(page.Requests) != 10 || page.Requests[3].Path != "/3" {
		t.Errorf("%d requests, %v; want 10 as they were written", len(page.Requests), err)
	}
}

func where(t *testing.T, field string, values ...string) store.Condition {
	t.Helper()
	c, err := store.NewCondition(field, false, values...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// cancelledAfter is a context that is cancelled when it was asked a few times. A
// write to an open day from a known log asks before each batch and before it commits.
type cancelledAfter struct {
	context.Context
	checks int
}

func (c *cancelledAfter) Err() error {
	if c.checks--; c.checks < 0 {
		return context.Canceled
	}
	return c.Context.Err()
}

// TestWriteWhileSealing: what is written between the two steps of sealing is in
// the new file.
func TestWriteWhileSealing(t *testing.T) {
	ctx := t.Context()
	s, err := Open(ctx, Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := s.dayOf(testDay, true)
	if _, err := s.writeTo(ctx, d, testShares(1, 3000)); err != nil {
		t.Fatal(err)
	}
	db, err := s.use(ctx, d, false)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := s.copyRows(ctx, d, db, nil)
	if err != nil || rows != 3000 {
		t.Fatalf("copied %d rows, %v; want 3000", rows, err)
	}
	d.gate.RUnlock()
	if _, err := s.writeTo(ctx, d, testShares(2, 50)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.copyRest(ctx, d, db, rows, nil); err != nil {
		t.Fatal(err)
	}
	if err := d.swap(d.path + sealSuffix); err != nil {
		t.Fatal(err)
	}
	if w, err := s.writeTo(ctx, d, testShares(2, 50)); err != nil || w.Skipped != 50 {
		t.Errorf("writing the same again: %+v, %v; want 50 skipped", w, err)
	}
	status, _, err := s.Status(ctx)
	if err != nil || len(status) != 1 || status[0].Requests != 3050 || !status[0].Sealed {
		t.Errorf("status: %+v, %v; want 3050 requests, sealed", status, err)
	}
}
