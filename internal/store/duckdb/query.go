package duckdb

import (
	"context"
	"errors"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Query implements store.Store. Each day counts by its codes; what they stand for
// is looked up once a day, and days are added up here.
func (s *Store) Query(ctx context.Context, q store.Query) (record.Table, error) {
	if err := s.enter(ctx); err != nil {
		return record.Table{}, err
	}
	defer s.leave()
	if err := q.Check(); err != nil {
		return record.Table{}, err
	}
	h, err := s.newHas(ctx, &q.Filter)
	if err == nil {
		err = h.exhaust(ctx)
	}
	if err != nil {
		return record.Table{}, cancelled(ctx, err)
	}
	for {
		g := newGroups(&q, s.limits)
		switch err := s.countGroups(ctx, g, h); {
		case errors.Is(err, errGone):
			// A day went while it was counted: what it told may not count. The days
			// left are counted anew; each time they are fewer.
		case err != nil:
			return record.Table{}, cancelled(ctx, err)
		default:
			return g.table(), nil
		}
	}
}

// cancelled returns the error of a context that ended instead of what DuckDB or the
// driver made of it, which is not always told apart from other errors.
func cancelled(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil {
		return ended
	}
	return err
}

// countGroups counts the requests of all days. errGone means that a day went
// while it was counted.
func (s *Store) countGroups(ctx context.Context, g *groups, h *has) error {
	for _, d := range s.newestFirst() {
		if !concerns(&g.q.Filter, d.date) {
			continue
		}
		begun := false
		err := s.viewStream(ctx, d, func(asked streamer) error {
			begun = true
			return g.countDay(ctx, asked, d.date, h)
		})
		if err != nil && (begun || !errors.Is(err, errGone)) {
			return err
		}
	}
	return nil
}

// countDay adds the requests of one day.
func (g *groups) countDay(ctx context.Context, s streamer, date record.Day, h *has) error {
	d, err := g.newDay(ctx, s, date, h)
	if err != nil || d.where.nothing {
		return err
	}
	if err := d.readKeys(ctx); err != nil {
		return err
	}
	if err := d.countRequests(ctx); err != nil {
		return err
	}
	if asks(g.q, "attacks") {
		if err := d.countAttacks(ctx); err != nil {
			return err
		}
	}
	for measure, count := range map[string]func(context.Context) error{
		"sessions": d.countSessions, "users": d.countUsers, "ips": d.countIPs,
	} {
		if asks(g.q, measure) {
			if err := count(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
