package proxy

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
)

// What an upstream sends may hold secrets and be of any length: neither the log
// nor the state of the upstream repeats it.
func TestUpstreamErrorsHoldNothingItSent(t *testing.T) {
	var log strings.Builder
	up := rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nSet-Cookie sid=s3cret\r\n\r\n")
		conn.Close()
	})
	w := newWatcher()
	s := start(t, Config{Upstream: up, Inspector: w, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if res, _ := get(t, s, "/"); res.StatusCode != 502 {
		t.Fatalf("status %d", res.StatusCode)
	}
	w.next(t)
	state := s.Stats()[0].Error
	if !strings.Contains(state, "malformed MIME header") || strings.Contains(state+log.String(), "s3cret") {
		t.Errorf("state: %s\nlog: %s", state, log.String())
	}
}

func TestCause(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := cause(errors.New(in)); got != want {
			t.Errorf("cause(%q) = %q, want %q", in, got, want)
		}
	}
	f("dial tcp 127.0.0.1:1: connect: connection refused", "dial tcp 127.0.0.1:1: connect: connection refused")
	f(`malformed HTTP response "x"`, "malformed HTTP response")
	f(`missing colon: "x"`, "missing colon")
	f(strings.Repeat("é", maxCause), strings.Repeat("é", maxCause/2))
}
