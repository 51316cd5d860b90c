package point

import (
	"slices"
	"strings"

	"sojourn/internal/exchange"
)

var mcpFormat = format{
	name: "mcp", place: inBody, keys: noKeys, group: true, read: readMCP, text: true, documents: true,
	parts: []*format{
		{name: "method", keys: segmentKeys},
		{name: "name", keys: segmentKeys},
		{name: "argument", keys: messageKeys},
		{name: "meta", keys: messageKeys},
	},
}

// messageKeys is for names in the messages of a batch: ["x"]["y"][0] of the first
// that has it, [1]["x"] of the second, [*]["x"] of all.
func messageKeys(keys []Key) (int, string) {
	switch {
	case len(keys) == 0:
		return 0, `a name as in ["x"], an index or [*]`
	case len(keys) == 1 && keys[0].By == ByIndex:
		return 1, `a name or [*] behind the index of a message`
	}
	return 0, ""
}

// MCP is what an exchange says in the Model Context Protocol, message by message,
// both sides together.
type MCP struct {
	// Generation is empty when the messages are JSON-RPC and nothing marks them as
	// MCP: then they are only where the operator says so.
	Generation      Generation
	SessionID       string // of Mcp-Session-Id, the request's or else the response's; only sessions have it
	ProtocolVersion string // a revision such as 2025-11-25, the one agreed on where the exchange tells
	ClientName      string
	ClientVersion   string
	TraceID         string // 32 hex digits (W3C Trace Context §3.2)
	// Messages are those of the request, then those of the response. Of equal
	// notifications that a server sends one after the other there is one.
	Messages []MCPMessage
	// Smuggling tells what different readers of the exchange would read in
	// different ways. The last of several members is what Messages tell.
	Smuggling     []Smuggling
	MoreSmuggling int // counts those that found no room
}

// Generation is one of the two ways in which MCP is spoken over HTTP, known by its
// latest revision.
type Generation string

const (
	// GenerationSessions begins with initialize and goes on with Mcp-Session-Id:
	// the revisions from 2024-11-05 to 2025-11-25.
	GenerationSessions Generation = "2025-11-25"
	// GenerationStateless has requests that stand alone and say in their _meta who
	// sends them: from 2026-07-28 on.
	GenerationStateless Generation = "2026-07-28"
)

// MCPMessage is one JSON-RPC 2.0 message.
type MCPMessage struct {
	Side   Side
	Kind   MCPKind
	Method string // of a response, the one of the request that it answers
	Name   string // the tool, prompt, resource URI or task that the request is about
	ID     string
	// Arguments are params.arguments as they stand there, in JSON.
	Arguments []byte
	Code      int    // of an error
	Error     string // its message
	Failed    bool   // an error, or the result of a tool that says of itself that it is one
	TraceID   string // 32 hex digits, of its own _meta
	Answers   int    // of a response: place in Messages, counted from 1, of the request that it answers; 0: of none

	textID bool // it is a string: "1" is not 1
}

// MCPKind says what a message is.
type MCPKind string

// The kinds of messages.
const (
	MCPRequest      MCPKind = "request"
	MCPNotification MCPKind = "notification"
	MCPResponse     MCPKind = "response"
	MCPError        MCPKind = "error"
	MCPInvalid      MCPKind = "invalid" // has neither a method nor a result nor an error
)

// MCP returns what a complete exchange says in MCP, nil when it does not. What
// Request and Response have read already is not read again. It is valid until the
// Reset of out.
func (e *Extractor) MCP(x *exchange.Exchange, out *Result) *MCP {
	w := &out.run.mcp
	for i, side := range []Side{Request, Response} {
		if w.read[i] || side == Response && x.Status == 0 && x.ResponseHeader == nil {
			continue
		}
		r := out.begin(e, side, x)
		r.openBody()
		if text := r.textBody(); r.body.stream != noStream {
			r.readStream(readMCP, &w.none, text)
		} else {
			readMCP(r, &w.none, text)
		}
		w.read[i] = true
		r.end()
	}
	w.head(x)
	if len(w.mcp.Messages) == 0 && w.mcp.Generation == "" {
		return nil
	}
	return &w.mcp
}

// MayBeMCP tells by the head of a request whether it is worth looking for MCP in
// it: its header fields, what it accepts, or its path say so.
func MayBeMCP(x *exchange.Exchange) bool {
	for _, name := range mcpHeaders {
		if len(x.Header[name]) > 0 {
			return true
		}
	}
	accept := first(x.Header["Accept"])
	return containsFold(accept, "text/event-stream") && containsFold(accept, "application/json") ||
		containsFold(x.Path, "/mcp")
}

// The header fields of MCP over HTTP (revision 2026-07-28, Streamable HTTP).
const (
	mcpSessionHeader  = "Mcp-Session-Id"
	mcpVersionHeader  = "Mcp-Protocol-Version"
	mcpMethodHeader   = "Mcp-Method"
	mcpNameHeader     = "Mcp-Name"
	mcpSessionIDBytes = 1 << 10 // that a session id may have
)

var mcpHeaders = [...]string{mcpSessionHeader, mcpVersionHeader, mcpMethodHeader, mcpNameHeader}

// mcpWork is the workspace of the reader, and what it read.
type mcpWork struct {
	read  [2]bool // request, response
	mcp   MCP
	says  bool // something marks the messages as MCP
	newer bool // something says that they are of the stateless generation
	typed bool // a result looks like those of the stateless generation

	version    string // that requests state
	negotiated string // that the server answers
	text       []byte // of arguments
	names      map[mcpName]struct{}
	folded     []byte
	none       node // asks for nothing
}

