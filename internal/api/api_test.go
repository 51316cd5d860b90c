package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/memory"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken  = "0123456789abcdef0123456789abcdef"
	testListen = "127.0.0.1:8070"
)

var (
	testNow  = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	aliceID  = record.SessionID{0xa1}
	bobID    = record.SessionID{0xb0}
	nobodyID = record.SessionID{0xff}
)

// hostile is text that breaks out of whatever forgets to escape it.
const hostile = "\"><script>alert(1)</script>\x00\x1b[31m'; DROP TABLE requests;--\u2028\u202e"

// fixture is an API over a store that holds two sessions: alice's on two days,
// bob's with hostile strings in it.
type fixture struct {
	*API
	store    *memory.Store
	log      bytes.Buffer
	now      time.Time
	ready    error
	requests []record.Request // as stored, by time
}

type fixedSystem struct {
	system record.System
	err    error
}

func (f *fixedSystem) System(context.Context) (record.System, error) { return f.system, f.err }

func newFixture(t testing.TB, change ...func(*Config)) *fixture {
	t.Helper()
	f := &fixture{store: memory.New(), now: testNow}
	f.requests = seed(t, f.store)
	c := Config{
		Store:   f.store,
		System:  &fixedSystem{system: record.System{Version: "test"}},
		Policy:  &PolicyConfig{Keeper: newRevisionList()},
		Care:    &CareConfig{Erase: f.erase, Backup: oneDay{t.TempDir()}},
		Ready:   func() error { return f.ready },
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "metrics") }),
		Console: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "console") }),
		Listen:  testListen, Token: testToken, Key: bytes.Repeat([]byte{7}, 32),
		Now:    func() time.Time { return f.now },
		Logger: slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	for _, ch := range change {
		ch(&c)
	}
	var err error
	if f.API, err = New(c); err != nil {
		t.Fatal(err)
	}
	return f
}

func seed(t testing.TB, s *memory.Store) []record.Request {
	t.Helper()
	request := func(seq uint32, session record.SessionID, at time.Time, change func(*record.Request)) record.Request {
		r := record.Request{
			ID: record.RequestID{At: record.TimeOf(at), Node: 1, Seq: seq}, Session: session, Client: record.SessionID{1},
			Started: record.TimeOf(at), Duration: 1500, FirstByte: record.Unknown, RequestBytes: 0, ResponseBytes: 2048,
			Application: "shop", Host: "shop.example.com", Method: "GET", Path: "/orders/17", Endpoint: "/orders/{int}",
			Status: 200, IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "curl/8.5.0",
			Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Strength: record.StrengthSecret, Accepted: true,
		}
		if change != nil {
			change(&r)
		}
		return r
	}
	requests := []record.Request{
		request(1, aliceID, testNow.Add(-26*time.Hour), nil),
		request(2, aliceID, testNow.Add(-2*time.Hour), nil),
		request(3, aliceID, testNow.Add(-2*time.Hour+time.Second), func(r *record.Request) { r.Status, r.Method = 404, "POST" }),
		request(4, bobID, testNow.Add(-time.Hour), func(r *record.Request) {
			r.Host, r.Path, r.UserAgent, r.Query = hostile, "/"+hostile, hostile, hostile
			r.Endpoint, r.Status, r.IP = "/{text}", 500, netip.MustParseAddr("2001:db8::1")
			r.Flags = []record.Flag{record.FlagMalformed}
		}),
		request(5, bobID, testNow.Add(-time.Hour+time.Minute), func(r *record.Request) {
			r.Host, r.IP, r.Status = "", netip.Addr{}, 0
			r.Key, r.Rung, r.Strength = "network", record.RungNetwork, record.StrengthNetwork
		}),
	}
	batch := store.Batch{
		Position: store.Position{Log: "test", Seq: 1},
		Requests: requests,
		Findings: []record.Finding{{ID: "f1", Request: requests[3].ID, Session: bobID, Started: requests[3].Started, Type: "xss", Attack: true, Detail: hostile}},
	}
	if _, err := s.Write(t.Context(), []store.Batch{batch}); err != nil {
		t.Fatal(err)
	}
	return requests
}

