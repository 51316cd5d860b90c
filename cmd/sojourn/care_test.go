package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sojourn/internal/client"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// TestCare_Floor: copies and erasures leave --min-free of the disk.
func TestCare_Floor(t *testing.T) {
	data := t.TempDir()
	now := time.Now().UTC()
	importPage(t, data, now, "/page")
	_, requests := storedParts(t, data)
	h, err := openHub(&hubCmd{
		commonFlags: commonFlags{Data: data},
		hubFlags:    hubFlags{Console: "127.0.0.1:0", MemoryLimit: "256MB", MinFree: "1000000GiB"},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serveHub(t, h)
	token, err := h.data.adminToken()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(h.url, token)
	if err != nil {
		t.Fatal(err)
	}
	h.writer.empty.Store(time.Now().Add(time.Hour).UnixNano()) // there is no bus to wait for
	refused := func(what string, err error) {
		t.Helper()
		var p *client.Problem
		if !errors.As(err, &p) || p.Status != http.StatusInsufficientStorage || !strings.Contains(err.Error(), "--min-free") {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("a copy", c.CopyDay(t.Context(), record.TimeOf(now).Day(), io.Discard))
	_, err = c.Erase(t.Context(), record.Erasure{Session: requests[0].Session})
	refused("an erasure", err)
	page, err := h.store.Requests(t.Context(), store.RequestQuery{})
	if err != nil || len(page.Requests) != 1 {
		t.Errorf("%d requests are left, %v", len(page.Requests), err)
	}
	if _, err := c.Erase(t.Context(), record.Erasure{User: "nobody"}); err != nil {
		t.Errorf("an erasure of nothing needs no room: %v", err)
	}
}

// TestCare_SetAside: an erasure tells of files that were set aside.
func TestCare_SetAside(t *testing.T) {
	data := t.TempDir()
	now := time.Now().UTC()
	importPage(t, data, now, "/page")
	name := record.TimeOf(now.AddDate(0, 0, -1)).Day().String() + ".duckdb.corrupt-20261121T000000Z"
	if err := os.WriteFile(filepath.Join(data, "days", name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[string]bool{"": true, now.Truncate(24 * time.Hour).Format(time.RFC3339): false} {
		args := []string{"erase", "--data", data, "--user", "nobody", "--yes"}
		if from != "" {
			args = append(args, "--from", from)
		}
		if _, notes := mustCommand(t, args...); strings.Contains(notes, name) != want {
			t.Errorf("from %q: %s", from, notes)
		}
	}
}

// TestErase_Unreadable: a day that cannot be read, so that nothing can be counted,
// does not keep the other days from losing what is to be erased.
func TestErase_Unreadable(t *testing.T) {
	data, now := t.TempDir(), time.Now().UTC()
	const days = 10 // more than are opened at the start
	var lines strings.Builder
	for i := range days {
		fmt.Fprintf(&lines, "198.51.100.7 - - [%s] \"GET /page HTTP/1.1\" 200 5 \"-\" \"Mozilla/5.0\"\n", now.AddDate(0, 0, -i).Format("02/Jan/2006:15:04:05 -0700"))
	}
	if out, err := runImport(t, importCmd{commonFlags: commonFlags{Data: data}, Files: []string{"-"}, Retention: "30d"}, lines.String()); err != nil {
		t.Fatal(err, out)
	}
	_, before := storedParts(t, data)
	same := 0
	for _, r := range before {
		if r.Session == before[0].Session {
			same++
		}
	}
	oldest := record.TimeOf(now.AddDate(0, 0, 1-days)).Day()
	f, err := os.OpenFile(filepath.Join(data, "days", oldest.String()+".duckdb"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(f.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	_, _, err = command(t, "erase", "--data", data, "--session", before[0].Session.String(), "--yes")
	if err == nil || f.Close() != nil {
		t.Error("nothing tells of the day that could not be read")
	}
	_, left := storedParts(t, data)
	if same != days || len(left) != 1 || left[0].Started.Day() != oldest {
		t.Errorf("%d requests of %d in the session are left, want that of %s", len(left), same, oldest)
	}
}
