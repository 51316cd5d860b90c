package point

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

func TestMCPSmuggling(t *testing.T) {
	f := func(header http.Header, body string, want ...string) {
		t.Helper()
		m := mcpOf(t, &exchange.Exchange{Header: header, RequestBody: exchange.Body{Bytes: []byte(body)}})
		if m == nil {
			t.Fatalf("%s: not recognised", body)
		}
		var got []string
		for _, s := range m.Smuggling {
			got = append(got, string(s.Kind)+": "+s.Detail)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	call := func(params string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":` + params + `}`
	}
	f(nil, call(`{"name":"a","arguments":{"x":{"a":1,"A":2},"y":[{"a":1},{"a":1}]},"_meta":{"name":1}}`))

	f(nil, `{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}`, `duplicate_member: member "method" occurs twice`)
	f(nil, `{"jsonrpc":"2.0","id":1,"method":"ping","metho\u0064":"tools/call"}`, `duplicate_member: member "method" occurs twice`)
	f(nil, `{"jsonrpc":"2.0","jsonrpc":"1.0","id":1,"method":"ping"}`, `duplicate_member: member "jsonrpc" occurs twice`)
	f(nil, call(`{"name":"a","name":"b"}`), `duplicate_member: member "name" occurs twice`)
	f(nil, call(`{"arguments":{"a":1,"a":2}}`), `duplicate_member: member "a" occurs twice`)
	f(nil, call(`{"arguments":{"a":[1,{"b":{"c":1,"c":2}}]}}`), `duplicate_member: member "c" occurs twice`)
	f(nil, call(`{"_meta":{"traceparent":1,"traceparent":2}}`), `duplicate_member: member "traceparent" occurs twice`)
	f(nil, call(`{"other":{"b":1,"b":2}}`), `duplicate_member: member "b" occurs twice`)
	f(nil, call(`{"name":"a"},"params":{"name":"b"}`), `duplicate_member: member "params" occurs twice`)

	f(nil, `{"jsonrpc":"2.0","id":1,"Method":"tools/call"}`, `case_variant: member "Method" is not method`)
	f(nil, `{"JsonRpc":"2.0","id":1,"method":"tools/call"}`, `case_variant: member "JsonRpc" is not jsonrpc`)
	f(nil, `{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}`, `case_variant: member "Method" occurs in another case too`, `case_variant: member "Method" is not method`)
	f(nil, `{"jsonrpc":"2.0","id":1,"method":"ping","paramſ":{}}`, `case_variant: member "paramſ" is not params`)
	f(nil, call(`{"name":"a","Arguments":{}}`), `case_variant: member "Arguments" is not arguments`)
	f(nil, call(`{"arguments":{"account":1,"Account":2}}`), `case_variant: member "Account" occurs in another case too`)

	f(http.Header{"Mcp-Method": {"tools/call"}, "Mcp-Name": {"a"}, "Mcp-Protocol-Version": {"2026-07-28"}}, call(`{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`))
	f(http.Header{"Mcp-Name": {"=?base64?w6k=?="}}, call(`{"name":"é"}`))
	f(http.Header{"Mcp-Name": {"=?base64?!?="}}, call(`{"name":"=?base64?!?="}`))
	f(http.Header{"Mcp-Method": {"tools/list"}}, call(`{"name":"a"}`), `header_mismatch: header field Mcp-Method is "tools/list", the body has "tools/call"`)
	f(http.Header{"Mcp-Method": {"tools/call", "ping"}}, call(`{"name":"a"}`), `header_mismatch: header field Mcp-Method is "ping", the body has "tools/call"`)
	f(http.Header{"Mcp-Method": {"Tools/Call"}}, call(`{"name":"a"}`), `header_mismatch: header field Mcp-Method is "Tools/Call", the body has "tools/call"`)
	f(http.Header{"Mcp-Name": {"foo"}}, call(`{"name":"bar"}`), `header_mismatch: header field Mcp-Name is "foo", the body has "bar"`)
	f(http.Header{"Mcp-Name": {"foo"}}, call(`{}`), `header_mismatch: header field Mcp-Name is "foo", the body has ""`)
	f(http.Header{"Mcp-Protocol-Version": {"2025-11-25"}}, call(`{"name":"a","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}`), `header_mismatch: header field Mcp-Protocol-Version is "2025-11-25", the body has "2026-07-28"`)
	f(http.Header{"Mcp-Method": {"ping"}}, `[{"jsonrpc":"2.0","id":1,"method":"ping"},`+call(`{"name":"a"}`)+`]`, `header_mismatch: header field Mcp-Method is "ping", the body has "tools/call"`)
}

// Findings are bounded, counted beyond, and told with the message they are in.
func TestMCPSmugglingBound(t *testing.T) {
	var body strings.Builder
	body.WriteString(`[{"jsonrpc":"2.0","method":"ping"},{"jsonrpc":"2.0","method":"tools/call","params":{"arguments":{`)
	for i := range 40 {
		name := `"` + strings.Repeat("x", i+200) + `":`
		body.WriteString(name + "1," + name + "2,")
		name = `"` + strings.Repeat("y", i) + `":`
		body.WriteString(name + "1," + name + "2,")
	}
	body.WriteString(`"z":1}}}]`)
	m := mcpOf(t, &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(body.String())}})
	if len(m.Smuggling) != DefaultLimits().Notes || m.MoreSmuggling == 0 || m.Smuggling[0].Message != 1 {
		t.Errorf("%d findings and %d more, the first in message %d", len(m.Smuggling), m.MoreSmuggling, m.Smuggling[0].Message)
	}
	for _, s := range m.Smuggling {
		if len(s.Detail) > shownBytes+40 {
			t.Errorf("a long detail: %s", s.Detail)
		}
	}
}
