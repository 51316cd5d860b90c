package main

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
