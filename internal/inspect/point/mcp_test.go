package point

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/exchange"
)

// mcpOf reads an exchange with points and without, which has to give the same.
func mcpOf(t *testing.T, x *exchange.Exchange) *MCP {
	t.Helper()
	var plain, used Result
	want := mustCompile(t).MCP(x, &plain)
	e := mustCompile(t, `request.mcp.name`, `request.mcp.argument[*]`, `response.mcp.method`)
	e.Response(x, &used)
	e.Request(x, &used)
	e.Response(x, &used)
	for range 2 {
		if diff := cmp.Diff(want, e.MCP(x, &used), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(MCPMessage{}, Smuggling{})); diff != "" {
			t.Errorf("with points (-without +with):\n%s", diff)
		}
	}
	used.Reset()
	if got := e.MCP(&exchange.Exchange{}, &used); got != nil {
		t.Errorf("after a reset: %+v", got)
	}
	return want
}

func TestMCP(t *testing.T) {
	f := func(name string, x *exchange.Exchange, want *MCP) {
		t.Helper()
		if diff := cmp.Diff(want, mcpOf(t, x), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(MCPMessage{}, Smuggling{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	exchanged := func(header, request, response string) *exchange.Exchange {
		return parseCase(t, "POST /mcp HTTP/1.1\n"+header+"\n\n"+request+"\n>>>\nHTTP/1.1 200 OK\n"+response)
	}
	f("initialize", exchanged(``, `{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"Desk","version":"1.2"}}}`,
		"Content-Type: application/json\nMcp-Session-Id: s-1\n\n"+`{"jsonrpc":"2.0","id":0,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"crm"}}}`),
		&MCP{Generation: GenerationSessions, SessionID: "s-1", ProtocolVersion: "2025-06-18", ClientName: "Desk", ClientVersion: "1.2", Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "initialize", ID: "0"},
			{Side: Response, Kind: MCPResponse, Method: "initialize", ID: "0", Answers: 1},
		}})
	f("a tool in a session", exchanged("Mcp-Session-Id: s-1\nMcp-Protocol-Version: 2025-06-18", `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"pay","arguments":{"to": "ann","sum":5},"_meta":{"progressToken":1}}}`,
		"Content-Type: text/event-stream\n\n"+`event: message
data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}

data: {"jsonrpc":"2.0","id":7,"method":"elicitation/create","params":{"message":"sure?"}}

data: {"jsonrpc":"2.0","id":"a","result":{"content":[],"isError":true}}
`),
		&MCP{Generation: GenerationSessions, SessionID: "s-1", ProtocolVersion: "2025-06-18", Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "tools/call", Name: "pay", ID: "a", Arguments: []byte(`{"to": "ann","sum":5}`)},
			{Side: Response, Kind: MCPNotification, Method: "notifications/progress"},
			{Side: Response, Kind: MCPRequest, Method: "elicitation/create", ID: "7"},
			{Side: Response, Kind: MCPResponse, Method: "tools/call", Name: "pay", ID: "a", Failed: true, Answers: 1},
		}})
	stateless := `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"Desk","version":"2"},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}`
	f("stateless", exchanged("Mcp-Session-Id: anything\nMCP-Protocol-Version: 2026-07-28\nMcp-Method: resources/read\nMcp-Name: file:///a", `{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"file:///a",`+stateless+`}}`,
		"Content-Type: application/json\n\n"+`{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no such file"}}`),
		&MCP{Generation: GenerationStateless, ProtocolVersion: "2026-07-28", ClientName: "Desk", ClientVersion: "2", TraceID: "0af7651916cd43dd8448eb211c80319c", Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "resources/read", Name: "file:///a", ID: "1", TraceID: "0af7651916cd43dd8448eb211c80319c"},
			{Side: Response, Kind: MCPError, Method: "resources/read", Name: "file:///a", ID: "1", Code: -32602, Error: "no such file", Failed: true, Answers: 1},
		}})
	f("a batch", exchanged("", `[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}},{"jsonrpc":"2.0","id":"1","method":"prompts/get","params":{"name":"b"}},{"jsonrpc":"2.0","method":"notifications/initialized"}]`,
		"\n"+`[{"jsonrpc":"2.0","id":"1","result":{}},{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x"}},{"jsonrpc":"2.0","id":9,"result":{}}]`),
		&MCP{Generation: GenerationSessions, Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "tools/call", Name: "a", ID: "1"},
			{Side: Request, Kind: MCPRequest, Method: "prompts/get", Name: "b", ID: "1"},
			{Side: Request, Kind: MCPNotification, Method: "notifications/initialized"},
			{Side: Response, Kind: MCPResponse, Method: "prompts/get", Name: "b", ID: "1", Answers: 2},
			{Side: Response, Kind: MCPError, Method: "tools/call", Name: "a", ID: "1", Code: -32601, Error: "x", Failed: true, Answers: 1},
			{Side: Response, Kind: MCPResponse, ID: "9"},
		}})
	f("a result that only looks stateless", exchanged("Mcp-Session-Id: s-1", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "\n"+`{"jsonrpc":"2.0","id":1,"result":{"resultType":"complete"}}`),
		&MCP{Generation: GenerationSessions, SessionID: "s-1", Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "ping", ID: "1"},
			{Side: Response, Kind: MCPResponse, Method: "ping", ID: "1", Answers: 1},
		}})
	f("a stream that is asked for", parseCase(t, "GET /mcp HTTP/1.1\nAccept: text/event-stream\nMcp-Session-Id: s-1\n\n"),
		&MCP{Generation: GenerationSessions, SessionID: "s-1"})
	progress := `data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}` + "\n\n"
	f("what the server repeats", exchanged("", `{"jsonrpc":"2.0","id":1,"method":"ping"}`, "Content-Type: text/event-stream\n\n"+strings.Repeat(progress, 2000)+
		`data: {"jsonrpc":"2.0","id":1,"method":"ping"}`+"\n\n"+`data: {"jsonrpc":"2.0","id":1,"method":"ping"}`+"\n\n"+progress+
		`data: {"jsonrpc":"2.0","method":"notifications/progress","Method":"x"}`+"\n\n"+`data: {"jsonrpc":"2.0","id":1,"result":{}}`),
		&MCP{Generation: GenerationSessions, Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "ping", ID: "1"},
			{Side: Response, Kind: MCPNotification, Method: "notifications/progress"},
			{Side: Response, Kind: MCPRequest, Method: "ping", ID: "1"},
			{Side: Response, Kind: MCPRequest, Method: "ping", ID: "1"},
			{Side: Response, Kind: MCPNotification, Method: "notifications/progress"},
			{Side: Response, Kind: MCPResponse, Method: "ping", ID: "1", Answers: 1},
		}, Smuggling: []Smuggling{
			{Side: Response, Kind: CaseVariant, Message: 4, Detail: `member "Method" occurs in another case too`},
			{Side: Response, Kind: CaseVariant, Message: 4, Detail: `member "Method" is not method`},
		}})
	f("ids of another type", exchanged("", `[{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","id":"","method":"tools/list"},{"jsonrpc":"2.0","id":null,"method":"tools/list"}]`,
		"\n"+`[{"jsonrpc":"2.0","id":"1","result":{}},{"jsonrpc":"2.0","id":null,"error":{"code":-32600}},{"jsonrpc":"2.0","id":"","error":{"code":-1}}]`),
		&MCP{Generation: GenerationSessions, Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "tools/list", ID: "1"},
			{Side: Request, Kind: MCPRequest, Method: "tools/list"},
			{Side: Request, Kind: MCPRequest, Method: "tools/list"},
			{Side: Response, Kind: MCPResponse, ID: "1"},
			{Side: Response, Kind: MCPError, Code: -32600, Failed: true},
			{Side: Response, Kind: MCPError, Method: "tools/list", Code: -1, Failed: true, Answers: 2},
		}})
	f("what it is about", exchanged("", `[{"jsonrpc":"2.0","id":1,"method":"completion/complete","params":{"ref":{"type":"ref/resource","uri":"u"},"argument":{"name":"n"}}},{"jsonrpc":"2.0","id":2,"method":"completion/complete","params":{"ref":{"name":"p"}}},{"jsonrpc":"2.0","id":3,"method":"tasks/get","params":{"taskId":"t"}}]`, "\n"),
		&MCP{Generation: GenerationSessions, Messages: []MCPMessage{
			{Side: Request, Kind: MCPRequest, Method: "completion/complete", Name: "u", ID: "1"},
			{Side: Request, Kind: MCPRequest, Method: "completion/complete", Name: "p", ID: "2"},
			{Side: Request, Kind: MCPRequest, Method: "tasks/get", Name: "t", ID: "3"},
		}})
	f("JSON-RPC of something else", exchanged("", `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"0x1"},"latest"]}`, "\n"),
		&MCP{Messages: []MCPMessage{{Side: Request, Kind: MCPRequest, Method: "eth_call", ID: "1"}}})
	f("neither", exchanged("", `{"id":1,"method":"transfer","id":2}`, "\n"), nil)
	f("no JSON", exchanged("", `jsonrpc=2.0`, "\n"), nil)
	f("numbers", exchanged("", `[1,2,[{"jsonrpc":"2.0"}],null]`, "\n"), nil)
	f("cut", exchanged("", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"to":"an`, "\n"),
		&MCP{Generation: GenerationSessions, Messages: []MCPMessage{{Side: Request, Kind: MCPRequest, Method: "tools/call", Name: "pay", ID: "1", Arguments: []byte(`{"to":"an`)}}})
}

