package point

import (
	"bytes"
	"slices"
	"strings"
	"unsafe"

	"sojourn/internal/exchange"
)

var graphqlFormat = format{
	name: "graphql", side: Request, place: inBody, keys: noKeys, group: true, read: readGraphQL, text: true, bodiless: true,
	parts: []*format{
		{name: "operation", keys: segmentKeys},
		{name: "type", keys: segmentKeys},
		{name: "field", keys: nameKeys, nests: true, parts: []*format{
			{name: "arg", keys: nestedKeys},
		}},
		{name: "variable", keys: nestedKeys},
	},
}

// Operation is a GraphQL operation that a request asks for.
type Operation struct {
	Type   string   // query, mutation or subscription; empty when only the server knows its text
	Name   string   // empty for one without a name
	Hash   string   // that names a persisted query, when the request has no text
	Fields []string // names of the top-level fields, not aliases, each once, fragments followed
}

// GraphQL returns the operations of a request whose body is complete: several of
// a batch, none when it is not GraphQL. What Request has read already is not read
// again. They are valid until the Reset of out.
func (e *Extractor) GraphQL(x *exchange.Exchange, out *Result) []Operation {
	w := &out.run.graphql
	if !w.read {
		r := out.begin(e, Request, x)
		r.openBody()
		readGraphQL(r, &w.none, r.textBody())
		r.end()
	}
	return w.operations
}

// MayBeGraphQL tells by the head of a request whether it is worth looking for
// GraphQL in it: its path, its media types, its parameters or the header fields of
// well-known clients say so.
func MayBeGraphQL(x *exchange.Exchange) bool {
	for _, name := range []string{"X-Apollo-Operation-Name", "Apollographql-Client-Name", "Apollo-Require-Preflight", "Graphql-Preflight"} {
		if len(x.Header[name]) > 0 {
			return true
		}
	}
	return containsFold(x.Path, "graphql") || containsFold(x.Path, "/gql") ||
		containsFold(first(x.Header["Content-Type"]), "application/graphql") ||
		containsFold(first(x.Header["Accept"]), "application/graphql") ||
		strings.Contains(x.Query, "query=") || strings.Contains(x.Query, "extensions=")
}

// containsFold is strings.Contains for ASCII without regard to case; part is in
// lower case.
func containsFold(s, part string) bool {
	for i := 0; i+len(part) <= len(s); i++ {
		j := 0
		for j < len(part) && (s[i+j] == part[j] || 'A' <= s[i+j] && s[i+j] <= 'Z' && s[i+j]|0x20 == part[j]) {
			j++
		}
		if j == len(part) {
			return true
		}
	}
	return false
}

// graphqlWork is the workspace of the reader, and what it read.
type graphqlWork struct {
	read       bool
	operations []Operation
	names      []string // of their fields
	tokens     int      // that may come in documents
	aliases    int      // that may come in documents
	walked     int      // tokens that may come while what points ask for is looked for

	definitions []gqlDefinition
	defined     []gqlVariable // by the operation
	given       []gqlVariable // by the request
	asked       []gqlAt       // nodes of all constructs that are being read
	open        []int         // fragments that are being read
	fields      [][]byte      // of the operation, at its top
	joined      []byte        // scratch for the strings of an operation
	none        node          // asks for nothing
}

// reset forgets what belongs to an exchange.
func (w *graphqlWork) reset() {
	clear(w.operations)
	clear(w.names)
	w.read, w.operations, w.names = false, w.operations[:0], w.names[:0]
	w.forget()
}

// forget lets go of the text of a request.
func (w *graphqlWork) forget() {
	clear(w.definitions)
	clear(w.defined)
	clear(w.given)
	clear(w.fields)
	w.definitions, w.defined, w.given, w.fields = w.definitions[:0], w.defined[:0], w.given[:0], w.fields[:0]
	w.asked, w.open = w.asked[:0], w.open[:0]
}

