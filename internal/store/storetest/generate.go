package storetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
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
	templates = []string{"/users/{int}", "/users/{int}/orders", "/Login", "/über/{uuid}", "/", "", "/100%_done", `/back\slash`}
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
	flags     = []record.Flag{record.FlagMalformed, record.FlagValueCut, record.FlagUpgraded}
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

// filter returns a filter with a few conditions. Some find requests by known
// values, some nothing at all.
func (g *generator) filter(known []record.Request) store.Filter {
	var f store.Filter
	r := &known[g.IntN(len(known))]
	for range g.IntN(4) {
		switch g.IntN(17) {
		case 0:
			f.From = g.time(3)
		case 1:
			f.To = g.time(3)
		case 2:
			f.Applications = []string{r.Application, "nobody"}
		case 3:
			f.Hosts = append(f.Hosts, pick(g, []string{r.Host, "*.example.com", "*", "?nïcode*", "a_b%c*", "none", "*'*", "[a-z]*", "SHOP*"}))
		case 4:
			f.Endpoints = append(f.Endpoints, pick(g, []string{
				r.Method + " " + r.Endpoint, "users", "GET *", "/users/*/orders*", "ÜBER", "/?ber*", "%_", `\`, "log?n", "/login*", "*/7", "POST /nothing", "[u]", "", " ", "m-search *",
			}))
		case 5:
			f.Methods = []string{r.Method, pick(g, methods)}
		case 6:
			low := pick(g, statuses)
			f.Statuses = append(f.Statuses, store.StatusRange{Low: low, High: low + g.IntN(100)})
		case 7:
			f.IPs = append(f.IPs, netip.MustParsePrefix(pick(g, []string{
				"203.0.113.7/32", "203.0.113.0/24", "0.0.0.0/0", "::/0", "2001:db8::/32", "2001:db8::1/128", "10.1.0.0/15", "::ffff:10.1.2.3/128", "10.1.2.3/8", "fe80::/10",
			})))
		case 8:
			f.UserAgents = []string{r.UserAgent, "none"}
		case 9:
			f.Keys = []string{r.Key}
		case 10:
			f.Session = &r.Session
		case 11:
			f.Request = &r.ID
		case 12:
			f.Users = []string{r.User, "nobody"}
		case 13:
			f.Roles = []string{pick(g, roles)}
		case 14:
			f.Countries, f.Networks = []string{r.Country}, []string{r.Network, "none"}
		case 15:
			for _, v := range r.Context[:min(g.IntN(3), len(r.Context))] {
				f.Context = append(f.Context, store.ContextValue{Name: v.Name, Value: v.Value})
			}
			f.Context = append(f.Context, store.ContextValue{Name: pick(g, names), Value: pick(g, values)})
		case 16:
			g.message(&f, r)
		}
	}
	return f
}

// message adds conditions on GraphQL and MCP.
func (g *generator) message(f *store.Filter, r *record.Request) {
	switch mcp := r.MCP; {
	case mcp == nil:
		f.Operations = []string{r.Operation}
	case g.IntN(2) == 0:
		f.MCPServers, f.MCPMethods = []string{mcp.Server}, []string{mcp.Method, "none"}
	case len(mcp.More) > 0 && g.IntN(2) == 0:
		last := mcp.More[len(mcp.More)-1]
		f.MCPMethods, f.MCPNames = []string{last.Method}, []string{last.Name}
	default:
		f.MCPNames = []string{mcp.Name, pick(g, tools)}
	}
}
