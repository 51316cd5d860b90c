package proxy

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/exchange"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

func TestExchange(t *testing.T) {
	w := newWatcher()
	w.begin = func(x *exchange.Exchange) record.Verdict {
		x.Capture = exchange.Capture{Request: 4, Response: 64}
		return record.Verdict{Action: record.Block} // not enforced: monitoring
	}
	s := start(t, Config{Inspector: w, Upstream: upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Reply", "yes")
		w.WriteHeader(201)
		io.WriteString(w, "created")
	})})
	before := time.Now()
	conn, r := dial(t, s)
	io.WriteString(conn, "POST /a%20b?c=%64 HTTP/1.1\r\nHost: Shop.Test\r\nContent-Length: 5\r\nX-Ask: 1\r\n\r\nhello")
	readHead(r)
	x := w.next(t)

	if x.Started.Before(before) || x.FirstByte < 0 || x.Duration < x.FirstByte || x.Duration > record.Measure(time.Since(before).Microseconds()) {
		t.Errorf("started %v, first byte after %d µs, ended after %d µs", x.Started, x.FirstByte, x.Duration)
	}
	if x.ResponseHeader.Get("X-Reply") != "yes" {
		t.Errorf("response header %v", x.ResponseHeader)
	}
	want := &exchange.Exchange{
		Started: x.Started, FirstByte: x.FirstByte, Duration: x.Duration, ResponseHeader: x.ResponseHeader,
		Peer:   netip.MustParseAddr("127.0.0.1"),
		Method: "POST", Scheme: "http", Proto: "HTTP/1.1", Host: "Shop.Test", Path: "/a%20b", Query: "c=%64",
		Header:       http.Header{"X-Ask": {"1"}, "Content-Length": {"5"}},
		Capture:      exchange.Capture{Request: 4, Response: 64},
		Status:       201,
		RequestBody:  exchange.Body{Bytes: []byte("hell"), Limit: 4, Truncated: true},
		ResponseBody: exchange.Body{Bytes: []byte("created"), Limit: 64},
		RequestBytes: 5, ResponseBytes: 7,
	}
	if diff := cmp.Diff(want, x, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Errorf("exchange (-want +got):\n%s", diff)
	}
}

