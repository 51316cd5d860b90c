package test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const mcpSessionID = "6b1f0f0e-8d2c-4a7e-9a53-0c6f9e21d4aa"

// mcpCall is the header of a request within a session.
var mcpCall = map[string]string{
	"Content-Type": "application/json", "Accept": "application/json, text/event-stream",
	"Mcp-Session-Id": mcpSessionID, "Mcp-Protocol-Version": "2025-06-18",
}

var mcpVisits = []visit{
	{method: "POST", target: "/mcp?n=1", header: map[string]string{"Content-Type": "application/json", "Accept": "application/json, text/event-stream"},
		body: `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"claude-code","version":"2.1"}}}`},
	{method: "POST", target: "/mcp?n=2", header: mcpCall, body: `{"jsonrpc":"2.0","method":"notifications/initialized"}`},
	{method: "POST", target: "/mcp?n=3", header: mcpCall,
		body: `{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"get_opportunity","arguments":{"id":"006-77","deep":true}}}`},
	{method: "POST", target: "/mcp?n=4", header: mcpCall,
		body: `{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"missing_tool","arguments":{}}}`},
	{method: "POST", target: "/mcp?n=5", header: mcpCall,
		body: `{"jsonrpc":"2.0","id":4,"method":"tools/list","method":"tools/call","params":{"name":"delete_all","arguments":{}}}`},
}

// mcpStateless is a request of the newer generation, which stands alone. The
// session id beside it is somebody else's, and means nothing there.
func mcpStateless(target, tool string) visit {
	return visit{method: "POST", target: target, header: map[string]string{
		"Content-Type": "application/json", "Accept": "application/json, text/event-stream", "Mcp-Session-Id": mcpSessionID,
		"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "get_opportunity",
	}, body: `{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":"` + tool + `","arguments":{},"_meta":{
		"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"codex","version":"5"},
		"traceparent":"00-` + mcpTrace + `-00f067aa0ba902b7-01"}}}`}
}

const mcpTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

// TestMCPStateless: requests of one run are one session, which nobody gets into,
// or out of, by a session id; a header that contradicts the body is an attack.
func TestMCPStateless(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "crm")
	up.mux.HandleFunc("/mcp", answerMCP)
	s := serve(t, folder(t), "--upstream", up.URL)
	mcpVisits[2].drive(t, s.proxy)
	mcpStateless("/mcp?n=6", "get_opportunity").drive(t, s.proxy)
	mcpStateless("/mcp?n=7", "delete_all").drive(t, s.proxy)
	s.settled(t)

	parts := s.parts(t, url.Values{"key": {"mcp_trace"}})
	if len(parts) != 1 || len(s.parts(t, nil)) != 2 {
		t.Fatalf("the run makes the parts %+v", parts)
	}
	if p := parts[0]; p.Requests != 2 || p.Attacks != 1 || p.Rung != "mcp" || p.Strength != "claimed" {
		t.Errorf("the part is %+v", p)
	}
	server := s.proxy + "/mcp"
	for _, r := range s.requestsOf(t, parts[0].ID) {
		want := &mcpMessage{server, "tools/call", "get_opportunity", "codex 5", "2026-07-28", mcpTrace, 0}
		if r.Query == "n=7" {
			want.Name = "delete_all"
		}
		if diff := cmp.Diff(want, r.MCP); diff != "" || r.Point != `request.mcp.meta["traceparent"]` {
			t.Errorf("%s, grouped by %s:\n%s", r.Query, r.Point, diff)
		}
	}
}

