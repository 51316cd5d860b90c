package point

import (
	"strings"

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
	naming     int      // tokens that may come while the names of an operation are read
	walking    int      // tokens that may come while what points ask for is looked for

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
