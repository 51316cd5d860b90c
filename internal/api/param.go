package api

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	// maxValues is how many alternatives one filter may have.
	maxValues = 100
	// maxValueBytes is the length of one parameter's value.
	maxValueBytes = 8 << 10
	// maxAgo is how far back a relative time may reach.
	maxAgo = 100 * 365 * 24 * time.Hour
)

// param is one query parameter: what the document says of it and how it is read.
type param struct {
	name    string
	doc     string
	example string
	many    bool         // may be repeated; the values are alternatives
	schema  *huma.Schema // nil for a string
	set     func(q *question, value string) error
}

// question is what the query string asks.
type question struct {
	store.Filter
	cursor string
	limit  int
	now    time.Time
}

// filterParams are the filters of every list, in the order they are documented.
var filterParams = []param{
	{name: "from", example: "-24h", doc: "Requests that started at or after it: RFC 3339, `now`, or back from now as `-15m`, `-24h`, `-7d`",
		set: func(q *question, v string) (err error) { q.From, err = parseTime(v, q.now); return err }},
	{name: "to", example: "now", doc: "Requests that started before it, written like `from`",
		set: func(q *question, v string) (err error) { q.To, err = parseTime(v, q.now); return err }},
	text("application", "shop", "Name of the application", func(f *store.Filter) *[]string { return &f.Applications }),
	text("host", "*.example.com", "Host, or a glob with `*` and `?`; empty for requests whose host is unknown", func(f *store.Filter) *[]string { return &f.Hosts }),
	text("endpoint", "GET /users/{int}/orders", "`METHOD endpoint` as facets show it, or a part of the endpoint or path; a glob with `*` and `?` must match as a whole", func(f *store.Filter) *[]string { return &f.Endpoints }),
	{name: "ip", many: true, example: "192.0.2.0/24", doc: "Client address or CIDR block",
		set: func(q *question, v string) error { return add(&q.IPs, v, parsePrefix) }},
	text("method", "POST", "Request method", func(f *store.Filter) *[]string { return &f.Methods }),
	{name: "status", many: true, example: "4xx", doc: "Response status: `404`, `4xx` or `400-499`; `0` for no response",
		set: func(q *question, v string) error { return add(&q.Statuses, v, parseStatus) }},
	text("user_agent", "curl/8.5.0", "User-Agent, the whole of it", func(f *store.Filter) *[]string { return &f.UserAgents }),
	text("key", "PHPSESSID", "Name of the grouping key", func(f *store.Filter) *[]string { return &f.Keys }),
	text("user", "maria", "The user", func(f *store.Filter) *[]string { return &f.Users }),
	text("role", "buyer", "The user's role", func(f *store.Filter) *[]string { return &f.Roles }),
	text("country", "DE", "Country of the client address", func(f *store.Filter) *[]string { return &f.Countries }),
	text("network", "AWS", "Network of the client address", func(f *store.Filter) *[]string { return &f.Networks }),
	{name: "context", many: true, example: "tenant=7", doc: "`name=value` of a context parameter, a hashed one by the digest that is shown; different names must all match",
		set: func(q *question, v string) error { return add(&q.Context, v, parseContext) }},
	text("graphql_operation", "query getUser", "GraphQL operation", func(f *store.Filter) *[]string { return &f.Operations }),
	text("mcp_server", "crm.example.com/mcp", "MCP server", func(f *store.Filter) *[]string { return &f.MCPServers }),
	text("mcp_method", "tools/call", "MCP method", func(f *store.Filter) *[]string { return &f.MCPMethods }),
	text("mcp_name", "get_opportunity", "MCP tool, prompt or resource", func(f *store.Filter) *[]string { return &f.MCPNames }),
	{name: "session", example: "9d71154dadd331c60b2f3a41c1d0e5aa", doc: "Session id",
		set: func(q *question, v string) error { return one(&q.Session, v, record.ParseSessionID) }},
	{name: "request", example: "01JV3Q7F2M9T4B8X00AB", doc: "Request id",
		set: func(q *question, v string) error { return one(&q.Request, v, record.ParseRequestID) }},
}

// pageParams walk through a list.
var pageParams = []param{
	{name: "cursor", doc: "`next` of the page before",
		set: func(q *question, v string) error { q.cursor = v; return nil }},
	{name: "limit", doc: "How many to list at the most",
		schema: &huma.Schema{Type: huma.TypeInteger, Minimum: number(1), Maximum: number(store.MaxLimit), Default: store.DefaultLimit},
		set:    func(q *question, v string) (err error) { q.limit, err = parseLimit(v); return err }},
}

// partParam keeps a question to one day.
var partParam = param{name: "part", example: "2026-11-21", doc: "Only the requests of this UTC day",
	schema: &huma.Schema{Type: huma.TypeString, Format: "date"},
	set: func(q *question, v string) error {
		day, err := record.ParseDay(v)
		switch {
		case err != nil:
			return err
		case day < 0:
			return fmt.Errorf("%q is before 1970", v) // its end could read as open to the store
		}
		q.From = max(q.From, day.Start())
		q.To = cmp.Or(min(q.To, (day+1).Start()), (day + 1).Start())
		return nil
	}}

var (
	sessionListParams = slices.Concat(filterParams, pageParams)
	sessionParams     = append(without(filterParams, "session"), partParam)
	requestListParams = slices.Concat(sessionParams, pageParams)
)

