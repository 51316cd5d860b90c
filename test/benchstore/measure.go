package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// answer is how long a question took.
type answer struct {
	took []time.Duration // sorted
	note string          // of the last round: rows, or that it was cut short
	err  error
}

// leastRounds are asked however long they take.
const leastRounds = 3

// measure asks for rounds times, or until the patience is over.
func measure(ctx context.Context, rounds int, ask func(round int) (note string, err error)) (a answer) {
	until := time.Now().Add(*patience)
	for round := 0; round < rounds && (round < leastRounds || time.Now().Before(until)); round++ {
		began := time.Now()
		note, err := ask(round)
		if err != nil {
			a.err = err
			break
		}
		a.took, a.note = append(a.took, time.Since(began)), note
		if ctx.Err() != nil {
			break
		}
	}
	slices.Sort(a.took)
	return a
}

// part returns a percentile of the rounds, the nearest one from above.
func (a *answer) part(p float64) time.Duration {
	if len(a.took) == 0 {
		return 0
	}
	return a.took[min(int(p*float64(len(a.took))), len(a.took)-1)]
}

// ask makes the calls of one round. The note is about the last answer.
func (s *server) ask(ctx context.Context, calls []call) (note string, err error) {
	var got struct {
		Next     string
		Searched string
		Complete *bool
	}
	for _, c := range calls {
		text, err := s.send(ctx, strings.ReplaceAll(c.path, nextCursor, url.QueryEscape(got.Next)), c.body)
		if err != nil {
			return "", err
		}
		got.Next, got.Searched = "", ""
		if err := json.Unmarshal(text, &got); err != nil {
			return "", err
		}
	}
	switch {
	case got.Searched != "":
		return "cut short", nil
	case got.Complete != nil && !*got.Complete:
		return "at least", nil
	}
	return "", nil
}

// arrivals is what became of the requests that came in meanwhile.
type arrivals struct {
	seconds float64
	stored  uint64          // by the writer
	delays  []time.Duration // from a request's start until it was listed; sorted
	waiting uint64          // most batches that waited on the bus
}

// watchArrivals looks twice a second whether what comes in is stored and listed,
// until the function it returns is called.
func watchArrivals(ctx context.Context, s *server) func() arrivals {
	var a arrivals
	began := time.Now()
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			var system struct {
				Writer struct{ Stored uint64 }
				Bus    struct{ Messages uint64 }
			}
			if s.read(ctx, "/api/v1/system", &system) == nil {
				a.stored, a.waiting = system.Writer.Stored, max(a.waiting, system.Bus.Messages)
			}
			asked := time.Now()
			var list struct{ Sessions []struct{ Ended time.Time } }
			if a.stored > 0 && s.read(ctx, "/api/v1/sessions?sort=ended&limit=1&from=-1h", &list) == nil && len(list.Sessions) > 0 {
				a.delays = append(a.delays, asked.Sub(list.Sessions[0].Ended))
			}
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	return func() arrivals {
		close(stop)
		<-done
		slices.Sort(a.delays)
		a.seconds = time.Since(began).Seconds()
		return a
	}
}

// throughput is how fast something flowed.
type throughput struct {
	rows, bytes int64
	seconds     float64
	err         error
}

// exportFor is how long an export is read.
const exportFor = 10 * time.Second

// measureExport reads an export of everything for a while.
func measureExport(ctx context.Context, s *server) (t throughput) {
	progress("export for %s", exportFor)
	ctx, cancel := context.WithTimeout(ctx, exportFor)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/v1/export?format=jsonl", nil)
	if err != nil {
		return throughput{err: err}
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	began := time.Now()
	w, err := (&http.Client{}).Do(r)
	if err != nil {
		return throughput{err: err}
	}
	defer w.Body.Close()
	if w.StatusCode != http.StatusOK {
		return throughput{err: fmt.Errorf("status %d", w.StatusCode)}
	}
	buf := make([]byte, 1<<20)
	for err == nil {
		var n int
		n, err = w.Body.Read(buf)
		t.bytes += int64(n)
		for _, c := range buf[:n] {
			if c == '\n' {
				t.rows++
			}
		}
	}
	t.seconds = time.Since(began).Seconds()
	if !errors.Is(err, io.EOF) && ctx.Err() == nil {
		t.err = err
	}
	return t
}
