package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// share is what one batch holds for one day.
type share struct {
	store.Position
	batch    int // its number in the call
	requests []*record.Request
	findings []*record.Finding
}

// Write implements store.Store. A day that fails does not keep the others from
// being written.
func (s *Store) Write(ctx context.Context, batches []store.Batch) (store.Written, error) {
	if err := s.enter(ctx); err != nil {
		return store.Written{}, err
	}
	defer s.leave()
	var total store.Written
	var errs []error
	plan := planWrite(batches)
	for _, date := range sortedDays(plan) {
		w, err := s.writeDay(ctx, date, plan[date])
		total.Stored += w.Stored
		total.Skipped += w.Skipped
		if err != nil {
			errs = append(errs, &store.DayError{Day: date, Err: err})
		}
	}
	return total, errors.Join(errs...)
}

// planWrite sorts batches by the days they touch, in order.
func planWrite(batches []store.Batch) map[record.Day][]share {
	plan := map[record.Day][]share{}
	for i := range batches {
		b := &batches[i]
		of := func(date record.Day) *share {
			shares := plan[date]
			if n := len(shares); n == 0 || shares[n-1].batch != i {
				shares = append(shares, share{Position: b.Position, batch: i})
				plan[date] = shares
			}
			return &shares[len(shares)-1]
		}
		for j := range b.Requests {
			r := &b.Requests[j]
			sh := of(r.ID.At.Day())
			sh.requests = append(sh.requests, r)
		}
		for j := range b.Findings {
			f := &b.Findings[j]
			sh := of(f.Request.At.Day())
			sh.findings = append(sh.findings, f)
		}
	}
	return plan
}

func sortedDays(plan map[record.Day][]share) []record.Day {
	days := make([]record.Day, 0, len(plan))
	for d := range plan {
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}

func (s *Store) writeDay(ctx context.Context, date record.Day, shares []share) (store.Written, error) {
	// A day may be dropped or set aside between being found and being used; the
	// second time around it is made anew.
	for range 3 {
		d := s.dayOf(date, true)
		w, err := s.writeTo(ctx, d, shares)
		if !errors.Is(err, errGone) {
			return w, err
		}
	}
	return store.Written{}, fmt.Errorf("day %s: dropped or set aside again and again while being written", date)
}

func (s *Store) writeTo(ctx context.Context, d *day, shares []share) (w store.Written, err error) {
	d.writing.Lock()
	db, err := s.use(ctx, d, true)
	if err == nil {
		w, err = s.writeOpen(ctx, d, db, shares)
		d.gate.RUnlock()
	}
	d.writing.Unlock()
	if err == nil {
		s.settleLater(d)
	}
	return w, s.judge(d, db, err)
}

// writeOpen stores what is new of shares in one transaction. Its caller holds
// writing and, for reading, the gate.
func (s *Store) writeOpen(ctx context.Context, d *day, db *sql.DB, shares []share) (w store.Written, err error) {
	if d.writer == nil {
		if d.writer, err = openWriter(ctx, db, s.limits); err != nil {
			return w, err
		}
		d.written.Store(true)
		if !d.busy.Load() { // it has more while it is sealed
			if err := setMemory(ctx, d.writer.conn, s.memoryOf(d)); err != nil {
				return w, err
			}
		}
	}
	fresh, w, err := d.writer.fresh(ctx, shares)
	if err != nil || len(fresh) == 0 {
		return w, err
	}
	if err := d.writer.commit(ctx, fresh, d.sealed.Load()); err != nil {
		// What the writer remembers may not be in the file.
		err = errors.Join(err, d.writer.close())
		d.writer = nil
		return store.Written{}, err
	}
	d.requests.Add(int64(w.Stored))
	d.sealed.Store(false)
	return w, nil
}
