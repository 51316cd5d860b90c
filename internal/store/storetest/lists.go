package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

func testSessionsOrder(t *testing.T, f *fixture) {
	f.write(
		request(monday, session(1)), request(monday-hour, session(2)), request(monday+hour, session(2)),
		request(monday+day, session(1)), request(monday-day, session(3)),
		request(monday, session(4)), request(monday, session(5)), // equal starts: by id
	)
	f.check(store.Filter{})
	// A part that starts before the range is still found, and keeps its start.
	f.check(store.Filter{From: monday + hour})
	if parts := f.parts(store.SessionQuery{Filter: store.Filter{From: monday + hour, To: monday + 2*hour}, Limit: 5}); len(parts) != 1 || parts[0].Started != monday-hour || parts[0].Matched != 1 || parts[0].Requests != 2 {
		t.Errorf("the part across the range: %+v", parts)
	}
}

// testSummary spells one part out, so that the model is held to something too.
func testSummary(t *testing.T, f *fixture) {
	at := monday
	add := func(n int, change func(*record.Request)) (rs []record.Request) {
		for range n {
			at += second
			r := request(at, session(1))
			change(&r)
			rs = append(rs, r)
		}
		return rs
	}
	rs := add(3, func(r *record.Request) {
		r.Host, r.Status, r.IP, r.Country = "b.example", 404, netip.MustParseAddr("10.0.0.2"), "FR"
		r.User, r.Role = "bob", "buyer"
	})
	rs = append(rs, add(3, func(r *record.Request) {
		r.Host, r.Status, r.IP = "a.example", 500, netip.MustParseAddr("10.0.0.1")
		r.User, r.Role = "alice", "admin"
	})...)
	rs[4].Country, rs[5].User = "DE", "eve" // the others of that address tell no country
	rs = append(rs, add(4, func(r *record.Request) { r.IP, r.UserAgent, r.Key = netip.Addr{}, "bot", "ip_ua" })...)
	rs = append(rs, add(1, func(r *record.Request) { r.Method, r.Endpoint, r.Status = "POST", "/login", 399 })...)
	f.write(rs...)
	parts := f.parts(store.SessionQuery{Filter: where(is("status", "4xx")), Limit: 10})
	ip := netip.MustParseAddr("10.0.0.1") // as many as 10.0.0.2, and lower; unknown does not count
	f.same("Sessions", store.Filter{}, []record.Part{{
		ID: session(1), Part: monday.Day(), Started: monday + second, Ended: at, Requests: 11, Matched: 3, Errors: 6, Bytes: 11 * 512,
		IP: ip, IPs: 3, Country: "DE", UserAgent: "curl/8.5",
		User: "bob", Users: 3, Roles: []record.Count{{Value: "admin", Count: 3}, {Value: "buyer", Count: 3}},
		Applications:  []record.Count{{Value: "default", Count: 11}},
		Hosts:         []record.Count{{Value: "shop.example.com", Count: 5}, {Value: "a.example", Count: 3}, {Value: "b.example", Count: 3}},
		HostCount:     3,
		Endpoints:     []record.Count{{Value: "GET /users/{int}", Count: 10}, {Value: "POST /login", Count: 1}},
		EndpointCount: 2,
		Key:           "PHPSESSID", Rung: record.RungBuiltin, Strength: record.StrengthSecret,
	}}, parts)
	f.check(store.Filter{})
	_ = t
}

// testSameRequest: conditions must hold on one request, not on a session.
func testSameRequest(t *testing.T, f *fixture) {
	a, b := request(monday, session(1)), request(monday+1, session(1))
	a.Host, b.Status = "other.example", 500
	f.write(a, b)
	filter := where(is("host", "other.example"), is("status", "5xx"))
	if parts := f.parts(store.SessionQuery{Filter: filter, Limit: 10}); len(parts) != 0 {
		t.Errorf("found %d parts by conditions that no single request meets", len(parts))
	}
	f.check(filter)
}

func testSession(t *testing.T, f *fixture) {
	g := newGenerator(4)
	var rs []record.Request
	for range 400 {
		r := g.request(3, 3)
		// More than a facet and than a part show.
		r.UserAgent = fmt.Sprint("agent ", g.IntN(2*record.FacetValues))
		if r.User != "" {
			r.User, r.Role = fmt.Sprint("user ", g.IntN(3*record.TopValues)), fmt.Sprint("role ", g.IntN(3*record.TopValues))
		}
		if r.IP.IsValid() && g.IntN(3) > 0 {
			r.IP = netip.AddrFrom4([4]byte{10, 0, 0, byte(g.IntN(3 * record.TopValues))})
		}
		rs = append(rs, r)
	}
	f.write(rs...)
	f.checkParts(store.SessionQuery{Limit: 5})
	for i := range uint64(3) {
		f.checkSession(session(i), store.Filter{})
		f.checkSession(session(i), store.Filter{From: monday, To: monday + day})
		f.checkSession(session(i), where(is("method", "POST"), is("status", "2xx")))
		f.checkSession(session(i), where(is("method", "nothing")))
		other := session(i + 1)
		f.checkSession(session(i), store.Filter{Session: &other})
	}
	if _, err := f.store.Session(f.ctx, session(77), store.Filter{}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Session that does not exist: %v, want ErrNotFound", err)
	}
}

