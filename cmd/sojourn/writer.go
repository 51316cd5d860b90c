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

	// A write that fails is tried again after a pause that doubles, holdAfter times
	// in all; then its days are held, see held.
	firstRetry = 100 * time.Millisecond
	holdAfter  = 5
	// What is held is tried again after a pause that doubles from the first to the
	// longest: it takes reading again what is on the bus.
	firstHold   = 5 * time.Second
	longestHold = 2 * time.Minute
	// futureLimit is how far ahead of the clock a request may start.
	futureLimit = 24 * time.Hour
)

// writer moves requests from the bus into the store, exactly once: the store
// commits the position with the rows, and skips what it has.
type writer struct {
	bus       *bus.Conn
	store     store.Store
	retention func() *record.Retention // in force
	now       func() time.Time
	firstHold time.Duration
	room      func() error // why nothing may be written now
	logger    *slog.Logger

	holding time.Duration // until what is held is tried again
	counted uint64        // up to where what is not stored has been counted

	stored, skipped, tooOld, future, failed, undecodable atomic.Uint64

	held      atomic.Uint64          // requests; what the newest reading that came to the end held
	lastError atomic.Pointer[string] // while writing fails
	reading   atomic.Bool            // a reader is open
	paused    atomic.Bool            // there is no room
	passed    atomic.Uint64          // newest sequence that was stored, or held
	empty     atomic.Int64           // when the last look at the bus began that found nothing, nanoseconds since 1970
}

// run writes until ctx is done; or, once drain is closed, until the bus is empty
// or away.
func (w *writer) run(ctx context.Context, drain <-chan struct{}) {
	w.holding = w.firstHold
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
		if errors.Is(err, errHeld) {
			w.holding = min(2*w.holding, max(longestHold, w.firstHold))
			continue
		}
		w.counted = 0 // the next reader may have another stream
		if ctx.Err() == nil {
			w.logger.Info("reading the bus from its start again", "cause", err)
			wait(ctx, firstRetry)
		}
	}
}

// errHeld ends a reading that held requests, for another one to try them again.
var errHeld = errors.New("some days did not take their requests")

// open opens a reader as soon as the bus is there.
func (w *writer) open(ctx context.Context, drain <-chan struct{}) (*bus.Reader, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-drain:
			wait(ctx, drainOpen)
			cancel()
		case <-ctx.Done():
		}
	}()
	return w.bus.OpenReader(ctx)
}

// follow writes what reader brings. It returns true when drained, else why the
// reader is of no more use.
func (w *writer) follow(ctx context.Context, reader *bus.Reader, drain <-chan struct{}) (drained bool, err error) {
	var last uint64 // newest sequence read
	var held held
	var committed time.Time
	trimming := trimmer{reader: reader, logger: w.logger}
	for {
		if pause := commitEvery - time.Since(committed); pause > 0 {
			wait(ctx, pause)
		}
		draining := false
		select {
		case <-drain:
			draining = true
		default:
		}
		if !w.awaitRoom(ctx, drain) {
			return true, nil // the rest stays on the bus
		}
		looked := time.Now()
		messages, err := reader.Next(ctx, fetchMessages)
		if err != nil {
			return false, err
		}
		if len(messages) > 0 {
			if err := w.write(ctx, messages, &held); err != nil {
				return false, err
			}
			last, committed = messages[len(messages)-1].Seq, time.Now()
			w.passed.Store(last)
		}
		idle := len(messages) == 0
		if idle {
			w.empty.Store(looked.UnixNano())
		}
		if err := trimming.trim(ctx, held.stored(last), idle); err != nil {
			return false, err
		}
		if len(messages) < fetchMessages {
			w.caughtUp(&held)
			if held.from > 0 && !draining && time.Since(held.since) > w.holding {
				return false, errHeld
			}
		}
		if draining && idle {
			return true, nil
		}
	}
}

// awaitRoom waits until there is room to write. It returns false when ctx or drain
// ends first.
func (w *writer) awaitRoom(ctx context.Context, drain <-chan struct{}) bool {
	for {
		err := w.room()
		if err == nil {
			if w.paused.Swap(false) {
				w.lastError.Store(nil)
				w.logger.Info("the disk has room again; writing goes on")
			}
			return true
		}
		text := err.Error()
		w.lastError.Store(&text)
		if !w.paused.Swap(true) {
			w.logger.Error("the writer has stopped before the disk is full; requests wait on the bus", "error", err)
		}
		again := time.NewTimer(roomEvery)
		select {
		case <-again.C:
		case <-drain:
			again.Stop()
			return false
		case <-ctx.Done():
			again.Stop()
			return false
		}
	}
}

