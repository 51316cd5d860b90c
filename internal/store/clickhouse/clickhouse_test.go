package clickhouse_test

import (
	"testing"

	"sojourn/internal/store"
	"sojourn/internal/store/clickhouse"
	"sojourn/internal/store/storetest"
)

func TestStore(t *testing.T) {
	server := startServer(t)
	storetest.RunBrief(t, func(t *testing.T) store.Store {
		s, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: server.database(t)})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
