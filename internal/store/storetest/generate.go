package storetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	second = record.Time(time.Second / time.Microsecond)
	hour   = 3600 * second
	day    = 24 * hour
)

// monday is noon of the day most tests use.
var monday = record.TimeOf(time.Date(2026, 11, 16, 12, 0, 0, 0, time.UTC))

// request returns a plain request of a session; sessions may have one at the same
// time.
func request(at record.Time, id record.SessionID) record.Request {
	return record.Request{
		ID: record.RequestID{At: at, Node: uint32(id[15]), Seq: 1}, Session: id, Client: session(999), Started: at,
		Duration: 1500, FirstByte: 700, RequestBytes: 0, ResponseBytes: 512,
		Application: "default", Host: "shop.example.com", Method: "GET", Path: "/users/7", Endpoint: "/users/{int}",
		Status: 200, IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "curl/8.5",
		Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Strength: record.StrengthSecret,
		Accepted: true,
	}
}

func session(n uint64) (id record.SessionID) {
	binary.BigEndian.PutUint64(id[:], n*0x9e3779b97f4a7c15) // spread over both halves of the range
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

// generator makes requests and filters that find some of them, from a seed.
type generator struct {
	*rand.Rand
	seq uint32
}

func newGenerator(seed uint64) *generator { return &generator{Rand: rand.New(rand.NewPCG(seed, 1))} }

var (
	hosts     = []string{"", "shop.example.com", "api.example.com", "Ünïcode.example", "10.0.0.1:8080", "a_b%c.example"}
	methods   = []string{"GET", "GET", "POST", "DELETE", "get", "M-SEARCH", ""}
	templates = []string{"/users/{int}", "/users/{int}/orders", "/Login", "/über/{uuid}", "/", "", "/100%_done", `/back\slash`, "/Auth_OTP", "/me/password"}
	agents    = []string{"", "curl/8.5", "Mozilla/5.0 (X11)", `it's "quoted"`, "Mozilla/5.0 (Macintosh)"}
	addresses = []string{"203.0.113.7", "203.0.113.200", "10.1.2.3", "2001:db8::1", "2001:db8:0:1::9", "::1", "::ffff:10.1.2.3", "fe80::1%eth0"}
	keys      = []string{"PHPSESSID", "ip_ua", "token", "Ключ"}
	statuses  = []int{0, 200, 200, 201, 304, 400, 404, 499, 500, 503, 599, 600, 999}
	countries = []string{"DE", "US", "FR"}
	networks  = []string{"AWS", "Hetzner", "Deutsche Telekom AG"}
	users     = []string{"maria", "Jürgen", `o'neil "x"`, "a@b.example", "42"}
	roles     = []string{"buyer", "admin", "support"}
	names     = []string{"tenant", `na"me`, "item", `back\slash`, "tenant="}
	values    = []string{"7", "", "a", `","v":"7`, `{"n":"tenant","v":"7"`, "<b>&\u2028", `\`, "Ünï"}
	tools     = []string{"get_opportunity", "", "search", "file:///etc/passwd", `","n":"search`, `"n":`, `a\`, "Ü\u2028\x00\t"}
	calls     = []string{"tools/call", "tools/list", "notifications/progress", `x"m":"tools/call`, "Ping"}
	flags     = []record.Flag{record.FlagMalformed, record.FlagBlocked, record.FlagValueCut, record.FlagUpgraded}
)

// pick returns an element of list, early ones more often.
func pick[T any](g *generator, list []T) T { return list[min(g.IntN(len(list)), g.IntN(len(list)))] }

func (g *generator) time(days int) record.Time {
	return monday.Day().Start() + record.Time(g.Int64N(int64(days)*int64(day)))
}

func (g *generator) measure() record.Measure {
	return pick(g, []record.Measure{record.Unknown, 0, record.Measure(g.IntN(100)), record.Measure(g.Int64N(1 << 40))})
}

// request returns a request of one of the sessions within days.
func (g *generator) request(sessions, days int) record.Request {
	g.seq++
	at := g.time(days)
	r := request(at, session(uint64(min(g.IntN(sessions), g.IntN(sessions)))))
	r.ID.Seq, r.ID.Node = g.seq, uint32(g.IntN(3))
	r.Client = session(uint64(1000 + g.IntN(5)))
	r.Duration, r.FirstByte, r.RequestBytes, r.ResponseBytes = g.measure(), g.measure(), g.measure(), g.measure()
	r.Application = pick(g, []string{"default", "shop", "x"})
	r.Host, r.Method, r.Endpoint = pick(g, hosts), pick(g, methods), pick(g, templates)
	r.Path = fmt.Sprintf("%s/%d", r.Endpoint, g.IntN(50))
	r.Query = pick(g, []string{"", "a=1", "q=%00'--"})
	r.Status, r.UserAgent, r.Key = pick(g, statuses), pick(g, agents), pick(g, keys)
	r.IP = netip.Addr{}
	if g.IntN(5) > 0 {
		r.IP = netip.MustParseAddr(pick(g, addresses))
	}
	r.Point = "request.cookie[" + r.Key + "]"
	r.Rung = pick(g, []record.Rung{record.RungNetwork, record.RungBuiltin, record.RungOwn})
	r.Strength = pick(g, []record.Strength{record.StrengthSecret, record.StrengthClaimed})
	r.Accepted = r.Status != 401
	r.Tried, r.Revision = g.IntN(9), g.Uint64()
	r.Flags = flags[:g.IntN(len(flags)+1)]
	g.identify(&r)
	return r
}

// identify fills in what only some requests have.
func (g *generator) identify(r *record.Request) {
	some := func(to *string, list []string) {
		if g.IntN(3) > 0 {
			*to = pick(g, list)
		}
	}
	some(&r.Country, countries)
	some(&r.Network, networks)
	some(&r.Anonymity, []string{"tor", "vpn"})
	some(&r.JA4, []string{"t13d1516h2_8daaf6152771_b186095e22b6", "q13d0312h3_55b375c5d22e_06cda9e17597"})
	some(&r.User, users)
	some(&r.Role, roles)
	some(&r.Operation, []string{"query getUser", "mutation", "subscription ü"})
	if g.IntN(3) == 0 {
		r.MCP = &record.MCP{Error: pick(g, []int{0, -32602, 7})}
		some(&r.MCP.Server, []string{"crm.example.com/mcp", "a.example/mcp"})
		some(&r.MCP.Method, calls)
		some(&r.MCP.Name, tools)
		some(&r.MCP.Client, []string{"claude-code 2.1", "x"})
		some(&r.MCP.Generation, []string{"2025-11-25", "2026-07-28"})
		some(&r.MCP.Trace, []string{"4bf92f3577b34da6a3ce929d0e0e4736", "zz"})
		if g.IntN(2) == 0 {
			r.MCP.More = g.messages(1 + g.IntN(4))
		}
	}
	for range g.IntN(5) {
		r.Context = append(r.Context, record.Value{Name: pick(g, names), Value: pick(g, values), Hashed: g.IntN(3) == 0})
	}
}

// messages returns further messages of a batch or a stream.
func (g *generator) messages(n int) (more []record.MCPMessage) {
	for range n {
		m := record.MCPMessage{Error: pick(g, []int{0, -32601, 7}), From: pick(g, []string{record.FromClient, record.FromServer})}
		if g.IntN(4) > 0 {
			m.Method, m.Name = pick(g, calls), pick(g, tools)
		}
		if g.IntN(4) == 0 {
			m.Trace = "0af7651916cd43dd8448eb211c80319c"
		}
		more = append(more, m)
	}
	return more
}

// findings returns findings of some of requests, and of one that is not there.
func (g *generator) findings(requests []record.Request) (findings []record.Finding) {
	for i := range requests {
		r := &requests[i]
		for n := range max(0, g.IntN(6)-3) {
			findings = append(findings, record.Finding{
				ID: fmt.Sprint(r.ID, n), Request: r.ID, Session: r.Session, Started: r.Started,
				Type: pick(g, []string{"sqli", "xss", "protocol_smuggling"}), Attack: g.IntN(3) > 0, Detail: "1' OR 1",
			})
		}
	}
	elsewhere := g.request(5, 2)
	return append(findings, record.Finding{
		ID: elsewhere.ID.String(), Request: elsewhere.ID, Session: elsewhere.Session, Started: elsewhere.Started, Type: "sqli", Attack: true,
	})
}

// batch returns n requests of some sessions within days, and what was found about
// them.
func (g *generator) batch(n, sessions, days int) (b store.Batch) {
	for range n {
		b.Requests = append(b.Requests, g.request(sessions, days))
	}
	b.Findings = g.findings(b.Requests)
	return b
}

// filter returns a filter with a few conditions. Some find requests by known
// values, some nothing at all.
func (g *generator) filter(known []record.Request) store.Filter {
	var f store.Filter
	for range g.IntN(4) {
		f.Where = append(f.Where, g.condition(known))
	}
	for range max(0, g.IntN(5)-2) {
		f.Has = append(f.Has, g.condition(known))
	}
	if g.IntN(4) == 0 {
		f.From = g.time(3)
	}
	if g.IntN(4) == 0 {
		f.To = g.time(3)
	}
	r := &known[g.IntN(len(known))]
	switch g.IntN(12) {
	case 0:
		f.Session = &r.Session
	case 1:
		f.Request = &r.ID
	}
	return f
}

// query returns a question about up to three fields of what a filter finds.
func (g *generator) query(known []record.Request) store.Query {
	q := store.Query{Filter: g.filter(known), Limit: 1 + g.IntN(60)}
	for range g.IntN(store.MaxBy + 1) {
		field := &store.Fields[g.IntN(len(store.Fields))]
		name := map[bool]string{true: "context." + pick(g, names), false: field.Name}[field.Kind == store.KindContext]
		if field.Group && !slices.Contains(q.By, name) {
			q.By = append(q.By, name)
		}
	}
	if len(q.By) > 0 && g.IntN(3) == 0 {
		q.By[g.IntN(len(q.By))], q.Step = store.ByTime, time.Duration(1+g.IntN(100))*time.Hour
	}
	for range 1 + g.IntN(3) {
		q.Measures = append(q.Measures, everyMeasure[g.IntN(len(everyMeasure))])
	}
	if g.IntN(2) == 0 {
		q.Order = q.Measures[g.IntN(len(q.Measures))]
	}
	if len(q.By) > 0 && g.IntN(4) == 0 {
		q.Contains = pick(g, []string{"a", "2", "/", "E", "zz"})
	}
	return q
}

// condition returns a condition on any of the fields.
func (g *generator) condition(known []record.Request) store.Condition {
	field := &store.Fields[g.IntN(len(store.Fields))]
	return g.conditionOn(field, g.IntN(3) == 0, known)
}

// conditionOn returns a condition on one field, with values of a known request
// and such as need care.
func (g *generator) conditionOn(field *store.Field, not bool, known []record.Request) store.Condition {
	r, name := &known[g.IntN(len(known))], field.Name
	candidates := values
	if field.Kind == store.KindContext {
		name = "context." + pick(g, names)
		if len(r.Context) > 0 && g.IntN(2) == 0 {
			name, candidates = "context."+r.Context[0].Name, append([]string{r.Context[0].Value}, values...)
		}
	} else {
		candidates = candidatesFor(field, r)
	}
	var chosen []string
	for range 1 + g.IntN(3) {
		chosen = append(chosen, pick(g, candidates))
	}
	return condition(name, not, chosen...)
}

func candidatesFor(field *store.Field, r *record.Request) []string {
	switch field.Name {
	case "host":
		return []string{r.Host, "*.example.com", "*", "?nïcode*", "a_b%c*", "none", "*'*", "[a-z]*", "SHOP*", ""}
	case "user_agent":
		return []string{r.UserAgent, "curl/*", "*quoted*", "*(X1?)", "none", "", "MOZILLA*"}
	case "endpoint":
		return []string{
			r.Method + " " + r.Endpoint, r.Path, "users", "GET *", "/users/*/orders*", "ÜBER", "/?ber*", "%_", `\`, "log?n", "/login*", "*/7", "POST /nothing", "[u]", "", " ", "m-search *",
		}
	case "status":
		return []string{"4xx", "5xx", "0", "200", "200-299", "404-503", "9xx", "999"}
	case "ip":
		return []string{
			"203.0.113.7", "203.0.113.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1", "10.1.0.0/15", "::ffff:10.1.2.3", "10.1.2.3/8", "fe80::/10", "::ffff:0:0/96", "192.0.2.1",
		}
	case "blocked", "accepted":
		return []string{"true", "false"}
	case "attack":
		return []string{"sqli", "xss", "", "protocol_smuggling", "none"}
	}
	if field.Kind == store.KindNumber {
		n, known := amount(field.Name, r)
		if !known {
			n = 50
		}
		v := strconv.FormatInt(n, 10)
		return []string{v, ">" + v, "<" + v, ">=" + v, "<=" + v, "0-" + v, "0", ">0", "<0", map[store.Unit]string{store.UnitMicroseconds: ">500ms", store.UnitBytes: ">10KB"}[field.Unit]}
	}
	own := texts(field.Name, "", r, nil)[0]
	return []string{own, "", "nobody", own + "*", strings.ToUpper(own)}
}