// TestMCP follows an agent's session through the proxy: what it called, what
// failed, and the message that two readers would read in two ways.
func TestMCP(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "crm")
	up.mux.HandleFunc("/mcp", answerMCP)
	s := serve(t, folder(t), "--upstream", up.URL)
	har := recordHAR(t, s.proxy, mcpVisits)
	s.settled(t)

	parts := s.parts(t, nil)
	if len(parts) != 1 {
		t.Fatalf("one session makes the parts %+v", parts)
	}
	if p := parts[0]; p.Requests != len(mcpVisits) || p.Attacks != 1 || p.Rung != "mcp" || p.Strength != "secret" {
		t.Errorf("the part is %+v", p)
	}
	server := s.proxy + "/mcp"
	want := map[string]mcpMessage{
		"n=1": {server, "initialize", "", "claude-code 2.1", "2025-11-25", "", 0},
		"n=2": {server, "notifications/initialized", "", "", "2025-11-25", "", 0},
		"n=3": {server, "tools/call", "get_opportunity", "", "2025-11-25", "", 0},
		"n=4": {server, "tools/call", "missing_tool", "", "2025-11-25", "", -32602},
		"n=5": {server, "tools/call", "delete_all", "", "2025-11-25", "", 0},
	}
	got, points, ids := map[string]mcpMessage{}, map[string]string{}, map[string]string{}
	for _, r := range s.requestsOf(t, parts[0].ID) {
		if r.MCP != nil {
			got[r.Query] = *r.MCP
		}
		points[r.Query], ids[r.Query] = r.Point, r.ID
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages:\n%s", diff)
	}
	if points["n=1"] != `response.header["Mcp-Session-Id"]` || points["n=3"] != `request.header["Mcp-Session-Id"]` {
		t.Errorf("the session ids were found at %v", points)
	}
	for filter, value := range map[string]string{"mcp_method": "tools/call", "mcp_name": "get_opportunity"} {
		if n := len(s.parts(t, url.Values{filter: {value}})); n != 1 {
			t.Errorf("%s=%s finds %d parts", filter, value, n)
		}
	}
	for n, findings := range map[string]int{"n=3": 0, "n=5": 1} {
		var detail struct {
			Findings []struct {
				Type   string
				Attack bool
				Detail string
			}
		}
		if err := s.read("requests/"+ids[n], nil, &detail); err != nil {
			t.Fatal(err)
		}
		if len(detail.Findings) != findings {
			t.Fatalf("%s has the findings %+v", n, detail.Findings)
		}
		for _, f := range detail.Findings {
			if f.Type != "protocol_smuggling" || !f.Attack || !strings.Contains(f.Detail, "method") {
				t.Errorf("%s has the finding %+v", n, f)
			}
		}
	}
	checkInspectedMCP(t, must(t, "inspect", har))
}

// answerMCP answers as a server of the older generation does.
func answerMCP(w http.ResponseWriter, r *http.Request) {
	var call struct {
		ID     json.RawMessage
		Method string
		Params struct{ Name string }
	}
	if err := json.NewDecoder(r.Body).Decode(&call); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer := `"result":{"content":[]}`
	switch {
	case call.ID == nil:
		w.WriteHeader(http.StatusAccepted)
		return
	case call.Method == "initialize":
		w.Header().Set("Mcp-Session-Id", mcpSessionID)
		answer = `"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"crm","version":"1"}}`
	case call.Params.Name == "missing_tool":
		answer = `"error":{"code":-32602,"message":"no such tool"}`
	}
	answer = `{"jsonrpc":"2.0","id":` + string(call.ID) + `,` + answer + `}`
	if call.Params.Name == "get_opportunity" {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: message\ndata: "+answer+"\n\n")
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, answer)
}

func checkInspectedMCP(t *testing.T, out string) {
	t.Helper()
	type call struct {
		Method, Name, Generation string
		Arguments                map[string]any
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(mcpVisits) {
		t.Fatalf("%d lines of %d entries:\n%s", len(lines), len(mcpVisits), out)
	}
	session := ""
	for i, line := range lines {
		var got struct {
			SessionID string `json:"session_id"`
			Key       struct{ Rung string }
			MCP       call
			Findings  []struct{ Type string }
		}
		decode(t, line, &got)
		if i > 0 && got.SessionID != session || got.Key.Rung != "mcp" {
			t.Errorf("entry %d is inspected as %s", i, line)
		}
		session = got.SessionID
		if want := (call{"tools/call", "get_opportunity", "2025-11-25", map[string]any{"id": "006-77", "deep": true}}); i == 2 && !cmp.Equal(got.MCP, want) {
			t.Errorf("the call is inspected as %s", line)
		}
		if smuggled := len(got.Findings) == 1 && got.Findings[0].Type == "protocol_smuggling"; smuggled != (i == 4) {
			t.Errorf("the findings of entry %d: %s", i, line)
		}
	}
}