// fragment returns the place of a fragment in the definitions, or -1.
func (w *graphqlWork) fragment(name []byte) int {
	for i := range w.definitions {
		if d := &w.definitions[i]; d.fragment && string(d.name) == string(name) {
			return i
		}
	}
	return -1
}

// gqlRequest is what a client sends (GraphQL over HTTP §5): JSON members or
// parameters of a query or a form.
type gqlRequest struct {
	query, name, hash     []byte
	variables, extensions []byte // JSON
}

// set takes a member or a parameter whose name is known; value is as it stands in
// JSON, or text.
func (q *gqlRequest) set(r *run, name string, value []byte, json bool) {
	text := value
	if json {
		text = r.text(value)
	}
	switch name {
	case "query":
		q.query = text
	case "operationName":
		q.name = text
	case "documentId":
		q.hash = text
	case "variables":
		if q.variables = value; json && text != nil {
			q.variables = text // JSON in a string
		}
	case "extensions":
		q.extensions = value
	}
}

// gqlMembers are the names of what a request has.
var gqlMembers = [...]string{"query", "operationName", "documentId", "variables", "extensions"}

// gqlMember returns the place of a name in gqlMembers, or -1.
func gqlMember(name string) int { return slices.Index(gqlMembers[:], name) }

// readGraphQL finds the requests in a body, or in the query of the URL.
func readGraphQL(r *run, n *node, data []byte) {
	w := &r.graphql
	w.reset()
	w.read, w.tokens, w.aliases, w.walked = true, r.Tokens, r.Aliases, r.Tokens
	switch r.body.media {
	case "application/graphql":
		q := r.gqlParameters(ScanQuery(r.x.Query))
		q.query = data
		r.gqlRequest(n, &q)
	case "multipart/form-data":
		r.gqlMultipart(n, data)
	case "application/x-www-form-urlencoded":
		q := r.gqlParameters(QueryParameters{rest: unsafe.String(unsafe.SliceData(data), len(data))})
		r.gqlRequest(n, &q)
	default:
		r.gqlDocument(n, data)
	}
	if len(w.operations) == 0 {
		q := r.gqlParameters(ScanQuery(r.x.Query))
		r.gqlRequest(n, &q)
	}
	w.forget()
}

// gqlDocument reads JSON, one request or a batch, or the text of a query alone.
func (r *run) gqlDocument(n *node, data []byte) {
	s := jsonScan{run: r, data: data, room: r.Members, depth: r.Depth}
	s.blank()
	switch c := firstByte(data[min(s.at+1, len(data)):]); {
	case s.peek() == '[':
		s.eachElement(func() bool {
			if s.peek() == '{' {
				return s.gqlObject(n)
			}
			return s.value(nil)
		})
	case s.peek() == '{' && (c == '"' || c == '}'):
		s.gqlObject(n)
	case len(data) > 0:
		q := r.gqlParameters(ScanQuery(r.x.Query))
		q.query = data
		r.gqlRequest(n, &q)
	}
	if len(r.graphql.operations) > 0 && s.reason != "" && !r.body.truncated {
		r.malformed("graphql", s.at, s.reason)
	}
}

// gqlObject reads one request in JSON. The last member of a name counts.
func (s *jsonScan) gqlObject(n *node) bool {
	if len(s.graphql.operations) >= s.Operations {
		s.limit("graphql", LimitOperations)
		return false
	}
	var q gqlRequest
	var have [len(gqlMembers)]bool
	twice := -1
	ok := s.eachMember(func(name []byte) bool {
		i := gqlMember(string(name))
		value, ok := s.raw()
		if i >= 0 {
			if have[i] {
				twice = i
			}
			have[i] = true
			q.set(s.run, gqlMembers[i], value, true)
		}
		return ok
	})
	if s.gqlRequest(n, &q) && twice >= 0 {
		s.duplicate("graphql", -1, gqlMembers[twice])
	}
	return ok
}

