package duckdb

import (
	"context"
	"errors"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Erase implements store.Store.
func (s *Store) Erase(ctx context.Context, f store.Filter) ([]record.PartRef, error) {
	return nil, errors.New("todo")
}