// Every message among the examples of the specification is recognised.
func TestMCPExamples(t *testing.T) {
	files, err := filepath.Glob("../../../../shared/data/mcp/schema/2026-07-28/examples/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the examples of MCP are not here: shared/data/mcp beside the repository")
	}
	messages := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want struct {
			JSONRPC, Method string
			ID              any
			Params          struct{ Name, URI string }
			Result, Error   json.RawMessage
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		kind := filepath.Base(filepath.Dir(file))
		isMessage := want.JSONRPC != "" || strings.HasSuffix(kind, "Request") || strings.HasSuffix(kind, "Notification")
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: text}}
		if want.Method == "" {
			x = &exchange.Exchange{Status: 200, ResponseBody: exchange.Body{Bytes: text}}
		}
		got := mcpOf(t, x)
		switch {
		case !isMessage && got != nil:
			t.Errorf("%s: %+v", file, got)
		case !isMessage:
			continue
		case got == nil || len(got.Messages) != 1:
			t.Errorf("%s: not recognised", file)
			continue
		}
		messages++
		m := got.Messages[0]
		name := want.Params.Name + want.Params.URI
		if m.Method != want.Method || name != "" && m.Name != name || len(got.Smuggling) > 0 {
			t.Errorf("%s: %+v", file, got)
		}
		wantKind := MCPRequest
		switch {
		case want.Error != nil:
			wantKind = MCPError
		case want.Result != nil:
			wantKind = MCPResponse
		case want.ID == nil && want.JSONRPC != "":
			wantKind = MCPNotification
		case want.ID == nil:
			wantKind = m.Kind // an example of a request that leaves its id out
		}
		if m.Kind != wantKind {
			t.Errorf("%s: a %s, want a %s", file, m.Kind, wantKind)
		}
		if want.Params.Name+want.Params.URI != "" && strings.HasSuffix(kind, "Request") && (got.Generation != GenerationStateless || got.ClientName != "ExampleClient") {
			t.Errorf("%s: %+v", file, got)
		}
	}
	if messages < 30 {
		t.Errorf("only %d messages", messages)
	}
}

