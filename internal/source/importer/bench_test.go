package importer

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// BenchmarkLines parses an access log into exchanges, on one core.
func BenchmarkLines(b *testing.B) {
	log := []byte(benchLog())
	lines := bytes.Count(log, []byte{'\n'})
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	for b.Loop() {
		s, parser, n := newSource(Combined, bytes.NewReader(log)), newLineParser(Combined), 0
		for err := error(nil); err != io.EOF; {
			var blk block
			err = s.fill(&blk)
			for _, it := range blk.items {
				if x, _ := it.exchange(&blk, parser); x != nil {
					n++
				}
			}
		}
		if n != lines {
			b.Fatalf("%d of %d lines", n, lines)
		}
	}
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "lines/s")
}

// benchLog is a log whose addresses, paths and agents vary as those of a real one do.
func benchLog() string {
	agents := []string{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/32.0.1700.77 Safari/537.36",
		"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:26.0) Gecko/20100101 Firefox/26.0",
		"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	}
	var b strings.Builder
	for i := range 50000 {
		at := time.Date(2026, 11, 19, 20, 0, i/5, 0, time.UTC).Format("02/Jan/2006:15:04:05 -0700")
		fmt.Fprintf(&b, "192.0.%d.%d - - [%s] \"GET /shop/items/%d?page=%d HTTP/1.1\" 200 %d \"https://shop.example/list/%d\" %q\n",
			i*7%200, i*13%250, at, i*31%30000, i%9, i, i*17%5000, agents[i%3])
	}
	return b.String()
}

// discard is a sink that keeps nothing.
type discard struct{}

func (discard) Write(_ context.Context, batches []Batch) (w Written, err error) {
	for _, b := range batches {
		w.Stored += len(b.Requests)
	}
	return w, nil
}

// BenchmarkImport is everything but the inspection and the store: both passes.
func BenchmarkImport(b *testing.B) {
	path := filepath.Join(b.TempDir(), "access.log")
	if err := os.WriteFile(path, []byte(benchLog()), 0o600); err != nil {
		b.Fatal(err)
	}
	total := uint64(0)
	for b.Loop() {
		m := New(testConfig(discard{}))
		if err := m.Open(b.Context(), []string{path}); err != nil {
			b.Fatal(err)
		}
		r, err := m.Run(b.Context())
		if err != nil || r.Added != r.Lines {
			b.Fatal(r, err)
		}
		m.Close()
		total += r.Lines
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "lines/s")
}