// What the proxy answers itself, and what it records then.
func TestOwnAnswers(t *testing.T) {
	id := record.RequestID{At: 1_800_000_000_000_000, Node: 3, Seq: 7}
	dead := "http://" + freeAddr(t)
	f := func(name, request string, cfg Config, verdict record.Verdict, wantStatus int, wantDetail, wantFlags string) {
		t.Run(name, func(t *testing.T) {
			w := newWatcher()
			w.begin = func(x *exchange.Exchange) record.Verdict { x.ID = id; return verdict }
			cfg.Inspector = w
			conn, r := dial(t, start(t, cfg))
			io.WriteString(conn, request)
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			var got problem
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("body %q: %v", body, err)
			}
			want := problem{Type: "about:blank", Title: http.StatusText(wantStatus), Status: wantStatus, Detail: wantDetail, Instance: id.String()}
			if diff := cmp.Diff(want, got); diff != "" || res.StatusCode != wantStatus || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("status %d, header %v, problem (-want +got):\n%s", res.StatusCode, res.Header, diff)
			}
			x := w.next(t)
			if x.Status != wantStatus || flagsOf(x) != wantFlags || x.ResponseBytes != record.Measure(len(body)) || x.FirstByte < 0 {
				t.Errorf("recorded status %d, flags %q, %d bytes, first byte %d", x.Status, flagsOf(x), x.ResponseBytes, x.FirstByte)
			}
		})
	}
	const get = "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"
	pass := record.Verdict{Action: record.Pass}
	answer := func(s string) string {
		return rawUpstream(t, func(conn net.Conn, r *bufio.Reader) { readHead(r); io.WriteString(conn, s) })
	}
	silent := rawUpstream(t, func(_ net.Conn, r *bufio.Reader) { io.Copy(io.Discard, r) })

	f("refused connection", get, Config{Upstream: dead}, pass, 502, "the upstream did not answer", "upstream_error")
	f("unknown host", get, Config{Upstream: "http://upstream.invalid"}, pass, 502, "the upstream did not answer", "upstream_error")
	f("closed without an answer", get, Config{Upstream: answer("")}, pass, 502, "the upstream did not answer", "upstream_error")
	f("not HTTP", get, Config{Upstream: answer("SSH-2.0-x\r\n")}, pass, 502, "the upstream did not answer", "upstream_error")
	f("response head too large", get, Config{Upstream: answer("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*maxResponseHeaderBytes) + "\r\n\r\n")},
		pass, 502, "the upstream did not answer", "upstream_error")
	f("another protocol than asked for", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		Config{Upstream: answer("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n")},
		pass, 502, "the upstream did not answer", "upstream_error")
	f("too slow", get, Config{Upstream: silent, ResponseHeaderTimeout: 20 * time.Millisecond}, pass, 504, "the upstream did not answer in time", "upstream_error")
	f("a body that is not chunked", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		Config{Upstream: silent}, pass, 400, "the body of the request could not be read", "malformed")
	f("blocked", get, Config{Upstream: dead}, record.Verdict{Action: record.Block, Reason: "secret", Enforced: true}, 403, "this request was refused", "")
	f("tunnel", "CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", Config{Upstream: dead}, pass, 405, "this is a reverse proxy: it does not tunnel", "")
	f("neither a path nor a URL", "GET mailto:x HTTP/1.1\r\nHost: h\r\n\r\n", Config{Upstream: dead}, pass, 400, "the target of the request is not a path", "malformed")
	f("no upstream", get, Config{Policy: &policy.Policy{Applications: []policy.Application{{Name: "a", Hosts: []string{"other.test"}, Upstream: dead}}}},
		pass, 502, "no upstream is configured for this host and path", "")
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestInspectorPanicsPass(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := start(t, Config{Inspector: panicker{}, Upstream: upstreamOf(t, hello), Metrics: reg})
	for range 3 {
		if res, body := get(t, s, "/"); res.StatusCode != 200 || body != "hello" {
			t.Fatalf("got %d %q", res.StatusCode, body)
		}
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := gather(t, reg)["sojourn_inspector_panics_total"]; n != 6 {
		t.Errorf("%v panics counted, want 6", n)
	}
}

type panicker struct{}

func (panicker) Begin(*exchange.Exchange) record.Verdict { panic("begin") }
func (panicker) End(*exchange.Exchange)                  { panic("end") }

// An upstream that breaks off its response breaks off ours.
func TestResponseCut(t *testing.T) {
	f := func(name, sent string, wantBytes record.Measure) {
		t.Run(name, func(t *testing.T) {
			w := newWatcher()
			s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(conn, sent)
			})})
			res, err := http.Get(s.URL())
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err == nil {
				t.Errorf("the client took %q for the whole response", body)
			}
			if len(body) != int(wantBytes) {
				t.Errorf("the client got %q, want %d bytes", body, wantBytes)
			}
			if x := w.next(t); x.Status != 200 || flagsOf(x) != "response_cut" || x.ResponseBytes != wantBytes {
				t.Errorf("status %d, flags %q, %d bytes", x.Status, flagsOf(x), x.ResponseBytes)
			}
		})
	}
	f("short of its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", 3)
	f("in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nff\r\nd", 4)
}

