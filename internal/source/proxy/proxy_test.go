package proxy

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"sojourn/internal/exchange"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// watcher is an inspector that hands every ended exchange to the test.
type watcher struct {
	begin func(*exchange.Exchange) record.Verdict // nil: pass
	ended chan *exchange.Exchange
}

func newWatcher() *watcher { return &watcher{ended: make(chan *exchange.Exchange, 1024)} }

func (w *watcher) Begin(x *exchange.Exchange) record.Verdict {
	if w.begin == nil {
		return record.Verdict{Action: record.Pass}
	}
	return w.begin(x)
}

func (w *watcher) End(x *exchange.Exchange) { w.ended <- x }

// next waits for the next exchange to end.
func (w *watcher) next(t *testing.T) *exchange.Exchange {
	t.Helper()
	select {
	case x := <-w.ended:
		return x
	case <-time.After(patience):
		t.Fatal("no exchange ended")
		return nil
	}
}

// start runs a proxy on a free port until the test ends.
func start(t testing.TB, cfg Config) *Server {
	t.Helper()
	cfg.Listen = "127.0.0.1:0"
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ran := make(chan error, 1)
	go func() { ran <- s.Run(context.Background()) }()
	t.Cleanup(func() {
		s.Close()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	return s
}

// upstreamOf runs h as an upstream until the test ends.
func upstreamOf(t testing.TB, h http.HandlerFunc) string {
	up := httptest.NewServer(h)
	t.Cleanup(up.Close)
	return up.URL
}

// rawUpstream answers each connection with h, until the test ends.
func rawUpstream(t testing.TB, h func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.SetDeadline(time.Now().Add(patience))
			h(conn, bufio.NewReader(conn))
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return "http://" + l.Addr().String()
}

// readHead reads from r up to an empty line.
func readHead(r *bufio.Reader) string {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String()
		}
	}
}

// dial connects to s as a client that writes its own bytes.
func dial(t testing.TB, s *Server) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { conn.Close() })
	return conn, bufio.NewReader(conn)
}

// get fetches path and returns the response with its body read.
func get(t testing.TB, s *Server, path string) (*http.Response, string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	res, err := client.Get(s.URL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func hello(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }

func TestNewErrors(t *testing.T) {
	app := func(upstream string) *policy.Policy {
		return &policy.Policy{Applications: []policy.Application{{Name: "shop", Upstream: upstream}}}
	}
	f := func(upstream string, p *policy.Policy, want string) {
		t.Helper()
		_, err := New(Config{Listen: "127.0.0.1:0", Upstream: upstream, Policy: p, Inspector: newWatcher()})
		if err == nil || err.Error() != want {
			t.Errorf("upstream %q: error %v, want %s", upstream, err, want)
		}
	}
	f("", nil, `no upstream: give --upstream URL, or an application with an upstream in the --policy file`)
	f("", app(""), `no upstream: give --upstream URL, or an application with an upstream in the --policy file`)
	f("localhost:3000", nil, `--upstream "localhost:3000" is not usable: want http://host:port or https://host:port`)
	f("ftp://h", nil, `--upstream "ftp://h" is not usable: want http://host:port or https://host:port`)
	f("http://", nil, `--upstream "http://" is not usable: want http://host:port or https://host:port`)
	f("http://:80", nil, `--upstream "http://:80" is not usable: want http://host:port or https://host:port`)
	f("http://h:port", nil, `--upstream "http://h:port" is not usable: want http://host:port or https://host:port`)
	f("http://u:secret@h", nil, `--upstream "http://u:xxxxx@h" is not usable: credentials do not belong here, clients send their own`)
	f("http://h/?a=1", nil, `--upstream "http://h/?a=1" is not usable: leave out what begins with ? or #`)
	f("", app("3000"), `upstream of application "shop": "3000" is not usable: want http://host:port or https://host:port`)
}

func TestOpenTakenPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := New(Config{Listen: taken.Addr().String(), Upstream: "http://127.0.0.1:1", Inspector: newWatcher()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := "the proxy cannot listen on " + taken.Addr().String() + ": address already in use; choose another address with --proxy"
	if err := s.Open(); err == nil || err.Error() != want {
		t.Errorf("Open: %v, want %s", err, want)
	}
}

func TestOpenRefusesItselfAsUpstream(t *testing.T) {
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := probe.Addr().String()
	probe.Close()
	_, port, _ := net.SplitHostPort(addr)
	s, err := New(Config{Listen: addr, Upstream: "http://localhost:" + port, Inspector: newWatcher()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Open(); err == nil || !strings.Contains(err.Error(), "is the proxy itself") {
		t.Errorf("Open: %v, want an error that says the upstream is the proxy itself", err)
	}
}

func flagsOf(x *exchange.Exchange) string {
	var names []string
	for _, f := range x.Flags {
		names = append(names, string(f))
	}
	return strings.Join(names, " ")
}

func TestStatsAndMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	var mended atomic.Bool
	w := newWatcher()
	url := rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		readHead(r)
		if !mended.Load() {
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	s := start(t, Config{Inspector: w, Upstream: url, Metrics: reg})
	get(t, s, "/a")
	get(t, s, "/b")
	w.next(t)
	w.next(t)
	stats := s.Stats()
	if len(stats) != 1 || stats[0].URL != url || stats[0].Errors != 2 || stats[0].Error == "" {
		t.Errorf("stats %+v, want 2 errors and the last of them", stats)
	}
	mended.Store(true)
	get(t, s, "/c")
	w.next(t)
	if stats := s.Stats(); stats[0].Errors != 2 || stats[0].Error != "" {
		t.Errorf("stats %+v, want no last error after an answer", stats)
	}
	want := map[string]float64{
		"sojourn_proxy_requests_total code=1xx": 0, "sojourn_proxy_requests_total code=2xx": 1,
		"sojourn_proxy_requests_total code=3xx": 0, "sojourn_proxy_requests_total code=4xx": 0,
		"sojourn_proxy_requests_total code=5xx": 2, "sojourn_proxy_requests_total code=none": 0,
		"sojourn_proxy_upstream_errors_total application=default": 2,
		"sojourn_proxy_request_seconds":                           3,
		"sojourn_inspector_panics_total":                          0,
		"sojourn_proxy_connection_waits_total":                    0,
		"sojourn_proxy_handshake_failures_total":                  0,
	}
	got := gather(t, reg)
	delete(got, "sojourn_proxy_open_exchanges") // goes down after the end that was waited for
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
}

// gather returns the value of every metric, of histograms the count.
func gather(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.Metric {
			name := family.GetName()
			for _, l := range m.Label {
				name += " " + l.GetName() + "=" + l.GetValue()
			}
			values[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func TestCheckUpstream(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + gone.Addr().String()
	gone.Close()
	s := start(t, Config{Inspector: newWatcher(), Upstream: upstreamOf(t, hello), Policy: &policy.Policy{
		Applications: []policy.Application{{Name: "dead", Hosts: []string{"dead.test"}, Upstream: dead}},
	}})
	warnings := s.CheckUpstream(t.Context())
	if len(warnings) != 1 || !strings.Contains(warnings[0], dead) || !strings.Contains(warnings[0], "connection refused") {
		t.Errorf("warnings %q, want one that names %s", warnings, dead)
	}
}
