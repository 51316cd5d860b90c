package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// "Expect: 100-continue" is between the client and the upstream: the body is
// sent when the upstream asks for it, and not when it refuses.
func TestExpectContinue(t *testing.T) {
	const head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
	t.Run("asked for", func(t *testing.T) {
		body := make(chan string, 1)
		s := start(t, Config{Inspector: newWatcher(), Upstream: upstreamOf(t, func(_ http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			body <- string(b)
		})})
		conn, r := dial(t, s)
		io.WriteString(conn, head)
		if got := readHead(r); got != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Fatalf("first answer %q", got)
		}
		io.WriteString(conn, "hello")
		if got := <-body; got != "hello" {
			t.Errorf("body %q arrived", got)
		}
		if got := readHead(r); !strings.HasPrefix(got, "HTTP/1.1 200 ") {
			t.Errorf("second answer %q", got)
		}
	})
	t.Run("refused", func(t *testing.T) {
		w := newWatcher()
		s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
			readHead(r)
			io.WriteString(conn, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		})})
		conn, r := dial(t, s)
		io.WriteString(conn, head)
		if got := readHead(r); !strings.HasPrefix(got, "HTTP/1.1 417 ") {
			t.Errorf("answer %q", got)
		}
		if x := w.next(t); x.Status != 417 || x.RequestBytes != 0 || len(x.Flags) != 0 {
			t.Errorf("status %d, %d bytes, flags %v", x.Status, x.RequestBytes, x.Flags)
		}
	})
	t.Run("by another informational response", func(t *testing.T) {
		s := start(t, Config{Inspector: newWatcher(), Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
			readHead(r)
			io.WriteString(conn, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
			io.CopyN(io.Discard, r, 5)
			io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
		})})
		conn, r := dial(t, s)
		io.WriteString(conn, head+"hello")
		for _, want := range []string{"103 Early Hints", "100 Continue", "204 No Content"} {
			if got := readHead(r); !strings.HasPrefix(got, "HTTP/1.1 "+want) {
				t.Errorf("got %q, want %s", got, want)
			}
		}
	})
}