// do asks with the admin token; header holds names and values in turn, and a
// value of "" takes a header away.
func (f *fixture) do(method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://"+testListen+target, nil)
	r.Header.Set("Authorization", "Bearer "+testToken)
	for i := 0; i < len(header); i += 2 {
		if name, value := header[i], header[i+1]; name == "Host" {
			r.Host = value
		} else if value == "" {
			r.Header.Del(name)
		} else {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

// fetch asks and decodes the answer, which must have this status.
func fetch[T any](t testing.TB, f *fixture, target string, status int) (v T) {
	t.Helper()
	r := f.do("GET", target)
	if r.StatusCode != status {
		t.Fatalf("GET %s: status %d, want %d", target, r.StatusCode, status)
	}
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Fatalf("GET %s: %v", target, err)
	}
	return v
}

type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
		Value    any    `json:"value"`
	} `json:"errors"`
}

// problemIn checks that an answer is a problem (RFC 9457) and returns it.
func problemIn(t testing.TB, r *http.Response) (p problem) {
	t.Helper()
	if got := r.Header.Get("Content-Type"); got != problemType {
		t.Errorf("Content-Type %q, want %q", got, problemType)
	}
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		t.Fatalf("not a problem: %v", err)
	}
	if p.Status != r.StatusCode || p.Title != http.StatusText(r.StatusCode) || p.Detail == "" {
		t.Errorf("problem %+v of status %d lacks its status, title or detail", p, r.StatusCode)
	}
	return p
}

func TestNew(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"NoStore":     {func(c *Config) { c.Store = nil }, "bug: "},
		"ShortToken":  {func(c *Config) { c.Token = "short" }, "admin token"},
		"ShortKey":    {func(c *Config) { c.Key = c.Key[:16] }, "install key"},
		"BadListen":   {func(c *Config) { c.Listen = "8070" }, "--console"},
		"BadHost":     {func(c *Config) { c.Hosts = []string{"https://x/"} }, "--console-host"},
		"WildcardAll": {func(c *Config) { c.Hosts = []string{"*"} }, "--console-host"},
	} {
		t.Run(name, func(t *testing.T) {
			c := Config{
				Store: memory.New(), System: &fixedSystem{}, Ready: func() error { return nil },
				Metrics: http.NotFoundHandler(), Console: http.NotFoundHandler(),
				Listen: testListen, Token: testToken, Key: make([]byte, 32),
			}
			tt.change(&c)
			if _, err := New(c); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestConsole(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/", "/sessions/x", "/assets/a.js"} {
		if r := f.do("GET", path, "Authorization", ""); r.StatusCode != 200 {
			t.Errorf("%s: status %d without a credential; the console must load to say how to sign in", path, r.StatusCode)
		}
	}
}

func TestHeaders(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/healthz", "/sign-in", "/api/v1/sessions", "/api/v1/nothing", "/metrics"} {
		h := f.do("GET", path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": inertPolicy, "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		method, path string
		status       int
		allow        string
	}{
		{"GET", "/api/", 404, ""},
		{"GET", "/api/v2/sessions", 404, ""},
		{"GET", "/api/v1/nothing", 404, ""},
		{"GET", "/api/v1/sessions/", 404, ""},
		{"DELETE", "/api/v1/nothing", 404, ""},
		{"POST", "/api/v1/sessions", 405, "GET, HEAD"},
		{"DELETE", "/api/v1/sessions/" + aliceID.String(), 405, "GET, HEAD"},
		{"GET", "/api/v1/sign-out", 405, "POST"},
		{"BREW", "/api/v1/system", 405, "GET, HEAD"},
	} {
		r := f.do(tt.method, tt.path)
		if r.StatusCode != tt.status || r.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: status %d, Allow %q; want %d, %q", tt.method, tt.path, r.StatusCode, r.Header.Get("Allow"), tt.status, tt.allow)
		}
		problemIn(t, r)
	}
}

func TestPanic(t *testing.T) {
	f := newFixture(t, func(c *Config) {
		c.Console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/begun" {
				fmt.Fprint(w, "half an ans")
			}
			panic("secret inside")
		})
	})
	p := problemIn(t, f.do("GET", "/"))
	if p.Status != 500 || strings.Contains(p.Detail, "secret") {
		t.Errorf("problem %+v", p)
	}
	if !strings.Contains(f.log.String(), "secret inside") {
		t.Error("the panic was not logged")
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("a begun answer ended with %v, want the connection broken", p)
		}
	}()
	f.do("GET", "/begun")
}

