package inspect

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

func call(id, method, name string) string {
	return `{"jsonrpc":"2.0","id":` + id + `,"method":"` + method + `","params":{"name":"` + name + `","arguments":{"of":"` + name + `"}}}`
}

func failure(id string, code int) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%s,"error":{"code":%d,"message":"no"}}`, id, code)
}

func result(id string) string { return `{"jsonrpc":"2.0","id":` + id + `,"result":{}}` }

func batch(messages ...string) string { return "[" + strings.Join(messages, ",") + "]" }

// streamed answers x with a stream of events.
func streamed(x *exchange.Exchange, messages ...string) *exchange.Exchange {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString("event: message\ndata: " + m + "\n\n")
	}
	x = withAnswer(x, b.String())
	x.ResponseHeader.Set("Content-Type", "text/event-stream")
	return x
}

// line is a message in short: who sent it, its method and name, its error.
func line(from, method, name string, err int) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %d", from, method, name, err))
}

func linesOf(m *record.MCP) []string {
	out := []string{line("client", m.Method, m.Name, m.Error)}
	for _, n := range m.More {
		out = append(out, line(n.From, n.Method, n.Name, n.Error))
	}
	return out
}

func TestMCPMessages(t *testing.T) {
	const (
		progress    = `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progress":1}}`
		initialized = `{"jsonrpc":"2.0","method":"notifications/initialized"}`
	)
	p := testPipeline(t, "")
	for _, c := range []struct {
		name string
		x    *exchange.Exchange
		want []string
	}{
		{"one", withAnswer(mcpPost(call("1", "tools/call", "a")), failure("1", -32602)), []string{"client tools/call a -32602"}},
		{"a batch", withAnswer(mcpPost(batch(call("1", "tools/call", "a"), call(`"1"`, "prompts/get", "b"), initialized, call("2", "tools/call", "c"))),
			batch(result("2"), failure(`"1"`, -32601), failure("1", -1), failure("9", -9), failure("null", -32600))),
			[]string{"client tools/call a -1", "client prompts/get b -32601", "client notifications/initialized  0", "client tools/call c 0"}},
		{"another type of id", withAnswer(mcpPost(batch(call("1", "tools/call", "a"), call("2", "tools/call", "b"))), batch(failure(`"2"`, -1), result("1"))),
			[]string{"client tools/call a 0", "client tools/call b 0"}},
		{"a batch that is answered as a whole", withAnswer(mcpPost(batch(call("1", "tools/call", "a"), call("2", "tools/call", "b"))), failure("null", -32600)),
			[]string{"client tools/call a -32600", "client tools/call b 0"}},
		{"an answer to something else", withAnswer(mcpPost(call("1", "tools/call", "a")), failure("2", -1)), []string{"client tools/call a 0"}},
		{"a message without its end", withAnswer(mcpPost(`{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a","arguments":{"of":"`), failure("1", -1)), []string{"client tools/call a -1"}},
		{"a stream", streamed(mcpPost(call("1", "tools/call", "a")),
			progress, progress, progress, `{"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{}}`, progress,
			`{"jsonrpc":"2.0","id":"e","method":"elicitation/create"}`, failure("1", -32000)),
			[]string{"client tools/call a -32000", "server notifications/progress  0", "server sampling/createMessage  0", "server notifications/progress  0", "server elicitation/create  0"}},
		{"a batch within a stream", streamed(mcpPost(batch(call("1", "tools/call", "a"), call("2", "tools/call", "b"))), batch(progress, failure("2", -2)), result("1")),
			[]string{"client tools/call a 0", "client tools/call b -2", "server notifications/progress  0"}},
		{"a server's stream", streamed(mcpPost(""), `{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"file:///a?token=hunter2hunter2"}}`),
			[]string{"client   0", "server notifications/resources/updated file:///a?token=[masked] 0"}},
		{"answers of the client", mcpPost(batch(result("1"), failure("2", -5))), []string{"client   -5"}},
	} {
		c.x.Header.Set("Mcp-Session-Id", "s")
		r := inspected(t, p, c.x)
		if r.MCP == nil {
			t.Errorf("%s: no MCP", c.name)
			continue
		}
		if diff := cmp.Diff(c.want, linesOf(r.MCP)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if slices.Contains(r.Flags, record.FlagTruncated) {
			t.Errorf("%s: flags %v", c.name, r.Flags)
		}
	}
}

