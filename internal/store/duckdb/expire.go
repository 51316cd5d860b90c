package duckdb

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sojourn/internal/record"
)

// Expire implements store.Store. A day is dropped when its last reader has left.
func (s *Store) Expire(ctx context.Context, today record.Day, r record.Retention) ([]record.Day, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	days := s.newestFirst()
	slices.Reverse(days)
	var total int64
	for _, d := range days {
		total += d.size()
	}
	var dropped []record.Day
	var errs []error
	for _, d := range days {
		old := r.Days > 0 && int(today)-int(d.date) >= r.Days
		over := r.Bytes > 0 && total > r.Bytes
		if d.date >= today || !old && !over {
			continue
		}
		if err := ctx.Err(); err != nil {
			return dropped, err
		}
		size := d.size()
		if err := s.drop(d); err != nil {
			errs = append(errs, err)
			continue
		}
		total -= size
		dropped = append(dropped, d.date)
	}
	return dropped, errors.Join(errs...)
}

func (s *Store) drop(d *day) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	d.gate.Lock()
	defer d.gate.Unlock()
	if err := d.close(); err != nil {
		s.log.Warn("closing a day to drop it", "day", d.date, "error", err)
	}
	// The file goes first: a log without its file is removed when the next file of
	// that day is made, a file without its log would be taken for a whole day.
	if err := errors.Join(removeDatabase(d.path), removeDatabase(d.path+sealSuffix)); err != nil {
		return fmt.Errorf("dropping day %s: %w", d.date, err)
	}
	d.gone = true
	s.forget(d)
	return nil
}
