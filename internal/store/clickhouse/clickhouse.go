// Package clickhouse is the store past one machine: the contract on a ClickHouse
// server, one partition for each UTC day. It is the only room that speaks
// ClickHouse.
//
// A request is a row of one table (schema.go). What a day absorbed of a log is a
// row of the same table, and goes into the same part as the requests that came
// with it, so the two cannot disagree (write.go). Conditions become SQL
// (condition.go); lists first find which parts or requests are on the page, by the
// columns that decide it, and read the rest for these alone.
package clickhouse

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	driverpkg "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/store"
)

// Config says which server the store is on.
type Config struct {
	URL    string       // as ParseURL reads it
	Logger *slog.Logger // nil means slog.Default()
}

// maxStatement is how long a statement may be, in bytes: filters may hold long
// texts. The server's own default is 256 KiB.
const maxStatement = 256 << 20

// Store keeps requests on a ClickHouse server.
type Store struct {
	conn     driver.Conn
	name     string // of the database
	database string // the same, quoted
	log      *slog.Logger

	requestColumns, findingColumns []driverpkg.ColumnNameAndType

	life   sync.RWMutex // read by every call, written by Close
	closed bool

	writing sync.Mutex // one Write at a time
	written positions  // guarded by writing
	writer  string     // prefix of the ids of this store's inserts
	inserts atomic.Uint64

	erasing sync.Mutex // one Erase at a time

	recent recentDays
}

var _ store.Store = (*Store)(nil)

// Open connects, brings the schema up to date, and finishes an Erase that was
// interrupted.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	options, err := ParseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	database := options.Auth.Database
	options.Auth.Database = "" // there may be no such database yet; every statement names it
	options.Settings["max_query_size"] = maxStatement
	conn, err := driverpkg.Open(options)
	if err != nil {
		return nil, explain(err)
	}
	s := &Store{
		conn: conn, name: database, database: identifier(database), log: cmp.Or(cfg.Logger, slog.Default()),
		writer: "sojourn-write-" + rand.Text(),
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("the store on %s: %w", strings.Join(options.Addr, ", "), explain(err)), conn.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	if err := s.migrate(ctx); err != nil {
		return err
	}
	var err error
	if s.requestColumns, err = s.readColumns(ctx, "requests"); err != nil {
		return err
	}
	if s.findingColumns, err = s.readColumns(ctx, "findings"); err != nil {
		return err
	}
	return s.finishErase(ctx)
}

// Close waits for running calls and disconnects. It may be called again.
func (s *Store) Close() error {
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.conn.Close()
}

// enter begins a call; leave ends it.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return store.ErrClosed
	}
	return nil
}

func (s *Store) leave() { s.life.RUnlock() }

// table returns the full name of a table.
func (s *Store) table(name string) string { return s.database + "." + name }

// exec runs statements that return nothing.
func (s *Store) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if err := s.conn.Exec(ctx, statement); err != nil {
			return explain(err)
		}
	}
	return nil
}

// query runs a statement and calls each for every row.
func (s *Store) query(ctx context.Context, statement string, each func(driver.Rows) error) error {
	rows, err := s.conn.Query(ctx, statement)
	if err != nil {
		return cause(ctx, err)
	}
	for rows.Next() {
		if err := each(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return cause(ctx, errors.Join(rows.Err(), rows.Close()))
}

// cause returns why a call failed: that it was cancelled, where it was.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return explain(err)
}
