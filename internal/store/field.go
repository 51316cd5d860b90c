package store

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/record"
)

// Kind says how the values of a field compare.
type Kind string

const (
	// KindText compares whole texts.
	KindText Kind = "text"
	// KindGlob compares texts with patterns in which * stands for any run of
	// characters and ? for any one.
	KindGlob Kind = "glob"
	// KindEndpoint compares endpoints and paths as MatchEndpoint does.
	KindEndpoint Kind = "endpoint"
	// KindContext compares values of one context parameter, each named.
	KindContext Kind = "context"
	// KindNumber compares with ranges.
	KindNumber Kind = "number"
	// KindAddress compares with addresses and CIDR blocks.
	KindAddress Kind = "address"
)

// Unit is what a number counts.
type Unit string

const (
	// UnitNone counts nothing, such as a status.
	UnitNone Unit = ""
	// UnitMicroseconds is a duration.
	UnitMicroseconds Unit = "us"
	// UnitBytes is a size.
	UnitBytes Unit = "bytes"
)

// Field is a property of requests that filters are about and that requests are
// counted by. Its name is that of the column, the API's parameter and the facet.
type Field struct {
	Name    string
	Kind    Kind
	Unit    Unit
	Doc     string
	Example string
	Many    bool // a request may have several values, and counts under each
	Group   bool // requests can be counted by it

	texts   func(r *record.Request, yield func(string))
	number  func(r *record.Request) (n int64, known bool)
	address func(r *record.Request) netip.Addr
}

// Fields are all fields, in the order they are shown.
var Fields = []Field{
	one("application", KindText, "Name of the application", "shop", func(r *record.Request) string { return r.Application }),
	one("host", KindGlob, "Host, or a glob with `*` and `?`; empty for requests whose host is unknown", "*.example.com", func(r *record.Request) string { return r.Host }),
	one("endpoint", KindEndpoint, "`METHOD endpoint` as facets show it, or a part of the endpoint or path; a glob with `*` and `?` must match as a whole", "GET /users/{int}/orders",
		func(r *record.Request) string { return r.Method + " " + r.Endpoint }),
	one("method", KindText, "Request method", "POST", func(r *record.Request) string { return r.Method }),
	number("status", UnitNone, "Response status: `404`, `4xx` or `400-499`; `0` for no response", "4xx", func(r *record.Request) (int64, bool) { return int64(r.Status), true }),
	many("flow", KindText, "Business flow of the endpoint", "auth", func(r *record.Request, yield func(string)) { flowsOf(r.Endpoint, yield) }),
	many("attack", KindText, "Type of an attack found in the request; empty for requests without one", "sqli", attacks),
	one("blocked", KindText, "Whether the request was refused by a verdict: `true` or `false`", "true", func(r *record.Request) string { return strconv.FormatBool(blocked(r)) }),
	{Name: "ip", Kind: KindAddress, Doc: "Client address or CIDR block", Example: "192.0.2.0/24", Group: true, address: func(r *record.Request) netip.Addr { return r.IP }},
	one("country", KindText, "Country of the client address", "DE", func(r *record.Request) string { return r.Country }),
	one("network", KindText, "Network of the client address", "AWS", func(r *record.Request) string { return r.Network }),
	one("anonymity", KindText, "How the client address hides who uses it", "tor", func(r *record.Request) string { return r.Anonymity }),
	one("user_agent", KindGlob, "User-Agent, the whole of it or a glob with `*` and `?`", "curl/*", func(r *record.Request) string { return r.UserAgent }),
	one("ja4", KindText, "TLS fingerprint of the client", "t13d1516h2_8daaf6152771_b186095e22b6", func(r *record.Request) string { return r.JA4 }),
	one("user", KindText, "The user; empty for requests without one", "maria", func(r *record.Request) string { return r.User }),
	one("role", KindText, "The user's role; empty for requests without one", "buyer", func(r *record.Request) string { return r.Role }),
	one("key", KindText, "Name of the grouping key", "PHPSESSID", func(r *record.Request) string { return r.Key }),
	one("rung", KindText, "How the request found its session: `own`, `mcp`, `builtin` or `network`", "network", func(r *record.Request) string { return string(r.Rung) }),
	one("strength", KindText, "How hard the grouping value is to forge: `secret`, `claimed` or `network`", "claimed", func(r *record.Request) string { return string(r.Strength) }),
	one("accepted", KindText, "Whether the upstream accepted the request: `true` or `false`", "true", func(r *record.Request) string { return strconv.FormatBool(r.Accepted) }),
	one("client", KindText, "Client id: what the network rung alone would have grouped by", "9d71154dadd331c60b2f3a41c1d0e5aa", func(r *record.Request) string { return r.Client.String() }),
	many("context", KindContext, "`name=value` of a context parameter, a hashed one by the digest that is shown; different names must all match", "tenant=7", nil),
	one("graphql_operation", KindText, "GraphQL operation", "query getUser", func(r *record.Request) string { return r.Operation }),
	one("mcp_server", KindText, "MCP server", "crm.example.com/mcp", mcp(func(m *record.MCP) string { return m.Server })),
	many("mcp_method", KindText, "MCP method", "tools/call", each(func(r *record.Request) []string { return r.MCP.Methods() })),
	many("mcp_name", KindText, "MCP tool, prompt or resource", "get_opportunity", each(func(r *record.Request) []string { return r.MCP.Names() })),
	one("mcp_client", KindText, "MCP client and its version, as it says", "claude-code 2.1", mcp(func(m *record.MCP) string { return m.Client })),
	one("mcp_generation", KindText, "Revision of the MCP protocol", "2025-11-25", mcp(func(m *record.MCP) string { return m.Generation })),
	one("mcp_trace", KindText, "Trace id of an MCP message: one run of an agent", "0af7651916cd43dd8448eb211c80319c", mcp(func(m *record.MCP) string { return m.Trace })),
	many("flag", KindText, "What was cut, malformed or unusual about the request", "malformed", func(r *record.Request, yield func(string)) {
		for _, f := range r.Flags {
			yield(string(f))
		}
	}),
	number("duration", UnitMicroseconds, "Time to the last byte: `>500ms`, `<2s`, `100ms-1s`", ">500ms", measure(func(r *record.Request) record.Measure { return r.Duration })),
	number("ttfb", UnitMicroseconds, "Time to the first byte of the response, written like `duration`", ">200ms", measure(func(r *record.Request) record.Measure { return r.FirstByte })),
	number("request_bytes", UnitBytes, "Size of the request body: `>10KB`, `<1MiB`, `1KB-10KB`", ">10KB", measure(func(r *record.Request) record.Measure { return r.RequestBytes })),
	number("response_bytes", UnitBytes, "Size of the response body, written like `request_bytes`", ">1MB", measure(func(r *record.Request) record.Measure { return r.ResponseBytes })),
}

