package duckdb_test

import (
	"log/slog"
	"testing"

	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
	"sojourn/internal/store/storetest"
)

func openFew(t *testing.T, groups, distinct int) store.Store {
	t.Helper()
	s, err := duckdb.OpenFew(t.Context(), duckdb.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)}, groups, distinct)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestTooMany(t *testing.T) { storetest.RunTooMany(t, openFew(t, 20, 20), 20) }

func TestApproximate(t *testing.T) { storetest.RunApproximate(t, openFew(t, 1000, 50), 50) }
