package point

import (
	"slices"
	"unsafe"
)

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
	w.read, w.tokens, w.aliases, w.naming, w.walking = true, r.Tokens, r.Aliases, r.Tokens, r.Tokens
	switch r.body.media {
	case "application/graphql":
		q := r.gqlParameters(ScanQuery(r.x.Query))
		q.query = data
		r.gqlRequest(n, &q)
	case "multipart/form-data":
		r.gqlMultipart(n)
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

// gqlMultipart reads a form: its operations (GraphQL multipart request
// specification), or what a query string would have. Of two fields of a name the
// first counts.
func (r *run) gqlMultipart(n *node) {
	var q gqlRequest
	var have [len(gqlMembers)]bool
	all := r.parts()
	for room := r.Parameters; ; room-- {
		p, ok := all.next()
		if !ok {
			break
		}
		if room == 0 {
			r.limit("graphql", LimitParameters)
			break
		}
		if p.name == "operations" {
			r.gqlDocument(n, p.content)
			return
		}
		if i := gqlMember(p.name); i >= 0 && !have[i] {
			have[i] = true
			q.set(r, p.name, p.content, false)
		}
	}
	r.gqlRequest(n, &q)
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
	if d, ok := r.gqlChoose(q.name); ok {
		s.operation(n, d)
	} else {
		r.gqlOperation(n, Operation{}, q.name, nil)
	}
	s.within(&w.walking, func() { s.givenAndDefaults(n, q.variables) })
	return true
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
