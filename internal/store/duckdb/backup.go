package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// copyPrefix begins the names of copies in the temporary folder.
const copyPrefix = "copy-"

// copyPiece is how much is copied before it is looked whether to go on.
const copyPiece = 16 << 20

// Saved lists the days as a backup needs them, oldest first.
func (s *Store) Saved(ctx context.Context) ([]record.SavedDay, error) {
	days, _, err := s.Status(ctx)
	if err != nil {
		return nil, err
	}
	saved := []record.SavedDay{}
	for i := len(days) - 1; i >= 0; i-- {
		day := record.SavedDay{Day: days[i].Day, Requests: days[i].Requests, Bytes: days[i].Bytes, Error: days[i].Error}
		if d := s.dayOf(day.Day, false); d != nil && days[i].Sealed {
			day.Version = d.version()
		}
		saved = append(saved, day)
	}
	return saved, nil
}

// version names what a sealed day holds: another one after each change of its
// file. It is empty while there is a log.
func (d *day) version() string {
	info, err := os.Stat(d.path)
	if err != nil || noLog(d.path) != nil {
		return ""
	}
	return fmt.Sprintf("%d-%s", info.Size(), info.ModTime().UTC().Format(time.RFC3339Nano))
}

// Snapshot copies a day, as it is at one moment, into a file of its own in the
// temporary folder: whole, without a log, opened once to see that it can be. The
// caller removes it. Writes go on meanwhile, and wait for an instant at most.
// ErrNotFound when there is no such day, or it was set aside; see Config.Room.
func (s *Store) Snapshot(ctx context.Context, date record.Day) (path string, err error) {
	if err := s.enter(ctx); err != nil {
		return "", err
	}
	defer s.leave()
	d := s.dayOf(date, false)
	if d == nil {
		return "", fmt.Errorf("day %s: %w", date, store.ErrNotFound)
	}
	if err := s.cfg.Room(d.size()); err != nil {
		return "", fmt.Errorf("copying day %s: %w", date, err)
	}
	path = filepath.Join(s.temp(), fmt.Sprintf("%s%s-%d%s", copyPrefix, date, s.clock.Add(1), daySuffix))
	if err = s.copyDay(ctx, d, path); err == nil {
		err = s.completeCopy(ctx, path)
	}
	switch {
	case errors.Is(err, errGone):
		err = store.ErrNotFound
	case ctx.Err() != nil:
		err = ctx.Err()
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("copying day %s: %w", date, explain(err)), removeDatabase(path))
	}
	return path, nil
}

// copyDay copies the file of a day and, up to the end of a transaction, its log.
// DuckDB changes the file only when it moves the log into it, which still and
// sealing hold back, and otherwise appends to the log.
func (s *Store) copyDay(ctx context.Context, d *day, to string) error {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	d.still.Lock()
	defer d.still.Unlock()
	if err := s.touch(ctx, d); err != nil { // before writing has to wait for it
		return err
	}
	d.writing.Lock() // no transaction is half in the log
	db, err := s.use(ctx, d, false)
	var logged int64
	if err == nil {
		if info, err := os.Stat(d.path + walSuffix); err == nil {
			logged = info.Size()
		}
	}
	d.writing.Unlock()
	if err == nil {
		err = d.copyFile(ctx, to, logged)
		d.gate.RUnlock()
	}
	return s.judge(d, db, err)
}

// copyFile copies the file and so many bytes of its log. The file that it reads
// from stays open for as long as the database: to close it would give up the lock
// by which DuckDB keeps other processes off it (fcntl(2): a process loses all its
// locks on a file when it closes any descriptor of it).
func (d *day) copyFile(ctx context.Context, to string, logged int64) (err error) {
	if d.source == nil {
		if d.source, err = os.Open(d.path); err != nil {
			return err
		}
	}
	size, err := d.source.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if err := copyBytes(ctx, to, d.source, size); err != nil || logged == 0 {
		return err
	}
	log, err := os.Open(d.path + walSuffix)
	if err != nil {
		return err
	}
	defer log.Close()
	return copyBytes(ctx, to+walSuffix, log, logged)
}

// copyBytes makes a file of the first bytes of another; the file system shares
// their blocks where it can.
func copyBytes(ctx context.Context, to string, from *os.File, size int64) (err error) {
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if unix.IoctlFileClone(int(out.Fd()), int(from.Fd())) == nil {
		return out.Truncate(size)
	}
	if _, err := from.Seek(0, io.SeekStart); err != nil {
		return err
	}
	for size > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(out, from, min(size, copyPiece))
		if err != nil {
			return err
		}
		size -= n
	}
	return nil
}

// completeCopy moves the log of a copy into its file, and so finds out that it can
// be opened.
func (s *Store) completeCopy(ctx context.Context, path string) error {
	db, err := openDatabase(ctx, path, s.temp(), s.dayMemory(), 1) // beside the writer
	if err != nil {
		return err
	}
	_, err = checkFormat(ctx, db)
	if err == nil {
		_, err = db.ExecContext(ctx, "CHECKPOINT day")
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return noLog(path)
}
