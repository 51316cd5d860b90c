package duckdb

import (
	"context"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// OpenTight opens a store whose limits are hit all the time: dictionaries give a
// text several codes, days are closed early, logs are moved at each write.
func OpenTight(ctx context.Context, cfg Config) (*Store, error) {
	return open(ctx, cfg, limits{openDays: 2, dictEntries: 2, dictBytes: 64, checkpointBytes: 0, hasSessions: 1,
		groups: store.MaxQueryGroups, distinct: store.MaxExactDistinct})
}

// OpenFew opens a store whose queries hold few groups, or few distinct values.
func OpenFew(ctx context.Context, cfg Config, groups, distinct int) (*Store, error) {
	l := defaultLimits()
	l.groups, l.distinct = groups, distinct
	return open(ctx, cfg, l)
}

// Exec runs a statement in the DuckDB instance of a day.
func (s *Store) Exec(ctx context.Context, date record.Day, statement string) error {
	db, err := s.use(ctx, s.dayOf(date, false), false)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, statement)
	s.dayOf(date, false).gate.RUnlock()
	return err
}

// MemoryLimit is what the DuckDB instance of a day says its limit is.
func (s *Store) MemoryLimit(ctx context.Context, date record.Day) (limit string, err error) {
	db, err := s.use(ctx, s.dayOf(date, false), false)
	if err != nil {
		return "", err
	}
	err = db.QueryRowContext(ctx, "SELECT current_setting('memory_limit')").Scan(&limit)
	s.dayOf(date, false).gate.RUnlock()
	return limit, err
}