// gqlParameters reads a request from a query string or a form. Of several
// parameters of a name the first counts.
func (r *run) gqlParameters(scan QueryParameters) (q gqlRequest) {
	var have [len(gqlMembers)]bool
	for room := r.Parameters; ; room-- {
		p, ok := scan.Next()
		if !ok {
			break
		}
		if room == 0 {
			r.limit("graphql", LimitParameters)
			break
		}
		i := gqlMember(p.Name)
		if i < 0 || have[i] {
			continue
		}
		have[i] = true
		begin := len(r.scratch)
		r.scratch = AppendUnescaped(r.scratch, p.Value, true)
		q.set(r, p.Name, r.scratch[begin:len(r.scratch):len(r.scratch)], false)
	}
	return q
}

// gqlRequest takes one request, and reports whether it is one.
func (r *run) gqlRequest(n *node, q *gqlRequest) bool {
	w := &r.graphql
	if len(q.query) == 0 {
		return r.gqlPersisted(n, q)
	}
	w.forget()
	s := gqlScan{run: r, text: q.query, depth: r.Depth}
	whole := s.definitions()
	if len(w.definitions) == 0 {
		if s.reason != "" && r.body.media == "application/graphql" {
			r.malformed("graphql", s.begin, s.reason)
		}
		return false // a parameter of another API has the same name
	}
	if !whole {
		if s.reason != "" && !(r.body.truncated && s.at >= len(s.text)) {
			r.malformed("graphql", s.begin, s.reason)
		}
		s.text = s.text[:s.begin]
	}
	if n.steps != nil {
		r.gqlGiven(q.variables)
	}
	tokens, aliases := w.tokens, w.aliases
	w.tokens, w.aliases = w.walked, r.Aliases // the aliases are counted already
	if d, ok := r.gqlChoose(q.name); ok {
		s.operation(n, d)
	} else {
		r.gqlOperation(n, Operation{}, q.name, nil)
	}
	s.givenAndDefaults(n, q.variables)
	w.walked, w.tokens, w.aliases = w.tokens, tokens, aliases
	return true
}

// gqlChoose returns the operation that a request means (§6.1).
func (r *run) gqlChoose(name []byte) (d *gqlDefinition, ok bool) {
	for i := range r.graphql.definitions {
		switch o := &r.graphql.definitions[i]; {
		case o.fragment:
		case len(name) > 0 && string(o.name) == string(name):
			return o, true
		case len(name) == 0 && d != nil:
			r.malformed("graphql", -1, "several operations and no operationName")
			return d, true
		case len(name) == 0:
			d = o
		}
	}
	if d == nil {
		r.malformed("graphql", -1, "the operation is missing")
	}
	return d, d != nil
}

// operation reads an operation that the document has.
func (s *gqlScan) operation(n *node, d *gqlDefinition) {
	w := &s.graphql
	if d.variables >= 0 {
		s.restart(d.variables)
		s.variables(true)
	}
	w.asked = append(w.asked[:0], gqlAt{node: n})
	kind, name := d.kind, d.name
	// Points get the operation before its fields, as it stands in the text.
	s.gqlNamed(n, kind, name)
	s.restart(d.selections)
	s.selections(gqlAsked{from: 0, to: 1, top: true})
	s.gqlKeep(Operation{Type: kind}, name, nil)
}

// topField takes a field of the operation, once.
func (s *gqlScan) topField(name []byte) {
	w := &s.graphql
	for _, have := range w.fields {
		if string(have) == string(name) {
			return
		}
	}
	if len(w.fields) == s.Fields {
		s.limit("graphql", LimitFields)
		return
	}
	w.fields = append(w.fields, name)
}

