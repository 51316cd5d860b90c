package point

import (
	"bytes"
	"strconv"
)

// readMCP reads a JSON-RPC 2.0 message or a batch of them: a body, or one event of
// a stream.
func readMCP(r *run, n *node, data []byte) {
	w := &r.mcp
	if r.event <= 0 {
		w.begin(r.side)
	}
	if len(w.mcp.Messages) >= r.Messages {
		r.limit("mcp", LimitMessages)
		return
	}
	if len(w.names) > keepEntries {
		w.names = nil
	}
	clear(w.names)
	s := mcpScan{jsonScan: jsonScan{run: r, data: data, room: r.Members, depth: r.Depth}}
	found := len(w.mcp.Messages)
	switch s.blank(); s.peek() {
	case '{':
		s.message(n)
	case '[':
		s.eachElement(func() bool {
			if s.peek() != '{' {
				return s.value(nil)
			}
			return s.message(n)
		})
	}
	if s.reason != "" && len(w.mcp.Messages) > found && !(r.body.truncated && s.at >= len(data)) {
		r.malformed("mcp", s.at, s.reason)
	}
}

// mcpScan reads one message after the other.
type mcpScan struct {
	jsonScan
	m mcpRaw
}

// mcpRaw is a message as it stands there: strings have their quotes.
type mcpRaw struct {
	at              int
	version, id     []byte
	method          []byte
	params          mcpParams
	result, isError bool
	failed          bool // the result of a tool that says so
	typed           bool // the result says of what type it is, as the newer generation does
	negotiated      []byte
	code, message   []byte
}

// mcpParams are the parameters that tell what a request is about and who sends it.
// Strings are decoded.
type mcpParams struct {
	name, uri, task, refName, refURI  []byte
	version, clientName, clientVers   []byte // of initialize
	arguments, meta                   []byte // JSON
	metaVersion, metaName, metaNumber []byte
	trace                             []byte
}

// message reads an object and takes it when it is a message.
func (s *mcpScan) message(n *node) bool {
	s.m = mcpRaw{at: s.at}
	found, more := len(s.mcp.mcp.Smuggling), s.mcp.mcp.MoreSmuggling
	ok := s.eachMember(s.member)
	if text := s.text(s.m.version); string(text) != "2.0" {
		if mcpMethod(s.text(s.m.method)) < 0 {
			s.mcp.mcp.Smuggling, s.mcp.mcp.MoreSmuggling = s.mcp.mcp.Smuggling[:found], more
			return ok
		}
		s.malformed("mcp", s.m.at, "jsonrpc is not 2.0")
	}
	for _, f := range s.mcp.mcp.Smuggling[found:] {
		if f.Kind == DuplicateMember {
			s.duplicate("mcp", -1, f.member)
		}
	}
	return s.take(n, ok, found) && ok
}

// member reads a member of a message.
func (s *mcpScan) member(name []byte) bool {
	s.once(s.m.at, name, true)
	begin := s.at
	ok := true
	switch string(name) {
	case "jsonrpc":
		s.m.version, ok = s.raw()
	case "id":
		s.m.id, ok = s.raw()
	case "method":
		s.m.method, ok = s.raw()
	case "params":
		s.m.params = mcpParams{}
		if s.peek() != '{' {
			return s.value(nil)
		}
		return s.eachMember(func(name []byte) bool { return s.param(begin, name) })
	case "result":
		s.m.result = true
		if s.peek() != '{' {
			return s.value(nil)
		}
		return s.eachMember(s.resultMember)
	case "error":
		s.m.isError = true
		if s.peek() != '{' {
			return s.value(nil)
		}
		return s.eachMember(s.errorMember)
	default:
		s.variant(name, "jsonrpc", "id", "method", "params", "result", "error")
		ok = s.value(nil)
	}
	return ok
}

func (s *mcpScan) resultMember(name []byte) bool {
	value, ok := s.raw()
	switch string(name) {
	case "isError":
		s.m.failed = string(value) == "true"
	case "resultType":
		s.m.typed = true
	case "protocolVersion":
		s.m.negotiated = s.text(value)
	}
	return ok
}

func (s *mcpScan) errorMember(name []byte) bool {
	value, ok := s.raw()
	switch string(name) {
	case "code":
		s.m.code = value
	case "message":
		s.m.message = value
	}
	return ok
}

// param reads a member of params, which begin at a byte.
func (s *mcpScan) param(object int, name []byte) bool {
	s.once(object, name, true)
	p, begin := &s.m.params, s.at
	into := (*[]byte)(nil)
	switch string(name) {
	case "name":
		into = &p.name
	case "uri":
		into = &p.uri
	case "taskId":
		into = &p.task
	case "protocolVersion":
		into = &p.version
	case "clientInfo":
		return s.pair("name", &p.clientName, "version", &p.clientVers)
	case "ref":
		return s.pair("name", &p.refName, "uri", &p.refURI)
	case "arguments":
		ok := s.unique(true)
		p.arguments = s.data[begin:s.at]
		return ok
	case "_meta":
		ok := s.meta()
		p.meta = s.data[begin:s.at]
		return ok
	default:
		s.variant(name, "name", "uri", "arguments", "_meta")
		return s.unique(false)
	}
	value, ok := s.raw()
	*into = s.text(value)
	return ok
}

// pair reads an object for two of its strings.
func (s *mcpScan) pair(first string, one *[]byte, second string, two *[]byte) bool {
	if s.peek() != '{' {
		return s.value(nil)
	}
	object := s.at
	return s.eachMember(func(name []byte) bool {
		s.once(object, name, true)
		value, ok := s.raw()
		switch string(name) {
		case first:
			*one = s.text(value)
		case second:
			*two = s.text(value)
		}
		return ok
	})
}

