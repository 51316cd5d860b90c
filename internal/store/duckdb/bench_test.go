package duckdb_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// traffic makes the rows of an ordinary day: some thousand sessions active at any
// time, a few hundred endpoints, most paths of their own, in order of time.
type traffic struct {
	*rand.Rand
	at     record.Time
	step   int64 // mean microseconds between requests
	active []actor
	next   uint64
	told   bool // requests have users, places and context
}

type actor struct {
	session record.SessionID
	ip      netip.Addr
	agent   string
}

var benchDay = record.TimeOf(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC))

// newTraffic spreads rows over the day that begins at start.
func newTraffic(seed uint64, start record.Time, rows int) *traffic {
	t := &traffic{Rand: rand.New(rand.NewPCG(seed, 2)), at: start, step: int64(23*time.Hour/time.Microsecond) / int64(rows)}
	t.active = make([]actor, 1+min(3000, rows/50))
	for i := range t.active {
		t.active[i] = t.actor()
	}
	return t
}

func (t *traffic) actor() actor {
	t.next++
	a := actor{ip: netip.AddrFrom4([4]byte{byte(10 + t.IntN(50)), byte(t.IntN(256)), byte(t.IntN(256)), byte(t.IntN(256))})}
	binary.BigEndian.PutUint64(a.session[:], t.Uint64())
	binary.BigEndian.PutUint64(a.session[8:], t.next)
	a.agent = fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/%d.0.0.0 Safari/537.36", t.IntN(2000))
	return a
}

func (t *traffic) batch(seq uint64, rows int) store.Batch {
	b := store.Batch{Position: store.Position{Log: "bench", Seq: seq}, Requests: make([]record.Request, rows)}
	for i := range b.Requests {
		t.at += record.Time(t.Int64N(2*t.step) + 1)
		n := t.IntN(len(t.active))
		if t.IntN(40) == 0 {
			t.active[n] = t.actor()
		}
		a, e := &t.active[n], min(t.IntN(300), t.IntN(300))
		r := &b.Requests[i]
		*r = record.Request{
			ID: record.RequestID{At: t.at, Node: 42, Seq: uint32(i)}, Started: t.at, Session: a.session, Client: a.session,
			Duration: record.Measure(500 + t.ExpFloat64()*20_000), FirstByte: record.Measure(300 + t.ExpFloat64()*10_000),
			RequestBytes: record.Unknown, ResponseBytes: record.Measure(t.ExpFloat64() * 20_000),
			Application: "default", Host: fmt.Sprintf("h%d.example.com", e%20), Method: "GET",
			Path: fmt.Sprintf("/api/v1/resource%d/%d/items", e, t.IntN(1_000_000)), Endpoint: fmt.Sprintf("/api/v1/resource%d/{int}/items", e),
			Status: 200, IP: a.ip, UserAgent: a.agent,
			Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Strength: record.StrengthSecret,
			Accepted: true, Revision: 3,
		}
		if t.IntN(50) == 0 {
			r.Status = []int{304, 400, 403, 404, 500, 503}[t.IntN(6)]
		}
		if t.IntN(5) == 0 {
			r.Query = fmt.Sprintf("page=%d", t.IntN(50))
		}
		if t.told {
			t.tell(r)
		}
	}
	return b
}

// tell adds what follows from the session, and an item that every tenth request has.
func (t *traffic) tell(r *record.Request) {
	n := binary.BigEndian.Uint64(r.Session[8:])
	r.Country, r.Network = []string{"DE", "US", "FR"}[n%3], fmt.Sprint("network ", n%500)
	r.JA4 = fmt.Sprintf("t13d1516h2_8daaf6152771_%012x", n%40)
	r.User, r.Role = fmt.Sprint("user", n, "@example.com"), []string{"buyer", "admin"}[n%2]
	r.Context = []record.Value{{Name: "tenant", Value: fmt.Sprint(n % 1000)}, {Name: "device", Value: fmt.Sprintf("%016x", n*0x9e3779b97f4a7c15), Hashed: true}}
	if t.IntN(10) == 0 {
		r.Context = append(r.Context, record.Value{Name: "item", Value: fmt.Sprint(t.IntN(1_000_000))})
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, size := range []int{100, 1000, 20_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchmarkWrite(b, size, false) })
	}
	b.Run("20000Told", func(b *testing.B) { benchmarkWrite(b, 20_000, true) })
}

