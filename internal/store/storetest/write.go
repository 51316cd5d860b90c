package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

func testRoundTrip(t *testing.T, f *fixture) {
	full := record.Request{
		ID:      record.RequestID{At: monday, Node: 1<<record.NodeBits - 1, Seq: 1<<record.SeqBits - 1},
		Session: session(1), Client: session(2), Started: monday,
		Duration: math.MaxInt64, FirstByte: 1, RequestBytes: 2, ResponseBytes: 3,
		Application: "shop", Host: "shop.example.com:8443", Method: "PATCH", Path: "/Users/7", Query: "a=1&b=%20",
		Endpoint: "/Users/{int}", Status: math.MaxInt32, IP: netip.MustParseAddr("2001:db8::ff"), UserAgent: "Mozilla/5.0 (ü)",
		Key: "token", Point: `response.json["token"]`, Rung: record.RungOwn, Strength: record.StrengthClaimed,
		Country: "DE", Network: "AWS", Anonymity: "tor", JA4: "t13d1516h2_8daaf6152771_b186095e22b6", User: "maria", Role: "buyer",
		Operation: "query getUser",
		MCP: &record.MCP{
			Server: "crm.example.com/mcp", Method: "tools/call", Name: "get_opportunity", Client: "claude-code 2.1",
			Generation: "2025-11-25", Trace: "4bf92f3577b34da6a3ce929d0e0e4736", Error: math.MinInt64,
			More: []record.MCPMessage{
				{Method: "tools/call", Name: `"m":"x\`, Trace: "0af7651916cd43dd8448eb211c80319c", Error: math.MaxInt32, From: record.FromClient},
				{}, {Error: math.MinInt64, From: record.FromServer},
			},
		},
		Context: []record.Value{{Name: "b", Value: "1"}, {Name: "a", Value: "9f86d081", Hashed: true}, {Name: "b", Value: "1"}, {}},
		Tried:   12, Flags: []record.Flag{record.FlagValueCut, record.FlagUnterminated}, Revision: math.MaxUint64,
	}
	bare := record.Request{
		ID: record.RequestID{At: monday + 1}, Started: monday + 1,
		Duration: record.Unknown, FirstByte: record.Unknown, RequestBytes: record.Unknown, ResponseBytes: record.Unknown,
	}
	zero := request(monday+2, session(1))
	zero.Duration, zero.FirstByte, zero.ResponseBytes = 0, 0, 0
	mapped := request(monday+3, session(1))
	mapped.IP = netip.MustParseAddr("::ffff:192.0.2.1")
	// One field of an MCP message is enough for there to be one.
	traced, failed, called, asked := request(monday+4, session(1)), request(monday+5, session(1)), request(monday+6, session(1)), request(monday+9, session(1))
	asked.MCP = &record.MCP{More: []record.MCPMessage{{Method: "elicitation/create", From: record.FromServer}}}
	traced.MCP, failed.MCP, called.MCP = &record.MCP{Trace: "t"}, &record.MCP{Error: -1}, &record.MCP{Generation: "g"}
	nothing, many := request(monday+7, session(1)), request(monday+8, session(1))
	nothing.MCP, nothing.Context = &record.MCP{}, []record.Value{}
	for i := range 1000 {
		many.Context = append(many.Context, record.Value{Name: fmt.Sprint("name ", i), Value: strings.Repeat("v", 1024), Hashed: i%2 == 0})
	}
	f.write(full, bare, zero, mapped, traced, failed, called, asked, nothing, many)

	for _, want := range []record.Request{full, bare, zero, store.Kept(mapped), traced, failed, called, asked, store.Kept(nothing), many} {
		got, err := f.store.Request(f.ctx, want.ID)
		if err != nil {
			t.Fatalf("Request(%s): %v", want.ID, err)
		}
		f.same("Request", store.Filter{}, want, got)
	}
	near := full.ID
	near.Seq--
	if _, err := f.store.Request(f.ctx, near); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Request of an id that differs in its sequence only: %v, want ErrNotFound", err)
	}
	f.check(store.Filter{})
}

func testExactlyOnce(t *testing.T, f *fixture) {
	batch := func(log string, seq uint64) store.Batch {
		at := monday + record.Time(seq)*second
		r := request(at, session(seq))
		r.ID.Node = uint32(len(log))
		return store.Batch{Position: store.Position{Log: log, Seq: seq}, Requests: []record.Request{r}}
	}
	f.mustWrite(store.Written{Stored: 2}, batch("a", 1), batch("a", 3))
	f.mustWrite(store.Written{Skipped: 2}, batch("a", 1), batch("a", 3))
	f.mustWrite(store.Written{Skipped: 1}, batch("a", 2)) // below what was absorbed: seen, whatever it held
	f.mustWrite(store.Written{Stored: 1, Skipped: 1}, batch("a", 3), batch("a", 4))
	f.mustWrite(store.Written{Stored: 1, Skipped: 1}, batch("a", 5), batch("a", 5))
	f.mustWrite(store.Written{Stored: 1}, batch("bb", 1)) // another log has positions of its own
	f.mustWrite(store.Written{Stored: 1, Skipped: 1}, batch("a", 5), batch("bb", 2))
	f.mustWrite(store.Written{Stored: 1}, batch("ccc", 0)) // the first position may be 0
	f.mustWrite(store.Written{Skipped: 1}, batch("ccc", 0))
	f.mustWrite(store.Written{Stored: 1}, batch("dddd", math.MaxUint64))
	f.mustWrite(store.Written{Skipped: 1}, batch("dddd", math.MaxUint64))
	f.check(store.Filter{})
	_ = t
}

func testTwoDays(t *testing.T, f *fixture) {
	midnight := (monday.Day() + 1).Start()
	first := store.Batch{
		Position: store.Position{Log: "log", Seq: 1},
		Requests: []record.Request{request(midnight-1, session(1)), request(midnight, session(1)), request(midnight-5, session(2))},
	}
	f.mustWrite(store.Written{Stored: 3}, first)
	f.mustWrite(store.Written{Skipped: 3}, first)
	// The second day saw position 2; the first did not, and takes its share of 3.
	f.mustWrite(store.Written{Stored: 1}, store.Batch{Position: store.Position{Log: "log", Seq: 2}, Requests: []record.Request{request(midnight+7, session(1))}})
	f.mustWrite(store.Written{Stored: 2}, store.Batch{Position: store.Position{Log: "log", Seq: 3}, Requests: []record.Request{request(midnight-3, session(3)), request(midnight+9, session(3))}})
	f.check(store.Filter{})
	f.check(store.Filter{From: midnight})
	f.check(store.Filter{To: midnight})
	if got := len(f.parts(store.SessionQuery{Limit: 50})); got != 5 {
		t.Errorf("%d parts, want 5", got)
	}
}

func testCancelled(t *testing.T, f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	cancel()
	f.write(request(monday, session(1)))
	for name, err := range f.callAll(ctx) {
		// What is known without a step that can be cancelled may be told.
		if quick := name == "Status" || name == "Seal" || name == "Expire"; !errors.Is(err, context.Canceled) && !(quick && err == nil) {
			t.Errorf("%s: %v, want context.Canceled", name, err)
		}
	}
	f.check(store.Filter{})
}

// testHostile writes what an attacker may send and asks for it again.
func testHostile(t *testing.T, f *fixture) {
	huge := strings.Repeat("x", 1<<20)
	for i, s := range []string{
		`'; DROP TABLE requests; --`, `"quoted"`, "nul\x00inside", "\x00", "%_*?[a]\\", "line\nbreak", "bad\xff\xfeutf8", "\xe2\x82", "\u202e\ufeff", "$1 ?1 {a}", huge,
	} {
		r := request(monday+record.Time(i), session(uint64(i)))
		r.Application, r.Host, r.Method, r.Path, r.Query, r.Endpoint = s, s, s, s, s, s
		r.Country, r.Network, r.Anonymity, r.JA4, r.User, r.Role, r.Operation = s, s, s, s, s, s, s
		r.MCP = &record.MCP{Server: s, Method: s, Name: s, Client: s, Generation: s, Trace: s, Error: i}
		r.Context = []record.Value{{Name: s, Value: s}, {Name: s, Value: s, Hashed: true}, {Name: "n", Value: s}}
		r.UserAgent, r.Key, r.Point, r.Rung, r.Strength = s, s, s, record.Rung(s), record.Strength(s)
		f.writeBatch(store.Batch{
			Requests: []record.Request{r},
			Findings: []record.Finding{{ID: s, Request: r.ID, Session: r.Session, Type: s, Detail: s, Attack: true}},
		})
		f.checkHostile(s, r)
	}
	f.writeSizes()
	f.mustWrite(store.Written{Stored: 1}, store.Batch{
		Position: store.Position{Log: "it's\x00a log", Seq: 1}, Requests: []record.Request{request(monday+hour, session(50))},
	})
	f.mustWrite(store.Written{Skipped: 1}, store.Batch{
		Position: store.Position{Log: "it's\x00a log", Seq: 1}, Requests: []record.Request{request(monday+hour, session(50))},
	})
	f.checkRequests(store.RequestQuery{Limit: 5})
	f.checkParts(store.SessionQuery{Limit: 5})
	_ = t
}

// writeSizes writes sizes and durations that are too much to be added up.
func (f *fixture) writeSizes() {
	f.t.Helper()
	var rs []record.Request
	for i := range record.Time(3) {
		r := request(monday+2*hour+i, session(60))
		r.RequestBytes, r.ResponseBytes, r.Duration, r.FirstByte = math.MaxInt64, math.MaxInt64-1, math.MaxInt64, math.MaxInt64
		rs = append(rs, r)
	}
	f.write(rs...)
	id := rs[0].Session
	f.check(store.Filter{Session: &id})
	f.check(where(is("response_bytes", ">1TB"), not("duration", "<1h")))
	f.checkQuery(store.Query{By: []string{"host"}, Measures: everyMeasure, Filter: store.Filter{Session: &id}})
}

// checkHostile asks for what has s everywhere, and for what has not.
func (f *fixture) checkHostile(s string, r record.Request) {
	f.t.Helper()
	kept := store.Text(s)
	f.check(where(is("application", kept), is("host", kept), is("method", kept), is("user_agent", kept), is("key", kept)))
	if len(s) > 1<<10 {
		return // each of the others is a megabyte more
	}
	everywhere := []store.Condition{is("context."+kept, kept, "none"), is("context.n", kept), not("context."+kept, "none"), is("endpoint", kept)}
	for i := range store.Fields {
		field := &store.Fields[i]
		if field.Kind == store.KindText && field.Name != "flow" && slices.Contains(texts(field.Name, "", &r, []string{s}), s) {
			everywhere = append(everywhere, is(field.Name, kept))
		}
	}
	if len(everywhere) < 20 {
		f.t.Fatalf("only %d conditions", len(everywhere))
	}
	f.check(where(everywhere...))
	f.check(store.Filter{Has: everywhere, Where: []store.Condition{is("host", kept+"*")}})
	for i := range everywhere {
		everywhere[i].Not = true
	}
	f.check(where(everywhere...))
}