// meta reads params._meta.
func (s *mcpScan) meta() bool {
	if s.peek() != '{' {
		return s.value(nil)
	}
	object := s.at
	p := &s.m.params
	return s.eachMember(func(name []byte) bool {
		s.once(object, name, true)
		into := (*[]byte)(nil)
		switch string(name) {
		case "io.modelcontextprotocol/protocolVersion":
			into = &p.metaVersion
		case "io.modelcontextprotocol/clientInfo":
			return s.pair("name", &p.metaName, "version", &p.metaNumber)
		case "traceparent":
			into = &p.trace
		default:
			return s.unique(false)
		}
		value, ok := s.raw()
		*into = s.text(value)
		return ok
	})
}

// take takes the message that was read; whole says that it was to its end, found
// where its findings begin.
func (s *mcpScan) take(n *node, whole bool, found int) bool {
	w, raw := &s.mcp, &s.m
	if len(w.mcp.Messages) >= s.Messages {
		s.limit("mcp", LimitMessages)
		return false
	}
	method := s.text(raw.method)
	m := MCPMessage{Side: s.side, Kind: raw.kind()}
	if known := mcpMethod(method); known >= 0 {
		m.Method = mcpMethods[known]
		w.says = w.says || known >= 2 || raw.params.version != nil
	} else {
		m.Method = s.kept(method)
	}
	name := nameOf(m.Method, &raw.params)
	m.Name = s.kept(name)
	if id := s.text(raw.id); id != nil {
		m.ID, m.textID = s.kept(id), true
	} else if !bytes.Equal(raw.id, []byte("null")) {
		m.ID = s.kept(raw.id)
	}
	m.Arguments = s.keptArguments(raw.params.arguments)
	if raw.isError {
		m.Code, _ = strconv.Atoi(string(raw.code))
		m.Error = s.kept(s.text(raw.message))
	}
	m.Failed = raw.isError || raw.failed
	s.takeParams(&m)
	if s.side == Request && m.Method != "" {
		s.compareHeaders(&m, whole)
	}
	if w.repeats(&m) {
		for i := range w.mcp.Smuggling[found:] {
			w.mcp.Smuggling[found+i].Message--
		}
	} else {
		w.mcp.Messages = append(w.mcp.Messages, m)
	}
	s.points(n, method, name)
	return true
}

func (m *mcpRaw) kind() MCPKind {
	switch {
	case m.method != nil && m.id != nil:
		return MCPRequest
	case m.method != nil:
		return MCPNotification
	case m.isError:
		return MCPError
	case m.result:
		return MCPResponse
	}
	return MCPInvalid
}

// takeParams takes what a message says of its sender; the first one that says it
// counts.
func (s *mcpScan) takeParams(m *MCPMessage) {
	w, p := &s.mcp, &s.m.params
	w.newer = w.newer || isStateless(string(p.metaVersion))
	w.typed = w.typed || s.m.typed
	w.says = w.says || w.newer || p.metaVersion != nil || p.metaName != nil
	m.TraceID = traceID(p.trace)
	if s.side == Response {
		if w.negotiated == "" && isRevision(string(s.m.negotiated)) {
			w.negotiated = string(s.m.negotiated)
		}
		return
	}
	version, client, number := p.metaVersion, p.metaName, p.metaNumber
	if m.Method == "initialize" {
		version, client, number = p.version, p.clientName, p.clientVers
	}
	if w.version == "" && isRevision(string(version)) {
		w.version = string(version)
	}
	if w.mcp.ClientName == "" {
		w.mcp.ClientName, w.mcp.ClientVersion = s.kept(client), s.kept(number)
	}
	if w.mcp.TraceID == "" {
		w.mcp.TraceID = m.TraceID
	}
}

// points takes what points ask for in a message.
func (s *mcpScan) points(n *node, method, name []byte) {
	if len(method) > 0 {
		s.element(n.step("method"), method)
	}
	if len(name) > 0 {
		s.element(n.step("name"), name)
	}
	s.object(n.step("argument"), s.m.params.arguments)
	s.object(n.step("meta"), s.m.params.meta)
}

// object takes what points ask for in an object that each message has one of: names
// and [*] look into it, and an index or [*] stands for the message before names.
func (s *mcpScan) object(n *node, text []byte) {
	if n == nil || text == nil {
		return
	}
	s.json(n, text)
	if len(n.indexes) == 0 && (n.rest == nil || !n.rest.hasKeys()) {
		return
	}
	if message := n.index(s.run.next(n, 0)); message != nil {
		s.json(message, text)
	}
}

// kept copies a text, cut at the limit of a value.
func (s *mcpScan) kept(text []byte) string {
	if len(text) > s.ValueBytes {
		s.limit("mcp", LimitValueBytes)
		text = text[:s.ValueBytes]
	}
	return string(text)
}

// keptArguments copies arguments, cut at the limit of a value, while there is room.
func (s *mcpScan) keptArguments(text []byte) []byte {
	if text == nil {
		return nil
	}
	if len(text) > s.ValueBytes {
		s.limit("mcp", LimitValueBytes)
		text = text[:s.ValueBytes]
	}
	w := &s.mcp
	if len(w.text)+len(text) > s.ResultBytes {
		s.limit("mcp", LimitResultBytes)
		return nil
	}
	begin := len(w.text)
	w.text = append(w.text, text...)
	return w.text[begin:len(w.text):len(w.text)]
}
