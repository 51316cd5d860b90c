package main

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"sojourn/internal/bus"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	// commitEvery spaces the writer's transactions: long enough to put many
	// batches into one, short enough that a request is seen within a second.
	commitEvery = 100 * time.Millisecond
	// fetchMessages bounds what one transaction takes from the bus, and with it
	// the writer's memory: this many times bus.BatchBytes.
	fetchMessages = 64
	// trimEvery is how often what has been stored is removed from the bus.
	trimEvery = time.Second
	// drainOpen is how long a drain waits for a bus that is away: what it holds
	// is written at the next start.
	drainOpen = time.Second

	firstRetry   = 100 * time.Millisecond
	longestRetry = 5 * time.Second
	// futureLimit is how far ahead of the clock a request may start.
	futureLimit = 24 * time.Hour
)

// writer moves requests from the bus into the store, exactly once: the store
// commits the position with the rows, and skips what it has.
type writer struct {
	bus       *bus.Conn
	store     store.Store
	retention record.Retention
	now       func() time.Time
	logger    *slog.Logger

	stored, skipped, tooOld, future, failed, undecodable atomic.Uint64

	lastError atomic.Pointer[string] // while writing fails
	reading   atomic.Bool            // a reader is open
}

// run writes until ctx is done; or, once drain is closed, until the bus is empty
// or away.
func (w *writer) run(ctx context.Context, drain <-chan struct{}) {
	for ctx.Err() == nil {
		reader, err := w.open(ctx, drain)
		if err != nil {
			return // only ctx and drain end the attempts
		}
		w.reading.Store(true)
		drained, err := w.follow(ctx, reader, drain)
		w.reading.Store(false)
		reader.Close()
		if drained {
			return
		}
		if ctx.Err() == nil {
			w.logger.Info("reading the bus from its start again", "cause", err)
			w.wait(ctx, firstRetry)
		}
	}
}

// open opens a reader as soon as the bus is there.
func (w *writer) open(ctx context.Context, drain <-chan struct{}) (*bus.Reader, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-drain:
			w.wait(ctx, drainOpen)
			cancel()
		case <-ctx.Done():
		}
	}()
	return w.bus.OpenReader(ctx)
}

// follow writes what reader brings. It returns true when drained, else why the
// reader is of no more use.
func (w *writer) follow(ctx context.Context, reader *bus.Reader, drain <-chan struct{}) (drained bool, err error) {
	var last uint64 // newest sequence stored and not trimmed
	var committed, trimmed time.Time
	var trimming error // why the last trim failed
	for {
		if pause := commitEvery - time.Since(committed); pause > 0 {
			w.wait(ctx, pause)
		}
		draining := false
		select {
		case <-drain:
			draining = true
		default:
		}
		messages, err := reader.Next(ctx, fetchMessages)
		if err != nil {
			return false, err
		}
		if len(messages) > 0 {
			if err := w.write(ctx, messages); err != nil {
				return false, err
			}
			last, committed = messages[len(messages)-1].Seq, time.Now()
		}
		idle := len(messages) == 0
		if last > 0 && (time.Since(trimmed) > trimEvery || idle) {
			// A bus that cannot be trimmed, its disk full, can still be read: to
			// start again here would bring the same messages for ever.
			err := reader.Trim(ctx, last)
			if errors.Is(err, bus.ErrInterrupted) {
				return false, err
			} else if err == nil {
				last = 0
			} else if trimming == nil && ctx.Err() == nil {
				w.logger.Warn("what is stored stays on the bus for now", "error", err)
			}
			trimming, trimmed = err, time.Now()
		}
		if draining && idle {
			return true, nil
		}
	}
}

// write stores messages and tries again until it succeeds or ctx is done.
func (w *writer) write(ctx context.Context, messages []bus.Message) error {
	batches := w.decode(messages)
	for retry := firstRetry; ; retry = min(2*retry, longestRetry) {
		written, err := w.store.Write(ctx, batches)
		w.stored.Add(uint64(written.Stored))
		if err == nil {
			w.skipped.Add(uint64(written.Skipped))
			w.lastError.Store(nil)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.failed.Add(1)
		text := err.Error()
		if old := w.lastError.Swap(&text); old == nil || *old != text {
			w.logger.Error("the store does not take requests; they wait on the bus", "error", err)
		}
		w.wait(ctx, retry)
	}
}

// decode turns messages into batches and leaves out what must not be stored,
// counted. The position of a batch counts even when nothing of it is left.
func (w *writer) decode(messages []bus.Message) []store.Batch {
	now := w.now()
	oldest := record.TimeOf(now).Day() - record.Day(w.retention.Days) + 1
	newest := record.TimeOf(now.Add(futureLimit))
	batches := make([]store.Batch, 0, len(messages))
	for _, m := range messages {
		requests, err := record.DecodeBatch(m.Data)
		if err != nil {
			w.undecodable.Add(1)
			w.logger.Error("a message of the bus is damaged; what was read of it is kept", "sequence", m.Seq, "read", len(requests), "error", err)
		}
		kept := requests[:0]
		for i := range requests {
			switch {
			case requests[i].Started.Day() < oldest:
				w.tooOld.Add(1)
			case requests[i].Started > newest:
				w.future.Add(1)
			default:
				kept = append(kept, requests[i])
			}
		}
		batches = append(batches, store.Batch{
			Position: store.Position{Log: "bus:" + m.Publisher, Seq: m.Number},
			Requests: kept,
		})
	}
	return batches
}

func (w *writer) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// status tells what the writer has done since it started.
func (w *writer) status() record.WriterStatus {
	s := record.WriterStatus{
		Stored: w.stored.Load(), Skipped: w.skipped.Load(), TooOld: w.tooOld.Load(),
		Future: w.future.Load(), Errors: w.failed.Load(),
	}
	if text := w.lastError.Load(); text != nil {
		s.Error = *text
	}
	return s
}
