package bus

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"sojourn/internal/record"
)

const (
	// BatchRecords, BatchBytes and BatchWait bound a batch: whichever is reached
	// first sends it.
	BatchRecords = 1000
	BatchBytes   = 256 << 10
	BatchWait    = 10 * time.Millisecond

	// DefaultWaiting bounds the records that wait for the bus.
	DefaultWaiting = 64 << 20

	publishTimeout = 5 * time.Second
	retryWait      = 250 * time.Millisecond
)

// The reasons for which a Publisher loses records, as metrics name them.
const (
	LostQueueFull = "bus_queue_full" // more records waited than the limit allows
	LostBusFull   = "bus_full"       // the stream is at its byte limit
	LostStopped   = "bus_stopped"    // still waiting when the node had to stop, or came after that
)

// Publisher sends records to the stream in batches. Put never waits: when the
// bus is slow or away, records wait up to a limit in bytes, and beyond it they
// are counted as lost.
type Publisher struct {
	conn   *Conn
	stream int64 // limit of the stream in bytes
	limit  int64
	logger *slog.Logger
	name   string // of this publisher, in message ids

	mu      sync.Mutex
	open    batch   // being filled
	full    []batch // waiting to be sent, oldest first
	free    [][]byte
	scratch []byte
	bytes   int64 // of open and full
	waiting int64 // records of open, full and the one being sent
	closed  bool
	wake    chan struct{}

	sent     atomic.Uint64
	failing  atomic.Int64 // since when no attempt succeeded, Unix nanoseconds; 0 when the last one did
	lost     func(reason string, records int)
	done     chan struct{}
	sequence uint64
}

type batch struct {
	bytes   []byte
	records int
	since   time.Time
}

// PublisherConfig configures a Publisher.
type PublisherConfig struct {
	Name    string                           // unique among publishers of a stream and their earlier lives
	Stream  int64                            // limit in bytes of the stream, where it has to be made; DefaultMaxBytes when 0
	Waiting int64                            // limit in bytes; DefaultWaiting when 0
	Lost    func(reason string, records int) // counts; called on any goroutine
	Logger  *slog.Logger
}

// NewPublisher returns a publisher; Run must be called for anything to be sent.
func NewPublisher(conn *Conn, c PublisherConfig) *Publisher {
	if c.Waiting == 0 {
		c.Waiting = DefaultWaiting
	}
	if c.Stream == 0 {
		c.Stream = DefaultMaxBytes
	}
	return &Publisher{
		conn: conn, stream: c.Stream, limit: c.Waiting, logger: c.Logger, name: c.Name, lost: c.Lost,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// Put queues r and reports whether there was room. It may be called from any
// goroutine and never waits for the bus.
func (p *Publisher) Put(r *record.Request) bool {
	p.mu.Lock()
	if p.closed || p.bytes >= p.limit {
		reason := LostQueueFull
		if p.closed {
			reason = LostStopped
		}
		p.mu.Unlock()
		p.lost(reason, 1)
		return false
	}
	before := len(p.open.bytes)
	if p.open.records == 0 {
		p.open.since = time.Now()
		if p.open.bytes == nil && len(p.free) > 0 {
			p.open.bytes, p.free = p.free[len(p.free)-1], p.free[:len(p.free)-1]
		}
	}
	p.open.bytes = record.AppendBatch(p.open.bytes, r, &p.scratch)
	p.open.records++
	p.waiting++
	p.bytes += int64(len(p.open.bytes) - before)
	first, ready := p.open.records == 1, p.open.records >= BatchRecords || len(p.open.bytes) >= BatchBytes
	if ready {
		p.full = append(p.full, p.open)
		p.open = batch{}
	}
	p.mu.Unlock()
	if first || ready {
		p.signal()
	}
	return true
}

func (p *Publisher) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Waiting returns the records that are not acknowledged yet.
func (p *Publisher) Waiting() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting
}

// Sent returns the records that the bus acknowledged.
func (p *Publisher) Sent() uint64 { return p.sent.Load() }

// Failing returns for how long the bus has taken nothing that it was offered; 0
// when it took, or refused as full, the last batch.
func (p *Publisher) Failing() time.Duration {
	since := p.failing.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// Run sends batches until Close has been called and everything that waited was
// sent, or ctx is done; what still waits then is counted as lost.
func (p *Publisher) Run(ctx context.Context) {
	defer close(p.done)
	for {
		b, wait, more := p.next()
		switch {
		case b.records > 0:
			p.send(ctx, b)
		case !more:
			return
		default:
			p.sleep(ctx, wait)
		}
		if ctx.Err() != nil {
			p.abandon()
			return
		}
	}
}

// next takes the batch to send now; or tells how long to wait for one, 0 for
// until woken; more is false when closed and empty.
func (p *Publisher) next() (b batch, wait time.Duration, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.full) > 0 {
		b = p.full[0]
		p.full[0] = batch{}
		p.full = p.full[1:]
		if len(p.full) == 0 {
			p.full = nil
		}
	} else if p.open.records > 0 {
		if age := time.Since(p.open.since); age < BatchWait && !p.closed {
			return batch{}, BatchWait - age, true
		}
		b, p.open = p.open, batch{}
	}
	p.bytes -= int64(len(b.bytes))
	return b, 0, b.records > 0 || !p.closed
}

func (p *Publisher) sleep(ctx context.Context, wait time.Duration) {
	var timeout <-chan time.Time
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		timeout = timer.C
	}
	select {
	case <-p.wake:
	case <-timeout:
	case <-ctx.Done():
	}
}

