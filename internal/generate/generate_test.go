package generate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	templates "sojourn/internal/inspect/endpoint"
	"sojourn/internal/record"
)

// aWeek begins on a Monday.
func aWeek(requests int64) Config {
	from := record.TimeOf(time.Date(2026, 11, 16, 0, 0, 0, 0, time.UTC))
	return Config{Requests: requests, From: from, To: from + 7*dayMicros, Seed: 1}
}

// collect returns copies of all requests of c.
func collect(t *testing.T, c Config) (all []record.Request) {
	t.Helper()
	seq := uint64(0)
	err := Run(t.Context(), c, func(_ context.Context, b Batch) error {
		if seq++; b.Seq != seq || b.Log != c.Log() {
			t.Fatalf("batch %d of %s, want %d of %s", b.Seq, b.Log, seq, c.Log())
		}
		if len(b.Requests) == 0 || len(b.Requests) > c.batch() {
			t.Fatalf("batch %d has %d requests", b.Seq, len(b.Requests))
		}
		for _, r := range b.Requests {
			r.Context, r.Findings = slices.Clone(r.Context), slices.Clone(r.Findings)
			if r.MCP != nil {
				m := *r.MCP
				r.MCP = &m
			}
			all = append(all, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRun(t *testing.T) {
	t.Run("SameWithAnyWorkers", func(t *testing.T) {
		c := aWeek(20_000)
		c.Batch, c.Workers = 700, 1
		one := collect(t, c)
		c.Workers = 4
		four := collect(t, c)
		if diff := cmp.Diff(one, four, cmpopts.EquateComparable(record.Request{}.IP)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("OtherSeed", func(t *testing.T) {
		c, d := aWeek(1_000), aWeek(1_000)
		d.Seed = 2
		a, b := collect(t, c), collect(t, d)
		same := 0
		for i := range a {
			if a[i].ID == b[i].ID || a[i].Session == b[i].Session {
				same++
			}
		}
		if same > 0 || c.Log() == d.Log() {
			t.Errorf("%d requests are the same, the logs are %s and %s", same, c.Log(), d.Log())
		}
	})
	t.Run("EndsWithTheError", func(t *testing.T) {
		broken := errors.New("broken")
		calls := 0
		c := aWeek(10_000)
		c.Batch = 100
		err := Run(t.Context(), c, func(context.Context, Batch) error {
			if calls++; calls == 3 {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) || calls != 3 {
			t.Errorf("%v after %d calls", err, calls)
		}
	})
	t.Run("EndsWithItsContext", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := aWeek(10_000)
		c.Batch = 100
		err := Run(ctx, c, func(context.Context, Batch) error { cancel(); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	t.Run("Refused", func(t *testing.T) {
		for _, c := range []Config{{}, {Requests: 1}, {Requests: 1, From: 10, To: 5}, {Requests: -1, To: dayMicros}} {
			if err := Run(t.Context(), c, nil); err == nil {
				t.Errorf("%+v was taken", c)
			}
		}
	})
}

// TestSound looks at what must hold of every request.
func TestSound(t *testing.T) {
	for _, n := range []int64{1, 7, 19_999, 60_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			c := aWeek(n)
			all := collect(t, c)
			if int64(len(all)) != n {
				t.Fatalf("%d requests, want %d", len(all), n)
			}
			ids := map[record.RequestID]bool{}
			last := c.From
			for i := range all {
				r := &all[i]
				if r.Started < last || r.Started >= c.To || r.Started != r.ID.At {
					t.Fatalf("request %d started at %s, its id says %s, the one before at %s", i, r.Started, r.ID.At, last)
				}
				if ids[r.ID] {
					t.Fatalf("two requests have the id %s", r.ID)
				}
				ids[r.ID], last = true, r.Started
				if want := templates.Template(r.Path); r.Endpoint != want {
					t.Errorf("the endpoint of %s is %s, want %s", r.Path, r.Endpoint, want)
				}
				switch {
				case r.Host == "" || r.Method == "" || r.UserAgent == "" || r.Application == "" || !r.IP.IsValid() || r.Status == 0:
					t.Errorf("incomplete: %+v", r)
				case r.Duration < r.FirstByte || r.FirstByte < 0 || r.RequestBytes < 0 || r.ResponseBytes < 0:
					t.Errorf("measures: %+v", r)
				case r.Session == record.SessionID{} || r.Client == record.SessionID{}:
					t.Errorf("no session: %+v", r)
				}
				for _, f := range r.Findings {
					if f.Request != r.ID || f.Session != r.Session || f.Started != r.Started {
						t.Errorf("the finding %+v is not about %+v", f, r)
					}
				}
			}
		})
	}
}

// TestTraffic compares the shape of a day with that of traffic which was measured.
func TestTraffic(t *testing.T) {
	const requests = 300_000
	c := aWeek(requests)
	c.To = c.From + dayMicros
	sessions, users, paths, agents := map[record.SessionID]int{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	hosts, endpoints := map[string]int{}, map[string]bool{}
	hours := map[int]int{}
	n := map[string]int{}
	count := func(what string, yes bool) {
		if yes {
			n[what]++
		}
	}
	look := func(r *record.Request) {
		sessions[r.Session]++
		users[r.User], agents[r.UserAgent] = true, true
		paths[r.Host+r.Path], endpoints[r.Host+r.Method+r.Endpoint] = true, true
		hosts[r.Host]++
		hours[r.Started.Std().Hour()]++
		count("errors", r.Status >= 400)
		count("server errors", r.Status >= 500)
		count("attacks", len(r.Findings) > 0)
		count("graphql", r.Operation != "")
		count("mcp", r.MCP != nil)
		count("ipv6", r.IP.Is6())
		count("context", len(r.Context) > 0)
		count("users", r.User != "")
		count("network", r.Rung == record.RungNetwork)
	}
	err := Run(t.Context(), c, func(_ context.Context, b Batch) error {
		for i := range b.Requests {
			look(&b.Requests[i])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	between := func(what string, got, low, high float64) {
		t.Helper()
		t.Logf("%-24s %10.4g", what, got)
		if got < low || got > high {
			t.Errorf("%s: %g, want %g to %g", what, got, low, high)
		}
	}
	var sizes []int
	for _, requests := range sessions {
		sizes = append(sizes, requests)
	}
	slices.Sort(sizes)
	at := func(p float64) float64 { return float64(sizes[int(p*float64(len(sizes)))]) }
	between("sessions", float64(len(sessions)), 3_500, 9_000)
	between("median of a session", at(0.5), 12, 26)
	between("99th percentile", at(0.99), 200, 600)
	between("largest", float64(sizes[len(sizes)-1]), 29_000, 31_000)
	between("eighth", float64(sizes[len(sizes)-8]), 2_700, 6_000)
	between("distinct paths", float64(len(paths))/requests, 0.70, 0.82)
	between("hosts", float64(len(hosts)), 20, 20)
	between("endpoints", float64(len(endpoints)), 250, 310)
	between("agents", float64(len(agents)), 800, 2_100)
	between("people", float64(len(users)), 1_500, 8_000)
	between("night over evening", float64(hours[5])/float64(hours[18]), 0.2, 0.5)
	for what, share := range map[string][2]float64{
		"errors": {0.03, 0.10}, "server errors": {0.003, 0.02}, "attacks": {0.001, 0.008}, "graphql": {0.03, 0.12}, "mcp": {0.02, 0.06},
		"ipv6": {0.1, 0.35}, "context": {0.5, 0.95}, "users": {0.5, 0.95}, "network": {0.05, 0.25},
	} {
		between(what, float64(n[what])/requests, share[0], share[1])
	}
}

func TestMoments(t *testing.T) {
	c := aWeek(1)
	for _, n := range []int64{0, 1, 2, 59, 100_003} {
		var got int64
		last := c.From
		moments(rand.New(rand.NewPCG(1, 1)), n, c.From, c.To, func(at record.Time, busy float64) bool {
			got++
			if at < last || at >= c.To || busy <= 0 || busy > 1 {
				t.Fatalf("%s after %s, busy %g", at, last, busy)
			}
			last = at
			return true
		})
		if got != n {
			t.Errorf("%d moments, want %d", got, n)
		}
	}
	calls := 0
	moments(rand.New(rand.NewPCG(1, 1)), 100, c.From, c.To, func(record.Time, float64) bool { calls++; return calls < 5 })
	if calls != 5 {
		t.Errorf("went on after the end: %d calls", calls)
	}
}

func BenchmarkRun(b *testing.B) {
	c := aWeek(1_000_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := Run(b.Context(), c, func(context.Context, Batch) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(c.Requests)*float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}
