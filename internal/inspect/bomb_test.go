package inspect

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// maxBombBytes is how much one hostile exchange may allocate, whatever its size.
const maxBombBytes = 32 << 20

// bombs are exchanges that ask for far more work than they are worth. Those of a
// body are given whole, as a file that is imported gives them.
func bombs(tb testing.TB) map[string]func() *exchange.Exchange {
	tb.Helper()
	post := func(kind string, body []byte) func() *exchange.Exchange {
		return func() *exchange.Exchange {
			x := get("h", "/", "")
			x.Method = "POST"
			x.Header.Set("Content-Type", kind)
			x.RequestBody.Bytes = body
			return x
		}
	}
	var laughs strings.Builder
	laughs.WriteString(`<!DOCTYPE a [<!ENTITY e0 "ha">`)
	for i := range 1000 {
		fmt.Fprintf(&laughs, `<!ENTITY e%d "%s">`, i+1, strings.Repeat(fmt.Sprintf("&e%d;", i), 10))
	}
	laughs.WriteString("]><a>" + strings.Repeat("&e1000;", 100_000) + "</a>")
	var aliases strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&aliases, "a%d:login(code:%d){token} ", i, i)
	}
	packed := gzipped(tb)
	return map[string]func() *exchange.Exchange{
		"gzip": func() *exchange.Exchange {
			x := post("application/json", packed)()
			x.Header.Set("Content-Encoding", "gzip")
			return x
		},
		"brackets": post("application/json", []byte(strings.Repeat("[", 1_000_000))),
		"objects":  post("application/json", []byte(strings.Repeat(`{"a":`, 1_000_000))),
		"cookies": func() *exchange.Exchange {
			x := get("h", "/", "")
			x.Header.Set("Cookie", strings.Repeat("a=b; ", 100_000)+"z=1")
			return x
		},
		"aliases": post("application/json", []byte(`{"query":"{`+aliases.String()+`}"}`)),
		"laughs":  post("application/xml", []byte(laughs.String())),
	}
}

// gzipped returns 10 MB that inflate to 10 GB.
func gzipped(tb testing.TB) []byte {
	tb.Helper()
	var member bytes.Buffer
	w := gzip.NewWriter(&member)
	w.Write([]byte(`{"id":"`))
	zeros := make([]byte, 1<<20)
	for range 10 {
		w.Write(zeros)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return bytes.Repeat(member.Bytes(), 1000)
}

// bombPolicy asks of every format.
const bombPolicy = `session:
  parameters:
    - {name: json, point: 'request.json["id"]', group: true}
    - {name: all, point: 'request.json[*][*]'}
    - {name: cookie, point: 'request.cookie["z"]', group: true}
    - {name: code, point: 'request.graphql.field["login"].arg["code"]'}
    - {name: xml, point: 'request.xml["a"]', group: true}
    - {name: form, point: 'request.form["a"]'}
`

// TestBombs: each ends within a limit, is flagged, and takes bounded memory. How
// long it takes is BenchmarkBombs.
func TestBombs(t *testing.T) {
	p := testPipeline(t, bombPolicy)
	for name, make := range bombs(t) {
		inspected(t, p, make()) // what every worker has by then
		x := make()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := inspected(t, p, x)
		runtime.ReadMemStats(&after)
		if !slices.Contains(r.Flags, record.FlagTruncated) {
			t.Errorf("%s: flags %v, want %s", name, r.Flags, record.FlagTruncated)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > maxBombBytes {
			t.Errorf("%s: allocated %d bytes, more than %d", name, took, maxBombBytes)
		}
		if r.Rung != record.RungNetwork {
			t.Errorf("%s: grouped by %s, of which nothing was read", name, r.Key)
		}
	}
}

func BenchmarkBombs(b *testing.B) {
	p := testPipeline(b, bombPolicy)
	for name, make := range bombs(b) {
		b.Run(name, func(b *testing.B) {
			x := make()
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.Inspect(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
