package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sojourn/internal/bus"
	"sojourn/internal/record"
)

// publish puts n requests on the bus, each in a message of its own.
func (n *node) publish(t *testing.T, requests int) { n.publishAt(t, requests, time.Now) }

func (n *node) publishAt(t *testing.T, requests int, when func() time.Time) {
	t.Helper()
	for i := range requests {
		at := record.TimeOf(when())
		sent := n.publisher.Sent()
		n.publisher.Put(&record.Request{ID: record.RequestID{At: at, Seq: uint32(i)}, Started: at})
		eventually(t, "the bus to take a request", func() bool { return n.publisher.Sent() > sent })
	}
}

// stream returns the bus's own handle of the stream of requests.
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
		if !strings.HasPrefix(info.Config.Name, "KV_") { // the maps of shared facts
			return js, info.Config
		}
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

// blockDay makes a day refuse what it is given, until unblock.
func blockDay(t *testing.T, data string, day record.Day) (unblock func()) {
	t.Helper()
	file := filepath.Join(data, "days", day.String()+".duckdb")
	if err := os.MkdirAll(file, 0o700); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

// A day that does not take its requests does not keep those of other days from
// being stored; it gets them when it takes them again, and each once.
func TestOneDayRefuses(t *testing.T) {
	data := t.TempDir()
	dayAgo := time.Now().Add(-24 * time.Hour)
	yesterday := func() time.Time { return dayAgo }
	unblock := blockDay(t, data, record.TimeOf(yesterday()).Day())
	n := runNode(t, data, nil)
	h, _ := runHub(t, data, func(h *hub) { h.writer.firstHold = 10 * time.Millisecond })
	n.publishAt(t, 3, yesterday)
	n.publish(t, 4)
	n.publishAt(t, 1, func() time.Time { return time.Now().AddDate(0, 0, -20) })
	eventually(t, "the others to be stored", func() bool {
		s := h.writer.status()
		return s.Stored == 4 && s.Held == 3 && s.Error != ""
	})
	if b := h.bus.Status(t.Context()); b.Messages < 3 {
		t.Errorf("%d messages are left on the bus, want those that are held", b.Messages)
	}
	if s, err := h.System(t.Context()); err != nil || s.Writer.Held != 3 {
		t.Errorf("the system: %+v, %v", s.Writer, err)
	}
	unblock()
	eventually(t, "what was held to be stored", func() bool {
		s := h.writer.status()
		return s.Stored == 7 && s.Held == 0 && s.Error == "" && h.bus.Status(t.Context()).Messages == 0
	})
	if s := h.writer.status(); s.TooOld != 1 {
		t.Errorf("%d requests were counted as too old, want 1", s.TooOld)
	}
}

// A day that takes requests again gets those that it refused before any later
// ones: it would skip them after those.
func TestHeldComesFirst(t *testing.T) {
	data := t.TempDir()
	dayAgo := time.Now().Add(-24 * time.Hour)
	yesterday := func() time.Time { return dayAgo }
	unblock := blockDay(t, data, record.TimeOf(yesterday()).Day())
	n := runNode(t, data, nil)
	h, stop := runHub(t, data, func(h *hub) { h.writer.firstHold = time.Hour })
	n.publishAt(t, 2, yesterday)
	eventually(t, "two to be held", func() bool { return h.writer.held.Load() == 2 })
	unblock()
	n.publishAt(t, 1, yesterday)
	eventually(t, "the third to be held", func() bool { return h.writer.held.Load() == 3 })
	stop()
	h, _ = runHub(t, data, nil)
	eventually(t, "all to be stored", func() bool { return h.writer.stored.Load() == 3 })
}
