package main

import (
	"context"
	"fmt"
	"os"
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
		return days, notes, err
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
		return lost, notes, err
	}
}
