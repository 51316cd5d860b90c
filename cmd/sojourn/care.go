package main

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"sojourn/internal/api"
	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// absorbWait is how long an erasure waits until the writer has stored what was on
// the bus when it was asked for.
const absorbWait = 15 * time.Second

// care is what the API does to the hub's store.
func (h *hub) care() *api.CareConfig {
	c := &api.CareConfig{Erase: func(ctx context.Context, f store.Filter) ([]record.PartRef, []string, error) {
		notes := h.absorb(ctx)
		days, err := h.store.Erase(ctx, f)
		return days, append(notes, setAsideNotes(ctx, h.store, f)...), err
	}}
	if days, ok := h.store.(*duckdb.Store); ok {
		c.Backup = days
	}
	return c
}

// absorb waits until the writer has passed what is on the bus now, and tells what
// it has not.
func (h *hub) absorb(ctx context.Context) (notes []string) {
	ctx, cancel := context.WithTimeout(ctx, absorbWait)
	defer cancel()
	asked := time.Now().UnixNano()
	newest, err := h.bus.Newest(ctx)
	for err == nil && h.writer.passed.Load() < newest && h.writer.empty.Load() < asked {
		wait(ctx, firstRetry)
		err = ctx.Err()
	}
	if err != nil {
		notes = append(notes, "what waits on the bus was not looked at, and may hold more: erase again when the writer has stored it")
	}
	if held := h.writer.held.Load(); held > 0 {
		notes = append(notes, fmt.Sprintf("%d requests wait on the bus because their day does not take them: erase again when they are stored", held))
	}
	return notes
}

// eraseFolder erases from a folder that no server runs on.
func eraseFolder(days *duckdb.Store, data *dataFolder) func(context.Context, store.Filter) ([]record.PartRef, []string, error) {
	return func(ctx context.Context, f store.Filter) ([]record.PartRef, []string, error) {
		lost, err := days.Erase(ctx, f)
		var notes []string
		if files, _ := os.ReadDir(data.busDir()); len(files) > 0 {
			notes = append(notes, "what waits on the bus is stored when the server starts, and may hold more: erase again then")
		}
		return lost, append(notes, setAsideNotes(ctx, days, f)...), err
	}
}

// setAsideNotes names the files of days that f concerns and that an erasure cannot
// read.
func setAsideNotes(ctx context.Context, days store.Store, f store.Filter) (notes []string) {
	_, aside, err := days.Status(ctx)
	if err != nil {
		return []string{"files that were set aside were not looked for, and may hold more"}
	}
	for _, s := range aside {
		if s.Day == 0 || (f.From == 0 || f.From < (s.Day+1).Start()) && (f.To == 0 || f.To > s.Day.Start()) {
			notes = append(notes, fmt.Sprintf("%s was set aside and may hold more: remove it when nobody needs it", filepath.Base(s.File)))
		}
	}
	return notes
}

// installPurpose separates the name of a data folder from other digests of its
// install key (RFC 5869 info).
const installPurpose = "sojourn install id"

// installID names a data folder by its install key, which cannot be told from it.
func installID(key []byte) string {
	id, err := hkdf.Key(sha256.New, key, nil, installPurpose, 16)
	if err != nil {
		panic("bug: " + err.Error()) // of a length that HKDF does not give
	}
	return hex.EncodeToString(id)
}

// install names the folder, or is "" while it has no install key.
func (d *dataFolder) install() (string, error) {
	if _, err := os.Stat(d.path("key")); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	key, err := d.key()
	if err != nil {
		return "", err
	}
	return installID(key), nil
}
