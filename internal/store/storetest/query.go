package storetest

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// everyMeasure are the names of all measures.
var everyMeasure = func() (names []string) {
	for _, m := range store.Measures {
		names = append(names, m.Name)
	}
	return names
}()

// testQuery counts by each field, alone and with others, with every measure.
func testQuery(t *testing.T, f *fixture) {
	g := newGenerator(10)
	f.writeBatch(g.batch(200, 25, 3))
	f.seal(monday.Day(), monday.Day()+1)
	f.writeBatch(g.batch(100, 25, 3))
	var groupable []string
	for i := range store.Fields {
		switch field := &store.Fields[i]; {
		case field.Kind == store.KindContext:
			groupable = append(groupable, "context.tenant", `context.na"me`, "context.tenant=", "context.nothing")
		case field.Group:
			groupable = append(groupable, field.Name)
		}
	}
	for i, name := range groupable {
		f.checkQuery(store.Query{By: []string{name}, Measures: everyMeasure, Limit: store.MaxGroups})
		other := groupable[(i+11)%len(groupable)]
		f.checkQuery(store.Query{By: []string{name, other}, Measures: []string{"sessions", "requests"}, Order: "requests", Filter: g.filter(f.model.requests), Limit: 20})
	}
	for _, m := range everyMeasure {
		f.checkQuery(store.Query{By: []string{"endpoint"}, Measures: []string{"ips", m}, Order: m, Limit: 4})
		f.checkQuery(store.Query{By: []string{"mcp_name", "user"}, Measures: []string{m}, Limit: 7})
		f.checkQuery(store.Query{Measures: []string{m}})
		f.checkQuery(store.Query{Measures: []string{m}, Filter: where(is("method", "found nowhere"))})
		f.checkQuery(store.Query{By: []string{"method"}, Measures: []string{m}, Filter: where(is("method", "found nowhere"))})
	}
	for _, q := range []store.Query{
		{By: []string{"attack", "flow", "status"}, Measures: []string{"attacks", "requests"}, Limit: store.MaxGroups},
		{By: []string{"flag", "context.tenant", "context.item"}, Measures: []string{"blocked", "users"}},
		{By: []string{"host"}, Measures: []string{"requests"}}, // the default limit
		{By: []string{"user_agent"}, Measures: []string{"p50", "p50", "requests"}, Order: "p50"},
		{By: []string{"user"}, Measures: everyMeasure, Filter: has(is("status", "5xx"), not("attack", "xss")), Limit: 100},
		{By: []string{"client"}, Measures: everyMeasure, Filter: store.Filter{From: monday, To: monday + day, Where: []store.Condition{not("user", "")}}},
	} {
		f.checkQuery(q)
	}
}

// testQueryTime counts by time, over days and in steps that do not divide one.
func testQueryTime(t *testing.T, f *fixture) {
	g := newGenerator(11)
	f.writeBatch(g.batch(150, 10, 3))
	midnight := (monday.Day() + 1).Start()
	f.write(request(midnight-1, session(1)), request(midnight, session(1)), request(midnight+1, session(2)))
	for _, step := range []time.Duration{time.Second, 7 * time.Minute, time.Hour, 5 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour} {
		q := store.Query{By: []string{store.ByTime}, Step: step, Measures: everyMeasure, Limit: store.MaxGroups}
		f.checkQuery(q)
		q.Limit = 3
		f.checkQuery(q)
		q.Order = "bytes"
		f.checkQuery(q)
		q.Order, q.Filter = "", where(is("status", "2xx"))
		f.checkQuery(q)
	}
	for _, q := range []store.Query{
		{By: []string{store.ByTime, "method"}, Step: time.Hour, Measures: []string{"requests"}, Limit: 100},
		{By: []string{"method", store.ByTime}, Step: 6 * time.Hour, Measures: []string{"p95", "sessions"}, Limit: 100},
		{By: []string{"flow", store.ByTime, "status"}, Step: 24 * time.Hour, Measures: []string{"sessions"}, Order: "sessions", Limit: 10},
		{By: []string{store.ByTime}, Step: time.Hour, Measures: []string{"requests"}, Contains: "t12:", Limit: 100},
		{By: []string{store.ByTime}, Step: time.Hour, Measures: []string{"users"}, Filter: store.Filter{From: midnight - hour, To: midnight + hour}},
	} {
		f.checkQuery(q)
	}
	_ = t
}