func TestMayBeMCP(t *testing.T) {
	for _, x := range []exchange.Exchange{
		{Header: http.Header{"Mcp-Session-Id": {"1"}}}, {Header: http.Header{"Mcp-Method": {"ping"}}}, {Path: "/v1/MCP"},
		{Header: http.Header{"Accept": {"application/json, text/event-stream"}}},
	} {
		if !MayBeMCP(&x) {
			t.Errorf("missed %+v", x)
		}
	}
	for _, x := range []exchange.Exchange{{}, {Path: "/rpc"}, {Header: http.Header{"Accept": {"application/json"}}}, {Header: http.Header{"Accept": {"text/event-stream"}}}} {
		if MayBeMCP(&x) {
			t.Errorf("taken %+v", x)
		}
	}
}

func TestMCPBombs(t *testing.T) {
	var batch strings.Builder
	batch.WriteByte('[')
	for i := range 100_000 {
		fmt.Fprintf(&batch, `{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":{"name":"t%d"}},`, i, i)
	}
	batch.WriteString(`{}]`)
	var members strings.Builder
	for i := range 300_000 {
		fmt.Fprintf(&members, `"%d":1,`, i)
	}
	call := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":`
	for _, b := range []struct {
		name, body string
		limit      Limit
	}{
		{"batch", batch.String(), LimitMessages},
		{"names", call + "{" + members.String(), LimitNames},
		{"members", call + "{" + members.String(), LimitMembers},
		{"top members", "{" + members.String(), LimitMembers},
		{"deep arguments", call + strings.Repeat(`{"a":`, 1_000_000), LimitDepth},
		{"deep lists", call + strings.Repeat(`[`, 1_000_000), LimitDepth},
		{"deep batch", strings.Repeat(`[`, 1_000_000), LimitDepth},
		{"long arguments", call + `{"a":"` + strings.Repeat("x", 1<<20) + `"}}}`, LimitValueBytes},
		{"long name", `{"jsonrpc":"2.0","id":1,"method":"` + strings.Repeat("x", 1<<20) + `"}`, LimitValueBytes},
		{"many arguments", "[" + strings.Repeat(call+`{"a":"`+strings.Repeat("x", 10<<10)+`"}}},`, 100) + "{}]", LimitResultBytes},
		{"events", strings.Repeat("data: "+call+"{}}}\n\n", 50_000), LimitMessages},
	} {
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(b.body)}}
		testBomb(t, b.name, x, b.limit, `request.mcp.method`, `request.mcp.argument["a"]["a"]`, `request.mcp.name[*]`)
	}
}

