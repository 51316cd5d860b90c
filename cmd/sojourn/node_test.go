package main

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/bus"
)

// A bus elsewhere that is away when the node starts does not keep the traffic
// waiting; it gets the records when it comes up.
func TestNodeStartsBeforeItsBus(t *testing.T) {
	const token, requests = "token", 10
	t.Setenv(busTokenEnv, token)
	at := bus.ServerConfig{Dir: t.TempDir(), Listen: "127.0.0.1:0", Token: token, Logger: slog.New(slog.DiscardHandler)}
	server, err := bus.OpenServer(at) // to learn of a free port
	if err != nil {
		t.Fatal(err)
	}
	at.Listen = server.Addr()
	server.Close()

	url := "nats://" + at.Listen
	n := runNode(t, t.TempDir(), func(c *nodeCmd) { c.Bus = url })
	n.request(t, requests)
	if server, err = bus.OpenServer(at); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	eventually(t, "the bus to have every record", func() bool { return n.publisher.Sent() == requests })
	h := openTestHub(t, t.TempDir(), url)
	eventually(t, "the hub to see the node", func() bool {
		s, err := h.System(t.Context())
		return err == nil && len(s.Nodes) == 1 && s.Nodes[0].Recorded == requests
	})
}

// A bus that cannot be one is an error that says so.
func TestNodeBadBus(t *testing.T) {
	_, err := openNode(&nodeCmd{
		commonFlags: commonFlags{Data: t.TempDir()}, Bus: "nonsense",
		nodeFlags: nodeFlags{Proxy: "127.0.0.1:0", Upstream: "http://127.0.0.1:1", BusBytes: "1MiB", Waiting: "1MiB"},
	}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "--bus") || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("error %v", err)
	}
}

// What serve is told about the node, the node is told.
func TestNodeFlagsAreHandedOn(t *testing.T) {
	parse := func(args ...string) (f nodeFlags) {
		t.Helper()
		parser, err := kong.New(&f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(args); err != nil {
			t.Fatal(err)
		}
		return f
	}
	equal := cmpopts.IgnoreUnexported(nodeFlags{})
	plain := parse()
	if plain.MaxConnections != 10_000 {
		t.Errorf("by default, %d connections", plain.MaxConnections)
	}
	for _, given := range []nodeFlags{
		plain, {Proxy: "127.0.0.1:9", Upstream: "http://a.example.com", BusBytes: "1MiB", Waiting: "2MiB", MaxConnections: 3}, {MaxConnections: 0},
	} {
		if diff := cmp.Diff(given, parse(given.args()...), equal); diff != "" {
			t.Error(diff)
		}
	}
}

// Beyond --max-connections, a client waits until another one goes.
func TestNodeMaxConnections(t *testing.T) {
	n := runNode(t, t.TempDir(), func(c *nodeCmd) { c.MaxConnections = 1 })
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", n.proxy.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		io.WriteString(conn, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		return conn
	}
	answered := func(conn net.Conn) {
		t.Helper()
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("%v, %v", resp, err)
		}
	}
	first := dial()
	answered(first)
	second := dial()
	eventually(t, "the second connection to wait", func() bool {
		metrics, err := encodeMetrics(n.metrics)
		return err == nil && regexp.MustCompile(`sojourn_proxy_connection_waits_total\S* [1-9]`).Match(metrics)
	})
	first.Close()
	answered(second)
}

func TestNodeBadMaxConnections(t *testing.T) {
	_, err := openNode(&nodeCmd{
		commonFlags: commonFlags{Data: t.TempDir()},
		nodeFlags:   nodeFlags{Proxy: "127.0.0.1:0", BusBytes: "1MiB", Waiting: "1MiB", MaxConnections: -1},
	}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "--max-connections -1") {
		t.Errorf("error %v", err)
	}
}
