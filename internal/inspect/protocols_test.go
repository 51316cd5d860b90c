package inspect

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

const toolCall = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_opportunity","arguments":{"account":"acme"}}}`

func mcpPost(body string, header ...string) *exchange.Exchange {
	x := withBody(get("crm.example.com", "/mcp", "", append(header, "Accept: application/json, text/event-stream")...), body)
	x.Method = "POST"
	return x
}

func TestMCPSession(t *testing.T) {
	p := testPipeline(t, "")
	r := inspected(t, p, mcpPost(toolCall, "Mcp-Session-Id: 0f8fad5b-d9cb-469f-a165-70867728950e", "Mcp-Protocol-Version: 2025-11-25"))
	want := &record.MCP{Server: "crm.example.com/mcp", Method: "tools/call", Name: "get_opportunity", Generation: "2025-11-25"}
	if d := cmp.Diff(want, r.MCP); d != "" {
		t.Errorf("mcp (-want +got):\n%s", d)
	}
	if r.Rung != record.RungMCP || r.Key != mcpSessionKey || r.Strength != record.StrengthSecret || r.Point != `request.header["Mcp-Session-Id"]` {
		t.Errorf("grouped by %s at %s, rung %s, %s", r.Key, r.Point, r.Rung, r.Strength)
	}
	if r.Endpoint != "/mcp tools/call get_opportunity" {
		t.Errorf("endpoint %q", r.Endpoint)
	}
	// The answer to initialize names the session; the requests that follow are in it.
	init := withAnswer(mcpPost(`{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"claude-code","version":"2.1"}}}`),
		`{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"crm","version":"1"}}}`)
	init.ResponseHeader.Set("Mcp-Session-Id", "0f8fad5b-d9cb-469f-a165-70867728950e")
	first := inspected(t, p, init)
	if first.Session != r.Session || first.MCP == nil || first.MCP.Client != "claude-code 2.1" {
		t.Errorf("initialize: session %s, want %s; %+v", first.Session, r.Session, first.MCP)
	}
}

// TestMCPSessionOfTheNewGeneration: it ignores Mcp-Session-Id, so anyone may send anything.
func TestMCPSessionOfTheNewGeneration(t *testing.T) {
	const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}}`
	p := testPipeline(t, "")
	a := inspected(t, p, mcpPost(body, "Mcp-Session-Id: one", "Mcp-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: x"))
	b := inspected(t, p, mcpPost(body, "Mcp-Session-Id: two", "Mcp-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: x"))
	if a.Session != b.Session || a.Key != mcpTraceKey || a.Strength != record.StrengthClaimed || a.MCP.Trace != "4bf92f3577b34da6a3ce929d0e0e4736" {
		t.Errorf("grouped by %s (%s), trace %s", a.Key, a.Strength, a.MCP.Trace)
	}
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://id.example.com","sub":"maria","client_id":"agent"}`))
	c := inspected(t, p, mcpPost(body, "Authorization: Bearer eyJhbGciOiJub25lIn0."+claims+".c2ln", "Mcp-Protocol-Version: 2026-07-28", "Mcp-Method: tools/call", "Mcp-Name: x"))
	if c.Key != mcpSubjectKey || c.Rung != record.RungMCP {
		t.Errorf("with an OAuth subject: %s", c.Key)
	}
}

func TestMCPServerOfThePolicy(t *testing.T) {
	p := testPipeline(t, `mcp:
  - {host: crm.example.com, path: /mcp, session: 'request.mcp.meta["run"]', user: 'request.header["X-User"]'}
session: {parameters: [{name: own, group: true, point: 'request.header["X-Own"]'}]}
`)
	const body = `{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"run":"r-1"}}}`
	r := inspected(t, p, mcpPost(body, "Mcp-Session-Id: s", "X-User: maria"))
	if r.Key != mcpServerKey || r.Rung != record.RungMCP || r.User != "maria" || r.Point != `request.mcp.meta["run"]` || r.Tried != 1 {
		t.Errorf("grouped by %s at %s, rung %s, user %q, tried %d", r.Key, r.Point, r.Rung, r.User, r.Tried)
	}
	if own := inspected(t, p, mcpPost(body, "X-Own: v")); own.Key != "own" || own.MCP == nil {
		t.Errorf("an own key ranks first: %s, %+v", own.Key, own.MCP)
	}
}

func TestMCPSmuggling(t *testing.T) {
	p := testPipeline(t, "")
	for name, x := range map[string]*exchange.Exchange{
		"twice":  mcpPost(`{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"x"}}`, "Mcp-Session-Id: s"),
		"case":   mcpPost(`{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call"}`, "Mcp-Session-Id: s"),
		"header": mcpPost(toolCall, "Mcp-Method: tools/list", "Mcp-Protocol-Version: 2026-07-28"),
	} {
		r := inspected(t, p, x)
		if len(r.Findings) == 0 {
			t.Errorf("%s: no finding", name)
			continue
		}
		f := r.Findings[0]
		if f.Type != "protocol_smuggling" || f.Request != r.ID || f.Session != r.Session || !f.Attack || f.Detail == "" {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if r := inspected(t, p, mcpPost(toolCall, "Mcp-Session-Id: s")); len(r.Findings) != 0 {
		t.Errorf("a plain call: %+v", r.Findings)
	}
}

// TestMCPSecrets: what a resource's URI or a mismatch quotes is not kept in clear.
func TestMCPSecrets(t *testing.T) {
	p := testPipeline(t, "")
	const uri = "https://files.example.com/a?token=hunter2hunter2&page=1"
	x := mcpPost(`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"`+uri+`"}}`,
		"Mcp-Protocol-Version: 2026-07-28", "Mcp-Method: resources/read", "Mcp-Name: https://files.example.com/b?token=hunter2hunter2")
	r := inspected(t, p, x)
	if r.MCP == nil || r.MCP.Name != "https://files.example.com/a?token=[masked]&page=1" {
		t.Errorf("kept %+v", r.MCP)
	}
	if len(r.Findings) == 0 {
		t.Error("no finding for another name in the header")
	}
	if all := fmt.Sprintf("%+v %+v", r, r.MCP); strings.Contains(all, "hunter2") {
		t.Errorf("a secret is kept: %s", all)
	}
}

func TestGraphQLOperation(t *testing.T) {
	p := testPipeline(t, "")
	for body, want := range map[string]string{
		`{"query":"query getUser($id: ID!) { user(id: $id) { name } }","operationName":"getUser"}`: "query getUser",
		`{"query":"mutation { pay(amount: 3) { id } }"}`:                                           "mutation pay",
	} {
		x := withBody(get("api", "/graphql", ""), body)
		x.Method = "POST"
		r := inspected(t, p, x)
		if r.Operation != want || r.Endpoint != "/graphql "+want {
			t.Errorf("%s: operation %q, endpoint %q", body, r.Operation, r.Endpoint)
		}
	}
	// A search is no GraphQL.
	if r := inspected(t, p, get("api", "/search", "query=red+shoes")); r.Operation != "" || r.Endpoint != "/search" || len(r.Flags) != 0 {
		t.Errorf("a search: %q, %q, %v", r.Operation, r.Endpoint, r.Flags)
	}
}