// testTold has a session tell users, places and messages on one of its days only,
// beside a session that never does: its facets count both days, the other has none
// of them.
func testTold(t *testing.T, f *fixture) {
	told := request(monday+day, session(1))
	told.User, told.Role, told.Country, told.Operation = "maria", "buyer", "DE", "query getUser"
	told.MCP = &record.MCP{Method: "tools/call", Name: "search"}
	f.write(request(monday, session(1)), request(monday+1, session(1)), request(monday, session(2)), request(monday+day, session(2)), told)
	f.check(store.Filter{})
	f.check(store.Filter{To: monday + day})
	f.check(where(is("user", "")))
	s, err := f.store.Session(f.ctx, session(1), store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	users := record.Facet{Name: "user", Distinct: 2, Values: []record.FacetValue{{Value: "", Count: 2, Share: 2. / 3}, {Value: "maria", Count: 1, Share: 1. / 3}}}
	f.same("the users of", store.Filter{}, users, named(s.Facets, "user"))
	if s, err = f.store.Session(f.ctx, session(2), store.Filter{}); err != nil || len(s.Facets) != len(record.FacetNames)-len(optional) {
		t.Errorf("a session that tells nothing has %d facets, %v", len(s.Facets), err)
	}
}

// testMessages has sessions with several messages in a request: each is counted,
// and found, once by each of its methods and names.
func testMessages(t *testing.T, f *fixture) {
	batch, again, stream, none := request(monday, session(1)), request(monday+1, session(1)), request(monday, session(2)), request(monday, session(3))
	batch.MCP = &record.MCP{Method: "tools/call", Name: "search", More: []record.MCPMessage{
		{Method: "tools/call", Name: "pay"}, {Method: "tools/call", Name: "search"}, {Method: "notifications/progress"},
	}}
	again.MCP = &record.MCP{Method: "tools/call", Name: "search"}
	stream.MCP = &record.MCP{More: []record.MCPMessage{{Method: "notifications/message"}, {Method: "notifications/progress"}}}
	f.write(batch, again, stream, none)
	s, err := f.store.Session(f.ctx, session(1), store.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	f.same("the methods of", store.Filter{}, record.Facet{Name: "mcp_method", Distinct: 2, Values: []record.FacetValue{
		{Value: "tools/call", Count: 2, Share: 1}, {Value: "notifications/progress", Count: 1, Share: .5},
	}}, named(s.Facets, "mcp_method"))
	f.same("the names of", store.Filter{}, record.Facet{Name: "mcp_name", Distinct: 2, Values: []record.FacetValue{
		{Value: "search", Count: 2, Share: 1}, {Value: "pay", Count: 1, Share: .5},
	}}, named(s.Facets, "mcp_name"))
	for _, filter := range []store.Filter{
		{}, where(is("mcp_method", "notifications/progress")), where(is("mcp_name", "pay")), where(is("mcp_name", "")), where(is("mcp_method", "")),
		where(is("mcp_method", "nothing")), where(not("mcp_method", "notifications/progress")), where(not("mcp_name", "")),
	} {
		f.check(filter)
	}
}

func testFindings(t *testing.T, f *fixture) {
	a, b := request(monday, session(1)), request(monday+1, session(1))
	finding := func(id string, r *record.Request, attack bool) record.Finding {
		return record.Finding{ID: id, Request: r.ID, Session: r.Session, Started: r.Started, Type: "sqli", Attack: attack, Detail: "1' OR 1"}
	}
	f.writeBatch(store.Batch{Requests: []record.Request{a, b}, Findings: []record.Finding{finding("f2", &a, true), finding("f1", &a, true)}})
	changed := finding("f1", &a, false)
	changed.Detail = "the same id again"
	f.writeBatch(store.Batch{Findings: []record.Finding{finding("f3", &b, false), changed}}) // later, without requests
	elsewhere := request(monday+day, session(1))
	f.writeBatch(store.Batch{Findings: []record.Finding{finding("f4", &elsewhere, true)}}) // of a request that is not there

	got, err := f.store.Findings(f.ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.same("Findings", store.Filter{}, []record.Finding{finding("f1", &a, true), finding("f2", &a, true)}, got)
	if got, err = f.store.Findings(f.ctx, b.ID); err != nil || len(got) != 1 || got[0].ID != "f3" {
		t.Errorf("Findings of the second request: %v, %v", got, err)
	}
	if parts := f.parts(store.SessionQuery{Limit: 5}); len(parts) != 1 || parts[0].Attacks != 1 {
		t.Errorf("want one part with one attacked request, got %+v", parts)
	}
	f.check(store.Filter{})
	f.check(store.Filter{From: monday + 1})
}
