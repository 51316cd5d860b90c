package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/clickhouse"
)

const day = record.Day(20_778)

// batchOf makes a batch of n requests of one day.
func batchOf(seq uint64, n int) store.Batch {
	b := store.Batch{Position: store.Position{Log: "log", Seq: seq}}
	for i := range n {
		at := day.Start() + record.Time(seq)*1_000_000 + record.Time(i)
		r := record.Request{ID: record.RequestID{At: at, Node: 1, Seq: uint32(i)}, Host: "shop.example.com", Method: "GET", Path: fmt.Sprintf("/users/%d", i), Endpoint: "/users/{int}", Status: 200}
		r.Session[0] = byte(i % 7)
		b.Requests = append(b.Requests, r)
	}
	return b
}

// network stands between a store and the server, and fails as it is told.
type network struct {
	*httptest.Server
	fail atomic.Pointer[func(w http.ResponseWriter, r *http.Request, pass http.Handler)]
}

// openThrough opens a store of which inserts of requests fail as the network is told.
func openThrough(t *testing.T, s *server) (*clickhouse.Store, *network, string) {
	t.Helper()
	target := s.database(t)
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.address})
	n := &network{}
	n.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail := n.fail.Load()
		if fail != nil && strings.Contains(r.URL.Query().Get("query"), ".requests") {
			n.fail.Store(nil)
			(*fail)(w, r, proxy)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(n.Close)
	through := strings.Replace(target, s.address, strings.TrimPrefix(n.URL, "http://"), 1)
	st, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: through})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st, n, target
}

// TestInsertsThatFail: whatever happens to an insert on its way, the batch is there
// once when it was tried again, also by another process with other batches.
func TestInsertsThatFail(t *testing.T) {
	s := startServer(t)
	type handler = func(w http.ResponseWriter, r *http.Request, pass http.Handler)
	var late func() // what the network held back arrives
	for name, fail := range map[string]handler{
		"NeverArrives": func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) },
		"CutShort": func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			r.Body = io.NopCloser(io.MultiReader(io.LimitReader(r.Body, 1000), broken{}))
			r.ContentLength = -1
			pass.ServeHTTP(w, r)
		},
		"AnswerLost": func(_ http.ResponseWriter, r *http.Request, pass http.Handler) {
			pass.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		},
		"ArrivesAfterTheSecond": func(_ http.ResponseWriter, r *http.Request, pass http.Handler) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			held := r.Clone(context.Background())
			late = func() {
				held.Body = io.NopCloser(strings.NewReader(string(body)))
				answer := httptest.NewRecorder()
				if pass.ServeHTTP(answer, held); answer.Code != http.StatusOK {
					t.Errorf("the late insert: %d %s", answer.Code, answer.Body)
				}
			}
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			late = nil
			st, network, target := openThrough(t, s)
			if _, err := st.Write(t.Context(), []store.Batch{batchOf(1, 10)}); err != nil {
				t.Fatal(err)
			}
			network.fail.Store(&fail)
			batches := []store.Batch{batchOf(2, 200), batchOf(3, 100)}
			if w, err := st.Write(t.Context(), batches); err == nil {
				t.Fatalf("Write did not fail: %+v", w)
			}
			w, err := st.Write(t.Context(), batches)
			if err != nil || w.Stored+w.Skipped != 300 {
				t.Fatalf("Write again: %+v, %v", w, err)
			}
			if late != nil {
				late()
			}
			other, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: target})
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if w, err := other.Write(t.Context(), []store.Batch{batchOf(3, 100), batchOf(4, 1)}); err != nil || w != (store.Written{Stored: 1, Skipped: 100}) {
				t.Errorf("another process wrote %+v, %v", w, err)
			}
			if total, err := other.Count(t.Context(), store.Filter{}, 0); err != nil || total.Requests != 311 {
				t.Errorf("%d requests, %v; want 311", total.Requests, err)
			}
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("cut") }

// TestInsertIsOnePart holds the server to what exactly-once rests on: an insert,
// however large, becomes one part.
func TestInsertIsOnePart(t *testing.T) {
	s := startServer(t)
	st, _, _ := openThrough(t, s)
	sql := func(statement string) string { return s.sql(t, statement) }
	sql("SYSTEM STOP MERGES test_1.requests")
	for i, batches := range [][]store.Batch{{batchOf(1, 120_000)}, {batchOf(2, 20_000), batchOf(3, 20_000)}} {
		if _, err := st.Write(t.Context(), batches); err != nil {
			t.Fatal(err)
		}
		if got := sql("SELECT count() FROM system.parts WHERE active AND database = 'test_1' AND table = 'requests'"); got != fmt.Sprint(i+1) {
			t.Errorf("%s parts after %d inserts", got, i+1)
		}
	}
	sql("SYSTEM START MERGES test_1.requests")
}

// TestDroppedDayStartsAnew: a batch that a day absorbed before it was dropped is
// stored again, although the server knows its deduplication token.
func TestDroppedDayStartsAnew(t *testing.T) {
	st, _, _ := openThrough(t, startServer(t))
	for range 2 {
		if w, err := st.Write(t.Context(), []store.Batch{batchOf(1, 10)}); err != nil || w.Stored != 10 {
			t.Fatalf("Write: %+v, %v", w, err)
		}
		if total, err := st.Count(t.Context(), store.Filter{}, 0); err != nil || total.Requests != 10 {
			t.Fatalf("%d requests, %v; want 10", total.Requests, err)
		}
		if dropped, err := st.Expire(t.Context(), day+1, record.Retention{Days: 1}); err != nil || len(dropped) != 1 {
			t.Fatalf("Expire: %v, %v", dropped, err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	s := startServer(b)
	st, err := clickhouse.Open(b.Context(), clickhouse.Config{URL: s.database(b)})
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	const rows = 20_000
	batch := batchOf(1, rows)
	for b.Loop() {
		batch.Seq++
		if _, err := st.Write(b.Context(), []store.Batch{batch}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
}