func BenchmarkMCP(b *testing.B) {
	x := &exchange.Exchange{
		Method: "POST", Path: "/mcp", Status: 200,
		Header:       http.Header{"Content-Type": {"application/json"}, "Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {"search_orders"}},
		RequestBody:  exchange.Body{Bytes: []byte(`{"jsonrpc":"2.0","id":42,"method":"tools/call","params":{"name":"search_orders","arguments":{"customer":"c-1234567","state":["open","paid"],"limit":20,"filter":{"from":"2026-01-01","to":"2026-02-01"}},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"ExampleClient","version":"1.0.0"},"io.modelcontextprotocol/clientCapabilities":{},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}`)},
		ResponseBody: exchange.Body{Bytes: []byte(`{"jsonrpc":"2.0","id":42,"result":{"resultType":"complete","content":[{"type":"text","text":"` + strings.Repeat("An order of two things. ", 60) + `"}],"isError":false}}`)},
	}
	f := func(name string, points ...string) {
		b.Run(name, func(b *testing.B) {
			e := mustCompile(b, points...)
			var out Result
			b.SetBytes(int64(len(x.RequestBody.Bytes) + len(x.ResponseBody.Bytes)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				e.Request(x, &out)
				e.Response(x, &out)
				if m := e.MCP(x, &out); m == nil || len(m.Messages) != 2 {
					b.Fatal("no messages")
				}
			}
		})
	}
	f("messages")
	f("points", `request.mcp.name`, `request.mcp.argument["customer"]`, `request.mcp.argument["filter"]["from"]`, `request.mcp.meta["traceparent"]`)
}

// FuzzMCP checks what the reader finds against encoding/json.
func FuzzMCP(f *testing.F) {
	f.Add([]byte(`{"jsonrpc":"2.0","id":"a\u0062","method":"tools/call","params":{"name":"n\n","arguments":{"a":[{"b":1}]},"_meta":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}`), "tools/call", "n", true)
	f.Add([]byte(`[{"jsonrpc":"2.0","id":1,"result":{"isError":true}},{"jsonrpc":"2.0","error":{"code":-1,"message":"m"}}]`), "", "=?base64?YQ==?=", false)
	f.Add([]byte("data: {\"JSONRPC\":\"2.0\",\"method\":\"ping\",\"Method\":1}\n\ndata: [{}]"), "ping", "", false)
	e := mustCompile(f, `request.mcp.method`, `request.mcp.name[*]`, `request.mcp.argument["a"]`, `request.mcp.meta[*]`, `response.mcp.method[*]`)
	var out Result
	f.Fuzz(func(t *testing.T, body []byte, method, name string, request bool) {
		x := &exchange.Exchange{Header: http.Header{"Mcp-Method": {method}, "Mcp-Name": {name}}, RequestBody: exchange.Body{Bytes: body}}
		if !request {
			x.RequestBody, x.ResponseBody, x.Status = x.ResponseBody, x.RequestBody, 200
		}
		out.Reset()
		e.Request(x, &out)
		e.Response(x, &out)
		m := e.MCP(x, &out)
		var fresh Result
		again := mustCompile(t).MCP(x, &fresh)
		if diff := cmp.Diff(again, m, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(MCPMessage{}, Smuggling{})); diff != "" {
			t.Fatalf("with points (-without +with):\n%s", diff)
		}
		var want struct {
			JSONRPC any `json:"jsonrpc"`
			Method  any `json:"method"`
		}
		if json.Unmarshal(body, &want) != nil || want.JSONRPC != "2.0" || len(out.Notes) > 0 || m == nil || len(m.Smuggling) > 0 {
			return // several, invalid, or such that decoders differ
		}
		if len(m.Messages) != 1 {
			t.Fatalf("%d messages in %q", len(m.Messages), body)
		}
		if text, ok := want.Method.(string); ok && m.Messages[0].Method != text && !strings.Contains(text, "\ufffd") {
			t.Fatalf("method %q, want %q", m.Messages[0].Method, text)
		}
		if a := m.Messages[0].Arguments; a != nil && !json.Valid(a) {
			t.Fatalf("arguments %q", a)
		}
	})
}