// testQueryContains narrows groups down by what the first value contains.
func testQueryContains(t *testing.T, f *fixture) {
	f.writeBatch(newGenerator(12).batch(300, 10, 2))
	for field, parts := range map[string][]string{
		"user": {"MAR", "jü", "JÜR", `"X"`, "%", "'", "_", "nobody"}, "endpoint": {"get /", "ÜBER", "%_D", `\S`}, "host": {"EXAMPLE", ":8080"}, "status": {"40", "0"},
		"ip": {"203.0.", "::"}, "flow": {"a"}, "attack": {"SQL", "q"}, "context.tenant": {"7", `"V"`, "<B>"}, "client": {"9E37"}, "accepted": {"TRU"},
	} {
		for _, part := range parts {
			f.checkQuery(store.Query{By: []string{field}, Measures: []string{"requests", "users"}, Contains: part, Limit: 3})
			f.checkQuery(store.Query{By: []string{field, "method"}, Measures: []string{"requests"}, Contains: part, Filter: where(is("status", "2xx", "4xx")), Limit: 5})
		}
	}
	_ = t
}

// testQueryMeasures spells answers out, so that the model is held to something too.
func testQueryMeasures(t *testing.T, f *fixture) {
	var b store.Batch
	for n := range 100 {
		r := request(monday+record.Time(n)*second, session(uint64(n%7)))
		r.User = []string{"", "maria", "bob"}[n%3]
		r.Duration, r.RequestBytes, r.ResponseBytes = record.Measure(n+1), record.Unknown, 10
		if n%10 == 0 {
			r.Status, r.Flags = 503, []record.Flag{record.FlagBlocked}
		}
		if n == 99 {
			r.Duration = record.Unknown
		}
		b.Requests = append(b.Requests, r)
	}
	for _, n := range []int{3, 4} {
		for _, id := range []string{"first", "second"} { // a request with two attacks is one
			b.Findings = append(b.Findings, record.Finding{ID: fmt.Sprint(id, n), Request: b.Requests[n].ID, Session: b.Requests[n].Session, Type: "sqli", Attack: true})
		}
	}
	f.writeBatch(b)
	got := f.query(store.Query{Measures: everyMeasure})
	f.sameTable("Query", store.Query{}, record.Table{
		By: []string{}, Measures: everyMeasure, Groups: 1,
		Rows: []record.Group{{By: []string{}, Values: []record.Amount{100, 7, 2, 1, 2, 10, 10, .1, 50, 95, 99, 1000}}},
	}, got)
	got = f.query(store.Query{By: []string{"attack"}, Measures: []string{"requests", "attacks"}})
	f.sameTable("Query by attack", store.Query{}, record.Table{
		By: []string{"attack"}, Measures: []string{"requests", "attacks"}, Groups: 2,
		Rows: []record.Group{{By: []string{""}, Values: []record.Amount{98, 0}}, {By: []string{"sqli"}, Values: []record.Amount{2, 2}}},
	}, got)
	got = f.query(store.Query{By: []string{store.ByTime}, Step: time.Minute, Measures: []string{"requests", "p99"}, Limit: 1, Filter: where(is("duration", "<100us"))})
	f.sameTable("Query by time", store.Query{}, record.Table{
		By: []string{"time"}, Measures: []string{"requests", "p99"}, Groups: 2,
		Rows: []record.Group{{By: []string{"2026-11-16T12:00:00.000000Z"}, Values: []record.Amount{60, 60}}},
	}, got)
	f.checkQuery(store.Query{By: []string{"user"}, Measures: everyMeasure})
	_ = t
}