// messageID names a message by its publisher and its number there.
func messageID(publisher string, sequence uint64) string {
	return publisher + "-" + strconv.FormatUint(sequence, 10)
}

// parseMessageID takes apart what messageID made.
func parseMessageID(id string) (publisher string, sequence uint64, ok bool) {
	end := strings.LastIndexByte(id, '-')
	if end <= 0 {
		return "", 0, false
	}
	sequence, err := strconv.ParseUint(id[end+1:], 10, 64)
	return id[:end], sequence, err == nil
}

// send publishes b until the bus acknowledges it, refuses it for good, or ctx is
// done. The message id makes a repetition harmless.
func (p *Publisher) send(ctx context.Context, b batch) {
	p.sequence++
	id := messageID(p.name, p.sequence)
	for failed := false; ; failed = true {
		attempt, cancel := context.WithTimeout(ctx, publishTimeout)
		_, err := p.conn.js.Publish(attempt, streamSubject, b.bytes, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
		cancel()
		if err == nil || streamFull(err) {
			p.failing.Store(0)
		} else {
			p.failing.CompareAndSwap(0, time.Now().UnixNano())
		}
		switch {
		case err == nil:
			if failed {
				p.logger.Info("the bus takes records again")
			}
			p.sent.Add(uint64(b.records))
			p.finish(b)
			return
		case streamFull(err):
			p.lost(LostBusFull, b.records)
			p.finish(b)
			return
		case ctx.Err() != nil:
			p.lost(LostStopped, b.records)
			p.finish(b)
			return
		case !failed:
			p.logger.Warn("the bus does not take records; they wait", "error", err)
		}
		if errors.Is(err, jetstream.ErrNoStreamResponse) {
			// A bus that was away at the start, or was made anew. Should this
			// fail, so will the next attempt.
			_ = p.conn.EnsureStream(ctx, p.stream)
		}
		timer := time.NewTimer(retryWait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

// finish accounts for a batch that left and keeps its buffer for another.
func (p *Publisher) finish(b batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting -= int64(b.records)
	if len(p.free) < maxFree && cap(b.bytes) <= 2*BatchBytes {
		p.free = append(p.free, b.bytes[:0])
	}
}

const maxFree = 8

// abandon counts everything that waits as lost.
func (p *Publisher) abandon() {
	p.mu.Lock()
	records := p.open.records
	for _, b := range p.full {
		records += b.records
	}
	p.open, p.full, p.bytes, p.closed = batch{}, nil, 0, true
	p.waiting -= int64(records)
	p.mu.Unlock()
	if records > 0 {
		p.lost(LostStopped, records)
	}
}

// Close stops Put, lets Run send what waits, and waits for Run to end.
func (p *Publisher) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.signal()
	<-p.done
}

// streamFull reports that the stream is at its limit: the one refusal that
// trying again does not mend soon.
func streamFull(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case errStoreLimit, errNoStorage:
		return true
	case errStoreFailed: // for whatever reason; a disk may get better
		return api.Description == server.ErrMaxBytes.Error() || api.Description == server.ErrMaxMsgs.Error()
	}
	return false
}

// Error codes of the JetStream API (nats-server, server/errors.json).
const (
	errStoreFailed = 10077 // JSStreamStoreFailedF
	errNoStorage   = 10047 // JSStorageResourcesExceededErr
	errStoreLimit  = 10023 // JSInsufficientResourcesErr
)
