package store

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestFields(t *testing.T) {
	seen := map[string]bool{}
	empty := record.Request{Duration: record.Unknown, FirstByte: record.Unknown, RequestBytes: record.Unknown, ResponseBytes: record.Unknown}
	for i := range Fields {
		f := &Fields[i]
		if seen[f.Name] || f.Doc == "" || f.Example == "" {
			t.Errorf("field %q is there twice, or lacks its doc or example", f.Name)
		}
		seen[f.Name] = true
		if found, _, ok := FieldOf(f.Name); !ok || found != f {
			t.Errorf("FieldOf(%q) = %v, %v", f.Name, found, ok)
		}
		if _, err := NewCondition(f.Name, false, f.Example); err != nil {
			t.Errorf("the example of %s: %v", f.Name, err)
		}
		if values := f.Values(&empty, "x"); len(values) != 1 {
			t.Errorf("%s of an empty request: %q, want one value", f.Name, values)
		}
	}
	for _, name := range record.FacetNames {
		if !seen[name] {
			t.Errorf("facet %s is no field", name)
		}
	}
}

func TestFieldOf(t *testing.T) {
	if f, parameter, ok := FieldOf("context.a.b"); !ok || f.Name != "context" || parameter != "a.b" {
		t.Errorf("context.a.b: %v, %q, %v", f, parameter, ok)
	}
	for _, name := range []string{"", "User", "user.", "session", "time"} {
		if f, _, ok := FieldOf(name); ok {
			t.Errorf("FieldOf(%q) = %s", name, f.Name)
		}
	}
}

func TestFieldValues(t *testing.T) {
	r := record.Request{
		Method: "GET", Endpoint: "/users/{int}/orders", Status: 404, Duration: 1500, FirstByte: record.Unknown, Accepted: true,
		IP: netip.MustParseAddr("2001:db8::1"), Client: record.SessionID{0xab}, Flags: []record.Flag{record.FlagMalformed, record.FlagBlocked},
		Context:  []record.Value{{Name: "item", Value: "b"}, {Name: "item", Value: "a"}, {Name: "item", Value: "b"}, {Name: "tenant", Value: ""}},
		MCP:      &record.MCP{Method: "tools/call", Trace: "t"},
		Findings: []record.Finding{{Type: "sqli", Attack: true}, {Type: "odd"}, {Type: "xss", Attack: true}, {Type: "sqli", Attack: true}},
	}
	for name, want := range map[string][]string{
		"endpoint": {"GET /users/{int}/orders"}, "method": {"GET"}, "status": {"404"}, "duration": {"1500"}, "ttfb": {""}, "ip": {"2001:db8::1"},
		"accepted": {"true"}, "blocked": {"true"}, "client": {"ab000000000000000000000000000000"}, "flag": {"malformed", "blocked"},
		"flow": {"billing"}, "attack": {"sqli", "xss"}, "user": {""}, "context.item": {"b", "a"}, "context.tenant": {""}, "context.none": {""},
		"mcp_method": {"tools/call"}, "mcp_name": {""}, "mcp_trace": {"t"}, "mcp_client": {""},
	} {
		f, parameter, _ := FieldOf(name)
		if diff := cmp.Diff(want, f.Values(&r, parameter)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
