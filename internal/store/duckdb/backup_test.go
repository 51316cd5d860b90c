package duckdb_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// TestSnapshot copies days that are written to and sealed meanwhile: each copy
// holds whole batches up to one, and the position of that one.
func TestSnapshot(t *testing.T) {
	dir := t.TempDir()
	s, err := duckdb.OpenTight(t.Context(), duckdb.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	day := benchDay.Day()
	if _, err := s.Write(t.Context(), []store.Batch{childBatch(1)}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop()
	beside.Go(func() {
		for seq := uint64(2); ctx.Err() == nil; seq++ {
			if _, err := s.Write(t.Context(), []store.Batch{childBatch(seq)}); err != nil {
				t.Error(err)
				return
			}
			if seq%5 == 0 {
				if err := s.Seal(t.Context(), day); err != nil {
					t.Error(err)
				}
			}
		}
	})
	last := 0
	for range 8 {
		copied, err := s.Snapshot(t.Context(), day)
		if err != nil {
			t.Fatal(err)
		}
		into := t.TempDir()
		if err := os.Rename(copied, filepath.Join(into, day.String()+".duckdb")); err != nil {
			t.Fatal(err)
		}
		restored := open(t, into)
		rows := len(requests(t, restored))
		if rows%(childRows/2) != 0 || rows == 0 || rows < last {
			t.Errorf("the copy has %d requests, after one that had %d: not whole batches", rows, last)
		}
		last = rows
		batches := uint64(rows) / (childRows / 2)
		for _, one := range []struct {
			seq  uint64
			want store.Written
		}{{batches, store.Written{Skipped: childRows / 2}}, {batches + 1, store.Written{Stored: childRows / 2}}} {
			b := childBatch(one.seq)
			kept := b.Requests[:0]
			for _, r := range b.Requests {
				if r.ID.At.Day() == day {
					kept = append(kept, r)
				}
			}
			b.Requests = kept
			if w, err := restored.Write(t.Context(), []store.Batch{b}); err != nil || w != one.want {
				t.Errorf("batch %d written to the copy of %d: %+v, %v; want %+v", one.seq, batches, w, err, one.want)
			}
		}
		if err := restored.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSnapshotKeepsLock: other processes are still kept off a file that was copied.
func TestSnapshotKeepsLock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	defer s.Close()
	if _, err := s.Write(t.Context(), []store.Batch{childBatch(1)}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		copied, err := s.Snapshot(t.Context(), benchDay.Day())
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(copied); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, benchDay.Day().String()+".duckdb"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_GETLK, &lock); err != nil {
		t.Fatal(err)
	}
	if lock.Type == unix.F_UNLCK {
		t.Error("nobody has a lock on the file")
	}
}

// TestSaved: the version of a day changes with its content, and only then.
func TestSaved(t *testing.T) {
	s := open(t, t.TempDir())
	defer s.Close()
	version := func() string {
		t.Helper()
		saved, err := s.Saved(t.Context())
		if err != nil || len(saved) != 2 || saved[0].Day >= saved[1].Day {
			t.Fatalf("%+v, %v", saved, err)
		}
		return saved[1].Version
	}
	write := func(seq uint64) {
		t.Helper()
		if _, err := s.Write(t.Context(), []store.Batch{childBatch(seq)}); err != nil {
			t.Fatal(err)
		}
	}
	write(1)
	if v := version(); v != "" {
		t.Errorf("a day that is written to has version %q", v)
	}
	day := benchDay.Day()
	if err := s.Seal(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	first := version()
	copied, err := s.Snapshot(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(copied)
	if len(requests(t, s)) != childRows || first == "" || version() != first {
		t.Errorf("version %q became %q without a write", first, version())
	}
	write(2)
	if v := version(); v != "" {
		t.Errorf("after a write: version %q", v)
	}
	if err := s.Seal(t.Context(), day); err != nil {
		t.Fatal(err)
	}
	if v := version(); v == "" || v == first {
		t.Errorf("version %q became %q with a write", first, v)
	}
	if _, err := s.Snapshot(t.Context(), day+7); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a day that is not there: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	if _, err := s.Snapshot(ctx, day); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(copied), "*")); len(left) != 1 {
		t.Errorf("left behind: %v %v", cmp.Diff([]string{copied}, left), err)
	}
}
