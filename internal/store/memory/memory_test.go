package memory_test

import (
	"testing"

	"sojourn/internal/store"
	"sojourn/internal/store/memory"
	"sojourn/internal/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}

func TestTooMany(t *testing.T) { storetest.RunTooMany(t, memory.NewTight(20), 20) }

func TestApproximate(t *testing.T) { storetest.RunApproximate(t, memory.New(), 200) }

func TestReopen(t *testing.T) {
	s := memory.New()
	storetest.RunReopen(t, func(*testing.T, string) store.Store {
		s.Reopen()
		return s
	})
}
