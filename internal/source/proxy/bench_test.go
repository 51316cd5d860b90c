//go:build unix

package proxy

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// nothing is the cheapest inspector: what is measured is the proxy.
type nothing struct{}

func (nothing) Begin(*exchange.Exchange) record.Verdict { return record.Verdict{} }
func (nothing) End(*exchange.Exchange)                  {}

// BenchmarkProxy compares the proxy with a bare httputil.ReverseProxy over the
// same transport, client and upstream on one machine.
func BenchmarkProxy(b *testing.B) {
	for _, size := range []int{256, 64 << 10} {
		body := strings.Repeat("x", size)
		up := upstreamOf(b, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", fmt.Sprint(size))
			io.WriteString(w, body)
		})
		target, err := url.Parse(up)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("bare/%d", size), func(b *testing.B) {
			bare := httputil.NewSingleHostReverseProxy(target)
			transport := newTransport(Config{})
			defer transport.CloseIdleConnections()
			bare.Transport = transport
			front := httptest.NewServer(bare)
			defer front.Close()
			drive(b, front.URL, size)
		})
		b.Run(fmt.Sprintf("sojourn/%d", size), func(b *testing.B) {
			drive(b, start(b, Config{Inspector: nothing{}, Upstream: up}).URL(), size)
		})
	}
}

// drive sends requests over many connections. Its own work and the upstream's
// are in the numbers of both. CPU time is what to compare on a busy machine.
func drive(b *testing.B, url string, size int) {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer transport.CloseIdleConnections()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.ResetTimer()
	before := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			req, _ := http.NewRequest("GET", url+"/v2/users/17/orders?page=2", nil)
			req.Header.Set("Authorization", "Bearer 0123456789abcdef")
			req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")
			res, err := transport.RoundTrip(req)
			if err != nil {
				b.Error(err)
				return
			}
			if n, err := io.Copy(io.Discard, res.Body); n != int64(size) || err != nil {
				b.Errorf("%d bytes, %v", n, err)
			}
			res.Body.Close()
		}
	})
	b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
}

// cpuTime is what this process has used so far, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return used.Utime.Nano() + used.Stime.Nano()
}
