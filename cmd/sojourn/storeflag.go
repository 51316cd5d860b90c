package main

import (
	"context"
	"log/slog"
	"os"

	"sojourn/internal/store"
	"sojourn/internal/store/clickhouse"
	"sojourn/internal/store/duckdb"
)

// storeEnv names the store to a process without showing its password to the other
// users of the machine, as a command line would.
const storeEnv = "SOJOURN_STORE"

// storeFlag says where requests are stored.
type storeFlag struct {
	Store string `help:"Store requests on a ClickHouse server, such as clickhouse://user:password@host:9000/sojourn, and not in the data folder; better set as SOJOURN_STORE, which other users of this machine do not see." env:"SOJOURN_STORE" placeholder:"URL"`
}

// hand gives the store to the processes that are started from now on.
func (f storeFlag) hand() error {
	if f.Store == "" {
		return nil
	}
	if _, err := clickhouse.ParseURL(f.Store); err != nil {
		return usageError{err}
	}
	return os.Setenv(storeEnv, f.Store)
}

// open opens the store: the server, or the days of the data folder, whose copies
// need room.
func (f storeFlag) open(ctx context.Context, data *dataFolder, memoryLimit string, room func(int64) error, logger *slog.Logger) (store.Store, error) {
	if f.Store != "" {
		s, err := clickhouse.Open(ctx, clickhouse.Config{URL: f.Store, Logger: logger})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := duckdb.Open(ctx, duckdb.Config{Dir: data.daysDir(), MemoryLimit: memoryLimit, Room: room, Logger: logger})
	if err != nil {
		return nil, err
	}
	return s, nil
}