// TestMCPMessagesTold: each message has its own trace, and Explain its arguments.
func TestMCPMessagesTold(t *testing.T) {
	p := testPipeline(t, "")
	traced := func(trace string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":{"traceparent":"00-` + trace + `-00f067aa0ba902b7-01"}}}`
	}
	const one, two = "4bf92f3577b34da6a3ce929d0e0e4736", "0af7651916cd43dd8448eb211c80319c"
	r := inspected(t, p, mcpPost(batch(traced(one), traced(two), call("3", "tools/call", "y"))))
	if r.MCP.Trace != one || r.MCP.More[0].Trace != two || r.MCP.More[1].Trace != "" {
		t.Errorf("traces of %+v", r.MCP)
	}
	e, _, err := p.Explain(streamed(mcpPost(batch(result("7"), call("1", "tools/call", "a"), call("2", "tools/call", "b"))), `{"jsonrpc":"2.0","id":7,"method":"ping"}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`{"of":"a"}`, `{"of":"b"}`, ""}, []string{string(e.Arguments[0]), string(e.Arguments[1]), string(e.Arguments[2])}); diff != "" || len(e.Arguments) != 3 {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

// TestMCPMessagesBound: what is beyond the limit is flagged, not kept.
func TestMCPMessagesBound(t *testing.T) {
	p := testPipeline(t, "")
	for n, flagged := range map[int]bool{record.MaxMCPMessages: false, record.MaxMCPMessages + 1: true, 400: true} {
		var calls, answers []string
		for i := range n {
			calls = append(calls, call(fmt.Sprint(i), "tools/call", fmt.Sprint("t", i)))
			answers = append(answers, failure(fmt.Sprint(i), -1-i))
		}
		slices.Reverse(answers)
		r := inspected(t, p, withAnswer(mcpPost(batch(calls...)), batch(answers...)))
		if r.MCP == nil || len(r.MCP.More) != record.MaxMCPMessages-1 || slices.Contains(r.Flags, record.FlagTruncated) != flagged {
			t.Fatalf("%d messages: %+v, flags %v", n, r.MCP, r.Flags)
		}
		if last := r.MCP.More[len(r.MCP.More)-1]; r.MCP.Error != -1 || last.Error != -record.MaxMCPMessages || last.Name != fmt.Sprint("t", record.MaxMCPMessages-1) {
			t.Errorf("%d messages: the last is %+v", n, last)
		}
	}
}

// TestMCPSmugglingInABatch: every message is looked at, not the first alone.
func TestMCPSmugglingInABatch(t *testing.T) {
	p := testPipeline(t, "")
	hidden := `{"jsonrpc":"2.0","id":2,"method":"tools/list","method":"tools/call","params":{"name":"delete_all"}}`
	for name, x := range map[string]*exchange.Exchange{
		"a batch":  mcpPost(batch(call("1", "tools/call", "a"), hidden)),
		"a stream": streamed(mcpPost(call("1", "tools/call", "a")), result("1"), hidden),
	} {
		if r := inspected(t, p, x); len(r.Findings) != 1 || r.Findings[0].Type != "protocol_smuggling" || len(r.MCP.More) != 1 {
			t.Errorf("%s: %+v, %+v", name, r.MCP, r.Findings)
		}
	}
}

func BenchmarkInspectMCP(b *testing.B) {
	p := testPipeline(b, "")
	one := withAnswer(mcpPost(call("1", "tools/call", "a"), "Mcp-Session-Id: s"), result("1"))
	several := streamed(mcpPost(batch(call("1", "tools/call", "a"), call("2", "tools/call", "b")), "Mcp-Session-Id: s"), result("1"), failure("2", -1))
	for name, x := range map[string]*exchange.Exchange{"one": one, "batch": several} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.Inspect(x); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
