package duckdb_test

import (
	"log/slog"
	"testing"

	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
	"sojourn/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.RunBrief(t, func(t *testing.T) store.Store { return open(t, t.TempDir()) })
}

// TestTightStore: no limit changes an answer.
func TestTightStore(t *testing.T) {
	storetest.RunBrief(t, func(t *testing.T) store.Store {
		s, err := duckdb.OpenTight(t.Context(), duckdb.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func open(t testing.TB, dir string) *duckdb.Store {
	t.Helper()
	s, err := duckdb.Open(t.Context(), duckdb.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}
