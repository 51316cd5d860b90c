package clickhouse

import (
	"context"
	"fmt"
	"strings"

	driverpkg "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// migrations bring the schema from each version to the next; the n-th leads to
// version n+1. %s is the database. What is released never changes: a new version
// is a new element. Each may run again after it was interrupted.
var migrations = [][]string{{
	requestsTable,
	findingsTable,
}}

// The table of requests. A row is a request, or tells a position (kind).
//
// Sorted by session: its rows lie together, which makes them small, a session and
// the parts of a page are read from a few granules, and a list groups what is next
// to each other. Measured against other keys in docs/clickhouse.md.
//
// lowered holds method, endpoint and path in lower case where that takes more than
// ASCII, and nothing else: ClickHouse's own lower case differs from Go's.
const requestsTable = `
CREATE TABLE IF NOT EXISTS %s.requests (
	kind UInt8 COMMENT '0: a request; 1: a position that the day absorbed',
	day Int32 COMMENT 'UTC day, counted from 1970-01-01' CODEC(ZSTD(1)),
	started Int64 COMMENT 'microseconds since 1970' CODEC(Delta, ZSTD(1)),
	node UInt32 CODEC(ZSTD(1)),
	seq UInt32 CODEC(Delta, ZSTD(1)),
	session FixedString(16) CODEC(ZSTD(1)),
	client FixedString(16) CODEC(ZSTD(1)),
	duration Int64 COMMENT 'microseconds, -1 when unknown' CODEC(ZSTD(1)),
	ttfb Int64 COMMENT 'microseconds, -1 when unknown' CODEC(ZSTD(1)),
	application LowCardinality(String) CODEC(ZSTD(1)),
	host LowCardinality(String) CODEC(ZSTD(1)),
	method LowCardinality(String) CODEC(ZSTD(1)),
	path String CODEC(ZSTD(1)),
	query String CODEC(ZSTD(1)),
	endpoint LowCardinality(String) CODEC(ZSTD(1)),
	lowered Array(String) CODEC(ZSTD(1)),
	status Int32 CODEC(ZSTD(1)),
	request_bytes Int64 COMMENT '-1 when unknown' CODEC(ZSTD(1)),
	response_bytes Int64 COMMENT '-1 when unknown' CODEC(ZSTD(1)),
	ip IPv6 CODEC(ZSTD(1)),
	ip_known Bool CODEC(ZSTD(1)),
	user_agent LowCardinality(String) CODEC(ZSTD(1)),
	country LowCardinality(String) CODEC(ZSTD(1)),
	network LowCardinality(String) CODEC(ZSTD(1)),
	anonymity LowCardinality(String) CODEC(ZSTD(1)),
	ja4 LowCardinality(String) CODEC(ZSTD(1)),
	user String CODEC(ZSTD(1)),
	role LowCardinality(String) CODEC(ZSTD(1)),
	key LowCardinality(String) CODEC(ZSTD(1)),
	point LowCardinality(String) CODEC(ZSTD(1)),
	rung LowCardinality(String) CODEC(ZSTD(1)),
	strength LowCardinality(String) CODEC(ZSTD(1)),
	accepted Bool CODEC(ZSTD(1)),
	tried Int32 CODEC(ZSTD(1)),
	graphql_operation LowCardinality(String) CODEC(ZSTD(1)),
	mcp Bool CODEC(ZSTD(1)),
	mcp_server LowCardinality(String) CODEC(ZSTD(1)),
	mcp_method LowCardinality(String) CODEC(ZSTD(1)),
	mcp_name String CODEC(ZSTD(1)),
	mcp_client LowCardinality(String) CODEC(ZSTD(1)),
	mcp_generation LowCardinality(String) CODEC(ZSTD(1)),
	mcp_trace String CODEC(ZSTD(1)),
	mcp_error Int64 CODEC(ZSTD(1)),
	mcp_methods Array(LowCardinality(String)) COMMENT 'of all messages, each once' CODEC(ZSTD(1)),
	mcp_names Array(String) COMMENT 'of all messages, each once' CODEC(ZSTD(1)),
	mcp_more String COMMENT 'further messages, as JSON' CODEC(ZSTD(1)),
	context_names Array(LowCardinality(String)) CODEC(ZSTD(1)),
	context_values Array(String) CODEC(ZSTD(1)),
	context_hashed Array(Bool) CODEC(ZSTD(1)),
	flags Array(LowCardinality(String)) CODEC(ZSTD(1)),
	revision UInt64 CODEC(ZSTD(1)),
	log String COMMENT 'of a position' CODEC(ZSTD(1)),
	position UInt64 COMMENT 'what the day absorbed of the log' CODEC(ZSTD(1)),
	at DateTime64(6, 'UTC') ALIAS fromUnixTimestamp64Micro(started, 'UTC')
) ENGINE = MergeTree
PARTITION BY day
ORDER BY (kind, session, started, node, seq)
SETTINGS non_replicated_deduplication_window = 1000`

// findingsTable holds what is known about requests beside what they say.
const findingsTable = `
CREATE TABLE IF NOT EXISTS %s.findings (
	id String CODEC(ZSTD(1)),
	day Int32 COMMENT 'UTC day of the request' CODEC(ZSTD(1)),
	started Int64 CODEC(Delta, ZSTD(1)),
	node UInt32 CODEC(ZSTD(1)),
	seq UInt32 CODEC(Delta, ZSTD(1)),
	session FixedString(16) CODEC(ZSTD(1)),
	type LowCardinality(String) CODEC(ZSTD(1)),
	attack Bool CODEC(ZSTD(1)),
	detail String CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY day
ORDER BY (started, node, seq, id)
SETTINGS non_replicated_deduplication_window = 1000`

// migrate brings the database to the newest version of the schema.
func (s *Store) migrate(ctx context.Context) error {
	var exists uint64
	err := s.query(ctx, "SELECT count() FROM system.databases WHERE name = "+text(s.name),
		func(r driver.Rows) error { return r.Scan(&exists) })
	if err != nil {
		return err
	}
	if exists == 0 {
		if err := s.exec(ctx, "CREATE DATABASE IF NOT EXISTS "+s.database); err != nil {
			return err
		}
	}
	if err := s.exec(ctx, "CREATE TABLE IF NOT EXISTS "+s.table("migrations")+" (version UInt32, applied DateTime DEFAULT now()) ENGINE = MergeTree ORDER BY version"); err != nil {
		return err
	}
	var version uint32
	err = s.query(ctx, "SELECT max(version) FROM "+s.table("migrations"), func(r driver.Rows) error { return r.Scan(&version) })
	if err != nil {
		return err
	}
	if int(version) > len(migrations) {
		return fmt.Errorf("the database %s has version %d of the schema, this version of Sojourn knows %d: use a newer Sojourn, or another database", s.database, version, len(migrations))
	}
	for ; int(version) < len(migrations); version++ {
		for _, statement := range migrations[version] {
			if err := s.exec(ctx, fmt.Sprintf(statement, s.database)); err != nil {
				return fmt.Errorf("version %d of the schema: %w", version+1, err)
			}
		}
		if err := s.exec(ctx, fmt.Sprintf("INSERT INTO %s (version) SELECT %d", s.table("migrations"), version+1)); err != nil {
			return err
		}
	}
	return nil
}

// readColumns learns the types of a table's columns: the driver would ask for them
// before every insert.
func (s *Store) readColumns(ctx context.Context, table string) (all []driverpkg.ColumnNameAndType, err error) {
	statement := fmt.Sprintf("SELECT name, type FROM system.columns WHERE database = %s AND table = %s AND default_kind = '' ORDER BY position", text(s.name), text(table))
	err = s.query(ctx, statement, func(r driver.Rows) error {
		var c driverpkg.ColumnNameAndType
		err := r.Scan(&c.Name, &c.Type)
		all = append(all, c)
		return err
	})
	return all, err
}

// names are the names of columns with commas between them.
func names(all []driverpkg.ColumnNameAndType) string {
	quoted := make([]string, len(all))
	for i, c := range all {
		quoted[i] = "`" + c.Name + "`"
	}
	return strings.Join(quoted, ", ")
}