// testQueryErrors asks what cannot be answered.
func testQueryErrors(t *testing.T, f *fixture) {
	f.write(request(monday, session(1)))
	for _, q := range []store.Query{
		{}, {Measures: []string{"nothing"}}, {By: []string{"nothing"}, Measures: []string{"requests"}}, {By: []string{"context"}, Measures: []string{"requests"}},
		{By: []string{"duration"}, Measures: []string{"requests"}}, {By: []string{store.ByTime}, Measures: []string{"requests"}},
		{Measures: []string{"requests"}, Order: "bytes"}, {Measures: []string{"requests"}, Limit: -1}, {Measures: []string{"requests"}, Contains: "x"},
	} {
		if table, err := f.store.Query(f.ctx, q); err == nil || errors.Is(err, store.ErrTooMany) {
			t.Errorf("Query(%+v) gave %+v, %v", q, table, err)
		}
	}
}

// RunTooMany tests the limit of groups with an empty store that holds no more
// than most groups while it counts.
func RunTooMany(t *testing.T, s store.Store, most int) {
	f := &fixture{t: t, ctx: t.Context(), store: s, model: newModel()}
	var rs []record.Request
	for n := range most + 1 {
		r := request(monday+record.Time(n%2)*day+record.Time(n)*second, session(1))
		r.User = fmt.Sprint("user ", n)
		rs = append(rs, r)
	}
	f.write(rs[:most]...)
	q := store.Query{By: []string{"user"}, Measures: []string{"requests"}, Limit: store.MaxGroups}
	f.checkQuery(q)
	f.write(rs[most])
	if table, err := s.Query(f.ctx, q); !errors.Is(err, store.ErrTooMany) {
		t.Errorf("a query of %d groups, where %d are held, gave %d rows, %v; want ErrTooMany", most+1, most, len(table.Rows), err)
	}
	q.Filter = where(not("user", "user 0"))
	f.checkQuery(q)
}

// RunApproximate tests the distinct counts of an empty store that counts no more
// than most values exactly: what is not exact is said to be, and is near.
func RunApproximate(t *testing.T, s store.Store, most int) {
	f := &fixture{t: t, ctx: t.Context(), store: s, model: newModel()}
	var rs []record.Request
	for n := range 4 * most {
		r := request(monday+record.Time(n%3)*day+record.Time(n)*second, session(uint64(n)))
		r.User, r.IP = fmt.Sprint("user ", n), netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)})
		rs = append(rs, r)
	}
	f.write(rs...)
	for _, m := range []string{"sessions", "users", "ips"} {
		f.checkQuery(store.Query{Measures: []string{m}, Filter: store.Filter{To: monday + record.Time(most)*second}}) // few are exact
		q := store.Query{By: []string{"method"}, Measures: []string{m, "requests"}}
		want, got := f.model.table(q), f.query(q)
		if !got.Approximate {
			f.sameTable("Query", q, want, got)
			continue
		}
		exact, near := float64(want.Rows[0].Values[0]), float64(got.Rows[0].Values[0])
		if math.Abs(near-exact) > exact/10 || got.Rows[0].Values[1] != want.Rows[0].Values[1] {
			t.Errorf("%s are told to be about %v of %v, want %v of %v", m, near, got.Rows[0].Values[1], exact, want.Rows[0].Values[1])
		}
	}
}

func (f *fixture) checkQuery(q store.Query) {
	f.t.Helper()
	f.sameTable("Query", q, f.model.table(q), f.query(q))
}

func (f *fixture) query(q store.Query) record.Table {
	f.t.Helper()
	got, err := f.store.Query(f.ctx, q)
	if err != nil {
		f.t.Fatalf("Query(%s, by %q, %q): %v", show(q.Filter), q.By, q.Measures, err)
	}
	return got
}

// sameAmount takes sums of many numbers as equal when they all but are.
var sameAmount = gocmp.Comparer(func(a, b record.Amount) bool {
	x, y := float64(a), float64(b)
	return x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*math.Abs(x)
})

func (f *fixture) sameTable(what string, q store.Query, want, got record.Table) {
	f.t.Helper()
	if diff := gocmp.Diff(want, got, sameAmount); diff != "" {
		f.t.Fatalf("%s by %q step %v, %q, order %q, contains %q, limit %d, with {%s} (-want +got):\n%s",
			what, q.By, q.Step, q.Measures, q.Order, q.Contains, q.Limit, show(q.Filter), diff)
	}
}
