package main

import (
	"log/slog"
	"strings"
	"testing"

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
