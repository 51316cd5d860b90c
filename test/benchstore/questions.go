package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// question is one thing that people ask. Each round asks it about something else.
type question struct {
	name  string
	goal  time.Duration // of the 95th percentile; 0 for none
	calls func(v *samples, round int) []call
	plain func(v *samples, round int) string // the same as plain SQL; nil when there is no such thing
}

// call is a call of the API; the calls of a question follow each other.
type call struct {
	path string
	body []byte
}

// nextCursor stands for what the call before answered as the next page.
const nextCursor = "NEXT"

// where is a condition: what a filter of the API says, and what SQL says.
type where struct {
	field string
	value func(v *samples, round int) string
	sql   func(value string) string
}

const (
	goalPage    = 75 * time.Millisecond
	goalFilter  = 250 * time.Millisecond
	goalSort    = 500 * time.Millisecond
	goalSession = 30 * time.Millisecond
	goalHuge    = 60 * time.Millisecond
	goalRequest = 50 * time.Millisecond
	goalValues  = 200 * time.Millisecond
	goalTime    = 500 * time.Millisecond

	// impatient is what a page that may be cut short asks for.
	impatient = 200 * time.Millisecond
)

func fixed(values ...string) func(*samples, int) string {
	return func(_ *samples, round int) string { return values[round%len(values)] }
}

func sampled(get func(*request) string) func(*samples, int) string {
	return func(v *samples, round int) string { return v.of(round, get) }
}

func equals(column string) func(string) string {
	return func(value string) string { return column + " = " + quote(value) }
}

// quote writes a string of SQL.
func quote(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}

func mcp(get func(*request) string) func(*request) string {
	return func(r *request) string {
		if r.MCP == nil {
			return ""
		}
		return get(r)
	}
}

