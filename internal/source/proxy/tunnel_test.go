package proxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
)

func TestUpgrade(t *testing.T) {
	w := newWatcher()
	s := start(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		if !strings.Contains(readHead(r), "Upgrade: websocket\r\n") {
			return
		}
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-Websocket-Accept: x\r\n\r\n")
		for {
			line, err := r.ReadString('\n')
			if err != nil || line == "bye\n" {
				return
			}
			io.WriteString(conn, "echo "+line)
		}
	})})
	conn, r := dial(t, s)
	io.WriteString(conn, "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n")
	if head := readHead(r); !strings.HasPrefix(head, "HTTP/1.1 101 ") || !strings.Contains(head, "Sec-Websocket-Accept: x\r\n") {
		t.Fatalf("answer %q", head)
	}
	for range 3 {
		io.WriteString(conn, "hi\n")
		if line, err := r.ReadString('\n'); line != "echo hi\n" {
			t.Fatalf("got %q, %v", line, err)
		}
	}
	if len(w.ended) != 0 {
		t.Error("the exchange ended while its connection was open")
	}
	io.WriteString(conn, "bye\n")
	io.Copy(io.Discard, r)
	conn.Close()
	x := w.next(t)
	if x.Status != 101 || flagsOf(x) != "upgraded" || x.RequestBytes != 13 || x.ResponseBytes != 24 || x.Path != "/chat" {
		t.Errorf("status %d, flags %q, %d bytes in, %d out, path %s", x.Status, flagsOf(x), x.RequestBytes, x.ResponseBytes, x.Path)
	}
}

// A client that is done sending may still listen.
func TestUpgradeHalfClosed(t *testing.T) {
	s := start(t, Config{Inspector: newWatcher(), MaxConnections: 2, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
		all, _ := io.ReadAll(r)
		io.WriteString(conn, "got "+string(all))
	})})
	conn, r := dial(t, s)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n")
	readHead(r)
	io.WriteString(conn, "everything")
	conn.(*net.TCPConn).CloseWrite()
	if got, err := io.ReadAll(r); string(got) != "got everything" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
