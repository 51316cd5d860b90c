// Package jwks verifies the signatures of JSON Web Tokens with the key sets that
// the operator names in the policy: files, and https:// URLs.
//
// A Ring holds the key sets and keeps them fresh behind the traffic; a Set is
// what one policy trusts, and answers from memory. Nobody waits for a fetch:
// while the keys are not there, no token is verified.
//
// Only the inspection enters.
package jwks

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/record"
)

// lookEvery is how often Run looks at the files, and for URLs that are due.
const lookEvery = time.Second

// Config is what a Ring is made of.
type Config struct {
	Logger  *slog.Logger          // nil: slog.Default
	Metrics prometheus.Registerer // nil: none
	Roots   *x509.CertPool        // that URLs are trusted by; nil: those of the system
}

// Ring holds the key sets of the policy in force. It may be used by any number
// of goroutines; a nil Ring verifies nothing.
type Ring struct {
	c      Config
	client *http.Client
	now    func() time.Time
	wake   chan struct{} // a policy named other key sets

	mu       sync.Mutex // guards what follows and the fields of every source
	sources  []*source  // of set, in the order of the policy
	set      *Set
	stop     context.CancelFunc // of Run
	closed   bool
	work     sync.WaitGroup // Run and the fetches
	failures atomic.Uint64
	evicted  atomic.Uint64
}

// New makes a Ring without key sets.
func New(c Config) *Ring {
	c.Logger = cmp.Or(c.Logger, slog.Default())
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	return &Ring{
		c: c, now: time.Now, wake: make(chan struct{}, 1),
		client: &http.Client{Transport: transport, Timeout: fetchTimeout, CheckRedirect: checkRedirect},
	}
}

// Open registers the metrics.
func (r *Ring) Open() error {
	if r.c.Metrics == nil {
		return nil
	}
	for _, m := range []prometheus.Collector{
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sojourn_jwks_failures_total", Help: "Readings of a key set that failed; the keys before stay in force.",
		}, func() float64 { return float64(r.failures.Load()) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sojourn_jwks_evicted_total", Help: "Verified tokens that were forgotten because too many are in use; they are verified again.",
		}, func() float64 { return float64(r.evicted.Load()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sojourn_jwks_keys", Help: "Keys that verify tokens.",
		}, func() float64 { return float64(r.keys()) }),
	} {
		if err := r.c.Metrics.Register(m); err != nil {
			return err
		}
	}
	return nil
}

// Use makes sources the key sets that the Ring keeps, and returns the Set of
// them; nil for none, and of a nil Ring. Files are read at once, URLs by Run or
// Refresh. What the Ring knows of a source that it kept before stays; the Set of
// the sources before goes on with the keys that it has.
func (r *Ring) Use(sources []string) *Set {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if slices.EqualFunc(r.sources, sources, func(s *source, name string) bool { return s.name == name }) {
		return r.set
	}
	known := r.sources
	r.sources, r.set = nil, nil
	for _, name := range sources {
		i := slices.IndexFunc(known, func(s *source) bool { return s.name == name })
		if i >= 0 {
			r.sources = append(r.sources, known[i])
			continue
		}
		s := newSource(name)
		known = append(known, s) // the policy may name it twice
		r.sources = append(r.sources, s)
		r.readFile(s)
	}
	if len(sources) > 0 {
		r.set = &Set{ring: r}
		r.renew()
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	return r.set
}

// renew gives the Set the keys of all sources; r.mu is held.
func (r *Ring) renew() {
	if r.set == nil {
		return
	}
	var keys []key
	for _, s := range r.sources {
		keys = append(keys, s.keys...)
	}
	r.set.snapshot.Store(newSnapshot(keys, &r.evicted))
}

// Run keeps the key sets fresh until ctx is done or Close is called: a file is
// read again when it changes, a URL when its answer has lost its freshness.
func (r *Ring) Run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.stop = stop
	r.work.Add(1)
	r.mu.Unlock()
	defer r.work.Done()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		r.look(ctx, false)
		select {
		case <-tick.C:
		case <-r.wake:
		case <-ctx.Done():
		}
	}
}

// Refresh reads the files that changed and fetches the URLs that are due, once,
// and waits for them. It is for those who do not Run.
func (r *Ring) Refresh(ctx context.Context) { r.look(ctx, true) }

// look starts what is to be read now, and with wait, waits for it.
func (r *Ring) look(ctx context.Context, wait bool) {
	r.mu.Lock()
	now := r.now()
	missed := r.set != nil && r.set.missed.Swap(false)
	changed := false
	var fetches sync.WaitGroup
	for _, s := range r.sources {
		if !s.isURL {
			changed = r.readFile(s) || changed
			continue
		}
		if soonest := s.attempted.Add(missEvery); missed && soonest.Before(s.due) {
			s.due = soonest // a key that is not known may have been published since
		}
		if s.fetching || now.Before(s.due) || r.closed {
			continue
		}
		s.fetching, s.attempted = true, now
		r.work.Add(1)
		fetches.Go(func() {
			defer r.work.Done()
			r.fetch(ctx, s)
		})
	}
	if changed {
		r.renew()
	}
	r.mu.Unlock()
	if wait {
		fetches.Wait()
	}
}

// Close ends Run and what it fetches, and waits for both.
func (r *Ring) Close() {
	if r == nil {
		return
	}
	r.mu.Lock()
	r.closed = true
	if r.stop != nil {
		r.stop()
	}
	r.mu.Unlock()
	r.work.Wait()
	r.client.CloseIdleConnections()
}

// Status tells the state of each key set, in the order of the policy.
func (r *Ring) Status() []record.KeySetStatus {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []record.KeySetStatus
	for _, s := range r.sources {
		status := record.KeySetStatus{Source: s.name, Keys: len(s.keys), Ignored: s.ignored, Error: s.failure}
		if !s.fresh.IsZero() {
			status.Read = record.TimeOf(s.fresh)
		}
		out = append(out, status)
	}
	return out
}

func (r *Ring) keys() (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sources {
		n += len(s.keys)
	}
	return n
}