func TestClientGone(t *testing.T) {
	// Each upstream tells how far it came, then waits until the proxy lets go.
	silent := func(arrived chan<- string) func(net.Conn, *bufio.Reader) {
		return func(_ net.Conn, r *bufio.Reader) {
			arrived <- readHead(r)
			io.Copy(io.Discard, r)
		}
	}
	endless := func(arrived chan<- string) func(net.Conn, *bufio.Reader) {
		return func(conn net.Conn, r *bufio.Reader) {
			arrived <- readHead(r)
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: x/y\r\n\r\n")
			for {
				if _, err := io.WriteString(conn, "more"); err != nil {
					return
				}
			}
		}
	}
	f := func(name, request string, upstream func(chan<- string) func(net.Conn, *bufio.Reader), wantStatus int) {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan string, 1)
			w := newWatcher()
			s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, upstream(arrived))})
			conn, r := dial(t, s)
			io.WriteString(conn, request)
			<-arrived
			if wantStatus != 0 {
				readHead(r)
			}
			conn.Close()
			if x := w.next(t); x.Status != wantStatus || flagsOf(x) != "client_gone" {
				t.Errorf("status %d, flags %q", x.Status, flagsOf(x))
			}
			if st := s.Stats()[0]; st.Errors != 0 {
				t.Errorf("the upstream was blamed: %+v", st)
			}
		})
	}
	f("while waiting", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", silent, 0)
	f("in its own body", "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc", silent, 0)
	f("in the response", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", endless, 200)
}

// Whatever the upstream has sent reaches the client without waiting for more,
// and so does what the client sends: each side here waits for the other.
func TestNothingIsHeldBack(t *testing.T) {
	f := func(name, head string) {
		t.Run(name, func(t *testing.T) {
			next := make(chan struct{})
			s := start(t, Config{Inspector: newWatcher(), Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				readHead(r)
				io.WriteString(conn, head)
				for range 3 {
					<-next
					io.WriteString(conn, "data\n")
				}
			})})
			conn, r := dial(t, s)
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			readHead(r) // comes before any of the body exists
			for range 3 {
				next <- struct{}{}
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						t.Fatal(err)
					}
					if line == "data\n" {
						break
					}
				}
			}
		})
	}
	f("of known length", "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n")
	f("events", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")

	t.Run("both ways", func(t *testing.T) {
		w := newWatcher()
		s := start(t, Config{Inspector: w, Upstream: upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
			http.NewResponseController(w).EnableFullDuplex()
			lines := bufio.NewReader(r.Body)
			for {
				line, err := lines.ReadString('\n')
				if err != nil {
					return
				}
				io.WriteString(w, "echo "+line)
				http.NewResponseController(w).Flush()
			}
		})})
		body, send := io.Pipe()
		req, _ := http.NewRequest("POST", s.URL(), body)
		go io.WriteString(send, "0\n")
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		lines := bufio.NewReader(res.Body)
		for i := range 100 {
			if line, err := lines.ReadString('\n'); line != fmt.Sprintf("echo %d\n", i) {
				t.Fatalf("line %d: %q, %v", i, line, err)
			}
			fmt.Fprintf(send, "%d\n", i+1)
		}
		send.Close()
		io.Copy(io.Discard, lines)
		if x := w.next(t); len(x.Flags) != 0 || x.RequestBytes == 0 || x.ResponseBytes == 0 {
			t.Errorf("flags %v, %d bytes in, %d out", x.Flags, x.RequestBytes, x.ResponseBytes)
		}
	})
}

// A body of any size passes through the buffers of the connection.
func TestLargeBodies(t *testing.T) {
	const size = 64 << 20
	w := newWatcher()
	w.begin = func(x *exchange.Exchange) record.Verdict {
		x.Capture = exchange.Capture{Request: 1 << 10, Response: 1 << 10}
		return record.Verdict{}
	}
	s := start(t, Config{Inspector: w, Upstream: upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Length", strconv.FormatInt(n, 10))
		io.CopyN(w, zeros{}, n)
	})})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
	res, err := client.Post(s.URL(), "x/y", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
		t.Errorf("%d bytes came back, %v", n, err)
	}
	x := w.next(t)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size/8 {
		t.Errorf("%d bytes allocated for two bodies of %d: they are held", allocated, size)
	}
	if x.RequestBytes != size || x.ResponseBytes != size || len(x.Flags) != 0 {
		t.Errorf("%d bytes in, %d out, flags %v", x.RequestBytes, x.ResponseBytes, x.Flags)
	}
	if want := make([]byte, 1<<10); !bytes.Equal(x.RequestBody.Bytes, want) || !bytes.Equal(x.ResponseBody.Bytes, want) ||
		!x.RequestBody.Truncated || !x.ResponseBody.Truncated {
		t.Errorf("kept %d and %d bytes", len(x.RequestBody.Bytes), len(x.ResponseBody.Bytes))
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A client that goes on sending after the upstream has answered gets its answer
// at once, and does not keep the exchange open.
func TestEarlyAnswer(t *testing.T) {
	w := newWatcher()
	s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(conn, "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})})
	conn, r := dial(t, s)
	io.WriteString(conn, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nabc")
	if got := readHead(r); !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("answer %q", got)
	}
	if x := w.next(t); x.Status != 413 || len(x.Flags) != 0 {
		t.Errorf("status %d, flags %v", x.Status, x.Flags)
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Errorf("the connection was not closed: %v", err)
	}
}

// Exchanges end exactly once, however they go.
func TestEndOnce(t *testing.T) {
	w := newWatcher()
	s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		if head := readHead(r); strings.HasPrefix(head, "GET /cut") {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
		} else if strings.HasPrefix(head, "GET /ok") {
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		}
	})})
	paths := []string{"/ok", "/cut", "/none"}
	for i := range 30 {
		conn, r := dial(t, s)
		fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", paths[i%3])
		io.Copy(io.Discard, r)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := map[string]int{}
	for len(w.ended) > 0 {
		x := <-w.ended
		ended[x.Path]++
	}
	if diff := cmp.Diff(map[string]int{"/ok": 10, "/cut": 10, "/none": 10}, ended); diff != "" {
		t.Errorf("exchanges ended (-want +got):\n%s", diff)
	}
}
