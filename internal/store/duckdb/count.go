package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Count implements store.Store: day by day, newest first, until its time is over.
// A day that is not counted to the end counts for nothing.
func (s *Store) Count(ctx context.Context, f store.Filter, within time.Duration) (record.Total, error) {
	if err := s.enter(ctx); err != nil {
		return record.Total{}, err
	}
	defer s.leave()
	var total record.Total
	limited, cancel := ctx, context.CancelFunc(func() {})
	if within > 0 {
		limited, cancel = context.WithTimeout(ctx, within)
	}
	defer cancel()
	err := s.countDays(limited, &f, &total)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return total, nil
	}
	total.Complete = err == nil
	return total, err
}

func (s *Store) countDays(ctx context.Context, f *store.Filter, total *record.Total) error {
	h, err := s.newHas(ctx, f)
	if err != nil {
		return err
	}
	if err := h.exhaust(ctx); err != nil {
		return err
	}
	for _, d := range s.newestFirst() {
		if !concerns(f, d.date) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		var parts, requests int64
		err := s.view(ctx, d, func(tx *sql.Tx) error {
			snap, err := snapshotOf(ctx, tx, d.date)
			if err != nil {
				return err
			}
			where, err := compile(ctx, tx, d.date, f)
			if err != nil {
				return err
			}
			h.narrow(where)
			switch {
			case where.nothing:
				return nil
			case where.everything():
				return tx.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(requests), 0)::BIGINT FROM "+snap.parts()).Scan(&parts, &requests)
			}
			return tx.QueryRowContext(ctx, "SELECT count(*), coalesce(sum(n), 0)::BIGINT FROM (SELECT count(*) AS n FROM requests WHERE "+
				where.where()+" GROUP BY session)", where.args...).Scan(&parts, &requests)
		})
		if err != nil && !errors.Is(err, errGone) {
			return err
		}
		total.Parts += parts
		total.Requests += requests
	}
	return nil
}
