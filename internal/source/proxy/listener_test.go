package proxy

import (
	"io"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestMaxConnections(t *testing.T) {
	reg := prometheus.NewRegistry()
	s := start(t, Config{Inspector: newWatcher(), Upstream: upstreamOf(t, hello), Metrics: reg, MaxConnections: 1})
	const get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	first, r1 := dial(t, s)
	io.WriteString(first, get)
	if head := readHead(r1); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("first connection: %q", head)
	}
	second, r2 := dial(t, s)
	io.WriteString(second, get)
	first.Close() // its slot is all that the second one waits for
	if head := readHead(r2); !strings.HasPrefix(head, "HTTP/1.1 200 ") {
		t.Fatalf("second connection: %q", head)
	}
	if n := gather(t, reg)["sojourn_proxy_connection_waits_total"]; n == 0 {
		t.Error("no wait was counted")
	}
}
