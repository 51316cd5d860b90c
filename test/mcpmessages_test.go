package test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mcpFurther is a message beside the first one.
type mcpFurther struct {
	Method, Name, Trace, From string
	Error                     int
}

// TestMCPMessages sends a batch that is answered with a stream, in which the server
// speaks too: each message is kept with its own error, found and shown.
func TestMCPMessages(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "crm")
	up.mux.HandleFunc("/mcp", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/event-stream")
		for _, event := range []string{
			`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}`,
			`{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":2}}`,
			`{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"sure?"}}`,
			`[{"jsonrpc":"2.0","id":"1","error":{"code":-32602,"message":"no such tool"}},{"jsonrpc":"2.0","id":1,"result":{"content":[]}}]`,
		} {
			_, _ = io.WriteString(w, "data: "+event+"\n\n")
		}
	})
	s := serve(t, folder(t), "--upstream", up.URL)
	visits := []visit{{method: "POST", target: "/mcp?n=1", header: mcpCall, body: `[
		{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_opportunity","arguments":{"id":"006-77"}}},
		{"jsonrpc":"2.0","id":"1","method":"tools/call","params":{"name":"missing_tool","arguments":{"deep":true},"_meta":{"traceparent":"00-` + mcpTrace + `-00f067aa0ba902b7-01"}}}]`}}
	har := recordHAR(t, s.proxy, visits)
	s.settled(t)

	want := []mcpFurther{
		{"tools/call", "missing_tool", mcpTrace, "client", -32602},
		{"notifications/progress", "", "", "server", 0},
		{"elicitation/create", "", "", "server", 0},
	}
	requests := s.requests(t)
	if len(requests) != 1 {
		t.Fatalf("there are the requests %+v", requests)
	}
	var detail struct {
		MCP struct {
			Method, Name string
			Error        int
			More         []mcpFurther
		}
	}
	if err := s.read("requests/"+requests[0].ID, nil, &detail); err != nil {
		t.Fatal(err)
	}
	if m := detail.MCP; m.Method != "tools/call" || m.Name != "get_opportunity" || m.Error != 0 {
		t.Errorf("the first message is %+v", m)
	}
	if diff := cmp.Diff(want, detail.MCP.More); diff != "" {
		t.Errorf("the others (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		filter, value string
		parts         int
	}{
		{"mcp_name", "get_opportunity", 1}, {"mcp_name", "missing_tool", 1}, {"mcp_name", "missing", 0},
		{"mcp_method", "elicitation/create", 1}, {"mcp_method", "notifications/progress", 1}, {"mcp_method", "ping", 0},
	} {
		if n := len(s.parts(t, url.Values{c.filter: {c.value}})); n != c.parts {
			t.Errorf("%s=%s finds %d parts, want %d", c.filter, c.value, n, c.parts)
		}
	}
	checkInspectedMessages(t, must(t, "inspect", har))
}

func checkInspectedMessages(t *testing.T, out string) {
	t.Helper()
	type message struct {
		Method, Name, From string
		Arguments          map[string]any
		Error              int
	}
	var got struct {
		MCP struct {
			Name      string
			Arguments map[string]any
			More      []any
		}
		Messages []message
	}
	decode(t, strings.TrimSpace(out), &got)
	if got.MCP.Name != "get_opportunity" || !cmp.Equal(got.MCP.Arguments, map[string]any{"id": "006-77"}) || len(got.MCP.More) > 0 {
		t.Errorf("the first message is inspected as %+v", got.MCP)
	}
	want := []message{
		{Method: "tools/call", Name: "get_opportunity", From: "client", Arguments: map[string]any{"id": "006-77"}},
		{Method: "tools/call", Name: "missing_tool", From: "client", Arguments: map[string]any{"deep": true}, Error: -32602},
		{Method: "notifications/progress", From: "server"},
		{Method: "elicitation/create", From: "server"},
	}
	if diff := cmp.Diff(want, got.Messages); diff != "" {
		t.Errorf("inspected messages (-want +got):\n%s", diff)
	}
}
