package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sojourn/internal/bus"
	"sojourn/internal/record"
)

// publish puts n requests on the bus, each in a message of its own.
func (n *node) publish(t *testing.T, requests int) {
	t.Helper()
	for i := range requests {
		at := record.TimeOf(time.Now())
		sent := n.publisher.Sent()
		n.publisher.Put(&record.Request{ID: record.RequestID{At: at, Seq: uint32(i)}, Started: at})
		eventually(t, "the bus to take a request", func() bool { return n.publisher.Sent() > sent })
	}
}

// stream returns the bus's own handle of the stream.
func stream(t *testing.T, data string) (jetstream.JetStream, jetstream.StreamConfig) {
	t.Helper()
	var at bus.Address
	text, err := os.ReadFile(filepath.Join(data, "bus.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &at); err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(at.URL, nats.Token(at.Token))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	for info := range js.ListStreams(t.Context()).Info() {
		return js, info.Config
	}
	t.Fatal("the bus has no stream")
	return nil, jetstream.StreamConfig{}
}

// A bus that does not let what is stored be removed, as when its disk is full, is
// read to its end all the same.
func TestTrimFails(t *testing.T) {
	const requests = 2*fetchMessages + 1
	data := t.TempDir()
	n := runNode(t, data, nil)
	js, config := stream(t, data)
	config.DenyPurge = true
	if _, err := js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	n.publish(t, requests)
	h, _ := runHub(t, data, nil)
	eventually(t, "every request to be stored", func() bool { return h.writer.stored.Load() == requests })
	if skipped := h.writer.skipped.Load(); skipped != 0 {
		t.Errorf("%d requests were read again", skipped)
	}
}
