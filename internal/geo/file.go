package geo

import (
	"context"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

// DefaultInterval is how often Run looks at the files where nothing else is said.
const DefaultInterval = 5 * time.Second

// file is one of the operator's files over time.
type file struct {
	path     string
	database *database   // its last usable content, or nil
	read     fs.FileInfo // the file as it was when it was last read, usable or not
	seen     fs.FileInfo // the file as the last poll saw it
	failure  string      // why it could not be used last time, so that it is logged once
}

// Run looks at the files every interval and reads again what changed, until ctx
// ends. A file is read once two looks saw it alike, so that one still being written
// is left alone. One that cannot be used is logged once, and its last good content
// stays in force. An interval of zero or less means never.
func (r *Reader) Run(ctx context.Context, interval time.Duration) {
	if interval <= 0 || len(r.files) == 0 {
		return
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			r.poll()
		}
	}
}

// poll reads the files that changed and have settled.
func (r *Reader) poll() {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	changed := false
	for _, f := range r.files {
		if !f.due() {
			continue
		}
		changed = true
		before := f.failure
		if err := f.load(r.logger, &r.unreadable); err != nil && f.failure != before {
			r.logger.Error("geoip: a file cannot be used, what it held stays in force", "err", err)
		}
	}
	if changed {
		r.swap()
	}
}

// due reports whether the file differs from what was read and from nothing seen
// since the last poll.
func (f *file) due() bool {
	now, err := os.Stat(f.path)
	if err != nil {
		now = nil
	}
	settled := same(now, f.seen)
	f.seen = now
	return settled && !same(now, f.read)
}

// load reads the file. On an error its last usable content stays.
func (f *file) load(logger *slog.Logger, unreadable *atomic.Int64) error {
	f.read, _ = os.Stat(f.path) // a file that is gone is read once, like a broken one
	d, err := readDatabase(f.path, unreadable)
	if err != nil {
		f.failure = err.Error()
		return err
	}
	f.database, f.failure = d, ""
	meta := &d.mmdb.Metadata
	logger.Info("geoip: a file is in force", "file", f.path, "holds", d.holds,
		"type", meta.DatabaseType, "built", meta.BuildTime().UTC().Format(time.DateOnly))
	return nil
}