// failingReader fails every question with err.
type failingReader struct {
	Reader
	err error
}

func (r failingReader) Sessions(context.Context, store.SessionQuery) (store.SessionPage, error) {
	return store.SessionPage{}, r.err
}

func TestStoreErrors(t *testing.T) {
	for name, tt := range map[string]struct {
		err    error
		status int
		detail string
	}{
		"NotFound": {fmt.Errorf("x: %w", store.ErrNotFound), 404, "x: not found"},
		"Cursor":   {store.ErrCursor, 400, "cursor: "},
		"Closed":   {store.ErrClosed, 503, "stopping"},
		"Timeout":  {fmt.Errorf("x: %w", context.DeadlineExceeded), 503, "narrow the time range"},
		"Unknown":  {errors.New("disk on fire at /var/secret"), 500, "internal error"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, func(c *Config) { c.Store = failingReader{c.Store, tt.err} })
			p := problemIn(t, f.do("GET", "/api/v1/sessions"))
			if p.Status != tt.status || !strings.Contains(p.Detail, tt.detail) {
				t.Errorf("problem %+v, want %d with %q", p, tt.status, tt.detail)
			}
			if strings.Contains(p.Detail, "/var/secret") {
				t.Error("the inside shows")
			}
			if logged := strings.Contains(f.log.String(), "disk on fire"); logged != (tt.status == 500) {
				t.Errorf("logged: %t", logged)
			}
		})
	}
}

// TestServer sends real bytes at a real listener.
func TestServer(t *testing.T) {
	f := newFixture(t)
	server := httptest.NewUnstartedServer(nil)
	server.Config = f.Server()
	server.Start()
	defer server.Close()
	for name, tt := range map[string]struct {
		header http.Header
		body   string
		status int
	}{
		"OK":        {nil, "", 200},
		"BigHeader": {http.Header{"X-Big": {strings.Repeat("x", 2*maxHeaderBytes)}}, "", 431},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/api/v1/me", strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			for name, values := range tt.header {
				r.Header[name] = values
			}
			r.Header.Set("Authorization", "Bearer "+testToken)
			got, err := server.Client().Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer got.Body.Close()
			if got.StatusCode != tt.status {
				t.Errorf("status %d, want %d", got.StatusCode, tt.status)
			}
		})
	}
	s := f.Server()
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= queryTimeout || s.IdleTimeout <= 0 {
		t.Errorf("a timeout is missing: %+v", s)
	}
}

func TestSystem(t *testing.T) {
	f := newFixture(t)
	got := fetch[map[string]any](t, f, "/api/v1/system", 200)
	for _, list := range []string{"nodes", "days", "set_aside"} {
		if diff := cmp.Diff([]any{}, got[list]); diff != "" {
			t.Errorf("%s must be an empty list, never null: %s", list, diff)
		}
	}
	f = newFixture(t, func(c *Config) { c.System = &fixedSystem{err: errors.New("inside")} })
	if p := problemIn(t, f.do("GET", "/api/v1/system")); p.Status != 500 || strings.Contains(p.Detail, "inside") {
		t.Errorf("problem %+v", p)
	}
}

// BenchmarkSessions measures what the API adds to the store's answer.
func BenchmarkSessions(b *testing.B) {
	f := newFixture(b)
	page, err := f.store.Sessions(b.Context(), store.SessionQuery{})
	if err != nil {
		b.Fatal(err)
	}
	var parts []record.Part
	for range store.DefaultLimit {
		parts = append(parts, page.Parts[1])
	}
	f.API.store = pageReader{Reader: f.store, page: store.SessionPage{Parts: parts}}
	b.ReportAllocs()
	for b.Loop() {
		if r := f.do("GET", "/api/v1/sessions?from=-24h&status=4xx"); r.StatusCode != 200 {
			b.Fatal(r.StatusCode)
		}
	}
}

// pageReader always has the same page.
type pageReader struct {
	Reader
	page store.SessionPage
}

func (r pageReader) Sessions(context.Context, store.SessionQuery) (store.SessionPage, error) {
	return r.page, nil
}
