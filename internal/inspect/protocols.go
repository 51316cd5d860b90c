package inspect

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// MaxOperation and MaxMCPText bound what is kept of the name of a GraphQL
// operation and of each text of an MCP message, in bytes.
const (
	MaxOperation = 128
	MaxMCPText   = 256
)

// mcpServer is a policy.MCPServer, compiled.
type mcpServer struct {
	session, user, role *parameter // nil: not configured
}

// The keys of the MCP rung after a server's configured session point.
const (
	mcpSessionKey = record.MCPSessionKey
	mcpSubjectKey = record.MCPSubjectKey
	mcpTraceKey   = record.MCPTraceKey
	mcpServerKey  = record.MCPServerKey
)

// compileMCP compiles the servers of a policy; their points join the extractor's.
func (c *parameters) compileMCP(p *policy.Policy, points *[]point.Point) (problems []error) {
	for i := range p.MCP {
		s, at := &p.MCP[i], "mcp["+strconv.Itoa(i)+"]"
		var server mcpServer
		for _, part := range []struct {
			field, text string
			to          **parameter
		}{{"session", s.Session, &server.session}, {"user", s.User, &server.user}, {"role", s.Role, &server.role}} {
			if part.text == "" {
				continue
			}
			where, err := point.Parse(part.text)
			if err != nil {
				problems = append(problems, p.Problem(at+"."+part.field, "%v", err))
				continue
			}
			q := &parameter{Parameter: policy.Parameter{Name: mcpServerKey, Group: true}, places: []int{len(*points)}, everyone: true}
			q.add(where)
			c.hide(where)
			*points = append(*points, where)
			*part.to = q
		}
		c.servers = append(c.servers, server)
	}
	c.serverAt = policy.NewMCPMatcher(p.MCP)
	return problems
}

// server returns the configured MCP server that x goes to, or nil.
func (c *parameters) server(x *exchange.Exchange) *mcpServer {
	if len(c.servers) == 0 {
		return nil
	}
	i := c.serverAt.Match(hostWithoutPort(normalHost(x.Host, x.Scheme)), x.Path)
	if i < 0 {
		return nil
	}
	return &c.servers[i]
}

// wants says how much of which bodies an exchange's inspection needs, told from
// the head of the request.
func (c *parameters) wants(x *exchange.Exchange) exchange.Capture {
	capture := c.capture
	limit := point.DefaultLimits().Body
	switch {
	case point.MayBeMCP(x) || c.server(x) != nil:
		capture = exchange.Capture{Request: limit, Response: limit}
	case point.MayBeGraphQL(x):
		capture.Request = limit
	}
	return capture
}

// readGraphQL names the operations of a GraphQL request.
func (f *found) readGraphQL(e *point.Extractor, x *exchange.Exchange, result *point.Result) {
	var b strings.Builder
	for i, op := range e.GraphQL(x, result) {
		if i > 0 {
			b.WriteString(", ")
		}
		name := cmp.Or(op.Name, strings.Join(op.Fields, "+"), op.Hash)
		b.WriteString(strings.TrimSpace(op.Type + " " + name))
		if b.Len() > MaxOperation {
			break
		}
	}
	k := keeper{}
	f.operation = strings.Clone(k.keep(b.String(), MaxOperation, plainEscapes))
	f.cut = f.cut || len(k.flags) > 0
}