// trimmer removes from the bus what is stored.
type trimmer struct {
	reader  *bus.Reader
	logger  *slog.Logger
	done    uint64    // trimmed up to here
	tried   time.Time // last
	failing error     // why the last attempt did
}

// trim removes everything up to a sequence; when it is not urgent, not too often.
// Its error is that of a reader that is of no more use.
func (t *trimmer) trim(ctx context.Context, upTo uint64, urgent bool) error {
	if upTo <= t.done || !urgent && time.Since(t.tried) <= trimEvery {
		return nil
	}
	// A bus that cannot be trimmed, its disk full, can still be read: to start
	// again here would bring the same messages for ever.
	err := t.reader.Trim(ctx, upTo)
	if errors.Is(err, bus.ErrInterrupted) {
		return err
	} else if err == nil {
		t.done = upTo
	} else if t.failing == nil && ctx.Err() == nil {
		t.logger.Warn("what is stored stays on the bus for now", "error", err)
	}
	t.failing, t.tried = err, time.Now()
	return nil
}

// write stores messages, but for what is held. What fails is tried again, and
// held in the end. Its error is that of ctx.
func (w *writer) write(ctx context.Context, messages []bus.Message, held *held) error {
	batches := w.decode(messages)
	held.leaveOut(messages, batches)
	for try, pause := 1, firstRetry; ; try, pause = try+1, 2*pause {
		written, err := w.store.Write(ctx, batches)
		w.stored.Add(uint64(written.Stored))
		if err == nil {
			w.skipped.Add(uint64(written.Skipped))
			if w.held.Load() == 0 {
				w.lastError.Store(nil)
			}
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		w.failed.Add(1)
		text := err.Error()
		if old := w.lastError.Swap(&text); old == nil || *old != text {
			w.logger.Error("the store does not take requests; they wait on the bus", "error", err)
		}
		if try == holdAfter {
			held.hold(err, batches)
			held.leaveOut(messages, batches)
			break
		}
		wait(ctx, pause)
	}
	if held.requests > w.held.Load() {
		w.held.Store(held.requests)
	}
	return nil
}

// caughtUp tells what a reading held that has come to the newest message.
func (w *writer) caughtUp(held *held) {
	before := w.held.Swap(held.requests)
	if held.from > 0 {
		return
	}
	w.holding = w.firstHold
	if before > 0 {
		w.lastError.Store(nil)
		w.logger.Info("the store has taken the requests that waited on the bus", "requests", before)
	}
}

// decode turns messages into batches and leaves out what must not be stored,
// counted. A batch of which nothing is left stays one, for the trim.
func (w *writer) decode(messages []bus.Message) []store.Batch {
	now := w.now()
	oldest := record.TimeOf(now).Day() - record.Day(w.retention().Days) + 1
	newest := record.TimeOf(now.Add(futureLimit))
	batches := make([]store.Batch, 0, len(messages))
	for _, m := range messages {
		requests, err := record.DecodeBatch(m.Data)
		first := m.Seq > w.counted // not read again because of what is held
		if err != nil && first {
			w.undecodable.Add(1)
			w.logger.Error("a message of the bus is damaged; what was read of it is kept", "sequence", m.Seq, "read", len(requests), "error", err)
		}
		var tooOld, future uint64
		kept := requests[:0]
		for i := range requests {
			switch {
			case requests[i].Started.Day() < oldest:
				tooOld++
			case requests[i].Started > newest:
				future++
			default:
				kept = append(kept, requests[i])
			}
		}
		if first {
			w.tooOld.Add(tooOld)
			w.future.Add(future)
			w.counted = m.Seq
		}
		batches = append(batches, store.BatchOf(store.Position{Log: "bus:" + m.Publisher, Seq: m.Number}, kept))
	}
	return batches
}

// wait returns after d, or when ctx is done.
func wait(ctx context.Context, d time.Duration) {
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
		Future: w.future.Load(), Held: w.held.Load(), Errors: w.failed.Load(),
	}
	if text := w.lastError.Load(); text != nil {
		s.Error = *text
	}
	return s
}
