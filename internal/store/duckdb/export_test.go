package duckdb

import "context"

// OpenTight opens a store whose limits are hit all the time: dictionaries give a
// text several codes, days are closed early, logs are moved at each write.
func OpenTight(ctx context.Context, cfg Config) (*Store, error) {
	return open(ctx, cfg, limits{openDays: 2, dictEntries: 2, dictBytes: 64, checkpointBytes: 0})
}
