package storetest

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// This file says what conditions mean a second time, from the records alone: it
// shares no code with the store's contract but the shape of a condition.

// is asks for one of some values of a field, not for none of them.
func is(field string, values ...string) store.Condition { return condition(field, false, values...) }

func not(field string, values ...string) store.Condition { return condition(field, true, values...) }

func condition(field string, not bool, values ...string) store.Condition {
	c, err := store.NewCondition(field, not, values...)
	if err != nil {
		panic("bug: a test asks for what cannot be asked: " + err.Error())
	}
	return c
}

func where(conditions ...store.Condition) store.Filter { return store.Filter{Where: conditions} }

func has(conditions ...store.Condition) store.Filter { return store.Filter{Has: conditions} }

// holds reports whether r meets c; attacks are the types found in r.
func (m *model) holds(c store.Condition, r *record.Request, attacks []string) bool {
	return m.finds(c, r, attacks) != c.Not
}

// finds reports whether r has one of c's values.
func (m *model) finds(c store.Condition, r *record.Request, attacks []string) bool {
	name := c.Field.Name
	switch name {
	case "ip":
		for _, p := range c.Addresses {
			if r.IP.IsValid() && p.Contains(r.IP) {
				return true
			}
		}
		return false
	case "status", "duration", "ttfb", "request_bytes", "response_bytes":
		n, known := amount(name, r)
		for _, g := range c.Ranges {
			if known && n >= g.Low && n <= g.High {
				return true
			}
		}
		return false
	}
	for _, wanted := range c.Texts {
		switch name {
		case "endpoint":
			if m.endpoint(wanted, r) {
				return true
			}
		case "host", "user_agent":
			if v := texts(name, "", r, nil)[0]; v == wanted || m.glob(wanted, v) {
				return true
			}
		default:
			if slices.Contains(texts(name, c.Parameter, r, attacks), wanted) {
				return true
			}
		}
	}
	return false
}

func amount(field string, r *record.Request) (n int64, known bool) {
	switch field {
	case "status":
		return int64(r.Status), true
	case "duration":
		n = int64(r.Duration)
	case "ttfb":
		n = int64(r.FirstByte)
	case "request_bytes":
		n = int64(r.RequestBytes)
	case "response_bytes":
		n = int64(r.ResponseBytes)
	}
	return n, n != int64(record.Unknown)
}

// texts returns what r has for a field, each once; the empty text for nothing.
func texts(field, parameter string, r *record.Request, attacks []string) []string {
	var mcp record.MCP
	if r.MCP != nil {
		mcp = *r.MCP
	}
	var all []string
	switch field {
	case "application":
		all = []string{r.Application}
	case "host":
		all = []string{r.Host}
	case "endpoint":
		all = []string{r.Method + " " + r.Endpoint}
	case "method":
		all = []string{r.Method}
	case "status":
		all = []string{strconv.Itoa(r.Status)}
	case "flow":
		all = flows(r.Endpoint)
	case "attack":
		all = attacks
	case "blocked":
		all = []string{strconv.FormatBool(slices.Contains(r.Flags, record.FlagBlocked))}
	case "ip":
		if r.IP.IsValid() {
			all = []string{r.IP.String()}
		}
	case "country":
		all = []string{r.Country}
	case "network":
		all = []string{r.Network}
	case "anonymity":
		all = []string{r.Anonymity}
	case "user_agent":
		all = []string{r.UserAgent}
	case "ja4":
		all = []string{r.JA4}
	case "user":
		all = []string{r.User}
	case "role":
		all = []string{r.Role}
	case "key":
		all = []string{r.Key}
	case "rung":
		all = []string{string(r.Rung)}
	case "strength":
		all = []string{string(r.Strength)}
	case "accepted":
		all = []string{strconv.FormatBool(r.Accepted)}
	case "client":
		all = []string{r.Client.String()}
	case "context":
		for _, v := range r.Context {
			if v.Name == parameter {
				all = append(all, v.Value)
			}
		}
	case "graphql_operation":
		all = []string{r.Operation}
	case "mcp_server":
		all = []string{mcp.Server}
	case "mcp_method":
		all = messageTexts(mcp, func(m record.MCPMessage) string { return m.Method })
	case "mcp_name":
		all = messageTexts(mcp, func(m record.MCPMessage) string { return m.Name })
	case "mcp_client":
		all = []string{mcp.Client}
	case "mcp_generation":
		all = []string{mcp.Generation}
	case "mcp_trace":
		all = []string{mcp.Trace}
	case "flag":
		for _, f := range r.Flags {
			all = append(all, string(f))
		}
	default:
		panic("bug: no field " + field + " in the model: a new field needs its meaning here")
	}
	all = slices.Compact(slices.Sorted(slices.Values(all)))
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

// flows cuts an endpoint into words, where the contract has patterns.
func flows(endpoint string) (names []string) {
	apart := func(c rune) bool { return !('a' <= c && c <= 'z' || '0' <= c && c <= '9') }
	words := strings.FieldsFunc(strings.ToLower(endpoint), apart)
	for _, f := range store.Flows {
		if slices.ContainsFunc(words, func(w string) bool { return slices.Contains(flowWords[f.Name], w) }) {
			names = append(names, f.Name)
		}
	}
	return names
}

// flowWords are words of flows that the generated endpoints have.
var flowWords = map[string][]string{
	"auth":           {"login", "otp", "password", "token"},
	"account_manage": {"me", "password"},
	"billing":        {"orders"},
	"sms":            {"otp"},
	"ai":             {"chat"},
}

func (m *model) endpoint(pattern string, r *record.Request) bool {
	pattern = strings.ToLower(pattern)
	endpoint, path := strings.ToLower(r.Endpoint), strings.ToLower(r.Path)
	switch {
	case strings.Contains(pattern, " "):
		return m.glob(pattern, strings.ToLower(r.Method)+" "+endpoint)
	case strings.ContainsAny(pattern, "*?"):
		return m.glob(pattern, endpoint) || m.glob(pattern, path)
	}
	return strings.Contains(endpoint, pattern) || strings.Contains(path, pattern)
}

// glob holds s against a pattern by way of a regular expression.
func (m *model) glob(pattern, s string) bool {
	if !strings.ContainsAny(pattern, "*?") {
		return pattern == s
	}
	if m.globs[pattern] == nil {
		m.globs[pattern] = regexp.MustCompile(`(?s)\A` + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + `\z`)
	}
	return m.globs[pattern].MatchString(s)
}

// messageTexts returns what the messages of a request say, each once; nothing when
// they say nothing.
func messageTexts(m record.MCP, of func(record.MCPMessage) string) (all []string) {
	for _, n := range append([]record.MCPMessage{{Method: m.Method, Name: m.Name}}, m.More...) {
		if text := of(n); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