// conditions are those on one field, by the names they have in the table.
var conditions = []struct {
	name string
	where
}{
	{"application", where{"application", fixed("shop", "api", "crm"), equals("application")}},
	{"host", where{"host", sampled(func(r *request) string { return r.Host }), equals("host")}},
	{"host glob", where{"host", fixed("*.api.example.com", "a*.example.com"), func(v string) string { return "host LIKE " + quote(strings.ReplaceAll(v, "*", "%")) }}},
	{"endpoint, exact", where{"endpoint", sampled(func(r *request) string { return r.Method + " " + r.Endpoint }), func(v string) string {
		method, template, _ := strings.Cut(v, " ")
		return "method = " + quote(method) + " AND endpoint = " + quote(template)
	}}},
	{"endpoint, glob", where{"endpoint", fixed("/v1/orders/*", "/v1/*/items", "*/comments"), func(v string) string {
		like := quote(strings.ReplaceAll(v, "*", "%"))
		return "(endpoint LIKE " + like + " OR path LIKE " + like + ")"
	}}},
	{"path, a part of one", where{"endpoint", sampled(func(r *request) string { return r.Path }), inPath}},
	{"method", where{"method", fixed("POST", "PUT", "GET"), equals("method")}},
	{"status 5xx", where{"status", fixed("5xx"), func(string) string { return "status BETWEEN 500 AND 599" }}},
	{"status, exact", where{"status", fixed("404", "403", "429", "503"), func(v string) string { return "status = " + v }}},
	{"flow", where{"flow", fixed("auth", "billing", "ai", "sms"), func(v string) string { return "match(lower(endpoint), " + quote(flowPattern(v)) + ")" }}},
	{"attack", where{"attack", fixed("sqli", "xss", "path_traversal", "jndi"), func(v string) string {
		return "(started, node, seq) IN (SELECT started, node, seq FROM " + findingsTable + " WHERE attack AND type = " + quote(v) + ")"
	}}},
	{"blocked", where{"blocked", fixed("true"), func(string) string { return "has(flags, 'blocked')" }}},
	{"ip", where{"ip", sampled(func(r *request) string { return r.IP }), func(v string) string { return "ip = toIPv6(" + quote(v) + ")" }}},
	{"ip, block", where{"ip", fixed("3.0.0.0/8", "7.64.0.0/16", "2a00::/20"), func(v string) string { return "isIPAddressInRange(toString(ip), " + quote(mapped(v)) + ")" }}},
	{"country", where{"country", sampled(func(r *request) string { return r.Country }), equals("country")}},
	{"network", where{"network", sampled(func(r *request) string { return r.Network }), equals("network")}},
	{"anonymity", where{"anonymity", fixed("tor", "vpn", "hosting"), equals("anonymity")}},
	{"user agent, glob", where{"user_agent", fixed("curl/*", "*Firefox*", "*bot*"), func(v string) string { return "user_agent LIKE " + quote(strings.ReplaceAll(v, "*", "%")) }}},
	{"ja4", where{"ja4", sampled(func(r *request) string { return r.JA4 }), equals("ja4")}},
	{"user", where{"user", sampled(func(r *request) string { return r.User }), equals("user")}},
	{"no user", where{"user", fixed(""), equals("user")}},
	{"role", where{"role", fixed("admin", "seller", "support"), equals("role")}},
	{"key", where{"key", sampled(func(r *request) string { return r.Key }), equals("key")}},
	{"rung", where{"rung", fixed("network", "own", "mcp"), equals("rung")}},
	{"strength", where{"strength", fixed("claimed", "network"), equals("strength")}},
	{"not accepted", where{"accepted", fixed("false"), func(string) string { return "NOT accepted" }}},
	{"client", where{"client", sampled(func(r *request) string { return r.Client }), func(v string) string { return "client = unhex(" + quote(v) + ")" }}},
	{"context, common value", where{"context.tenant", sampled(parameter("tenant")), inContext("tenant")}},
	{"context, rare value", where{"context.order", sampled(parameter("order")), inContext("order")}},
	{"GraphQL operation", where{"graphql_operation", sampled(func(r *request) string { return r.Operation }), equals("graphql_operation")}},
	{"MCP server", where{"mcp_server", fixed("mcp.example.com/mcp", "crm.example.com/mcp"), equals("mcp_server")}},
	{"MCP method", where{"mcp_method", fixed("tools/list", "resources/read", "tools/call"), equals("mcp_method")}},
	{"MCP name", where{"mcp_name", sampled(mcp(func(r *request) string { return r.MCP.Name })), equals("mcp_name")}},
	{"MCP client", where{"mcp_client", fixed("claude-code 2.1", "inspector 0.17"), equals("mcp_client")}},
	{"MCP trace", where{"mcp_trace", sampled(mcp(func(r *request) string { return r.MCP.Trace })), equals("mcp_trace")}},
	{"flag", where{"flag", fixed("truncated", "malformed"), func(v string) string { return "has(flags, " + quote(v) + ")" }}},
	{"duration", where{"duration", fixed(">500ms", ">2s"), func(v string) string {
		return "duration > " + map[string]string{">500ms": "500000", ">2s": "2000000"}[v]
	}}},
	{"duration, nothing so long", where{"duration", fixed(">1h"), func(string) string { return "duration > 3600000000" }}},
	{"response size", where{"response_bytes", fixed(">100KB"), func(string) string { return "response_bytes > 100000" }}},
	{"path, a part that occurs nowhere", where{"endpoint", unheard("/zz"), inPath}},
	{"context, a value that occurs nowhere", where{"context.order", unheard("zz"), inContext("order")}},
	{"user that does not exist", where{"user", unheard("nobody"), equals("user")}},
	{"ip that does not occur", where{"ip", fixed("203.0.113.7", "198.51.100.23"), func(v string) string { return "ip = toIPv6(" + quote(v) + ")" }}},
}

// unheard returns values that occur nowhere, another one each round.
func unheard(prefix string) func(*samples, int) string {
	return func(_ *samples, round int) string { return fmt.Sprintf("%s-unheard-of-%d", prefix, round) }
}

func inPath(v string) string {
	return "(positionCaseInsensitive(path, " + quote(v) + ") > 0 OR positionCaseInsensitive(endpoint, " + quote(v) + ") > 0)"
}

func inContext(name string) func(string) string {
	return func(v string) string {
		return "arrayExists((n, v) -> n = " + quote(name) + " AND v = " + quote(v) + ", context_names, context_values)"
	}
}

// mapped writes a block of IPv4 as one of IPv6, which is how addresses are stored.
func mapped(block string) string {
	address, bits, _ := strings.Cut(block, "/")
	if strings.Contains(address, ":") {
		return block
	}
	var n int
	fmt.Sscan(bits, &n)
	return fmt.Sprintf("::ffff:%s/%d", address, n+96)
}

