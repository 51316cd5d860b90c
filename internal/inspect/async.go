package inspect

import (
	"errors"
	"log/slog"
	"math/bits"
	"net/http"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// Why a request was not recorded.
const (
	LostQueueFull = "inspect_queue_full" // more exchanges waited than the limits allow
	LostPanic     = "panic"              // the inspection panicked
	LostStopped   = "inspect_stopped"    // the exchange ended after Close
)

const (
	// QueueExchanges is how many exchanges wait to be inspected at the most.
	QueueExchanges = 8192
	// QueueBytes is how many bytes they hold at the most, about.
	QueueBytes = 64 << 20
)

// Inspection is what Async runs: a *Pipeline.
type Inspection interface {
	Begin(x *exchange.Exchange)
	Excluded(x *exchange.Exchange) bool
	Inspect(x *exchange.Exchange) (record.Request, bool, error)
}

// Sink takes what is recorded. Put does not block and does not keep r; what it
// refuses it counts itself, and returns false. It is called on several goroutines.
type Sink interface {
	Put(r *record.Request) bool
}

// AsyncConfig is what an Async is made of.
type AsyncConfig struct {
	Pipeline Inspection
	Sink     Sink
	Lost     func(reason string, requests int) // counts; called on any goroutine
	Metrics  prometheus.Registerer             // nil: none
	Logger   *slog.Logger                      // nil: slog.Default
	Workers  int                               // 0: one for each CPU
}

// Async inspects exchanges after their response, on its own goroutines, so that
// the client never waits for it. It is an exchange.Inspector.
type Async struct {
	c       AsyncConfig
	queue   chan queued
	workers sync.WaitGroup

	mu     sync.RWMutex // held for reading while the queue is written to
	closed bool

	exchanges, excluded, recorded, panics atomic.Uint64
	waiting, bytes                        atomic.Int64
}

// queued is an exchange and the bytes that it was counted with.
type queued struct {
	x    *exchange.Exchange
	size int64
}

var _ exchange.Inspector = (*Async)(nil)

// NewAsync starts the workers. Close ends them.
func NewAsync(c AsyncConfig) (*Async, error) {
	if c.Pipeline == nil || c.Sink == nil || c.Lost == nil {
		return nil, errors.New("bug: an Async needs a pipeline, a sink and a counter of losses")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Workers <= 0 {
		c.Workers = runtime.GOMAXPROCS(0)
	}
	a := &Async{c: c, queue: make(chan queued, QueueExchanges)}
	if err := a.register(); err != nil {
		return nil, err
	}
	for range c.Workers {
		a.workers.Go(a.work)
	}
	return a, nil
}

// Begin judges x by the policy in force now. Nothing blocks yet, so the verdict
// is always to pass.
func (a *Async) Begin(x *exchange.Exchange) record.Verdict {
	a.exchanges.Add(1)
	a.guarded(func() { a.c.Pipeline.Begin(x) })
	return record.Verdict{Action: record.Pass}
}

// End queues x for inspection, or counts it as excluded or lost.
func (a *Async) End(x *exchange.Exchange) {
	excluded := false
	if !a.guarded(func() { excluded = a.c.Pipeline.Excluded(x) }) {
		a.c.Lost(LostPanic, 1)
		return
	}
	if excluded {
		a.excluded.Add(1)
		return
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.closed {
		a.c.Lost(LostStopped, 1)
		return
	}
	size := sizeOf(x)
	if a.bytes.Add(size) > QueueBytes {
		a.bytes.Add(-size)
		a.c.Lost(LostQueueFull, 1)
		return
	}
	a.waiting.Add(1)
	select {
	case a.queue <- queued{x, size}:
	default:
		a.done(size)
		a.c.Lost(LostQueueFull, 1)
	}
}

// Close inspects what is queued and waits for it. It may be called again.
func (a *Async) Close() {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.queue)
	}
	a.mu.Unlock()
	a.workers.Wait()
}

// Stats is what an Async has done so far.
type Stats struct {
	Exchanges uint64 // begun
	Excluded  uint64 // left out by the policy
	Recorded  uint64 // taken by the sink
	Waiting   int64  // for inspection
}

// Stats counts since the start.
func (a *Async) Stats() Stats {
	return Stats{
		Exchanges: a.exchanges.Load(), Excluded: a.excluded.Load(), Recorded: a.recorded.Load(), Waiting: a.waiting.Load(),
	}
}

func (a *Async) work() {
	for q := range a.queue {
		if !a.guarded(func() { a.inspect(q.x) }) {
			a.c.Lost(LostPanic, 1)
		}
		a.done(q.size)
	}
}

func (a *Async) inspect(x *exchange.Exchange) {
	r, keep, err := a.c.Pipeline.Inspect(x)
	switch {
	case err != nil:
		a.c.Lost(LostPanic, 1)
		var p *PanicError
		if errors.As(err, &p) {
			a.logPanic(p.Value, p.Stack)
		} else {
			a.logPanic(err, nil)
		}
	case !keep:
		a.excluded.Add(1)
	case a.c.Sink.Put(&r):
		a.recorded.Add(1)
	}
}

func (a *Async) done(size int64) {
	a.waiting.Add(-1)
	a.bytes.Add(-size)
}

// guarded runs f and reports whether it did not panic.
func (a *Async) guarded(f func()) (ok bool) {
	defer func() {
		if v := recover(); v != nil {
			a.logPanic(v, debug.Stack())
		}
	}()
	f()
	return true
}

// logPanic logs the first panic, the second, the fourth and so on: whoever found
// a way to cause them shall not fill the log too.
func (a *Async) logPanic(v any, stack []byte) {
	if n := a.panics.Add(1); bits.OnesCount64(n) == 1 {
		a.c.Logger.Error("the inspection panicked; the request was answered but not recorded", "panic", v, "so far", n, "stack", string(stack))
	}
}

func (a *Async) register() error {
	if a.c.Metrics == nil {
		return nil
	}
	collectors := []prometheus.Collector{
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sojourn_exchanges_total", Help: "Exchanges that came in.",
		}, func() float64 { return float64(a.exchanges.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sojourn_excluded_total", Help: "Exchanges that a capture filter or mode off left out.",
		}, func() float64 { return float64(a.excluded.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sojourn_inspect_waiting", Help: "Exchanges that wait to be inspected.",
		}, func() float64 { return float64(a.waiting.Load()) }),
	}
	if p, ok := a.c.Pipeline.(*Pipeline); ok {
		collectors = append(collectors, prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sojourn_endpoints_folded_total", Help: "Requests whose endpoint was made coarser because their host has too many.",
		}, func() float64 { return float64(p.Folded()) }))
	}
	for _, m := range collectors {
		if err := a.c.Metrics.Register(m); err != nil {
			return err
		}
	}
	return nil
}

// exchangeBytes is what an exchange takes besides its texts, about.
const exchangeBytes = 1 << 10

// sizeOf estimates the memory that x holds.
func sizeOf(x *exchange.Exchange) int64 {
	n := exchangeBytes + len(x.Host) + len(x.Path) + len(x.Query) + len(x.RequestBody.Bytes) + len(x.ResponseBody.Bytes)
	return int64(n + headerBytes(x.Header) + headerBytes(x.ResponseHeader))
}

func headerBytes(h http.Header) (n int) {
	for name, lines := range h {
		n += len(name)
		for _, line := range lines {
			n += len(line) + 16
		}
	}
	return n
}
