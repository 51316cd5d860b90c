package bus

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/goleak"

	"sojourn/internal/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "s3cret"

var quiet = slog.New(slog.DiscardHandler)

// open starts a server in dir and connects a node to it.
func open(t *testing.T, dir, listen string, maxBytes int64) (*Server, *Conn) {
	t.Helper()
	s, err := OpenServer(ServerConfig{Dir: dir, Listen: listen, Token: token, MaxBytes: maxBytes, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	c, err := ConnectTo(s, token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if err := c.EnsureStream(t.Context(), maxBytes); err != nil {
		t.Fatal(err)
	}
	return s, c
}

// losses counts what a publisher lost.
type losses struct {
	sync.Mutex
	by map[string]int
}

func (l *losses) count(reason string, n int) {
	l.Lock()
	defer l.Unlock()
	if l.by == nil {
		l.by = map[string]int{}
	}
	l.by[reason] += n
}

func publisher(c *Conn, l *losses, waiting int64) *Publisher {
	return NewPublisher(c, PublisherConfig{Name: "test", Waiting: waiting, Lost: l.count, Logger: quiet})
}

func request(i int) *record.Request {
	return &record.Request{ID: record.RequestID{At: record.Time(i)}, Started: record.Time(i), Path: strings.Repeat("x", 100)}
}

// read reads until n requests came.
func read(t *testing.T, r *Reader, n int) (got []record.Request, last Message) {
	t.Helper()
	for len(got) < n {
		messages, err := r.Next(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range messages {
			requests, err := record.DecodeBatch(m.Data)
			if err != nil {
				t.Fatal(err)
			}
			if m.Seq != last.Seq+1 && last.Seq != 0 {
				t.Fatalf("sequence %d after %d", m.Seq, last.Seq)
			}
			got, last = append(got, requests...), m
		}
	}
	return got, last
}

func TestPublishAndRead(t *testing.T) {
	const n = 2500 // more than two batches
	dir := t.TempDir()
	server, conn := open(t, dir, "127.0.0.1:0", DefaultMaxBytes)
	var l losses
	p := publisher(conn, &l, 0)
	go p.Run(t.Context())
	for i := range n {
		if !p.Put(request(i)) {
			t.Fatal("Put refused")
		}
	}
	p.Close()
	if p.Sent() != n || p.Waiting() != 0 || len(l.by) != 0 {
		t.Fatalf("sent %d, waiting %d, lost %v", p.Sent(), p.Waiting(), l.by)
	}
	if p.Put(request(0)) || l.by[LostStopped] != 1 {
		t.Errorf("Put after Close took a record, or lost %v", l.by)
	}

	hub, err := Connect(func() (Address, error) { return Address{"nats://" + server.Addr(), token}, nil })
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	var last Message
	t.Run("EveryReaderSeesAllInOrder", func(t *testing.T) {
		for range 2 {
			r, err := hub.OpenReader(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			var got []record.Request
			got, last = read(t, r, n)
			for i := range got {
				if got[i].Started != record.Time(i) {
					t.Fatalf("request %d is %v", i, got[i].Started)
				}
			}
			if more, err := r.Next(t.Context(), 10); err != nil || len(more) != 0 {
				t.Errorf("%d more messages, %v", len(more), err)
			}
			r.Close()
		}
	})
	t.Run("TrimLeavesTheRest", func(t *testing.T) {
		r, err := hub.OpenReader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := r.Trim(t.Context(), last.Seq-1); err != nil {
			t.Fatal(err)
		}
		if s := hub.Status(t.Context()); s.Messages != 1 || !s.Connected || s.MaxBytes != DefaultMaxBytes {
			t.Errorf("status after the trim: %+v", s)
		}
	})
	t.Run("AWrongTokenIsRefused", func(t *testing.T) {
		other, err := Connect(func() (Address, error) { return Address{"nats://" + server.Addr(), "guess"}, nil })
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if _, err := other.OpenReader(ctx); err == nil {
			t.Error("a reader opened with a wrong token")
		}
	})
}

func TestRestart(t *testing.T) {
	dir := t.TempDir()
	server, conn := open(t, dir, "127.0.0.1:0", DefaultMaxBytes)
	var mu sync.Mutex
	at := Address{"nats://" + server.Addr(), token}
	hub, err := Connect(func() (Address, error) {
		mu.Lock()
		defer mu.Unlock()
		return at, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer hub.Close()
	var l losses
	p := publisher(conn, &l, 0)
	go p.Run(t.Context())
	p.Put(request(1))
	r, err := hub.OpenReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, first := read(t, r, 1)
	p.Close()
	conn.Close()
	server.Close()

	// It comes back elsewhere, with another token: the hub finds it again.
	server, err = OpenServer(ServerConfig{Dir: dir, Listen: "127.0.0.1:0", Token: token + "2", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	mu.Lock()
	at = Address{"nats://" + server.Addr(), token + "2"}
	mu.Unlock()
	for {
		_, err := r.Next(t.Context(), 10)
		if errors.Is(err, ErrInterrupted) {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the reader never noticed")
		}
	}
	r, err = hub.OpenReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, again := read(t, r, 1); again.Number != first.Number || again.Publisher != first.Publisher {
		t.Errorf("the same message has another position: %+v, was %+v", again, first)
	}
}

// A stream that lost its end, in a power cut or because an older copy was put in
// its place, gives out sequences again that a store has absorbed. Positions must
// not repeat with them.
func TestPositionsOutliveTheStream(t *testing.T) {
	dir, older := t.TempDir(), filepath.Join(t.TempDir(), "older")
	last := func(life string) Message {
		server, conn := open(t, dir, "127.0.0.1:0", DefaultMaxBytes)
		defer server.Close()
		defer conn.Close()
		var l losses
		p := NewPublisher(conn, PublisherConfig{Name: life, Lost: l.count, Logger: quiet})
		go p.Run(t.Context())
		p.Put(request(1))
		p.Close()
		r, err := conn.OpenReader(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		_, m := read(t, r, 1)
		if err := r.Trim(t.Context(), m.Seq); err != nil {
			t.Fatal(err)
		}
		return m
	}
	last("node-1")
	if err := os.CopyFS(older, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	absorbed := last("node-2")
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(older))); err != nil {
		t.Fatal(err)
	}
	fresh := last("node-3")
	if fresh.Seq != absorbed.Seq {
		t.Fatalf("the stream gave out %d, not %d again: this tests nothing", fresh.Seq, absorbed.Seq)
	}
	if fresh.Publisher == absorbed.Publisher {
		t.Errorf("a new message has the publisher of an old one: %+v and %+v", fresh, absorbed)
	}
}

func TestMessageID(t *testing.T) {
	for _, c := range []struct {
		id        string
		publisher string
		number    uint64
		ok        bool
	}{
		{messageID("web-1-00ff", 12), "web-1-00ff", 12, true},
		{"web-1-00ff", "", 0, false},
		{"-1", "", 0, false},
		{"", "", 0, false},
	} {
		publisher, number, ok := parseMessageID(c.id)
		if ok != c.ok || ok && (publisher != c.publisher || number != c.number) {
			t.Errorf("%q is %q %d %v", c.id, publisher, number, ok)
		}
	}
}

func TestFullStreamRefusesAndCounts(t *testing.T) {
	_, conn := open(t, t.TempDir(), "127.0.0.1:0", 64<<10)
	var l losses
	p := publisher(conn, &l, 0)
	go p.Run(t.Context())
	const n = 2000 // about 300 KiB
	for i := range n {
		p.Put(request(i))
	}
	p.Close()
	l.Lock()
	defer l.Unlock()
	if l.by[LostBusFull] == 0 || int(p.Sent())+l.by[LostBusFull] != n {
		t.Errorf("sent %d, lost %v of %d", p.Sent(), l.by, n)
	}
}

// A connection may be there before its server; it comes up with it.
func TestConnectBeforeOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bus")
	if err := os.WriteFile(dir, []byte("a file, no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	server := NewServer(ServerConfig{Dir: dir, Listen: "127.0.0.1:0", Token: token, Logger: quiet})
	defer server.Close()
	conn, err := ConnectTo(server, token)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var l losses
	p := publisher(conn, &l, 0)
	go p.Run(t.Context())
	p.Put(request(1))
	if err := server.Open(); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "move it away") {
		t.Fatalf("Open: %v, want an error that names the folder and says what to do", err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := server.Open(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.Close() // sends what waits; it makes the stream
	if p.Sent() != 1 || len(l.by) != 0 {
		t.Errorf("sent %d, lost %v", p.Sent(), l.by)
	}
}

// What an operator set on the stream stays when a node starts.
func TestEnsureStreamKeepsTheRest(t *testing.T) {
	_, conn := open(t, t.TempDir(), "127.0.0.1:0", 1<<20)
	s, err := conn.js.Stream(t.Context(), streamName)
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.CachedInfo().Config
	cfg.Description, cfg.MaxAge = "ours", 100*time.Hour
	if _, err := conn.js.UpdateStream(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if err := conn.EnsureStream(t.Context(), 2<<20); err != nil {
		t.Fatal(err)
	}
	if s, err = conn.js.Stream(t.Context(), streamName); err != nil {
		t.Fatal(err)
	}
	if got := s.CachedInfo().Config; got.Description != "ours" || got.MaxAge != 100*time.Hour || got.MaxBytes != 2<<20 {
		t.Errorf("the stream is now %+v", got)
	}
	// A server alone cannot have replicas: what is asked for is looked at.
	if after := ourStream(jetstream.StreamConfig{Replicas: 3}, 1); after.Replicas != 3 {
		t.Errorf("%d replicas", after.Replicas)
	}
}

func TestStreamFull(t *testing.T) {
	for _, c := range []struct {
		err  error
		full bool
	}{
		{&jetstream.APIError{ErrorCode: errStoreFailed, Description: "maximum bytes exceeded"}, true},
		{&jetstream.APIError{ErrorCode: errStoreFailed, Description: "maximum messages exceeded"}, true},
		{&jetstream.APIError{ErrorCode: errStoreFailed, Description: "write 1.blk: no space left on device"}, false},
		{&jetstream.APIError{ErrorCode: errNoStorage, Description: "insufficient storage resources available"}, true},
		{context.DeadlineExceeded, false},
	} {
		if got := streamFull(c.err); got != c.full {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

func TestRestartMendsTheServer(t *testing.T) {
	server, conn := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	var l losses
	p := publisher(conn, &l, 0)
	go p.Run(t.Context())
	p.Put(request(1))
	for p.Waiting() > 0 {
		time.Sleep(time.Millisecond)
	}
	if err := server.nats.Load().ShutdownJetStream(); err != nil { // as it does itself in trouble
		t.Fatal(err)
	}
	p.Put(request(2))
	for p.Failing() == 0 {
		time.Sleep(time.Millisecond)
	}
	addr := server.Addr()
	if err := server.Restart(); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if p.Sent() != 2 || p.Failing() != 0 || len(l.by) != 0 || server.Addr() != addr {
		t.Errorf("sent %d, failing for %v, lost %v, at %s", p.Sent(), p.Failing(), l.by, server.Addr())
	}
	r, err := conn.OpenReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	read(t, r, 2)
}

func TestBusAwayRecordsWait(t *testing.T) {
	dir := t.TempDir()
	server, conn := open(t, dir, "127.0.0.1:0", DefaultMaxBytes)
	var l losses
	p := publisher(conn, &l, 100<<10)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go p.Run(ctx)
	server.Close()
	const n = 2000 // about 300 KiB, three times what may wait
	taken := 0
	for i := range n {
		if p.Put(request(i)) {
			taken++
		}
	}
	l.Lock()
	lost := l.by[LostQueueFull]
	l.Unlock()
	if taken == 0 || lost == 0 || taken+lost != n {
		t.Errorf("took %d, lost %d of %d", taken, lost, n)
	}
	cancel() // the node has to stop: what waits is counted, not forgotten
	<-p.done
	l.Lock()
	defer l.Unlock()
	if l.by[LostStopped] != taken || p.Waiting() != 0 {
		t.Errorf("lost at the stop %d, waiting %d, want %d and 0", l.by[LostStopped], p.Waiting(), taken)
	}
}

func TestAskAndAnswer(t *testing.T) {
	_, conn := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	if got := conn.Gather(t.Context(), "status", 0, time.Minute); len(got) != 0 {
		t.Errorf("%d answers when nobody answers", len(got))
	}
	if err := conn.Answer("status", func() ([]byte, error) { return []byte("fine"), nil }); err != nil {
		t.Fatal(err)
	}
	got := conn.Gather(t.Context(), "status", 1, time.Minute)
	if len(got) != 1 || string(got[0]) != "fine" {
		t.Errorf("answers %q", got)
	}
}

func TestUnusable(t *testing.T) {
	server, _ := open(t, t.TempDir(), "127.0.0.1:0", DefaultMaxBytes)
	for _, c := range []ServerConfig{
		{Listen: "nonsense", Dir: t.TempDir()},
		{Listen: server.Addr(), Dir: t.TempDir()},
	} {
		c.Logger, c.Token = quiet, token
		if s, err := OpenServer(c); err == nil {
			s.Close()
			t.Errorf("a server opened on %q", c.Listen)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	s, err := OpenServer(ServerConfig{Dir: b.TempDir(), Listen: "127.0.0.1:0", Token: token, Logger: quiet})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	conn, err := ConnectTo(s, token)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	if err := conn.EnsureStream(b.Context(), DefaultMaxBytes); err != nil {
		b.Fatal(err)
	}
	var l losses
	p := publisher(conn, &l, 0)
	go p.Run(b.Context())
	r := request(1)
	b.ReportAllocs()
	for b.Loop() {
		for !p.Put(r) {
		}
	}
	p.Close()
}