// flowPattern finds the endpoints of a flow, much as the store's own list does.
func flowPattern(flow string) string {
	return `(^|[^a-z0-9])(` + map[string]string{
		"auth": "auth|login|tokens?|passkeys?|otp|password", "billing": "payments?|invoices?|subscriptions?|refunds?|orders?",
		"ai": "ai|chat|completions?|prompts?|mcp", "sms": "sms|otp|phone",
	}[flow] + `)([^a-z0-9]|$)`
}

// combination is several conditions, with what stands before their names.
type combination []struct {
	prefix string // "", "not.", "has.", "not.has."
	where
}

var named = func() map[string]where {
	all := map[string]where{}
	for _, c := range conditions {
		all[c.name] = c.where
	}
	return all
}()

func combine(prefixesAndNames ...string) (c combination) {
	for i := 0; i < len(prefixesAndNames); i += 2 {
		w, ok := named[prefixesAndNames[i+1]]
		if !ok {
			panic("bug: no condition " + prefixesAndNames[i+1])
		}
		c = append(c, struct {
			prefix string
			where
		}{prefixesAndNames[i], w})
	}
	return c
}

func (c combination) query(v *samples, round int) url.Values {
	q := url.Values{}
	for _, w := range c {
		q.Add(w.prefix+w.field, w.value(v, round))
	}
	return q
}

func (c combination) sql(v *samples, round int) string {
	terms := []string{"kind = 0"}
	for _, w := range c {
		term := "(" + w.where.sql(w.value(v, round)) + ")"
		if strings.Contains(w.prefix, "has.") {
			term = "session IN (SELECT session FROM " + requestsTable + " WHERE kind = 0 AND " + term + ")"
		}
		if strings.HasPrefix(w.prefix, "not.") {
			term = "NOT " + term
		}
		terms = append(terms, term)
	}
	return strings.Join(terms, " AND ")
}

// list asks for the first page of sessions.
func list(c combination, more ...string) func(*samples, int) []call {
	return func(v *samples, round int) []call {
		q := c.query(v, round)
		for i := 0; i < len(more); i += 2 {
			q.Set(more[i], more[i+1])
		}
		return []call{{path: "/api/v1/sessions?" + q.Encode()}}
	}
}

// listSQL is the same as plain SQL: what a row of the list shows, of the requests
// that match.
func listSQL(c combination, order string) func(*samples, int) string {
	return func(v *samples, round int) string {
		return "SELECT session, day, min(started) AS first, max(started) AS last, count() AS n, countIf(status >= 400) AS errors, " +
			"sum(greatest(request_bytes, 0) + greatest(response_bytes, 0)) AS bytes, topK(1)(ip) AS ips, topK(1)(user_agent) AS agents, topK(1)(user) AS users, " +
			"topK(2)(endpoint) AS endpoints, uniqExact(endpoint) AS templates FROM " + requestsTable + " WHERE " + c.sql(v, round) +
			" GROUP BY session, day ORDER BY " + order + " LIMIT 50"
	}
}

// post asks for an aggregation of the last days.
func post(query map[string]any, vary func(v *samples, round int, query map[string]any)) func(*samples, int) []call {
	return func(v *samples, round int) []call {
		q := map[string]any{}
		for name, value := range query {
			q[name] = value
		}
		if vary != nil {
			vary(v, round, q)
		}
		body, err := json.Marshal(q)
		if err != nil {
			panic("bug: " + err.Error())
		}
		return []call{{path: "/api/v1/query", body: body}}
	}
}

