package store

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"sojourn/internal/record"
)

// Filter says which requests a query is about. Every condition must hold on the
// same request; the values of one condition are alternatives. The zero Filter
// matches everything.
type Filter struct {
	From, To     record.Time // half-open [From, To); 0 means open
	Applications []string    // equal
	Hosts        []string    // equal, or a glob with * and ?
	Endpoints    []string    // see MatchEndpoint
	Methods      []string    // equal
	Statuses     []StatusRange
	IPs          []netip.Prefix
	UserAgents   []string // equal
	Keys         []string // equal
	Countries    []string // equal
	Networks     []string // equal
	Users        []string // equal
	Roles        []string // equal
	Context      []ContextValue
	Operations   []string // equal; of GraphQL
	MCPServers   []string // equal
	MCPMethods   []string // equal to one of record.MCP.Methods
	MCPNames     []string // equal to one of record.MCP.Names
	Session      *record.SessionID
	Request      *record.RequestID
}

// ContextValue is a value of a context parameter, as it is kept: for a hashed one
// the digest. Values of one name are alternatives; each name is a condition of its
// own.
type ContextValue struct{ Name, Value string }

// StatusRange is a range of statuses, both ends included.
type StatusRange struct{ Low, High int }

// Match reports whether r passes the filter. It is the definition of a filter;
// stores that compile filters to SQL are tested against it.
func (f *Filter) Match(r *record.Request) bool {
	switch {
	case f.From != 0 && r.Started < f.From, f.To != 0 && r.Started >= f.To:
		return false
	case f.Session != nil && r.Session != *f.Session, f.Request != nil && r.ID != *f.Request:
		return false
	}
	return oneOf(f.Applications, r.Application, equal) &&
		oneOf(f.Hosts, r.Host, Glob) &&
		anyEndpoint(f.Endpoints, r) &&
		oneOf(f.Methods, r.Method, equal) &&
		oneOf(f.UserAgents, r.UserAgent, equal) &&
		oneOf(f.Keys, r.Key, equal) &&
		oneOf(f.Countries, r.Country, equal) &&
		oneOf(f.Networks, r.Network, equal) &&
		oneOf(f.Users, r.User, equal) &&
		oneOf(f.Roles, r.Role, equal) &&
		matchContext(f.Context, r.Context) &&
		oneOf(f.Operations, r.Operation, equal) &&
		matchMCP(f, r.MCP) &&
		oneOf(f.Statuses, r.Status, func(s StatusRange, v int) bool { return s.Low <= v && v <= s.High }) &&
		oneOf(f.IPs, r.IP, func(p netip.Prefix, v netip.Addr) bool { return p.Contains(v.Unmap()) })
}

func matchMCP(f *Filter, m *record.MCP) bool {
	server := ""
	if m != nil {
		server = m.Server
	}
	return oneOf(f.MCPServers, server, equal) &&
		(len(f.MCPMethods) == 0 || oneOf(f.MCPMethods, m.Methods(), contains)) &&
		(len(f.MCPNames) == 0 || oneOf(f.MCPNames, m.Names(), contains))
}

func matchContext(wanted []ContextValue, context []record.Value) bool {
	for _, alternatives := range ByName(wanted) {
		if !slices.ContainsFunc(context, func(v record.Value) bool {
			return slices.Contains(alternatives, ContextValue{v.Name, v.Value})
		}) {
			return false
		}
	}
	return true
}

// ByName puts the values of each name together, names in the order they come.
func ByName(wanted []ContextValue) [][]ContextValue {
	var names [][]ContextValue
	for _, w := range wanted {
		i := slices.IndexFunc(names, func(alternatives []ContextValue) bool { return alternatives[0].Name == w.Name })
		if i < 0 {
			names = append(names, nil)
			i = len(names) - 1
		}
		names[i] = append(names[i], w)
	}
	return names
}

// MatchEndpoint reports whether pattern finds a request, without regard to case.
// A pattern with a space is a whole "METHOD endpoint", as facets print it, and
// may hold wildcards. Any other is held against the endpoint and against the
// path as it came: as a whole when it has a * or ?, else as a substring.
func MatchEndpoint(pattern, method, endpoint, path string) bool {
	p, endpoint, path := strings.ToLower(pattern), strings.ToLower(endpoint), strings.ToLower(path)
	switch {
	case strings.Contains(p, " "):
		return Glob(p, strings.ToLower(method)+" "+endpoint)
	case strings.ContainsAny(p, "*?"):
		return Glob(p, endpoint) || Glob(p, path)
	}
	return strings.Contains(endpoint, p) || strings.Contains(path, p)
}

// Glob reports whether s matches pattern, where * stands for any run of
// characters and ? for any one character. It runs in constant space and O(len²)
// time at the worst.
func Glob(pattern, s string) bool {
	var p, i int
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			i += runeLen(s[i:])
		case p < len(pattern) && pattern[p] == s[i]:
			p++
			i++
		case star >= 0:
			mark += runeLen(s[mark:])
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func anyEndpoint(patterns []string, r *record.Request) bool {
	return oneOf(patterns, r, func(p string, r *record.Request) bool {
		return MatchEndpoint(p, r.Method, r.Endpoint, r.Path)
	})
}

func equal(a, b string) bool { return a == b }

func contains(wanted string, texts []string) bool { return slices.Contains(texts, wanted) }

func oneOf[T, V any](wanted []T, v V, match func(T, V) bool) bool {
	for _, w := range wanted {
		if match(w, v) {
			return true
		}
	}
	return len(wanted) == 0
}