// FieldOf returns the field of that name, and the parameter's name for
// "context.NAME".
func FieldOf(name string) (f *Field, parameter string, ok bool) {
	if rest, found := strings.CutPrefix(name, "context."); found {
		name, parameter = "context", rest
	}
	for i := range Fields {
		if Fields[i].Name == name {
			return &Fields[i], parameter, true
		}
	}
	return nil, "", false
}

// Texts yields the texts that r has for a field that is not about numbers or
// addresses; parameter names the one of a context field.
func (f *Field) Texts(r *record.Request, parameter string, yield func(string)) {
	if f.Kind != KindContext {
		f.texts(r, yield)
		return
	}
	for _, v := range r.Context {
		if v.Name == parameter {
			yield(v.Value)
		}
	}
}

// Values returns the texts that r counts under when requests are counted by f:
// each once, and the empty one where it has none.
func (f *Field) Values(r *record.Request, parameter string) []string {
	var values []string
	add := func(v string) {
		if !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	switch f.Kind {
	case KindNumber:
		if n, known := f.number(r); known {
			add(strconv.FormatInt(n, 10))
		}
	case KindAddress:
		if a := f.address(r); a.IsValid() {
			add(a.String())
		}
	default:
		f.Texts(r, parameter, add)
	}
	if len(values) == 0 {
		add("")
	}
	return values
}

// Number returns what r has for a field about numbers; false when it is unknown.
func (f *Field) Number(r *record.Request) (int64, bool) { return f.number(r) }

// Address returns what r has for a field about addresses.
func (f *Field) Address(r *record.Request) netip.Addr { return f.address(r) }

func one(name string, kind Kind, doc, example string, text func(*record.Request) string) Field {
	return Field{Name: name, Kind: kind, Doc: doc, Example: example, Group: true,
		texts: func(r *record.Request, yield func(string)) { yield(text(r)) }}
}

func many(name string, kind Kind, doc, example string, texts func(*record.Request, func(string))) Field {
	return Field{Name: name, Kind: kind, Doc: doc, Example: example, Many: true, Group: true, texts: texts}
}

func number(name string, unit Unit, doc, example string, n func(*record.Request) (int64, bool)) Field {
	return Field{Name: name, Kind: KindNumber, Unit: unit, Doc: doc, Example: example, Group: unit == UnitNone, number: n}
}

func measure(m func(*record.Request) record.Measure) func(*record.Request) (int64, bool) {
	return func(r *record.Request) (int64, bool) { n := int64(m(r)); return n, n >= 0 }
}

func mcp(text func(*record.MCP) string) func(*record.Request) string {
	return func(r *record.Request) string {
		if r.MCP == nil {
			return ""
		}
		return text(r.MCP)
	}
}

func each(texts func(*record.Request) []string) func(*record.Request, func(string)) {
	return func(r *record.Request, yield func(string)) {
		for _, t := range texts(r) {
			yield(t)
		}
	}
}

// attacks reads the findings that the store has joined to r.
func attacks(r *record.Request, yield func(string)) {
	for _, f := range r.Findings {
		if f.Attack {
			yield(f.Type)
		}
	}
}

func blocked(r *record.Request) bool {
	return slices.Contains(r.Flags, record.FlagBlocked)
}