// questions are all of them.
func questions() []question {
	all := []question{
		{"first page", goalPage, list(nil), listSQL(nil, "first DESC")},
		{"first page of one hour", goalFilter, inHour, nil},
		{"first page, then the second", 2 * goalPage, func(*samples, int) []call {
			return []call{{path: "/api/v1/sessions"}, {path: "/api/v1/sessions?cursor=" + nextCursor}}
		}, nil},
	}
	for _, c := range conditions {
		one := combination{{"", c.where}}
		all = append(all, question{c.name, goalFilter, list(one), listSQL(one, "first DESC")})
	}
	for _, c := range []struct {
		name  string
		where combination
	}{
		{"host + status 403 + attack", combine("", "host", "", "not accepted", "", "attack")},
		{"country + method + status 5xx", combine("", "country", "", "method", "", "status 5xx")},
		{"role + endpoint + duration", combine("", "role", "", "endpoint, exact", "", "duration")},
		{"user + host", combine("", "user", "", "host")},
		{"tenant + host + status 4xx", combine("", "context, common value", "", "host", "", "status, exact")},
		{"not 5xx", combine("not.", "status 5xx")},
		{"not country", combine("not.", "country")},
		{"host, not GET or POST, not user agent", combine("", "host", "not.", "method", "not.", "user agent, glob")},
		{"has attack", combine("has.", "attack")},
		{"host, has 5xx", combine("", "host", "has.", "status 5xx")},
		{"country, has no attack", combine("", "country", "not.has.", "attack")},
		{"user, has a path that occurs nowhere", combine("", "user", "has.", "path, a part that occurs nowhere")},
	} {
		all = append(all, question{c.name, goalFilter, list(c.where), listSQL(c.where, "first DESC")})
	}
	for _, name := range []string{"path, a part that occurs nowhere", "context, a value that occurs nowhere"} {
		all = append(all, question{name + ", within " + impatient.String(), goalFilter + impatient,
			list(combine("", name), "within_ms", fmt.Sprint(impatient.Milliseconds())), nil})
	}
	for _, sort := range []string{"started", "ended", "duration", "requests", "attacks", "bytes"} {
		order := map[string]string{"started": "first", "ended": "last", "duration": "last - first", "requests": "n", "attacks": "", "bytes": "bytes"}[sort]
		q := question{name: "by " + sort, goal: goalSort, calls: list(nil, "sort", sort)}
		if order != "" {
			q.plain = listSQL(nil, order+" DESC")
		}
		all = append(all, q)
		if sort == "requests" || sort == "started" {
			all = append(all, question{"by " + sort + ", the least first", goalSort, list(nil, "sort", sort, "order", "asc"), nil})
		}
	}
	host := combine("", "host")
	all = append(all,
		question{"by duration, of a host", goalSort, list(host, "sort", "duration"), listSQL(host, "last - first DESC")},
		question{"by requests, with 5xx", goalSort, list(combine("", "status 5xx"), "sort", "requests"), listSQL(combine("", "status 5xx"), "n DESC")},
	)
	return append(all, others()...)
}

func inHour(v *samples, round int) []call {
	at := v.requests[round*37%len(v.requests)].Started.Truncate(time.Hour)
	q := url.Values{"from": {stamp(at)}, "to": {stamp(at.Add(time.Hour))}}
	return []call{{path: "/api/v1/sessions?" + q.Encode()}}
}

