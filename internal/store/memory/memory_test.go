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
