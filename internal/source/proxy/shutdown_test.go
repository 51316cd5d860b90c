package proxy

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestShutdownWaitsForRunningExchanges(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	w := newWatcher()
	s, err := New(Config{Listen: "127.0.0.1:0", Inspector: w, Log: slog.New(slog.DiscardHandler),
		Upstream: upstreamOf(t, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "begun ")
			http.NewResponseController(w).Flush()
			close(arrived)
			<-release
			io.WriteString(w, "and finished")
		})})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Open(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()

	conn, r := dial(t, s)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	<-arrived
	stop()
	waitRefused(t, s)
	select {
	case err := <-ran:
		t.Fatalf("Run returned %v while an exchange was running", err)
	default:
	}
	close(release)
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if string(body) != "begun and finished" || err != nil {
		t.Errorf("got %q, %v: the response was cut", body, err)
	}
	if err := <-ran; err != nil {
		t.Errorf("Run: %v", err)
	}
	if x := w.next(t); len(x.Flags) != 0 {
		t.Errorf("flags %v, want none", x.Flags)
	}
}

// waitRefused waits until s accepts no more connections.
func waitRefused(t *testing.T, s *Server) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			return
		}
		conn.Close()
	}
	t.Fatal("the proxy goes on accepting connections")
}

func TestShutdownCutsAfterItsDeadline(t *testing.T) {
	f := func(name, request string, wantStatus int, wantFlags string) {
		t.Run(name, func(t *testing.T) {
			arrived := make(chan struct{})
			w := newWatcher()
			s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				if strings.Contains(readHead(r), "Upgrade: websocket") {
					io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
				}
				close(arrived)
				io.Copy(io.Discard, r) // until the proxy lets go
			})})
			conn, r := dial(t, s)
			io.WriteString(conn, request)
			<-arrived
			if wantStatus != 0 {
				readHead(r)
			}
			over, cancel := context.WithCancel(context.Background())
			cancel()
			if err := s.Shutdown(over); !errors.Is(err, context.Canceled) {
				t.Errorf("Shutdown: %v, want %v", err, context.Canceled)
			}
			select {
			case x := <-w.ended: // handed over before Shutdown returned
				if x.Status != wantStatus || flagsOf(x) != wantFlags {
					t.Errorf("status %d, flags %s; want %d, %s", x.Status, flagsOf(x), wantStatus, wantFlags)
				}
			default:
				t.Error("the exchange was not handed over")
			}
		})
	}
	f("waiting", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0, "response_cut")
	f("upgraded", "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 101, "upgraded")
}

// Clients that send one request after the other on connections of theirs, and
// never try anything twice, lose none of them.
func TestShutdownCutsNoBusyConnection(t *testing.T) {
	s := start(t, Config{Inspector: newWatcher(), Upstream: upstreamOf(t, hello), DrainTimeout: patience})
	var clients sync.WaitGroup
	var busy sync.WaitGroup // until every client had its first response
	for range 8 {
		conn, r := dial(t, s)
		busy.Add(1)
		clients.Go(func() {
			defer conn.Close()
			for i := 0; ; i++ {
				io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				res, err := http.ReadResponse(r, nil)
				if i == 0 {
					busy.Done()
				}
				if err != nil {
					t.Errorf("request %d: %v", i, err)
					return
				}
				if body, err := io.ReadAll(res.Body); string(body) != "hello" || err != nil {
					t.Errorf("request %d: %q, %v", i, body, err)
				}
				if res.Close {
					return
				}
			}
		})
	}
	busy.Wait()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	clients.Wait()
}

func TestCloseWithoutOpen(t *testing.T) {
	s, err := New(Config{Listen: "127.0.0.1:0", Upstream: "http://127.0.0.1:1", Inspector: newWatcher()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}