// others are the questions that are not lists of sessions.
func others() []question {
	open := func(pick func(v *samples, round int) part) func(*samples, int) []call {
		return func(v *samples, round int) []call {
			p := pick(v, round)
			path := "/api/v1/sessions/" + p.ID
			return []call{{path: path + "?part=" + p.Part}, {path: path + "/requests?limit=100&part=" + p.Part}}
		}
	}
	short := func(v *samples, round int) part { return v.short[round%len(v.short)] }
	huge := func(v *samples, round int) part { return v.huge[round%len(v.huge)] }
	rows := func(pick func(*samples, int) part) func(*samples, int) string {
		return func(v *samples, round int) string {
			p := pick(v, round)
			return "SELECT * EXCEPT (lowered) FROM " + requestsTable + " WHERE kind = 0 AND session = unhex(" + quote(p.ID) + ") AND day = toInt32(toDate(" + quote(p.Part) + ")) ORDER BY started LIMIT 100"
		}
	}
	values := func(field string, texts ...string) func(*samples, int) []call {
		return func(_ *samples, round int) []call {
			q := url.Values{"field": {field}, "contains": {texts[round%len(texts)]}, "limit": {"20"}}
			return []call{{path: "/api/v1/values?" + q.Encode()}}
		}
	}
	valuesSQL := func(column string, texts ...string) func(*samples, int) string {
		return func(_ *samples, round int) string {
			return "SELECT " + column + ", count() AS n FROM " + requestsTable + " WHERE kind = 0 AND positionCaseInsensitive(toString(" + column + "), " + quote(texts[round%len(texts)]) + ") > 0 GROUP BY " + column + " ORDER BY n DESC LIMIT 20"
		}
	}
	count := func(c combination) func(*samples, int) []call {
		return func(v *samples, round int) []call {
			return []call{{path: "/api/v1/sessions/count?" + c.query(v, round).Encode()}}
		}
	}
	countSQL := func(c combination) func(*samples, int) string {
		return func(v *samples, round int) string {
			return "SELECT uniqExact(session, day), count() FROM " + requestsTable + " WHERE " + c.sql(v, round)
		}
	}
	week := map[string]any{"by": []string{"time"}, "step_s": 3600, "measures": []string{"requests", "errors"}, "limit": 1000}
	users := []string{"user17", "user2", "@example", "9@", "nobody"}
	return []question{
		{"open a short session", goalSession, open(short), rows(short)},
		{"open a session of 100,000", goalHuge, open(huge), rows(huge)},
		{"neighbours of a session", goalFilter, func(v *samples, round int) []call {
			return []call{{path: "/api/v1/sessions/" + short(v, round).ID + "/neighbours"}}
		}, nil},
		{"one request", goalRequest, func(v *samples, round int) []call {
			return []call{{path: "/api/v1/requests/" + v.of(round, func(r *request) string { return r.ID })}}
		}, nil},
		{"values of host", goalValues, values("host", "a", "api", "shop", ""), valuesSQL("host", "a", "api", "shop", "")},
		{"values of user", goalValues, values("user", users...), valuesSQL("user", users...)},
		{"values of endpoint", goalValues, values("endpoint", "orders", "login", "items", "v2"), valuesSQL("endpoint", "orders", "login", "items", "v2")},
		{"values of ip", goalValues, values("ip", "3.1", "7.", "2a0"), valuesSQL("ip", "3.1", "7.", "2a0")},
		{"values of context.tenant", goalValues, values("context.tenant", "t1", "9", ""), nil},
		{"count of everything", 0, count(nil), countSQL(nil)},
		{"count with 5xx", 0, count(combine("", "status 5xx")), countSQL(combine("", "status 5xx"))},
		{"count of a host", 0, count(combine("", "host")), countSQL(combine("", "host"))},
		{"histogram of all days", goalTime, post(week, func(_ *samples, round int, q map[string]any) { q["step_s"] = []int{3600, 1800, 7200}[round%3] }),
			func(_ *samples, round int) string {
				return fmt.Sprintf("SELECT intDiv(started, %d) AS t, count(), countIf(status >= 400) FROM "+requestsTable+" WHERE kind = 0 GROUP BY t ORDER BY t", []int{3600, 1800, 7200}[round%3]*1_000_000)
			}},
		{"histogram of all days, of a host", goalTime, post(week, func(v *samples, round int, q map[string]any) {
			q["where"] = []map[string]any{{"field": "host", "values": []string{v.of(round, func(r *request) string { return r.Host })}}}
		}), func(v *samples, round int) string {
			return "SELECT intDiv(started, 3600000000) AS t, count(), countIf(status >= 400) FROM " + requestsTable + " WHERE " + combine("", "host").sql(v, round) + " GROUP BY t ORDER BY t"
		}},
		{"p95 of the duration by endpoint", 0, post(map[string]any{"by": []string{"endpoint"}, "measures": []string{"p95", "requests"}, "limit": 50}, nil),
			fixed("SELECT method, endpoint, quantile(0.95)(duration) AS p, count() FROM " + requestsTable + " WHERE kind = 0 GROUP BY method, endpoint ORDER BY p DESC LIMIT 50")},
		{"top users by requests", 0, post(map[string]any{"by": []string{"user"}, "measures": []string{"requests"}, "limit": 20}, nil),
			fixed("SELECT user, count() AS n FROM " + requestsTable + " WHERE kind = 0 GROUP BY user ORDER BY n DESC LIMIT 20")},
		{"sessions and users by country", 0, post(map[string]any{"by": []string{"country"}, "measures": []string{"requests", "sessions", "users"}, "limit": 20}, nil),
			fixed("SELECT country, count() AS n, uniqExact(session), uniqExact(user) FROM " + requestsTable + " WHERE kind = 0 GROUP BY country ORDER BY n DESC LIMIT 20")},
	}
}
