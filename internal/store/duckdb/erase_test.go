package duckdb_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// TestEraseBytes: no byte of what was erased is in the folder, whether the day was
// sealed, has a log, or both; everything else stays.
func TestEraseBytes(t *testing.T) {
	secrets := []string{"secret-person-4711", "/private/place/4711", "query-of-4711", "agent 4711 of nobody else", "evidence 4711", "tenant-4711-value"}
	for _, sealed := range []bool{false, true} {
		t.Run(fmt.Sprint("Sealed=", sealed), func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			b := childBatch(1)
			for i := range 6 {
				r := &b.Requests[i]
				r.User, r.Path, r.Query, r.UserAgent = secrets[0], secrets[1], secrets[2], secrets[3]
				r.Context = []record.Value{{Name: "tenant", Value: secrets[5]}}
				b.Findings = append(b.Findings, record.Finding{ID: fmt.Sprint(i), Request: r.ID, Session: r.Session, Type: "xss", Attack: true, Detail: secrets[4]})
			}
			other := record.Finding{ID: "other", Request: b.Requests[7].ID, Session: b.Requests[7].Session, Type: "xss", Attack: true}
			b.Findings = append(b.Findings, other)
			if _, err := s.Write(t.Context(), []store.Batch{b}); err != nil {
				t.Fatal(err)
			}
			if sealed {
				if err := s.Seal(t.Context(), benchDay.Day(), benchDay.Day()-1); err != nil {
					t.Fatal(err)
				}
			}
			for _, secret := range secrets {
				if len(filesWith(t, dir, secret)) == 0 {
					t.Errorf("%q cannot be found before: this tests nothing", secret)
				}
			}
			lost, err := s.Erase(t.Context(), where(t, "user", secrets[0]))
			want := []record.PartRef{{Part: benchDay.Day(), Requests: 3}, {Part: benchDay.Day() - 1, Requests: 3}}
			if diff := cmp.Diff(want, lost); diff != "" || err != nil {
				t.Errorf("Erase (-want +got):\n%s%v", diff, err)
			}
			for range 2 {
				for _, secret := range secrets {
					if files := filesWith(t, dir, secret); len(files) > 0 {
						t.Errorf("%q is still in %v", secret, files)
					}
				}
				if n := len(requests(t, s)); n != childRows-6 {
					t.Errorf("%d requests are left, want %d", n, childRows-6)
				}
				if found, err := s.Findings(t.Context(), other.Request); err != nil || len(found) != 1 {
					t.Errorf("the other finding: %v, %v", found, err)
				}
				if w, err := s.Write(t.Context(), []store.Batch{b}); err != nil || w.Stored != 0 {
					t.Errorf("writing the same again: %+v, %v", w, err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open(t, dir)
			}
			b = childBatch(2) // codes that were given away are not taken for others
			if _, err := s.Write(t.Context(), []store.Batch{b}); err != nil {
				t.Fatal(err)
			}
			for _, r := range requests(t, s) {
				if want := fmt.Sprint("host", r.ID.Node); r.Host != want || r.User != "" {
					t.Errorf("a request of %q has host %q, user %q", want, r.Host, r.User)
				}
			}
		})
	}
}

// TestEraseUnreadable: a day that cannot be read does not keep the others from
// losing what is to be erased, and is told.
func TestEraseUnreadable(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	b := store.Batch{Position: store.Position{Log: "test", Seq: 1}}
	for i := range 4 {
		at := benchDay.Day() - record.Day(i)
		b.Requests = append(b.Requests, record.Request{ID: record.RequestID{At: at.Start(), Seq: uint32(i)}, Started: at.Start(), User: "maria"})
	}
	if _, err := s.Write(t.Context(), []store.Batch{b}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	locked := benchDay.Day() - 2 // not one of the two newest, which stay open
	f, err := os.OpenFile(filepath.Join(dir, locked.String()+".duckdb"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	var asked []int64
	full, noRoom := false, &store.NoRoomError{Why: "no room"}
	s, err = duckdb.OpenTight(t.Context(), duckdb.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler), Room: func(bytes int64) error {
		if asked = append(asked, bytes); full {
			return noRoom
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	full = true
	if lost, err := s.Erase(t.Context(), where(t, "user", "maria")); !errors.Is(err, noRoom) || len(lost) > 0 || len(asked) != 3 || asked[0] <= 0 {
		t.Errorf("without room: lost %v, asked for %v: %v", lost, asked, err)
	}
	if _, err := s.Snapshot(t.Context(), benchDay.Day()); !errors.Is(err, noRoom) {
		t.Errorf("a copy without room: %v", err)
	}
	full = false
	lost, err := s.Erase(t.Context(), where(t, "user", "maria"))
	want := []record.PartRef{{Part: benchDay.Day(), Requests: 1}, {Part: benchDay.Day() - 1, Requests: 1}, {Part: benchDay.Day() - 3, Requests: 1}}
	if diff := cmp.Diff(want, lost); diff != "" || err == nil || !strings.Contains(err.Error(), locked.String()) {
		t.Errorf("Erase (-want +got):\n%s%v", diff, err)
	}
}

// filesWith returns the files below dir that hold a text.
func filesWith(t *testing.T, dir, text string) (files []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(text)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
