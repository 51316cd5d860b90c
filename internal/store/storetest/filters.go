package storetest

import (
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// testFields asks for each field alone, as a condition and as an exclusion, of
// requests and of sessions.
func testFields(t *testing.T, f *fixture) {
	g := newGenerator(5)
	f.writeBatch(g.batch(200, 25, 2))
	f.seal(monday.Day())
	f.writeBatch(g.batch(100, 25, 2))
	for i := range store.Fields {
		field := &store.Fields[i]
		t.Run(field.Name, func(t *testing.T) {
			f := f.in(t)
			for range 2 {
				c := f.finding(g, field)
				for _, c.Not = range []bool{false, true} {
					f.ask(where(c))
					f.ask(has(c))
				}
			}
		})
	}
}

// finding returns a condition on a field that some requests meet.
func (f *fixture) finding(g *generator, field *store.Field) store.Condition {
	f.t.Helper()
	for range 100 {
		if c := g.conditionOn(field, false, f.model.requests); len(f.model.match(where(c))) > 0 {
			return c
		}
	}
	f.t.Fatalf("no question of %s finds anything: the test asks nothing", field.Name)
	return store.Condition{}
}

// testFilters asks for what needs care, and for several things at once.
func testFilters(t *testing.T, f *fixture) {
	g := newGenerator(5)
	f.writeBatch(g.batch(300, 20, 2))
	rs := f.model.requests
	id, at := rs[0].Session, rs[1].ID
	for _, filter := range []store.Filter{
		{From: monday}, {To: monday}, {From: monday, To: monday}, {From: rs[2].ID.At, To: rs[2].ID.At + 1},
		{Session: &id}, {Request: &at}, {Session: &id, Request: &at},
		where(is("application", "shop", "x")), where(is("application", "sho*")),
		where(is("host", "*.example.com")), where(is("host", "")), where(is("host", "shop.example.com", "10.*")), where(is("host", "?nïcode.example")),
		where(is("endpoint", "/users/7")), where(is("endpoint", "/USERS/*")), where(is("endpoint", "GET /users/{int}")), where(is("endpoint", "* /login")),
		where(is("endpoint", "/users/{int}/1?")), where(is("endpoint", "%_")), where(is("endpoint", `\s`)), where(is("endpoint", "über")), where(is("endpoint", "zzz", "login")),
		where(not("endpoint", "users", "GET *")), where(is("endpoint", "users"), not("endpoint", "/orders")),
		where(is("method", "get", "")), where(is("status", "4xx", "200")), where(is("status", "0")), where(not("status", "2xx", "3xx")),
		where(is("ip", "203.0.113.0/24")), where(is("ip", "2001:db8::/32", "10.1.2.3")), where(is("ip", "0.0.0.0/0")), where(is("ip", "::/0")), where(is("ip", "fe80::/10")),
		where(not("ip", "0.0.0.0/0")), where(not("ip", "::/0")), where(is("ip", "10.0.0.0/8"), not("ip", "10.1.2.3")),
		where(is("user_agent", "curl/8.5", "")), where(is("user_agent", "curl*")), where(is("key", "token", "Ключ")),
		where(is("user", "maria", "Jürgen")), where(is("user", "mar*")), where(is("user", "")), where(not("user", "")), where(is("role", "admin"), is("user", "maria")),
		where(is("country", "DE", "XX")), where(is("country", "de")), where(is("network", "AWS"), is("country", "")),
		where(is("context.tenant", "7")), where(is("context.tenant", "7", "a")), where(is("context.tenant", "7"), is("context.item", "a")), where(not("context.tenant", "7")),
		where(is("context.tenant", "")), where(not("context.tenant", "")), where(is("context.nothing", "")), where(is("context.nothing", "7")), where(not("context.nothing", "7")),
		where(is(`context.na"me`, `","v":"7`)), where(is("context.item", `{"n":"tenant","v":"7"`)), where(is("context.tenant=", `\`)), where(is("context.%", "%")),
		where(is("context.item", "<b>&\u2028", "nothing"), is("context.tenant", "Ünï", "7")), where(is("context", "tenant=7", "tenant=a")),
		where(is("flow", "auth")), where(is("flow", "")), where(not("flow", "auth", "billing")), where(is("flow", "auth"), is("flow", "sms")),
		where(is("attack", "sqli")), where(is("attack", "")), where(not("attack", "")), where(not("attack", "sqli")), where(is("attack", "sqli"), is("attack", "xss")), where(is("attack", "sqli"), not("attack", "xss")),
		where(is("blocked", "true"), is("flag", "malformed")), where(is("flag", "")), where(not("flag", "blocked")),
		where(is("graphql_operation", "query getUser")), where(is("mcp_method", "tools/call", "tools/list"), is("mcp_name", "search")), where(is("mcp_name", "")),
		where(is("mcp_method", "")), where(is("mcp_method", "notifications/progress")), where(is("mcp_name", "search", "")), where(is("mcp_name", `","n":"search`)), where(not("mcp_name", "")),
		where(is("duration", ">100us"), is("duration", "<1s")), where(not("duration", ">=0")), where(is("duration", "<0")), where(is("request_bytes", "0"), not("response_bytes", ">10KB")),
	} {
		f.check(filter)
	}
	_ = t
}

// testHas asks of sessions what no single request need have.
func testHas(t *testing.T, f *fixture) {
	change := func(r record.Request, change func(r *record.Request)) record.Request { change(&r); return r }
	failed := func(r *record.Request) { r.Status = 500 }
	maria := func(r *record.Request) { r.User = "maria" }
	f.write( // session 1 fails on one day and is maria on another, 2 fails, 3 is maria, 4 neither
		change(request(monday, session(1)), failed), change(request(monday+day, session(1)), maria), request(monday+1, session(1)),
		change(request(monday+2, session(2)), failed), change(request(monday+3, session(3)), maria), request(monday+4, session(4)),
	)
	sessions := func(filter store.Filter) (found []uint64) {
		page, err := f.store.Requests(f.ctx, store.RequestQuery{Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Requests {
			found = append(found, uint64(r.Session[15]))
		}
		return found
	}
	for _, c := range []struct {
		filter store.Filter
		want   []uint64 // the session of each request
	}{
		{has(is("status", "5xx"), is("user", "maria")), []uint64{1, 1, 1}},
		{has(is("status", "5xx"), not("user", "maria")), []uint64{2}},
		{has(not("status", "5xx")), []uint64{3, 4}},
		{has(not("status", "5xx"), not("user", "maria")), []uint64{4}},
		{has(is("user", "")), []uint64{1, 1, 2, 4, 1}},
		{has(not("user", "")), []uint64{3}}, // those that tell a user with every request
		{store.Filter{Where: []store.Condition{is("status", "2xx")}, Has: []store.Condition{is("status", "5xx")}}, []uint64{1, 1}},
		{store.Filter{To: monday + day, Has: []store.Condition{is("user", "maria")}}, []uint64{3}}, // the range is of both
		{store.Filter{To: monday + day, Has: []store.Condition{not("user", "maria")}}, []uint64{1, 1, 2, 4}},
		{store.Filter{Where: []store.Condition{is("status", "5xx")}, Has: []store.Condition{is("user", "maria")}, From: monday + 1}, nil},
	} {
		f.same("the sessions of requests", c.filter, c.want, sessions(c.filter))
		f.check(c.filter)
		f.seal(monday.Day(), monday.Day()+1)
		f.check(c.filter)
	}
}
