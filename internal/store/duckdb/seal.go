package duckdb

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sojourn/internal/record"
)

// The rows of a day are copied in two steps, so that writes to it wait for the
// second only. The first copies the rows below a row id, sorted so that the
// requests of a session lie together within each hour: sessions are then found by
// reading little, and equal neighbours compress well. The second copies what was
// written meanwhile and all the rest.
const (
	copyRowsSQL = `
INSERT INTO sealed.requests SELECT * FROM day.requests WHERE rowid < %d AND NOT (%s)
	ORDER BY started // 3600000000, session, started, node, seq`
	copyRestSQL = `
INSERT INTO sealed.requests SELECT * FROM day.requests WHERE rowid >= %d AND NOT (%s)
	ORDER BY started // 3600000000, session, started, node, seq`
	copyFindingsSQL = `
INSERT INTO sealed.findings SELECT * FROM day.findings
	WHERE (started, node, seq) NOT IN (SELECT (started, node, seq) FROM day.requests WHERE %s) ORDER BY started, node, seq, id`
	copyPositionsSQL = `
INSERT INTO sealed.positions SELECT log, max(seq) FROM day.positions GROUP BY log;
`
)

const attacksSQL = `
INSERT INTO sealed.attacks SELECT DISTINCT r.session, r.started, r.node, r.seq, f.type FROM sealed.requests AS r
	JOIN sealed.findings AS f ON f.started = r.started AND f.node = r.node AND f.seq = r.seq WHERE f.attack ORDER BY ALL;
`

// sliceRows is about how many requests are summed up at once when a day is sealed:
// what it takes for a slice must fit in memory. Slices are ranges of session ids,
// which are digests and so spread evenly.
const sliceRows = 500_000

// summarize fills in the parts of the new file. They are put in order through a
// table that is not in the file, which would keep its space.
func summarize(ctx context.Context, c *sql.Conn, rows int64) error {
	const table = "temp.main.unordered"
	if _, err := c.ExecContext(ctx, "CREATE OR REPLACE TEMP TABLE unordered AS FROM sealed.parts LIMIT 0"); err != nil {
		return err
	}
	slices := int(min(rows/sliceRows+1, 1<<16))
	for i := range slices {
		low, high := sliceStart(i, slices), sliceStart(i+1, slices)
		where := "session >= '" + low + "'::UUID"
		if i+1 < slices {
			where += " AND session < '" + high + "'::UUID"
		}
		if _, err := c.ExecContext(ctx, "INSERT INTO "+table+" "+partsSQL("(SELECT * FROM sealed.requests WHERE "+where+")")); err != nil {
			return err
		}
	}
	_, err := c.ExecContext(ctx, "INSERT INTO sealed.parts FROM "+table+" ORDER BY started; DROP TABLE "+table)
	return err
}

// sliceStart is the first session id of a slice.
func sliceStart(i, slices int) string {
	var id record.SessionID
	binary.BigEndian.PutUint32(id[:], uint32(min(uint64(i)<<32/uint64(slices), 1<<32-1)))
	return id.String()
}

// Seal implements store.Store: days one after the other.
func (s *Store) Seal(ctx context.Context, days ...record.Day) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	var errs []error
	for _, date := range days {
		if d := s.dayOf(date, false); d != nil {
			if err := s.rewrite(ctx, d, nil); err != nil && !errors.Is(err, errGone) {
				errs = append(errs, fmt.Errorf("sealing: %w", err))
			}
		}
	}
	return errors.Join(errs...)
}

// rewrite writes d's rows, but for those to erase, into a new file beside the old
// one and puts it in the old one's place. Readers go on in the old file; the swap waits until they have
// left, and new ones wait for the swap. A crash leaves the old file or the new
// one, each complete: the old one's log is gone, moved into the file, before the
// new one takes its name.
func (s *Store) rewrite(ctx context.Context, d *day, e *erasure) error {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	s.isSealing.Store(true)
	defer s.isSealing.Store(false)
	d.busy.Store(true)
	defer d.busy.Store(false)

	copied, err := s.use(ctx, d, false)
	if err != nil {
		return s.judge(d, nil, err)
	}
	if e == nil && d.sealed.Load() {
		d.gate.RUnlock()
		return nil
	}
	s.closeIdle(d)
	rows, err := s.copyRows(ctx, d, copied, e)
	d.gate.RUnlock()
	if err != nil {
		return s.judge(d, copied, err)
	}
	// The gate was let go, because writing comes before it. Only trouble with the
	// file closes a busy day in between.
	var left int64
	d.writing.Lock()
	db, err := s.use(ctx, d, false)
	if err == nil {
		if db == copied {
			left, err = s.copyRest(ctx, d, db, rows, e)
		} else {
			err = errors.New("its file was closed meanwhile: seal it again")
		}
		d.gate.RUnlock()
	}
	if err == nil {
		d.gate.Lock()
		if err = d.swap(d.path + sealSuffix); err == nil {
			e.took(d.requests.Swap(left) - left)
		}
		d.gate.Unlock()
	}
	d.writing.Unlock()
	return s.judge(d, db, err)
}

