package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"time"
)

// HARConfig says which past to write.
type HARConfig struct {
	Traffic
	From, To time.Time
}

// HARStats counts what was written.
type HARStats struct {
	Requests int
	ByKind   map[string]int // web, app, guest, staff, partner, crawler
	ByStatus map[int]int
}

// HistoryPerSecond is the rate of the past that a demo starts with: some 4,500
// requests a day.
const HistoryPerSecond = 4500.0 / (24 * 60 * 60)

// maxHARBody is how much of a response's text an entry holds: more than any JSON
// of the shop. Pictures, scripts and pages are written as their size alone.
const maxHARBody = 64 << 10

// WriteHAR writes the traffic of [From, To) as one HTTP Archive 1.2
// (http://www.softwareishard.com/blog/har-12-spec/), in the order of time, with
// the client's address in each entry's _clientIPAddress. The requests really run
// against a shop of its own, on a clock that follows the schedule, so a week
// takes about a second. Equal configurations write equal bytes. It ends early
// with ctx's error, leaving w incomplete.
func WriteHAR(ctx context.Context, w io.Writer, cfg HARConfig) (HARStats, error) {
	file := newHARWriter(w)
	stats, err := replay(ctx, cfg, func(_ time.Time, e *harEntry) error { return file.add(e) })
	if err != nil {
		return stats, err
	}
	return stats, file.finish()
}

// WriteHARDays is WriteHAR with one file for each UTC day on which anything
// begins. It calls create with the day's midnight, and closes what that returns
// when the day is over; for nil the day is run and counted, but not written. The
// shop and its clients carry on from file to file, so a session that lasts
// three days is in three files.
func WriteHARDays(ctx context.Context, cfg HARConfig, create func(day time.Time) (io.WriteCloser, error)) (HARStats, error) {
	var (
		day    time.Time
		file   *harWriter
		closer io.Closer
	)
	finish := func(err error) error {
		if file == nil {
			return err
		}
		if err == nil {
			err = file.finish()
		}
		err = errors.Join(err, closer.Close())
		file = nil
		return err
	}
	stats, err := replay(ctx, cfg, func(at time.Time, e *harEntry) error {
		if today := at.UTC().Truncate(24 * time.Hour); !today.Equal(day) {
			if err := finish(nil); err != nil {
				return err
			}
			w, err := create(today)
			if err != nil {
				return err
			}
			if day = today; w != nil {
				file, closer = newHARWriter(w), w
			}
		}
		if file == nil {
			return nil
		}
		return file.add(e)
	})
	return stats, finish(err)
}

// replay runs the traffic against a shop of the past and hands over each request
// with its answer.
func replay(ctx context.Context, cfg HARConfig, each func(at time.Time, e *harEntry) error) (HARStats, error) {
	stats := HARStats{ByKind: make(map[string]int), ByStatus: make(map[int]int)}
	if err := cfg.check(); err != nil {
		return stats, err
	}
	var now time.Time
	shop := NewShop(ShopConfig{
		Seed: cfg.Seed, Latency: NaturalLatency, Faults: UsualFaults,
		Now:   func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) { now = now.Add(d) },
	})
	known := newJars(maxJars)
	for s := range schedule(cfg.Traffic, cfg.From, cfg.To) {
		if err := ctx.Err(); err != nil {
			return stats, err
		}
		j := known.of(s.client)
		if !s.happens(j) {
			continue
		}
		now = s.at
		req, err := s.request(ctx, "http://"+Host, j)
		if err != nil {
			return stats, fmt.Errorf("demo request %s %s: %w", s.method, s.path, err)
		}
		req.RemoteAddr = netip.AddrPortFrom(s.client.ip, 40000).String()
		sent, _ := io.ReadAll(req.Body) // a strings.Reader does not fail
		req.Body = io.NopCloser(bytes.NewReader(sent))
		got := recorder{header: make(http.Header)}
		shop.ServeHTTP(&got, req)
		s.learn(j, got.status, got.header, got.body.Bytes())

		stats.Requests++
		stats.ByKind[string(s.client.kind)]++
		stats.ByStatus[got.status]++
		if err := each(s.at, entryOf(&s, req, sent, &got, now.Sub(s.at))); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// harWriter writes entries one by one, so that a file of any length needs no
// memory.
type harWriter struct {
	out     *bufio.Writer // keeps its first error
	enc     *json.Encoder // ends each entry with a line break
	entries int
}

func newHARWriter(w io.Writer) *harWriter {
	out := bufio.NewWriterSize(w, 256<<10)
	out.WriteString(`{"log":{"version":"1.2","creator":{"name":"sojourn demo","version":"1"},"entries":[`)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return &harWriter{out: out, enc: enc}
}

func (h *harWriter) add(e *harEntry) error {
	if h.entries++; h.entries > 1 {
		h.out.WriteByte(',')
	}
	if err := h.enc.Encode(e); err != nil {
		return fmt.Errorf("write the demo's HAR: %w", err)
	}
	return nil
}

func (h *harWriter) finish() error {
	h.out.WriteString("]}}\n")
	if err := h.out.Flush(); err != nil {
		return fmt.Errorf("write the demo's HAR: %w", err)
	}
	return nil
}

// recorder is a ResponseWriter that keeps the start of the body and its size.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	size   int
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.size += len(b)
	r.body.Write(b[:min(len(b), maxHARBody-r.body.Len())])
	return len(b), nil
}