// readMCP takes what is kept of an MCP exchange, and the candidates of the MCP
// rung in their order.
func (f *found) readMCP(c *parameters, by verifier, x *exchange.Exchange, result *point.Result, server *mcpServer) {
	m := c.extractor.MCP(x, result)
	if m == nil || m.Generation == "" && server == nil {
		return
	}
	k := keeper{}
	text := func(s string) string { return strings.Clone(k.keep(s, MaxMCPText, plainEscapes)) }
	f.mcp = &record.MCP{
		Server: text(normalHost(x.Host, x.Scheme) + maskPath(c.maskSegments(x.Path), "")), Generation: string(m.Generation), Trace: m.TraceID,
		Client: text(strings.TrimSpace(m.ClientName + " " + m.ClientVersion)),
	}
	f.keepMessages(m, c, text)
	f.cut = f.cut || len(k.flags) > 0
	for i, s := range m.Smuggling {
		f.findings = append(f.findings, record.Finding{
			ID: point.ProtocolSmuggling + "-" + strconv.Itoa(i), Type: point.ProtocolSmuggling, Attack: true,
			Detail: string(s.Kind) + maskDetail(s.Detail),
		})
	}
	if server != nil {
		f.user = cmp.Or(f.user, textOf(server.user, result))
		f.role = cmp.Or(f.role, textOf(server.role, result))
	}
	if f.own == nil {
		f.climbMCP(m, by, x, result, server)
	}
}

// maskName masks the secrets in the name of a tool or prompt, or in the URI of a
// resource.
func maskName(name string, by *parameters) string {
	path, query, found := strings.Cut(name, "?")
	if isSecret(path, "") || hidesSecret(path) {
		path = point.Masked
	}
	if !found {
		return path
	}
	return path + "?" + maskQuery(query, "", policy.KeepQueryValues, by)
}

// maskDetail leaves out the detail of a finding that may hold a secret: it quotes
// what both readers saw.
func maskDetail(detail string) string {
	if hidesSecret(detail) {
		return ""
	}
	return ": " + detail
}

// climbMCP tries the MCP rung: the server's configured point, the session id of
// the generation that has one, the OAuth subject with its client, the trace id.
func (f *found) climbMCP(m *point.MCP, by verifier, x *exchange.Exchange, result *point.Result, server *mcpServer) {
	if server != nil && server.session != nil {
		if f.own = server.session.key(result, by); f.own != nil {
			f.own.Rung = record.RungMCP
			return
		}
		f.tried++
	}
	if m.SessionID != "" && m.Generation == point.GenerationSessions && !identity.None(m.SessionID) {
		at := `request.header["Mcp-Session-Id"]`
		if len(x.Header["Mcp-Session-Id"]) == 0 {
			at = `response.header["Mcp-Session-Id"]`
		}
		f.own = &identity.Candidate{Rung: record.RungMCP, Key: mcpSessionKey, Point: at,
			Parts: []string{strings.Clone(m.SessionID)}, Strength: record.StrengthSecret}
		return
	}
	f.tried++
	var claims [4]string
	token := point.Token(first(x.Header, "Authorization"))
	point.ReadJWT(token, []string{"iss", "sub", "client_id", "azp"}, claims[:])
	if client := cmp.Or(claims[2], claims[3]); claims[1] != "" && client != "" {
		f.own = &identity.Candidate{Rung: record.RungMCP, Key: mcpSubjectKey,
			Point: `request.header["Authorization"].jwt.payload["sub"] + request.header["Authorization"].jwt.payload["client_id"]`,
			Parts: []string{claims[0], claims[1], client}, Strength: by.strength(token)}
		return
	}
	f.tried++
	if m.TraceID != "" {
		f.own = &identity.Candidate{Rung: record.RungMCP, Key: mcpTraceKey, Point: `request.mcp.meta["traceparent"]`,
			Parts: []string{m.TraceID}, Strength: record.StrengthClaimed}
		return
	}
	f.tried++
}

// textOf is the first value of a configured point.
func textOf(q *parameter, result *point.Result) string {
	if q == nil {
		return ""
	}
	v, ok := result.First(q.places[0])
	if !ok || identity.None(string(v.Text)) {
		return ""
	}
	k := keeper{}
	return strings.Clone(k.keep(string(v.Text), MaxContextValue, plainEscapes))
}

// endpointOf adds what the path alone does not tell of a GraphQL or MCP endpoint.
func (f *found) endpointOf(template, method string) string {
	switch {
	case f.mcp != nil && f.mcp.Method != "":
		return strings.TrimSpace(template + " " + f.mcp.Method + " " + f.mcp.Name)
	case f.operation != "" && (method == http.MethodPost || method == http.MethodGet):
		return template + " " + f.operation
	}
	return template
}