// reset forgets what belongs to an exchange.
func (w *mcpWork) reset() {
	clear(w.mcp.Messages)
	clear(w.mcp.Smuggling)
	*w = mcpWork{
		mcp:  MCP{Messages: w.mcp.Messages[:0], Smuggling: w.mcp.Smuggling[:0]},
		text: w.text[:0], names: w.names, folded: w.folded,
	}
}

// begin forgets what was read of a side.
func (w *mcpWork) begin(side Side) {
	if side == Request {
		w.reset()
		w.read[0] = true
		return
	}
	w.read[1] = true
	w.negotiated = ""
	w.mcp.Messages = slices.DeleteFunc(w.mcp.Messages, func(m MCPMessage) bool { return m.Side == Response })
	w.mcp.Smuggling = slices.DeleteFunc(w.mcp.Smuggling, func(s Smuggling) bool { return s.Side == Response })
}

// head adds what the heads say, and what only both sides together tell.
func (w *mcpWork) head(x *exchange.Exchange) {
	m := &w.mcp
	stated := first(x.Header[mcpVersionHeader])
	newer := w.newer || isStateless(stated) || w.typed && len(x.Header[mcpSessionHeader]) == 0
	says := w.says || newer
	for _, name := range mcpHeaders {
		says = says || len(x.Header[name]) > 0 || len(x.ResponseHeader[name]) > 0
	}
	switch {
	case newer:
		m.Generation = GenerationStateless
	case says:
		m.Generation = GenerationSessions
	}
	m.SessionID = ""
	if id := first(x.Header[mcpSessionHeader]); m.Generation == GenerationSessions && len(id) <= mcpSessionIDBytes {
		if m.SessionID = id; id == "" && len(first(x.ResponseHeader[mcpSessionHeader])) <= mcpSessionIDBytes {
			m.SessionID = first(x.ResponseHeader[mcpSessionHeader])
		}
	}
	m.ProtocolVersion = w.negotiated
	if m.ProtocolVersion == "" {
		m.ProtocolVersion = w.version
	}
	if m.ProtocolVersion == "" && isRevision(stated) {
		m.ProtocolVersion = stated
	}
	for i := range m.Messages {
		if a := &m.Messages[i]; a.Kind == MCPResponse || a.Kind == MCPError {
			w.answer(a)
		}
	}
}

// answer finds the request that a message answers: of the other side, with the
// same id of the same type.
func (w *mcpWork) answer(a *MCPMessage) {
	a.Method, a.Name, a.Answers = "", "", 0
	if a.ID == "" && !a.textID {
		return
	}
	for i := range w.mcp.Messages {
		if q := &w.mcp.Messages[i]; q.Kind == MCPRequest && q.Side != a.Side && q.ID == a.ID && q.textID == a.textID {
			a.Method, a.Name, a.Answers = q.Method, q.Name, i+1
			return
		}
	}
}

// repeats reports whether m is a notification of the server that says what the one
// right before it said, as those about progress do. One of them tells.
func (w *mcpWork) repeats(m *MCPMessage) bool {
	last := len(w.mcp.Messages) - 1
	if m.Side != Response || m.Kind != MCPNotification || m.Arguments != nil || last < 0 {
		return false
	}
	before := &w.mcp.Messages[last]
	return before.Side == Response && before.Kind == MCPNotification && before.Arguments == nil &&
		before.Method == m.Method && before.Name == m.Name && before.TraceID == m.TraceID
}

// isRevision reports whether a version has the form of MCP's: a date.
func isRevision(version string) bool {
	if len(version) != len("2026-07-28") {
		return false
	}
	for i := range len(version) {
		if dash := i == 4 || i == 7; dash != (version[i] == '-') || !dash && !isDigit(version[i]) {
			return false
		}
	}
	return true
}

// isStateless reports whether a revision is of the newer generation.
func isStateless(version string) bool {
	return isRevision(version) && version >= string(GenerationStateless)
}

// mcpMethods are those of MCP, of all revisions. The first two are in use beyond
// it, and mark nothing.
var mcpMethods = [...]string{
	"ping", "initialize", "tools/list", "tools/call", "resources/list", "resources/templates/list", "resources/read",
	"resources/subscribe", "resources/unsubscribe", "prompts/list", "prompts/get", "completion/complete", "logging/setLevel",
	"roots/list", "sampling/createMessage", "elicitation/create", "server/discover", "subscriptions/listen",
	"tasks/get", "tasks/list", "tasks/result", "tasks/update", "tasks/cancel",
	"notifications/initialized", "notifications/cancelled", "notifications/progress", "notifications/message",
	"notifications/tools/list_changed", "notifications/resources/list_changed", "notifications/resources/updated",
	"notifications/prompts/list_changed", "notifications/roots/list_changed", "notifications/elicitation/complete",
	"notifications/tasks/status", "notifications/subscriptions/acknowledged",
}

// mcpMethod returns the place of a method in mcpMethods, or -1.
func mcpMethod(method []byte) int {
	return slices.IndexFunc(mcpMethods[:], func(m string) bool { return m == string(method) })
}

// nameOf says which of the parameters of a method is what it is about.
func nameOf(method string, p *mcpParams) []byte {
	switch {
	case strings.HasPrefix(method, "resources/"), strings.HasPrefix(method, "notifications/resources/"):
		return p.uri
	case strings.HasPrefix(method, "tasks/"):
		return p.task
	case method == "completion/complete":
		if len(p.refURI) > 0 {
			return p.refURI
		}
		return p.refName
	}
	return p.name
}