// ask reads a query string. Every parameter in it must be one of params: a
// misspelt filter that was ignored would answer another question.
func ask(query string, params []param, now time.Time) (question, error) {
	q := question{now: now}
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, invalid("", query, fmt.Errorf("the query string is malformed: %w", err))
	}
	for _, name := range sortedNames(values) {
		if !slices.ContainsFunc(params, func(p param) bool { return p.name == name }) {
			return q, invalid(name, values.Get(name), fmt.Errorf("unknown parameter; known are %s", names(params)))
		}
	}
	// In the order of params, so that part is read after from and to.
	for _, p := range params {
		if err := p.read(&q, values[p.name]); err != nil {
			return q, err
		}
	}
	if q.To != 0 && q.From >= q.To {
		return q, invalid("from", q.From.String(), fmt.Errorf("must lie before to, which is %s", q.To))
	}
	return q, nil
}

func (p param) read(q *question, values []string) error {
	most := 1
	if p.many {
		most = maxValues
	}
	if len(values) > most {
		return invalid(p.name, values[most], fmt.Errorf("given %d times; at most %d", len(values), most))
	}
	for _, v := range values {
		switch {
		case len(v) > maxValueBytes:
			return invalid(p.name, v, fmt.Errorf("%d bytes long; at most %d", len(v), maxValueBytes))
		case !utf8.ValidString(v):
			return invalid(p.name, v, fmt.Errorf("%q is not UTF-8", clip(v)))
		}
		if err := p.set(q, v); err != nil {
			return invalid(p.name, v, err)
		}
	}
	return nil
}

// document describes params in the OpenAPI document.
func document(params []param) []*huma.Param {
	var out []*huma.Param
	for _, p := range params {
		schema := cmp.Or(p.schema, &huma.Schema{Type: huma.TypeString})
		d := &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: schema}
		if p.example != "" {
			d.Example = p.example
		}
		if p.many {
			explode, most := true, maxValues
			d.Description += ". May be repeated: the values are alternatives"
			d.Explode = &explode
			d.Schema = &huma.Schema{Type: huma.TypeArray, Items: schema, MaxItems: &most}
			d.Example = []string{p.example}
		}
		out = append(out, d)
	}
	return out
}

func text(name, example, doc string, field func(*store.Filter) *[]string) param {
	return param{name: name, example: example, doc: doc, many: true, set: func(q *question, v string) error {
		values := field(&q.Filter)
		*values = append(*values, v)
		return nil
	}}
}

func add[T any](list *[]T, v string, parse func(string) (T, error)) error {
	parsed, err := parse(v)
	*list = append(*list, parsed)
	return err
}

func one[T any](to **T, v string, parse func(string) (T, error)) error {
	parsed, err := parse(v)
	*to = &parsed
	return err
}

// parseTime reads RFC 3339, "now", or a time back from now such as -15m.
func parseTime(v string, now time.Time) (record.Time, error) {
	if v == "now" {
		return record.TimeOf(now), nil
	}
	if strings.HasPrefix(v, "-") {
		ago, ok := parseAgo(v[1:])
		if !ok {
			return 0, fmt.Errorf("%q is not a time back from now such as -15m, -24h or -7d", v)
		}
		return record.TimeOf(now.Add(-ago)), nil
	}
	var t record.Time
	if err := t.UnmarshalText([]byte(v)); err != nil {
		return 0, fmt.Errorf("%w, nor now, nor back from now as -15m, -24h or -7d", err)
	}
	if t <= 0 {
		return 0, fmt.Errorf("%q is not after 1970", v) // 0 means open to the store
	}
	return t, nil
}

func parseAgo(v string) (time.Duration, bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if v == "" {
		return 0, false
	}
	unit, ok := units[v[len(v)-1]]
	n, err := strconv.ParseUint(v[:len(v)-1], 10, 63)
	if !ok || err != nil || n > uint64(maxAgo/unit) {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

// parsePrefix reads an address or a CIDR block. IPv4 in IPv6 is read as IPv4,
// which is how addresses are compared.
func parsePrefix(v string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(v); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return p, fmt.Errorf("%q is not an address such as 192.0.2.7 or a block such as 192.0.2.0/24", v)
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// parseContext reads name=value. The name ends at the first equals sign.
func parseContext(v string) (store.ContextValue, error) {
	name, value, ok := strings.Cut(v, "=")
	if !ok || name == "" {
		return store.ContextValue{}, fmt.Errorf("%q is not a name and a value such as tenant=7", clip(v))
	}
	return store.ContextValue{Name: name, Value: value}, nil
}

// parseStatus reads 404, 4xx or 400-499.
func parseStatus(v string) (store.StatusRange, error) {
	low, high, isRange := strings.Cut(v, "-")
	if !isRange {
		low, high = v, v
	}
	if len(v) == 3 && strings.EqualFold(v[1:], "xx") {
		low, high = v[:1]+"00", v[:1]+"99"
	}
	l, lowOK := statusCode(low)
	h, highOK := statusCode(high)
	if !lowOK || !highOK || l > h {
		return store.StatusRange{}, fmt.Errorf("%q is not a status such as 404, 4xx or 400-499", v)
	}
	return store.StatusRange{Low: l, High: h}, nil
}

// statusCode reads three digits, or 0 for no response.
func statusCode(v string) (int, bool) {
	n, err := strconv.ParseUint(v, 10, 16)
	return int(n), err == nil && (v == "0" || len(v) == 3)
}

func parseLimit(v string) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > store.MaxLimit {
		return 0, fmt.Errorf("%q is not a number from 1 to %d", v, store.MaxLimit)
	}
	return n, nil
}

func without(params []param, name string) []param {
	return slices.DeleteFunc(slices.Clone(params), func(p param) bool { return p.name == name })
}

func names(params []param) string {
	var all []string
	for _, p := range params {
		all = append(all, p.name)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

func sortedNames(values url.Values) []string {
	var all []string
	for name := range values {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func number(n float64) *float64 { return &n }