// gqlPersisted takes a request for a query that the server knows: by the hash of
// its text, or by its name alone.
func (r *run) gqlPersisted(n *node, q *gqlRequest) bool {
	if hash := r.gqlHash(q.extensions); hash != nil {
		q.hash = hash
	}
	if len(q.hash) == 0 && (len(q.name) == 0 || q.variables == nil && q.extensions == nil) {
		return false
	}
	r.graphql.forget()
	r.gqlOperation(n, Operation{}, q.name, q.hash)
	if v := n.step("variable"); v != nil {
		r.json(v, q.variables)
	}
	return true
}

// gqlHash reads persistedQuery.sha256Hash.
func (r *run) gqlHash(extensions []byte) (hash []byte) {
	s := jsonScan{run: r, data: extensions, room: r.Members, depth: r.Depth}
	if s.blank(); s.peek() != '{' {
		return nil
	}
	s.eachMember(func(name []byte) bool {
		if string(name) != "persistedQuery" || s.peek() != '{' {
			return s.value(nil)
		}
		return s.eachMember(func(name []byte) bool {
			value, ok := s.raw()
			if string(name) == "sha256Hash" {
				hash = r.text(value)
			}
			return ok
		})
	})
	return hash
}

// gqlOperation takes an operation that has no text.
func (r *run) gqlOperation(n *node, o Operation, name, hash []byte) {
	r.gqlNamed(n, o.Type, name)
	r.gqlKeep(o, name, hash)
}

func (r *run) gqlNamed(n *node, kind string, name []byte) {
	if o := n.step("operation"); o != nil && len(name) > 0 {
		r.element(o, name)
	}
	if t := n.step("type"); t != nil && kind != "" {
		r.element(t, r.copied(kind))
	}
}

// gqlKeep keeps an operation with its strings in one piece of memory.
func (r *run) gqlKeep(o Operation, name, hash []byte) {
	w := &r.graphql
	name, hash = name[:min(len(name), r.ValueBytes)], hash[:min(len(hash), r.ValueBytes)]
	b := append(append(w.joined[:0], name...), hash...)
	for i, f := range w.fields {
		w.fields[i] = f[:min(len(f), r.ValueBytes)]
		b = append(b, w.fields[i]...)
	}
	w.joined = b
	text := string(b)
	o.Name, text = text[:len(name)], text[len(name):]
	o.Hash, text = text[:len(hash)], text[len(hash):]
	begin := len(w.names)
	for _, f := range w.fields {
		w.names, text = append(w.names, text[:len(f)]), text[len(f):]
	}
	o.Fields = w.names[begin:len(w.names):len(w.names)]
	w.operations = append(w.operations, o)
}

// gqlGiven lists the variables that a request gives; the last of a name counts.
func (r *run) gqlGiven(variables []byte) {
	w := &r.graphql
	s := jsonScan{run: r, data: variables, room: r.Members, depth: r.Depth}
	if s.blank(); s.peek() != '{' {
		return
	}
	s.eachMember(func(name []byte) bool {
		value, ok := s.raw()
		for i := range w.given {
			if string(w.given[i].name) == string(name) {
				r.duplicate("graphql", -1, string(name))
				w.given[i].value = value
				return ok
			}
		}
		if len(w.given) == r.Variables {
			r.limit("graphql", LimitVariables)
			return false
		}
		w.given = append(w.given, gqlVariable{name: name, value: value})
		return ok
	})
}

// givenAndDefaults takes variables that points ask for by their own names: what
// the request gives, and the defaults of those that it does not give.
func (s *gqlScan) givenAndDefaults(n *node, variables []byte) {
	v := n.step("variable")
	if v == nil {
		return
	}
	s.json(v, variables)
	for _, d := range s.graphql.defined {
		child := v.name(d.name)
		given := slices.ContainsFunc(s.graphql.given, func(g gqlVariable) bool { return bytes.Equal(g.name, d.name) })
		if child == nil || given || d.at < 0 {
			continue
		}
		s.graphql.asked = append(s.graphql.asked[:0], gqlAt{node: child})
		s.restart(d.at)
		s.value(gqlAsked{to: 1}, true)
	}
}
