package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"time"
)

// A day that is written to settles from time to time: its log is moved into its
// file, and what its summaries do not cover yet is summed up. Never doing so would
// cost memory, a long replay after a crash, and slow lists.
//
// Writes wait while the log is moved, for about a microsecond a row; so it is moved
// often, while it is small. When rows come so fast that this would take a good part
// of the time, as in an import, it is moved when it is large, and nothing is summed
// up until that is over.
const (
	checkpointBytes = 48 << 20        // size of the log at which it is moved in any case
	calmBytes       = 8 << 20         // size at which it is moved when the last time is a while ago
	calmAfter       = 5 * time.Second // how long that is

	// unsummedRows is how many rows lists sum up each time they are read, before that
	// is done once and for all.
	unsummedRows = 100_000
)

// settleLater settles d, beside the writes to it, when its log has grown.
func (s *Store) settleLater(d *day) {
	wal, err := os.Stat(d.path + walSuffix)
	if err != nil || wal.Size() <= s.limits.calmBytes+d.postponed.Load() {
		return
	}
	calm := time.Since(time.Unix(0, d.settled.Load())) >= calmAfter
	if !calm && wal.Size() <= s.limits.checkpointBytes+d.postponed.Load() || !d.settling.CompareAndSwap(false, true) {
		return
	}
	s.settles.Go(func() {
		defer d.settling.Store(false)
		d.postponed.Store(wal.Size()) // when it fails: try again at twice the size
		err := s.checkpoint(context.Background(), d)
		if err == nil {
			d.postponed.Store(0)
			d.settled.Store(time.Now().UnixNano())
		}
		if calm {
			err = errors.Join(err, s.sumUp(context.Background(), d))
		}
		if err != nil {
			s.log.Debug("settling a day is put off", "day", d.date, "error", err)
		}
	})
}

// checkpoint moves the log of d into its file. It fails while a long query reads.
func (s *Store) checkpoint(ctx context.Context, d *day) error {
	d.still.Lock()
	defer d.still.Unlock()
	d.writing.Lock() // a transaction that writes would make it fail
	defer d.writing.Unlock()
	if d.writer == nil {
		return nil // closed meanwhile, which moves the log too
	}
	if _, err := s.use(ctx, d, false); err != nil {
		return err
	}
	defer d.gate.RUnlock()
	// The writer's own connection: to wait for one that questions hold would hold up
	// the writes.
	_, err := d.writer.conn.ExecContext(ctx, "CHECKPOINT day")
	return err
}

// sumUp extends the summaries of d, beside writes and questions, when they lack
// many rows.
func (s *Store) sumUp(ctx context.Context, d *day) error {
	d.still.Lock()
	defer d.still.Unlock()
	return s.onConnection(ctx, d, func(ctx context.Context, c *sql.Conn) error {
		var covered int64
		if err := c.QueryRowContext(ctx, "SELECT covered FROM meta").Scan(&covered); err != nil || d.requests.Load()-covered < s.limits.unsummedRows {
			return err
		}
		return extendParts(ctx, c)
	})
}

func (s *Store) onConnection(ctx context.Context, d *day, do func(context.Context, *sql.Conn) error) error {
	db, err := s.use(ctx, d, false)
	if err != nil {
		return err
	}
	defer d.gate.RUnlock()
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c)
}
