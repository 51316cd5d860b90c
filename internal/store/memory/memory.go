// Package memory is the reference store: it keeps everything in memory and
// answers every question in the most obvious way. It defines what the others
// must answer, and serves tests of the rooms that need a store. It has no limit
// of its own; it is not for production.
package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Store keeps requests in memory.
type Store struct {
	mu        sync.RWMutex
	days      map[record.Day]*day
	closed    bool
	maxGroups int // of a query
}

var _ store.Store = (*Store)(nil)

// day is what the store knows about one UTC day.
type day struct {
	requests  []record.Request
	findings  map[string]record.Finding
	positions map[string]uint64
	bytes     int64
	sealed    bool
}

// New returns an empty store.
func New() *Store {
	return &Store{days: map[record.Day]*day{}, maxGroups: store.MaxQueryGroups}
}

// Write implements store.Store.
func (s *Store) Write(ctx context.Context, batches []store.Batch) (store.Written, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return store.Written{}, err
	}
	var w store.Written
	for _, b := range batches {
		for d, part := range splitDays(b) {
			if s.days[d] == nil {
				s.days[d] = &day{findings: map[string]record.Finding{}, positions: map[string]uint64{}}
			}
			n := s.days[d].absorb(part)
			w.Stored += n
			w.Skipped += len(part.Requests) - n
		}
	}
	return w, nil
}

// splitDays returns b's share of each day that it touches.
func splitDays(b store.Batch) map[record.Day]*store.Batch {
	days := map[record.Day]*store.Batch{}
	share := func(d record.Day) *store.Batch {
		if days[d] == nil {
			days[d] = &store.Batch{Position: b.Position}
		}
		return days[d]
	}
	for _, r := range b.Requests {
		r = store.Kept(r)
		p := share(r.Started.Day())
		p.Requests = append(p.Requests, r)
	}
	for _, f := range b.Findings {
		f = store.KeptFinding(f)
		p := share(f.Request.At.Day())
		p.Findings = append(p.Findings, f)
	}
	return days
}

// absorb adds b unless its position was absorbed before, and returns how many
// requests it added.
func (d *day) absorb(b *store.Batch) int {
	if seq, ok := d.positions[b.Log]; ok && b.Seq <= seq {
		return 0
	}
	d.positions[b.Log] = b.Seq
	d.sealed = false
	d.requests = append(d.requests, b.Requests...)
	for i := range b.Requests {
		d.bytes += requestBytes(&b.Requests[i])
	}
	for _, f := range b.Findings {
		if _, known := d.findings[f.ID]; !known {
			d.findings[f.ID] = f
			d.bytes += findingBytes(&f)
		}
	}
	return len(b.Requests)
}

// fixedBytes stands for the fields of a row that do not vary in size.
const fixedBytes = 128

func requestBytes(r *record.Request) int64 {
	return fixedBytes + int64(len(r.Host)+len(r.Path)+len(r.Query)+len(r.Endpoint)+len(r.UserAgent))
}

func findingBytes(f *record.Finding) int64 { return fixedBytes + int64(len(f.Detail)) }

// Status implements store.Store.
func (s *Store) Status(ctx context.Context) ([]record.DayStatus, []record.SetAside, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, nil, err
	}
	status := []record.DayStatus{}
	for _, d := range s.newestFirst() {
		day := s.days[d]
		status = append(status, record.DayStatus{Day: d, Requests: int64(len(day.requests)), Bytes: day.bytes, Sealed: day.sealed})
	}
	return status, []record.SetAside{}, nil
}

// Seal implements store.Store.
func (s *Store) Seal(ctx context.Context, days ...record.Day) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	for _, d := range days {
		if day := s.days[d]; day != nil {
			day.sealed = true
		}
	}
	return nil
}

// Expire implements store.Store.
func (s *Store) Expire(ctx context.Context, today record.Day, r record.Retention) ([]record.Day, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	var total int64
	for _, d := range s.days {
		total += d.bytes
	}
	var dropped []record.Day
	for _, d := range slices.Sorted(maps.Keys(s.days)) {
		old := r.Days > 0 && int(today)-int(d) >= r.Days
		over := r.Bytes > 0 && total > r.Bytes
		if d < today && (old || over) {
			total -= s.days[d].bytes
			delete(s.days, d)
			dropped = append(dropped, d)
		}
	}
	return dropped, nil
}

// Close implements store.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

func (s *Store) newestFirst() []record.Day {
	return slices.SortedFunc(maps.Keys(s.days), func(a, b record.Day) int { return cmp.Compare(b, a) })
}
