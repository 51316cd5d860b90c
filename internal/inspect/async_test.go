package inspect

import (
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink keeps what it is given, as long as it has room.
type sink struct {
	mu       sync.Mutex
	requests []record.Request
	full     bool
}

func (s *sink) Put(r *record.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.full {
		s.requests = append(s.requests, *r)
	}
	return !s.full
}

// lost counts losses by reason.
type lost struct {
	mu     sync.Mutex
	counts map[string]int
}

func (l *lost) add(reason string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.counts == nil {
		l.counts = map[string]int{}
	}
	l.counts[reason] += n
}

// held is an inspection that waits to be let go, or panics in one of its steps.
type held struct {
	*Pipeline
	gate    chan struct{}
	started chan struct{}
	panicIn string
}

func (h *held) step(name string) {
	if h.panicIn == name {
		panic("as the test asked")
	}
}

func (h *held) Begin(x *exchange.Exchange) {
	h.step("begin")
	h.Pipeline.Begin(x)
}

func (h *held) Excluded(x *exchange.Exchange) bool {
	h.step("excluded")
	return h.Pipeline.Excluded(x)
}

func (h *held) Inspect(x *exchange.Exchange) (record.Request, bool, error) {
	h.step("inspect")
	if h.gate != nil {
		h.started <- struct{}{}
		<-h.gate
	}
	return h.Pipeline.Inspect(x)
}

func testAsync(t *testing.T, c AsyncConfig) (*Async, *lost) {
	t.Helper()
	l := &lost{}
	c.Lost, c.Logger = l.add, slog.New(slog.DiscardHandler)
	a, err := NewAsync(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a, l
}

func TestAsync(t *testing.T) {
	s, metrics := &sink{}, prometheus.NewRegistry()
	a, l := testAsync(t, AsyncConfig{Pipeline: testPipeline(t, "capture: {exclude: [{paths: [/healthz]}]}"), Sink: s, Metrics: metrics})
	for range 100 {
		for _, path := range []string{"/x", "/healthz"} {
			x := get("h", path, "")
			if v := a.Begin(x); v.Action != record.Pass || v.Enforced || x.ID == (record.RequestID{}) {
				t.Fatalf("verdict %+v, id %s", v, x.ID)
			}
			a.End(x)
		}
	}
	a.Close()
	a.Close()
	if len(s.requests) != 100 || len(l.counts) != 0 {
		t.Errorf("%d recorded, lost %v", len(s.requests), l.counts)
	}
	if diff := cmp.Diff(Stats{Exchanges: 200, Excluded: 100, Recorded: 100}, a.Stats()); diff != "" {
		t.Error(diff)
	}
	if a.bytes.Load() != 0 {
		t.Errorf("%d bytes are still counted as waiting", a.bytes.Load())
	}
	if diff := cmp.Diff(map[string]float64{"sojourn_excluded_total": 100, "sojourn_exchanges_total": 200, "sojourn_inspect_waiting": 0, "sojourn_endpoints_folded_total": 0}, gathered(t, metrics)); diff != "" {
		t.Error(diff)
	}
	late := get("h", "/x", "")
	a.Begin(late)
	a.End(late)
	if l.counts[LostStopped] != 1 {
		t.Errorf("after Close: lost %v", l.counts)
	}
}

func gathered(t *testing.T, metrics *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			out[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return out
}

func TestAsyncQueueFull(t *testing.T) {
	for name, c := range map[string]struct {
		path string
		fits int // besides the one that is being inspected
	}{
		"by number": {"/x", QueueExchanges},
		"by bytes":  {"/" + strings.Repeat("x", 1<<20), QueueBytes>>20 - 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sink{}
			h := &held{Pipeline: testPipeline(t, ""), gate: make(chan struct{}), started: make(chan struct{}, QueueExchanges+1)}
			a, l := testAsync(t, AsyncConfig{Pipeline: h, Sink: s, Workers: 1})
			send := func() {
				x := get("h", c.path, "")
				a.Begin(x)
				a.End(x)
			}
			send()
			<-h.started
			for range c.fits + 10 {
				send()
			}
			if got := l.counts[LostQueueFull]; got != 10 || a.Stats().Waiting != int64(c.fits)+1 {
				t.Errorf("lost %d, waiting %d", got, a.Stats().Waiting)
			}
			close(h.gate)
			a.Close()
			if len(s.requests) != c.fits+1 || a.Stats().Waiting != 0 || a.bytes.Load() != 0 {
				t.Errorf("%d recorded, %d waiting, %d bytes", len(s.requests), a.Stats().Waiting, a.bytes.Load())
			}
		})
	}
}

func TestAsyncPanics(t *testing.T) {
	for step, want := range map[string]map[string]int{
		"begin": nil, "excluded": {LostPanic: 1}, "inspect": {LostPanic: 1},
	} {
		s := &sink{}
		a, l := testAsync(t, AsyncConfig{Pipeline: &held{Pipeline: testPipeline(t, ""), panicIn: step}, Sink: s})
		x := get("h", "/x", "")
		a.Begin(x)
		a.End(x)
		a.Close()
		if diff := cmp.Diff(want, l.counts); diff != "" {
			t.Errorf("%s: %s", step, diff)
		}
		// When only Begin failed, the inspection begins the exchange itself.
		if len(s.requests)+l.counts[LostPanic] != 1 {
			t.Errorf("%s: %d recorded, lost %v", step, len(s.requests), l.counts)
		}
	}
}

func TestAsyncPanicOfThePipeline(t *testing.T) {
	a, l := testAsync(t, AsyncConfig{Pipeline: testPipeline(t, ""), Sink: &sink{}})
	x := get("h", "/x", "")
	x.Policy = 1
	a.Begin(x)
	a.End(x)
	a.Close()
	if l.counts[LostPanic] != 1 {
		t.Errorf("lost %v", l.counts)
	}
}

func TestAsyncFullSink(t *testing.T) {
	a, l := testAsync(t, AsyncConfig{Pipeline: testPipeline(t, ""), Sink: &sink{full: true}})
	x := get("h", "/x", "")
	a.Begin(x)
	a.End(x)
	a.Close()
	if a.Stats().Recorded != 0 || len(l.counts) != 0 {
		t.Errorf("%+v, lost %v; a sink counts what it refuses itself", a.Stats(), l.counts)
	}
}

func TestAsyncTogether(t *testing.T) {
	s := &sink{}
	a, l := testAsync(t, AsyncConfig{Pipeline: testPipeline(t, ""), Sink: s})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				x := get("h", "/x", "")
				a.Begin(x)
				a.End(x)
			}
		})
	}
	wg.Wait()
	a.Close()
	if len(s.requests)+l.counts[LostQueueFull] != 800 {
		t.Errorf("%d recorded, lost %v", len(s.requests), l.counts)
	}
}

func TestNewAsyncNeedsItsParts(t *testing.T) {
	if _, err := NewAsync(AsyncConfig{}); err == nil {
		t.Error("an Async without parts")
	}
}

func BenchmarkAsync(b *testing.B) {
	a, err := NewAsync(AsyncConfig{Pipeline: testPipeline(b, ""), Sink: &sink{full: true}, Lost: func(string, int) {}})
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	b.ReportAllocs()
	for b.Loop() {
		x := get("shop.example.com", "/api/users/42/orders", "page=2", "User-Agent: Mozilla/5.0", "Cookie: PHPSESSID=9f8a7b6c5d4e3f2a")
		a.Begin(x)
		a.End(x)
	}
}
