package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"sojourn/internal/record"
)

// day is one UTC day and its file.
//
// Locks are taken in the order Store.sealing, still, writing, gate. Whoever uses db holds gate for
// reading, so taking it for writing waits until the last user has left, and holds
// newcomers back meanwhile: that is how a file is closed, replaced and dropped.
type day struct {
	date record.Day
	path string

	writing sync.Mutex // one writer, sealer or closer at a time
	writer  *writer    // guarded by writing; nil when nothing was written since the file was opened

	gate sync.RWMutex
	db   *sql.DB // guarded by gate; nil when closed
	gone bool    // guarded by gate; dropped or set aside, for good

	known    atomic.Bool // requests and sealed are read from the file
	requests atomic.Int64
	sealed   atomic.Bool
	open     atomic.Bool  // db is not nil; for looking without the gate
	busy     atomic.Bool  // being sealed: not to be closed for being idle
	used     atomic.Int64 // Store.clock at the last use

	still  sync.Mutex // held by who changes the file in place, and by who copies it
	source *os.File   // what copies were made from, see copyFile; set under still, closed with db

	written   atomic.Bool  // writer is not nil; for looking without writing
	settling  atomic.Bool  // a settle is under way
	settled   atomic.Int64 // when the last one was, nanoseconds since 1970
	postponed atomic.Int64 // size of the log when it could not be moved
}

// errGone says that a day was dropped or set aside: it has nothing to tell.
var errGone = errors.New("the day is gone")

func newDay(date record.Day, path string) *day { return &day{date: date, path: path} }

// use opens d if need be and returns its database with d.gate held for reading;
// the caller releases it. A day without a file is gone, unless create is set. The
// caller passes errors on to judge.
func (s *Store) use(ctx context.Context, d *day, create bool) (*sql.DB, error) {
	for {
		d.gate.RLock()
		if d.db != nil {
			d.used.Store(s.clock.Add(1))
			return d.db, nil
		}
		gone := d.gone
		d.gate.RUnlock()
		if gone {
			return nil, errGone
		}
		if err := s.openDay(ctx, d, create); err != nil {
			return nil, err
		}
		s.closeIdle(d)
	}
}

func (s *Store) openDay(ctx context.Context, d *day, create bool) (err error) {
	d.gate.Lock()
	defer d.gate.Unlock()
	if d.gone || d.db != nil {
		return nil
	}
	if _, err := os.Stat(d.path); os.IsNotExist(err) {
		if !create {
			return errGone
		}
		if err := createFile(ctx, d.path, s.temp(), s.dayMemory()); err != nil {
			return err
		}
	}
	db, err := openDatabase(ctx, d.path, s.temp(), s.dayMemory(), s.cfg.Threads)
	if err != nil {
		return err
	}
	sealed, err := checkFormat(ctx, db)
	var requests int64
	if err == nil {
		err = db.QueryRowContext(ctx, "SELECT count(*) FROM requests").Scan(&requests)
	}
	if err != nil {
		return errors.Join(err, db.Close())
	}
	d.db = db
	d.sealed.Store(sealed)
	d.requests.Store(requests)
	d.known.Store(true)
	d.open.Store(true)
	return nil
}

// close closes the file; writing and gate must be held. DuckDB moves what its log
// holds into the file when it closes.
func (d *day) close() error {
	var errs []error
	if d.writer != nil {
		errs = append(errs, d.writer.close())
		d.writer = nil
		d.written.Store(false)
	}
	if d.db != nil {
		errs = append(errs, d.db.Close())
		d.db = nil
		d.open.Store(false)
	}
	if d.source != nil {
		errs = append(errs, d.source.Close())
		d.source = nil
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("closing %s: %w", d.path, err)
	}
	return nil
}

// closeIdle closes the days used longest ago that exceed the limit, but
// not keep, and none in use.
func (s *Store) closeIdle(keep *day) {
	open := slices.DeleteFunc(s.newestFirst(), func(d *day) bool { return !d.open.Load() })
	slices.SortFunc(open, func(a, b *day) int { return cmp.Compare(a.used.Load(), b.used.Load()) })
	excess := len(open) - s.openDays()
	for _, d := range open {
		if excess <= 0 {
			return
		}
		if d == keep || d.busy.Load() || !d.writing.TryLock() {
			continue
		}
		if d.gate.TryLock() {
			if err := d.close(); err != nil {
				s.log.Error("closing an idle day", "day", d.date, "error", err)
			}
			d.gate.Unlock()
			excess--
		}
		d.writing.Unlock()
	}
}

// touch opens d, so that its requests and sealed are known.
func (s *Store) touch(ctx context.Context, d *day) error {
	db, err := s.use(ctx, d, false)
	if err == nil {
		d.gate.RUnlock()
	}
	return s.judge(d, db, err)
}

// view asks a day something: all queries of ask see the same state of it. What
// ask has collected counts only when view returns nil. errGone means that there
// is nothing to ask.
func (s *Store) view(ctx context.Context, d *day, ask func(*sql.Tx) error) error {
	db, err := s.use(ctx, d, false)
	if err == nil {
		err = inTransaction(ctx, db, ask)
		d.gate.RUnlock()
	}
	return s.judge(d, db, err)
}

func inTransaction(ctx context.Context, db *sql.DB, ask func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // what ask wrote, it has committed
	return ask(tx)
}

// judge decides what an error means for the day it came from: a file with bad
// content is set aside and gone, an instance that DuckDB gave up is closed and
// opened again by the next call. The caller holds none of d's locks.
func (s *Store) judge(d *day, db *sql.DB, err error) error {
	switch {
	case err == nil, errors.Is(err, errGone):
		return err
	case isCorrupt(err):
		return s.setAside(d, err)
	case isFatal(err):
		d.writing.Lock()
		d.gate.Lock()
		if d.db == db {
			err = errors.Join(err, d.close())
		}
		d.gate.Unlock()
		d.writing.Unlock()
	}
	return fmt.Errorf("day %s: %w", d.date, explain(err))
}

// size returns the bytes of the file and of its logs.
func (d *day) size() int64 {
	var n int64
	for _, path := range append(logs(d.path), d.path) {
		if info, err := os.Stat(path); err == nil {
			n += info.Size()
		}
	}
	return n
}
