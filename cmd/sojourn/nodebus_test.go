package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"sojourn/internal/bus"
)

// A bus that cannot be opened, its folder unusable, does not keep the traffic
// waiting; it gets the records when it can be.
func TestNodeServesWithoutItsBus(t *testing.T) {
	const requests = 10
	data := t.TempDir()
	folder := filepath.Join(data, "bus")
	if err := os.WriteFile(folder, []byte("a file, no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := runNode(t, data, nil)
	n.request(t, requests)
	eventually(t, "the records to wait", func() bool { return n.status().Waiting == requests })
	if err := os.Remove(folder); err != nil {
		t.Fatal(err)
	}
	h, _ := runHub(t, data, nil)
	eventually(t, "every record to be stored", func() bool { return h.writer.stored.Load() == requests })
	if lost := n.losses.byReason(); len(lost) != 0 {
		t.Errorf("lost %v", lost)
	}
}

// A node that starts again has its bus where it was, so that a hub that cannot be
// told otherwise finds it; on another port only when that one is taken.
func TestNodeKeepsItsBusAddress(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	data, err := openData(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := func() (at bus.Address) {
		data.readJSON("bus.json", &at)
		return at
	}
	start := func() *node {
		n, err := openNode(&nodeCmd{
			commonFlags: commonFlags{Data: data.dir},
			nodeFlags:   nodeFlags{Proxy: "127.0.0.1:0", Upstream: "http://127.0.0.1:1", BusBytes: "64MiB", Waiting: "1MiB"},
		}, quiet)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	stop := func(n *node) { n.flush(); n.close() }
	stop(start())
	first := at()
	stop(start())
	if again := at(); again != first || first.URL == "" {
		t.Errorf("it was at %v, is at %v", first, again)
	}
	host, err := bus.HostPort(first.URL)
	if err != nil {
		t.Fatal(err)
	}
	server, err := bus.OpenServer(bus.ServerConfig{Dir: t.TempDir(), Listen: host, Token: "another", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	n := start()
	defer stop(n)
	moved := at()
	if moved.URL == first.URL || !n.bus.Connected() {
		t.Errorf("still at %v, connected %v", moved, n.bus.Connected())
	}
	hub, err := connectBus(data, "")
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	if err := errors.Join(hub.Reach(t.Context()), hub.EnsureStream(t.Context(), n.busBytes)); err != nil {
		t.Error(err)
	}
}
