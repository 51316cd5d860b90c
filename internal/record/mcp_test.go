package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMCPTexts(t *testing.T) {
	for _, c := range []struct {
		mcp            *MCP
		methods, names []string
	}{
		{nil, []string{""}, []string{""}},
		{&MCP{}, []string{""}, []string{""}},
		{&MCP{Method: "ping"}, []string{"ping"}, []string{""}},
		{&MCP{Method: "tools/call", Name: "a", More: []MCPMessage{{Method: "tools/call", Name: "b"}, {Method: "ping"}, {Method: "tools/call", Name: "a"}}},
			[]string{"tools/call", "ping"}, []string{"a", "b"}},
		{&MCP{More: []MCPMessage{{}, {Method: "notifications/message"}, {Method: "ping", Name: "c"}}},
			[]string{"notifications/message", "ping"}, []string{"c"}},
	} {
		if diff := cmp.Diff([][]string{c.methods, c.names}, [][]string{c.mcp.Methods(), c.mcp.Names()}); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.mcp, diff)
		}
	}
}

func TestMCPTells(t *testing.T) {
	for _, m := range []MCP{
		{Server: "a"}, {Method: "a"}, {Name: "a"}, {Client: "a"}, {Generation: "a"}, {Trace: "a"}, {Error: 1}, {More: []MCPMessage{{}}},
	} {
		if !m.Tells() {
			t.Errorf("%+v tells nothing", m)
		}
	}
	if (&MCP{More: []MCPMessage{}}).Tells() || (*MCP)(nil).Tells() {
		t.Error("nothing tells something")
	}
}
