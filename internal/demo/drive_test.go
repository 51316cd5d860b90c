package demo

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inProcess answers requests with a handler, without a network, so that the
// tests below run on a clock of their own.
type inProcess struct {
	shop http.Handler
	seen func(*http.Request, int)
}

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	got := recorder{header: make(http.Header)}
	p.shop.ServeHTTP(&got, r)
	if p.seen != nil {
		p.seen(r, got.status)
	}
	return &http.Response{
		StatusCode: got.status, Header: got.header, Body: io.NopCloser(bytes.NewReader(got.body.Bytes())), Request: r,
	}, nil
}

func TestDrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		paths, statuses, clients := map[string]int{}, map[int]int{}, map[string]bool{}
		seen := func(r *http.Request, status int) {
			mu.Lock()
			defer mu.Unlock()
			paths[r.Method+" "+r.URL.Path]++
			statuses[status]++
			clients[r.Header.Get("X-Forwarded-For")] = true
			if r.Host != Host {
				t.Errorf("host %q", r.Host)
			}
		}
		reports := 0
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		stats, err := Drive(ctx, DriveConfig{
			Traffic:   Traffic{Seed: 1, PerSecond: LivePerSecond, Steady: true},
			Target:    "http://proxy.test/",
			Report:    func(DriveStats) { reports++ },
			Transport: inProcess{NewShop(ShopConfig{Seed: 1, Latency: NaturalLatency, Faults: UsualFaults}), seen},
		})
		if err != nil || stats.Failed != 0 || stats.Skipped != 0 {
			t.Errorf("stats %+v, %v", stats, err)
		}
		if want := LivePerSecond * 600; float64(stats.Sent) < 0.75*want || float64(stats.Sent) > 1.25*want {
			t.Errorf("%d requests in ten minutes, want about %g", stats.Sent, want)
		}
		for _, path := range []string{"POST /v2/login", "POST /v2/orders", "POST /v2/payments", "GET /robots.txt", "GET /v2/me"} {
			if paths[path] == 0 {
				t.Errorf("nobody asked for %s", path)
			}
		}
		if refused := float64(statuses[401]) / float64(stats.Sent); refused > 0.05 {
			t.Errorf("%.1f%% of the requests are not signed in: the jars do not work", 100*refused)
		}
		for ip := range clients {
			if _, err := netip.ParseAddr(ip); err != nil {
				t.Errorf("client address %q", ip)
			}
		}
		if len(clients) < 100 {
			t.Errorf("%d client addresses", len(clients))
		}
		if reports < 59 || reports > 61 {
			t.Errorf("%d reports in ten minutes", reports)
		}
	})
}

// A target that hangs costs its own requests, and no memory beyond the queues.
func TestDriveHangingTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		stats, err := Drive(ctx, DriveConfig{
			Traffic: Traffic{Seed: 1, PerSecond: 200, Steady: true}, Target: "http://proxy.test", Transport: hang,
		})
		if err != nil || stats.Sent != 0 || stats.Failed == 0 || stats.Skipped == 0 || !errors.Is(stats.Last, context.DeadlineExceeded) {
			t.Errorf("stats %+v, %v", stats, err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Over a real connection, with its own transport, and stopped in the middle.
func TestDriveOverHTTP(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	shop, n := NewShop(ShopConfig{Seed: 1}), 0
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shop.ServeHTTP(w, r)
		mu.Lock()
		defer mu.Unlock()
		if n++; n == 20 {
			cancel()
		}
	}))
	defer server.Close()
	stats, err := Drive(ctx, DriveConfig{Traffic: Traffic{Seed: 1, PerSecond: MaxPerSecond, Steady: true}, Target: server.URL})
	if err != nil || stats.Sent < 1 || stats.Failed != 0 {
		t.Errorf("stats %+v, %v", stats, err)
	}
}

func TestDriveRefuses(t *testing.T) {
	good := Traffic{Seed: 1, PerSecond: 1}
	for _, c := range []struct {
		cfg  DriveConfig
		want string
	}{
		{DriveConfig{Traffic: good, Target: ""}, "target"},
		{DriveConfig{Traffic: good, Target: "127.0.0.1:8080"}, "target"},
		{DriveConfig{Traffic: good, Target: "ftp://host"}, "target"},
		{DriveConfig{Traffic: good, Target: "http://host/path"}, "target"},
		{DriveConfig{Target: "http://host"}, "rate"},
	} {
		if _, err := Drive(t.Context(), c.cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want a word on the %s", c.cfg, err, c.want)
		}
	}
}
