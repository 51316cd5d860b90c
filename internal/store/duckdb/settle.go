package duckdb

import (
	"context"
	"database/sql"
	"os"
)

// checkpointBytes is how large the log of a day's file may grow before its
// content is moved into the file and summed up. Never doing so would cost memory,
// a long replay after a crash, and slow lists.
const checkpointBytes = 48 << 20

// settleLater settles d, beside the writes to it, when its log has grown.
func (s *Store) settleLater(d *day) {
	wal, err := os.Stat(d.path + walSuffix)
	if err != nil || wal.Size() <= s.limits.checkpointBytes+d.postponed.Load() || !d.settling.CompareAndSwap(false, true) {
		return
	}
	s.settles.Go(func() {
		defer d.settling.Store(false)
		d.postponed.Store(wal.Size())
		if err := s.settle(context.Background(), d); err != nil {
			s.log.Debug("settling a day is put off", "day", d.date, "error", err)
			return
		}
		d.postponed.Store(0)
	})
}

// settle extends the summaries of d to all rows and moves its log into the file.
// Writes wait for the second only. That fails while a long query reads, and is put
// off then.
func (s *Store) settle(ctx context.Context, d *day) error {
	if err := s.onConnection(ctx, d, extendParts); err != nil {
		return err
	}
	d.writing.Lock()
	defer d.writing.Unlock()
	return s.onConnection(ctx, d, func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "CHECKPOINT day")
		return err
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
