package export

import (
	"net/netip"
	"strconv"
	"strings"

	"sojourn/internal/record"
)

// requestColumns are those of the CSV of requests, under the names of the API.
var requestColumns = []csvColumn[record.Request]{
	{"id", func(r *record.Request) string { return r.ID.String() }, true},
	{"session", func(r *record.Request) string { return r.Session.String() }, true},
	{"client", func(r *record.Request) string { return r.Client.String() }, true},
	{"started", func(r *record.Request) string { return r.Started.String() }, true},
	{"duration_us", func(r *record.Request) string { return measured(r.Duration) }, true},
	{"ttfb_us", func(r *record.Request) string { return measured(r.FirstByte) }, true},
	{"application", func(r *record.Request) string { return r.Application }, false},
	{"host", func(r *record.Request) string { return r.Host }, false},
	{"method", func(r *record.Request) string { return r.Method }, false},
	{"path", func(r *record.Request) string { return r.Path }, false},
	{"query", func(r *record.Request) string { return r.Query }, false},
	{"endpoint", func(r *record.Request) string { return r.Endpoint }, false},
	{"status", func(r *record.Request) string { return strconv.Itoa(r.Status) }, true},
	{"request_bytes", func(r *record.Request) string { return measured(r.RequestBytes) }, true},
	{"response_bytes", func(r *record.Request) string { return measured(r.ResponseBytes) }, true},
	{"ip", func(r *record.Request) string { return addressText(r.IP) }, false},
	{"user_agent", func(r *record.Request) string { return r.UserAgent }, false},
	{"country", func(r *record.Request) string { return r.Country }, false},
	{"network", func(r *record.Request) string { return r.Network }, false},
	{"anonymity", func(r *record.Request) string { return r.Anonymity }, false},
	{"ja4", func(r *record.Request) string { return r.JA4 }, false},
	{"user", func(r *record.Request) string { return r.User }, false},
	{"role", func(r *record.Request) string { return r.Role }, false},
	{"key", func(r *record.Request) string { return r.Key }, false},
	{"point", func(r *record.Request) string { return r.Point }, false},
	{"rung", func(r *record.Request) string { return string(r.Rung) }, false},
	{"strength", func(r *record.Request) string { return string(r.Strength) }, false},
	{"accepted", func(r *record.Request) string { return strconv.FormatBool(r.Accepted) }, true},
	{"tried", func(r *record.Request) string { return strconv.Itoa(r.Tried) }, true},
	{"graphql_operation", func(r *record.Request) string { return r.Operation }, false},
	{"mcp_server", func(r *record.Request) string { return mcpOf(r).Server }, false},
	{"mcp_method", func(r *record.Request) string { return mcpOf(r).Method }, false},
	{"mcp_name", func(r *record.Request) string { return mcpOf(r).Name }, false},
	{"mcp_client", func(r *record.Request) string { return mcpOf(r).Client }, false},
	{"mcp_generation", func(r *record.Request) string { return mcpOf(r).Generation }, false},
	{"mcp_trace", func(r *record.Request) string { return mcpOf(r).Trace }, false},
	{"mcp_error", func(r *record.Request) string { return mcpError(mcpOf(r).Error) }, true},
	{"mcp_more", func(r *record.Request) string { return messageText(mcpOf(r).More) }, false},
	{"context", func(r *record.Request) string { return contextText(r.Context) }, false},
	{"flags", func(r *record.Request) string { return flagText(r.Flags) }, false},
	{"revision", func(r *record.Request) string { return strconv.FormatUint(r.Revision, 10) }, true},
}

// partColumns are those of the CSV of sessions. Of lists the first value is told.
var partColumns = []csvColumn[record.Part]{
	{"id", func(p *record.Part) string { return p.ID.String() }, true},
	{"part", func(p *record.Part) string { return p.Part.String() }, true},
	{"started", func(p *record.Part) string { return p.Started.String() }, true},
	{"ended", func(p *record.Part) string { return p.Ended.String() }, true},
	{"requests", func(p *record.Part) string { return whole(p.Requests) }, true},
	{"matched", func(p *record.Part) string { return whole(p.Matched) }, true},
	{"attacks", func(p *record.Part) string { return whole(p.Attacks) }, true},
	{"errors", func(p *record.Part) string { return whole(p.Errors) }, true},
	{"bytes", func(p *record.Part) string { return whole(p.Bytes) }, true},
	{"ip", func(p *record.Part) string { return addressText(p.IP) }, false},
	{"ips", func(p *record.Part) string { return whole(p.IPs) }, true},
	{"country", func(p *record.Part) string { return p.Country }, false},
	{"user_agent", func(p *record.Part) string { return p.UserAgent }, false},
	{"user", func(p *record.Part) string { return p.User }, false},
	{"users", func(p *record.Part) string { return whole(p.Users) }, true},
	{"role", func(p *record.Part) string { return first(p.Roles) }, false},
	{"application", func(p *record.Part) string { return first(p.Applications) }, false},
	{"host", func(p *record.Part) string { return first(p.Hosts) }, false},
	{"hosts", func(p *record.Part) string { return whole(p.HostCount) }, true},
	{"endpoint", func(p *record.Part) string { return first(p.Endpoints) }, false},
	{"endpoints", func(p *record.Part) string { return whole(p.EndpointCount) }, true},
	{"key", func(p *record.Part) string { return p.Key }, false},
	{"rung", func(p *record.Part) string { return string(p.Rung) }, false},
	{"strength", func(p *record.Part) string { return string(p.Strength) }, false},
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// measured is empty where the source did not tell.
func measured(m record.Measure) string {
	if m.IsZero() {
		return ""
	}
	return whole(int64(m))
}

func addressText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

func mcpOf(r *record.Request) record.MCP {
	if r.MCP == nil {
		return record.MCP{}
	}
	return *r.MCP
}

func mcpError(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}

// messageText tells further messages of a batch, a line each.
func messageText(messages []record.MCPMessage) string {
	var lines []string
	for _, m := range messages {
		lines = append(lines, strings.TrimSpace(m.Method+" "+m.Name))
	}
	return strings.Join(lines, "\n")
}

// contextText is the values in the form of a query string's, so that no value can
// be taken for another one's name.
func contextText(values []record.Value) string {
	var parts []string
	for _, v := range values {
		parts = append(parts, escapeAmp.Replace(v.Name)+"="+escapeAmp.Replace(v.Value))
	}
	return strings.Join(parts, "&")
}

var escapeAmp = strings.NewReplacer("%", "%25", "&", "%26", "=", "%3D")

func flagText(flags []record.Flag) string {
	var parts []string
	for _, f := range flags {
		parts = append(parts, string(f))
	}
	return strings.Join(parts, " ")
}

func first(counts []record.Count) string {
	if len(counts) == 0 {
		return ""
	}
	return counts[0].Value
}
