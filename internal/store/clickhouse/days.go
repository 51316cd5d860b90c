package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// daysAge is how old the list of days may be that a question goes by: another
// process may bring a new day.
const daysAge = 500 * time.Millisecond

// recentDays is the list of days as it was a moment ago.
type recentDays struct {
	mu      sync.Mutex
	days    []record.Day // newest first
	read    time.Time
	changes uint64 // counts what this store did to the days
}

// changed forgets the list: this store has brought or dropped days.
func (r *recentDays) changed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes++
	r.read = time.Time{}
}

// newest returns the days that a filter may find requests on, newest first.
func (s *Store) newest(ctx context.Context, f *store.Filter) ([]record.Day, error) {
	r := &s.recent
	r.mu.Lock()
	all, changes, fresh := r.days, r.changes, time.Since(r.read) < daysAge
	r.mu.Unlock()
	if !fresh {
		status, err := s.days(ctx)
		if err != nil {
			return nil, err
		}
		all = make([]record.Day, len(status))
		for i, d := range status {
			all[i] = d.Day
		}
		r.mu.Lock()
		if r.changes == changes {
			r.days, r.read = all, time.Now()
		}
		r.mu.Unlock()
	}
	var days []record.Day
	for _, d := range all {
		if inDays(f, d) {
			days = append(days, d)
		}
	}
	return days, nil
}

func inDays(f *store.Filter, d record.Day) bool {
	switch {
	case f.From != 0 && d < f.From.Day(), f.To != 0 && d > (f.To-1).Day(), f.Request != nil && d != f.Request.At.Day():
		return false
	}
	return true
}

// days returns the days there are, newest first; how many requests they hold is
// not counted.
func (s *Store) days(ctx context.Context) ([]record.DayStatus, error) {
	days := []record.DayStatus{}
	// A part of level 0 is as it was inserted; sealing leaves one merged part.
	statement := fmt.Sprintf(`SELECT toInt32(partition) AS day, sum(bytes_on_disk), countIf(table = 'requests') <= 1 AND minIf(level, table = 'requests') > 0
		FROM system.parts WHERE active AND database = %s AND table IN ('requests', 'findings') GROUP BY day ORDER BY day DESC`, text(s.name))
	err := s.query(ctx, statement, func(r driver.Rows) error {
		var day int32
		var bytes uint64
		var sealed uint8
		err := r.Scan(&day, &bytes, &sealed)
		days = append(days, record.DayStatus{Day: record.Day(day), Bytes: int64(bytes), Sealed: sealed == 1})
		return err
	})
	return days, err
}

// Status implements store.Store. Nothing is ever set aside: a part that the server
// finds broken is its own to detach (system.detached_parts).
func (s *Store) Status(ctx context.Context) ([]record.DayStatus, []record.SetAside, error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, err
	}
	defer s.leave()
	days, err := s.days(ctx)
	if err != nil {
		return nil, nil, err
	}
	requests := map[record.Day]int64{}
	err = s.query(ctx, fmt.Sprintf("SELECT day, count() FROM %s WHERE %s GROUP BY day", s.table("requests"), isRequest), func(r driver.Rows) error {
		var day int32
		var n uint64
		err := r.Scan(&day, &n)
		requests[record.Day(day)] = int64(n)
		return err
	})
	for i := range days {
		days[i].Requests = requests[days[i].Day]
	}
	return days, []record.SetAside{}, err
}

// Seal implements store.Store: it merges each day into one part.
func (s *Store) Seal(ctx context.Context, days ...record.Day) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	status, err := s.days(ctx)
	if err != nil {
		return err
	}
	for _, d := range status {
		if d.Sealed || !slices.Contains(days, d.Day) {
			continue
		}
		for _, table := range []string{"requests", "findings"} {
			// Without the setting the server may answer that it did not merge, as if it had.
			err := s.exec(ctx, fmt.Sprintf("OPTIMIZE TABLE %s PARTITION %d FINAL SETTINGS optimize_throw_if_noop = 1", s.table(table), d.Day))
			if err != nil && !isCode(err, codeNoop) {
				return fmt.Errorf("sealing %s: %w", d.Day, cause(ctx, err))
			}
		}
	}
	return nil
}

// Expire implements store.Store: it drops partitions. The server's own TTL goes by
// its clock and by one age for all, so it is not used.
func (s *Store) Expire(ctx context.Context, today record.Day, r record.Retention) ([]record.Day, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	days, err := s.days(ctx)
	if err != nil {
		return nil, err
	}
	var total int64
	for _, d := range days {
		total += d.Bytes
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	defer s.recent.changed()
	var dropped []record.Day
	for _, d := range slices.Backward(days) {
		old := r.Days > 0 && int(today)-int(d.Day) >= r.Days
		over := r.Bytes > 0 && total > r.Bytes
		if d.Day >= today || !old && !over {
			continue
		}
		delete(s.written.days, d.Day)
		// Findings first: a day is there for as long as its requests are.
		for _, table := range []string{"findings", "requests"} {
			if err := s.exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP PARTITION %d", s.table(table), d.Day)); err != nil {
				return dropped, fmt.Errorf("dropping %s: %w", d.Day, cause(ctx, err))
			}
		}
		total -= d.Bytes
		dropped = append(dropped, d.Day)
	}
	return dropped, nil
}
