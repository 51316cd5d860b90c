package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// Whatever fails on our side, the client gets the upstream's answer, and what was
// lost is counted in the metrics.

const answer = "the upstream's own answer"

// runNode composes and runs a node in front of an upstream that gives answer.
// change alters its settings first.
func runNode(t *testing.T, data string, change func(*nodeCmd)) *node {
	t.Helper()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, answer)
	}))
	t.Cleanup(upstream.Close)
	c := &nodeCmd{
		commonFlags: commonFlags{Data: data},
		nodeFlags:   nodeFlags{Proxy: "127.0.0.1:0", Upstream: upstream.URL, BusBytes: "64MiB", Waiting: "64MiB"},
	}
	if change != nil {
		change(c)
	}
	n, err := openNode(c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- n.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		n.stopSending() // what cannot be sent now never will
		n.flush()
		n.close()
	})
	return n
}

// runHub composes and runs a hub; change alters it before it runs. stop may be
// called before the test's end.
func runHub(t *testing.T, data string, change func(*hub)) (h *hub, stop func()) {
	t.Helper()
	h, err := openHub(&hubCmd{
		commonFlags: commonFlags{Data: data},
		hubFlags:    hubFlags{Console: "127.0.0.1:0", MemoryLimit: "256MB"},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(h)
	}
	return serveHub(t, h)
}

// serveHub runs a hub that is composed.
func serveHub(t *testing.T, h *hub) (_ *hub, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- h.run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		h.close()
	})
	t.Cleanup(stop)
	return h, stop
}

// request sends n requests and fails the test unless each gets the upstream's answer.
func (n *node) request(t *testing.T, requests int) {
	t.Helper()
	for i := range requests {
		resp, err := http.Get(fmt.Sprintf("%s/orders/%d?filler=%s", n.proxy.URL(), i, strings.Repeat("x", 400)))
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || string(body) != answer {
			t.Fatalf("request %d: %s %q %v", i, resp.Status, body, err)
		}
	}
}

// lost reads sojourn_lost_total{reason} as a scraper does.
func lost(t *testing.T, metrics, reason string) int {
	t.Helper()
	m := regexp.MustCompile(`sojourn_lost_total\{[^}]*reason="` + reason + `"[^}]*\} (\S+)`).FindStringSubmatch(metrics)
	if m == nil {
		t.Fatalf("no sojourn_lost_total with reason %q in the metrics:\n%s", reason, metrics)
	}
	v, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return int(v)
}

func (n *node) scrape(t *testing.T) string {
	t.Helper()
	text, err := encodeMetrics(n.metrics)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// eventually polls until done holds; the test's deadline is the limit.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// panicking is an inspection whose parser does not survive what it reads.
type panicking struct{ inspect.Inspection }

func (panicking) Inspect(*exchange.Exchange) (record.Request, bool, error) {
	panic("index out of range in a parser")
}

func TestParserPanic(t *testing.T) {
	n := runNode(t, t.TempDir(), func(c *nodeCmd) {
		c.wrap = func(i inspect.Inspection) inspect.Inspection { return panicking{i} }
	})
	const requests = 20
	n.request(t, requests)
	eventually(t, "the losses to be counted", func() bool {
		return lost(t, n.scrape(t), inspect.LostPanic) == requests
	})
}

func TestRecordQueueFull(t *testing.T) {
	n := runNode(t, t.TempDir(), func(c *nodeCmd) { c.Waiting = "16KiB" })
	n.server.Close() // so that records wait
	const requests = 200
	n.request(t, requests)
	eventually(t, "the queue to overflow", func() bool {
		s := n.status()
		return s.Waiting+int64(s.Lost["bus_queue_full"])+int64(s.Recorded) == requests
	})
	if got := lost(t, n.scrape(t), "bus_queue_full"); got == 0 || got >= requests {
		t.Errorf("lost %d of %d requests, want some that did not fit", got, requests)
	}
}

func TestBusStopped(t *testing.T) {
	n := runNode(t, t.TempDir(), nil)
	n.request(t, 5)
	eventually(t, "the first requests to reach the bus", func() bool { return n.publisher.Sent() == 5 })
	n.server.Close()
	const requests = 50
	n.request(t, requests)
	eventually(t, "the requests to wait", func() bool { return n.publisher.Waiting() == requests })
	n.proxy.Close()
	n.stopSending() // the node gives up waiting for its bus
	n.flush()
	if got := lost(t, n.scrape(t), "bus_stopped"); got != requests {
		t.Errorf("counted %d lost requests, want %d", got, requests)
	}
}

// refusing is a store whose disk is full.
type refusing struct{ store.Store }

func (refusing) Write(context.Context, []store.Batch) (store.Written, error) {
	return store.Written{}, errors.New("no space left on device")
}

func TestStoreRefusesWrites(t *testing.T) {
	data := t.TempDir()
	n := runNode(t, data, func(c *nodeCmd) { c.BusBytes = "128KiB" })
	h, stop := runHub(t, data, func(h *hub) {
		h.writer.store = refusing{h.store}
		h.drain = 0 // there is no use in waiting for this store
	})
	const requests = 400
	n.request(t, requests)
	eventually(t, "the bus to fill", func() bool { return lost(t, scrapeHub(t, h), "bus_full") > 0 })
	eventually(t, "every request to be accounted for", func() bool {
		s := n.status()
		return s.Recorded+s.Lost["bus_full"] == requests
	})
	eventually(t, "the failing writes to be told", func() bool {
		s := h.writer.status()
		return s.Errors > 0 && strings.Contains(s.Error, "no space left")
	})
	kept := n.status().Recorded

	// The disk has room again: what the bus acknowledged is stored, once.
	stop()
	h, _ = runHub(t, data, nil)
	eventually(t, "the bus to be written", func() bool { return h.writer.stored.Load() == kept })
	page, err := h.store.Requests(t.Context(), store.RequestQuery{Limit: store.MaxLimit})
	if err != nil || uint64(len(page.Requests)) != kept {
		t.Errorf("the store holds %d requests, want %d (%v)", len(page.Requests), kept, err)
	}
}

// scrapeHub gets /metrics over HTTP.
func scrapeHub(t *testing.T, h *hub) string {
	t.Helper()
	resp, err := http.Get(h.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %s %v", resp.Status, err)
	}
	return string(text)
}
