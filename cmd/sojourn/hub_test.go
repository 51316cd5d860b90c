package main

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"sojourn/internal/bus"
)

func openTestHub(t *testing.T, data, bus string) *hub {
	t.Helper()
	h, err := openHub(&hubCmd{
		commonFlags: commonFlags{Data: data}, Bus: bus,
		hubFlags: hubFlags{Console: "127.0.0.1:0", MemoryLimit: "256MB"},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// A hub whose console cannot serve anymore ends, so that it is started again.
func TestHubServingFails(t *testing.T) {
	data := t.TempDir()
	runNode(t, data, nil)
	h := openTestHub(t, data, "")
	h.listener.Close()
	if err := h.run(t.Context()); err == nil {
		t.Error("no error")
	}
}

// A stop does not wait for a bus that is away: there is nothing to write.
func TestHubStopsWithoutBus(t *testing.T) {
	h := openTestHub(t, t.TempDir(), "")
	h.drain = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.run(ctx); err != nil {
		t.Error(err)
	}
}

// All nodes of a bus are asked, the slow ones too.
func TestGatherAllNodes(t *testing.T) {
	const token, nodes = "token", 3
	t.Setenv(busTokenEnv, token)
	server, err := bus.OpenServer(bus.ServerConfig{
		Dir: t.TempDir(), Listen: "127.0.0.1:0", Token: token, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	for i := range nodes {
		conn, err := bus.ConnectTo(server, token)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(conn.Close)
		err = conn.Answer(askStatus, func() ([]byte, error) {
			time.Sleep(time.Duration(i) * askWait / 10)
			return fmt.Appendf(nil, `{"name":"node-%d"}`, i), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	h := openTestHub(t, t.TempDir(), "nats://"+server.Addr())
	eventually(t, "the bus", h.bus.Connected)
	for range 2 { // the count, and what it taught
		if s, err := h.System(t.Context()); err != nil || len(s.Nodes) != nodes {
			t.Fatalf("%d nodes, want %d (%v)", len(s.Nodes), nodes, err)
		}
	}
}