func benchmarkWrite(b *testing.B, size int, told bool) {
	s := open(b, b.TempDir())
	t := newTraffic(1, benchDay, 5_000_000)
	t.told = told
	seq, rows := uint64(0), 0
	var slowest time.Duration
	for b.Loop() {
		b.StopTimer()
		seq++
		batch := t.batch(seq, size)
		b.StartTimer()
		began := time.Now()
		if _, err := s.Write(b.Context(), []store.Batch{batch}); err != nil {
			b.Fatal(err)
		}
		slowest = max(slowest, time.Since(began))
		rows += size
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(slowest.Microseconds())/1000, "ms/slowest")
}

const benchRows = 1_000_000

// fill writes a day of benchRows rows.
func fill(b *testing.B, s *duckdb.Store, start record.Time, told bool) {
	t := newTraffic(uint64(start), start, benchRows)
	t.told = told
	for seq := range uint64(benchRows / 20_000) {
		if _, err := s.Write(b.Context(), []store.Batch{t.batch(seq, 20_000)}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkQuery(b *testing.B) {
	for _, sealed := range []bool{false, true} {
		dir := b.TempDir()
		s := open(b, dir)
		fill(b, s, benchDay, false)
		if sealed {
			began := time.Now()
			if err := s.Seal(b.Context(), benchDay.Day()); err != nil {
				b.Fatal(err)
			}
			b.Logf("sealed %d rows in %s", benchRows, time.Since(began))
		}
		page, err := s.Sessions(b.Context(), store.SessionQuery{})
		if err != nil {
			b.Fatal(err)
		}
		id := page.Parts[10].ID
		for _, q := range []struct {
			name   string
			filter store.Filter
		}{
			{"FirstPage", store.Filter{}},
			{"Status", where(b, "status", "5xx")},
			{"Method", where(b, "method", "GET")},
			{"HostStatus", where(b, "host", "h1*", "status", "403")},
			{"Path", where(b, "endpoint", "nothing")},
			{"Network", where(b, "ip", "10.1.0.0/16")},
		} {
			b.Run(fmt.Sprintf("Sealed=%v/Sessions/%s", sealed, q.name), func(b *testing.B) {
				for b.Loop() {
					if _, err := s.Sessions(b.Context(), store.SessionQuery{Filter: q.filter}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(bytesPerRow(b, dir), "B/row")
			})
		}
		b.Run(fmt.Sprintf("Sealed=%v/Session", sealed), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Session(b.Context(), id, store.Filter{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("Sealed=%v/Requests", sealed), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Requests(b.Context(), store.RequestQuery{Filter: store.Filter{Session: &id}, Limit: 100}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// where is a filter of fields and a value of each.
func where(tb testing.TB, fieldsAndValues ...string) (f store.Filter) {
	tb.Helper()
	for pair := range slices.Chunk(fieldsAndValues, 2) {
		c, err := store.NewCondition(pair[0], false, pair[1])
		if err != nil {
			tb.Fatal(err)
		}
		f.Where = append(f.Where, c)
	}
	return f
}

// BenchmarkTold asks a day of requests with users, places and context.
func BenchmarkTold(b *testing.B) {
	dir := b.TempDir()
	s := open(b, dir)
	fill(b, s, benchDay, true)
	if err := s.Seal(b.Context(), benchDay.Day()); err != nil {
		b.Fatal(err)
	}
	page, err := s.Sessions(b.Context(), store.SessionQuery{})
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range []struct {
		name   string
		filter store.Filter
	}{
		{"FirstPage", store.Filter{}},
		{"User", where(b, "user", page.Parts[10].User)},
		{"NoUser", where(b, "user", "nobody")},
		{"Role", where(b, "role", "admin")},
		{"Country", where(b, "country", "DE")},
		{"Context", where(b, "context", "tenant=7")},
		{"NoContext", where(b, "context", "item=-1")},
	} {
		b.Run("Sessions/"+q.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Sessions(b.Context(), store.SessionQuery{Filter: q.filter}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(bytesPerRow(b, dir), "B/row")
		})
	}
	id := page.Parts[10].ID
	b.Run("Session", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Session(b.Context(), id, store.Filter{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Requests", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.Requests(b.Context(), store.RequestQuery{Filter: store.Filter{Session: &id}, Limit: 100}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func bytesPerRow(b *testing.B, dir string) float64 {
	files, err := filepath.Glob(filepath.Join(dir, "*.duckdb*"))
	if err != nil {
		b.Fatal(err)
	}
	var n int64
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return float64(n) / benchRows
}