// copyRows begins the new file with all rows below a row id, which it returns.
func (s *Store) copyRows(ctx context.Context, d *day, db *sql.DB, e *erasure) (rows int64, err error) {
	path := d.path + sealSuffix
	if err := removeDatabase(path); err != nil {
		return 0, err
	}
	c, err := db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	defer func() { err = s.abandon(ctx, c, d, err) }()
	if err = setMemory(ctx, c, s.sealMemory()); err != nil {
		return 0, err
	}
	if _, err = c.ExecContext(ctx, "ATTACH "+quote(path)+" AS sealed"); err != nil {
		return 0, err
	}
	if err = createTables(ctx, c, "sealed"); err != nil {
		return 0, err
	}
	if err = c.QueryRowContext(ctx, "SELECT coalesce(max(rowid) + 1, 0) FROM day.requests").Scan(&rows); err != nil {
		return 0, err
	}
	erased, err := e.compile(ctx, c, d.date)
	if err != nil {
		return 0, err
	}
	if _, err = c.ExecContext(ctx, fmt.Sprintf(copyRowsSQL, rows, erased.where()), erased.args...); err != nil {
		return 0, err
	}
	_, err = c.ExecContext(ctx, fillSumsSQL())
	return rows, err
}

// copyRest completes the new file, makes it durable, and returns how many rows it has.
func (s *Store) copyRest(ctx context.Context, d *day, db *sql.DB, rows int64, e *erasure) (left int64, err error) {
	c, err := db.Conn(context.WithoutCancel(ctx)) // what copyRows began must be abandoned in any case
	if err != nil {
		return 0, err
	}
	defer c.Close()
	defer func() { err = s.abandon(ctx, c, d, err) }()
	erased, err := e.compile(ctx, c, d.date)
	if err != nil {
		return 0, err
	}
	if _, err = c.ExecContext(ctx, fmt.Sprintf(copyRestSQL, rows, erased.where()), erased.args...); err != nil {
		return 0, err
	}
	if _, err = c.ExecContext(ctx, fmt.Sprintf(copyFindingsSQL, erased.where()), erased.args...); err != nil {
		return 0, err
	}
	if _, err = c.ExecContext(ctx, copyPositionsSQL+e.copyDictionaries()+attacksSQL); err != nil {
		return 0, err
	}
	var before, covered, judged int64
	err = c.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM day.requests), count(*), coalesce(max(rowid) + 1, 0), "+
		"(SELECT coalesce(max(rowid) + 1, 0) FROM sealed.findings) FROM sealed.requests").Scan(&before, &left, &covered, &judged)
	if err != nil {
		return 0, err
	}
	if err = summarize(ctx, c, left); err != nil {
		return 0, err
	}
	if before != left && e == nil || before < left {
		return 0, fmt.Errorf("bug: %d rows became %d", before, left)
	}
	if _, err = c.ExecContext(ctx, "INSERT INTO sealed.meta VALUES (?, true, ?, ?)", int64(format), covered, judged); err != nil {
		return 0, err
	}
	_, err = c.ExecContext(ctx, "CHECKPOINT sealed; DETACH sealed")
	return left, err
}

// abandon removes the new file when err is not nil, and gives the day its own
// share of the memory again.
func (s *Store) abandon(ctx context.Context, c *sql.Conn, d *day, err error) error {
	if err == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	_, detach := c.ExecContext(ctx, "DETACH DATABASE IF EXISTS sealed")
	return errors.Join(err, detach, removeDatabase(d.path+sealSuffix), setMemory(ctx, c, s.memoryOf(d)))
}

func setMemory(ctx context.Context, c *sql.Conn, bytes int64) error {
	_, err := c.ExecContext(ctx, fmt.Sprintf("SET memory_limit = '%dKiB'", bytes>>10))
	return err
}

// swap closes d's file and puts the one at path in its place; writing and gate
// must be held.
func (d *day) swap(path string) error {
	if err := errors.Join(d.close(), noLog(d.path), noLog(path)); err != nil {
		return errors.Join(err, removeDatabase(path))
	}
	if err := os.Rename(path, d.path); err != nil {
		return err
	}
	d.sealed.Store(true)
	return syncFolder(filepath.Dir(d.path))
}

// noLog makes sure that a closed file has nothing left in its log.
func noLog(path string) error {
	for _, log := range logs(path) {
		if info, err := os.Stat(log); err == nil && info.Size() > 0 {
			return fmt.Errorf("%s could not be moved into its file", log)
		}
	}
	return nil
}

// syncFolder makes a rename survive a power cut.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
