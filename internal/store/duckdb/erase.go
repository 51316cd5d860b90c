package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Erase implements store.Store. Each day that has requests to erase is rewritten
// without them: the bytes of rows that are deleted in place stay in a file. Entries
// of dictionaries go with the last request that had them. A day that fails does not
// keep the others. Files that were set aside are not looked at.
func (s *Store) Erase(ctx context.Context, f store.Filter) ([]record.PartRef, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	h, err := s.newHas(ctx, &f)
	if err == nil {
		err = h.exhaust(ctx)
	}
	if err != nil {
		return nil, err
	}
	lost := []record.PartRef{}
	var errs []error
	for _, d := range s.newestFirst() {
		if !concerns(&f, d.date) {
			continue
		}
		e := &erasure{filter: &f, has: h}
		some, err := s.hasToErase(ctx, d, e)
		if err == nil && some {
			if err = s.cfg.Room(d.size()); err == nil { // it is there twice meanwhile
				err = s.rewrite(ctx, d, e)
			}
		}
		if e.lost > 0 {
			lost = append(lost, record.PartRef{Part: d.date, Requests: e.lost})
		}
		if err != nil && !errors.Is(err, errGone) {
			errs = append(errs, fmt.Errorf("erasing: %w", cancelled(ctx, err)))
		}
		if err != nil && ctx.Err() != nil {
			break
		}
	}
	return lost, errors.Join(errs...)
}

// erasure says which requests a file is rewritten without; nil, that all stay.
type erasure struct {
	filter *store.Filter
	has    *has
	lost   int64
}

func (e *erasure) took(requests int64) {
	if e != nil {
		e.lost += requests
	}
}

// where is the condition that a request of the day is to be erased.
func (e *erasure) where(ctx context.Context, tx *sql.Tx, date record.Day) (*condition, error) {
	where, err := compile(ctx, tx, date, e.filter)
	if err == nil {
		e.has.narrow(where)
	}
	return where, err
}

func (s *Store) hasToErase(ctx context.Context, d *day, e *erasure) (some bool, err error) {
	err = s.view(ctx, d, func(tx *sql.Tx) error {
		where, err := e.where(ctx, tx, d.date)
		if err != nil || where.nothing {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM requests WHERE "+where.where()+")", where.args...).Scan(&some)
	})
	return some, err
}

// compile returns the condition that a request of the day is to be erased, for
// statements of a connection that may be in no transaction.
func (e *erasure) compile(ctx context.Context, c *sql.Conn, date record.Day) (*condition, error) {
	if e == nil {
		return &condition{clauses: []string{"false"}}, nil
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() // nothing was written
	return e.where(ctx, tx, date)
}

// copyDictionaries copies the entries that requests of the new file have.
func (e *erasure) copyDictionaries() string {
	var b strings.Builder
	for _, d := range dictionaries {
		fmt.Fprintf(&b, "INSERT INTO sealed.%s SELECT * FROM day.%[1]s", d.table)
		if e != nil {
			fmt.Fprintf(&b, " WHERE code IN (SELECT %s FROM sealed.requests)", d.codeColumn())
		}
		b.WriteString(" ORDER BY code;\n")
	}
	return b.String()
}
