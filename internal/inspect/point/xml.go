package point

import (
	"bytes"
	"strings"
)

// Elements and attributes go by their local name, whatever namespace they are in
// (request.xml["Envelope"]), by the prefix that is written (["soap:Envelope"]),
// or by their namespace (["{http://schemas.xmlsoap.org/soap/envelope/}Envelope"];
// ["{}a"] is in none).
//
// A name stands for the first of its siblings, a bracket behind it for one of
// them by index or for all; [*] in place of a name is every child element.
var xmlFormat = format{
	name: "xml", place: inBody | inValue, keys: elementKeys, apart: true, text: true,
	read: readXML, readBody: readXMLBody, accepts: acceptsXML,
	parts: []*format{{name: "attr", keys: attributeKeys, apart: true}},
}

// elementKeys is for elements: ["a"]["b"][1]["c"][*], [*]["b"].
func elementKeys(keys []Key) (int, string) {
	if len(keys) == 0 {
		return 0, `an element's name as in ["x"], or [*]`
	}
	for i, k := range keys {
		if k.By == ByIndex && (i == 0 || keys[i-1].By != ByName) {
			return i, `an element's name as in ["x"], or [*]`
		}
	}
	return 0, ""
}

// attributeKeys is for attributes, which do not repeat.
func attributeKeys(keys []Key) (int, string) {
	if len(keys) == 0 || keys[0].By == ByIndex {
		return 0, `a name as in ["x"], or [*]`
	}
	if len(keys) > 1 {
		return 1, "no second bracket"
	}
	return 0, ""
}

// MaxNamespaces is how many namespace declarations are heeded at one place.
const MaxNamespaces = 64

// The limits that only XML has.
const (
	// LimitEntities is met by any entity that a document declares: no entity but
	// those of XML itself is replaced.
	LimitEntities   Limit = "entities"
	LimitNamespaces Limit = "namespaces"
)

// acceptsXML takes what is declared to be XML, and what begins like it.
func acceptsXML(b *body) bool {
	return strings.Contains(b.media, "xml") || firstByte(b.utf8) == '<'
}

// readXML reads one document (XML 1.0, Namespaces in XML 1.0) to its end without
// building a tree of it. The value of an element is the text that stands directly
// in it, without the white space around; one that has only elements in it yields
// nothing. Declarations of a document type are passed over: nothing is fetched,
// no entity is replaced, no default is known. Characters are not checked.
func readXML(r *run, n *node, data []byte) {
	if reason, at := r.readElements(n, xmlText(data)); reason != "" {
		r.malformed("xml", at, reason)
	}
}

// readXMLBody knows the charset that the header declares: it counts more than
// the one that the document declares (RFC 7303 §3.2).
func readXMLBody(r *run, n *node, text []byte) {
	if r.body.parameter("charset") == "" {
		text = xmlText(r.body.data)
	}
	before := len(r.out.values)
	reason, at := r.readElements(n, text)
	if reason == "" || r.body.truncated && at >= len(text) {
		return
	}
	// What only looked like XML, such as a page in HTML, is not wrong for being none.
	if r.body.media == "" || strings.Contains(r.body.media, "xml") || len(r.out.values) > before {
		r.malformed("xml", at, reason)
	}
}

// readElements reads a document and returns what is wrong with it, and where.
func (r *run) readElements(n *node, text []byte) (reason string, at int) {
	s := xmlScan{run: r, data: text, room: r.Members, outer: r.xml.depths(), root: matched{node: n}}
	for s.next() {
	}
	r.xml.cut(s.outer)
	return s.reason, s.at
}

// xmlStacks hold what is known of the elements that are open, those of a
// document in a value of another one above those of the other.
type xmlStacks struct {
	open     []element
	matches  []matched
	siblings []sibling
	prefixes []prefix
}

// depths are the heights of the stacks.
type depths struct{ open, matches, siblings, prefixes int }

func (x *xmlStacks) depths() depths {
	return depths{len(x.open), len(x.matches), len(x.siblings), len(x.prefixes)}
}

// cut takes everything above d off, and lets go of the document.
func (x *xmlStacks) cut(d depths) {
	clear(x.open[d.open:])
	clear(x.siblings[d.siblings:])
	clear(x.prefixes[d.prefixes:])
	x.open, x.matches = x.open[:d.open], x.matches[:d.matches]
	x.siblings, x.prefixes = x.siblings[:d.siblings], x.prefixes[:d.prefixes]
}

// element is one that is open.
type element struct {
	name   []byte // as it is written
	below  depths // without what belongs to it
	wanted bool   // a point asks for its value
	parent bool   // it has elements in it
	text   []byte // its value so far
	copied bool   // text is its own
}

// matched is a node that an open element is. Behind a name, [*] and indexes
// select among siblings; everywhere else [*] is any element within.
type matched struct {
	node  *node
	named bool
}

// sibling counts the elements of one name in the element that is open, or stands
// for an attribute.
type sibling struct {
	node *node
	n    int
	name []byte // of an attribute, as it is written
}

// prefix is a namespace declaration.
type prefix struct{ prefix, uri []byte }

// xmlScan stands at a byte of a document. Its methods return false when the
// reading ends: reason says why, unless it is a limit, which is noted.
type xmlScan struct {
	*run
	data     []byte
	at       int
	room     int // elements and attributes that may come
	outer    depths
	root     matched
	ended    bool // the root element was closed
	entities bool // the document declares some
	reason   string
}

func (s *xmlScan) fail(reason string) bool {
	s.reason = reason
	return false
}

// next reads the text up to the next markup, and the markup.
func (s *xmlScan) next() bool {
	rest := s.data[s.at:]
	end := bytes.IndexByte(rest, '<')
	if end < 0 {
		end = len(rest)
	}
	if end > 0 && !s.characters(rest[:end]) {
		return false
	}
	s.at += end
	switch rest = rest[end:]; {
	case len(rest) == 0 && len(s.xml.open) > s.outer.open:
		return s.fail("an element does not end")
	case len(rest) == 0 && !s.ended:
		return s.fail("there is no element")
	case len(rest) == 0:
		return false
	case len(rest) == 1:
		s.at++
		return s.fail("a tag does not end")
	case rest[1] == '/':
		return s.endTag()
	case rest[1] == '?':
		return s.pass(2, "?>", "a processing instruction does not end")
	case rest[1] == '!':
		return s.declaration(rest)
	}
	return s.startTag()
}

// pass goes on behind the next end, begin bytes on at the earliest.
func (s *xmlScan) pass(begin int, end, otherwise string) bool {
	i := bytes.Index(s.data[s.at+begin:], []byte(end))
	if i < 0 {
		s.at = len(s.data)
		return s.fail(otherwise)
	}
	s.at += begin + i + len(end)
	return true
}

// declaration reads a comment, a CDATA section or a document type.
func (s *xmlScan) declaration(rest []byte) bool {
	const comment, cdata, doctype = "<!--", "<![CDATA[", "<!DOCTYPE"
	switch {
	case bytes.HasPrefix(rest, []byte(comment)):
		if !s.pass(len(comment), "--", "a comment does not end") {
			return false
		}
		if s.at == len(s.data) || s.data[s.at] != '>' {
			return s.fail("a comment holds --")
		}
		s.at++
		return true
	case bytes.HasPrefix(rest, []byte(cdata)):
		if len(s.xml.open) == s.outer.open {
			return s.fail("text stands outside of the root element")
		}
		if !s.pass(len(cdata), "]]>", "a CDATA section does not end") {
			return false
		}
		begin, end := len(s.data)-len(rest)+len(cdata), s.at-len("]]>")
		if e := s.top(); e.wanted {
			e.take(s.lines(s.data[begin:end]))
		}
		return true
	case bytes.HasPrefix(rest, []byte(doctype)):
		return s.documentType(len(doctype))
	}
	for _, markup := range []string{comment, cdata, doctype} {
		if len(rest) < len(markup) && string(rest) == markup[:len(rest)] {
			s.at = len(s.data)
		}
	}
	return s.fail("unknown markup")
}

// documentType passes over a document type with what it declares.
func (s *xmlScan) documentType(begin int) bool {
	const reason = "a document type does not end"
	s.at += begin
	for open := 1; open > 0; {
		i := bytes.IndexAny(s.data[s.at:], `<>"'`)
		if i < 0 {
			s.at = len(s.data)
			return s.fail(reason)
		}
		s.at += i
		switch rest := s.data[s.at:]; {
		case bytes.HasPrefix(rest, []byte("<!--")):
			if !s.pass(4, "-->", reason) {
				return false
			}
			continue
		case bytes.HasPrefix(rest, []byte("<?")):
			if !s.pass(2, "?>", reason) {
				return false
			}
			continue
		case rest[0] == '<':
			open++
			if bytes.HasPrefix(rest, []byte("<!ENTITY")) {
				s.entities = true
				s.limit("xml", LimitEntities)
			}
		case rest[0] == '>':
			open--
		default:
			if !s.pass(1, string(rest[:1]), reason) {
				return false
			}
			continue
		}
		s.at++
	}
	return true
}

func (s *xmlScan) top() *element { return &s.xml.open[len(s.xml.open)-1] }

// startTag reads a start tag, or the tag of an empty element.
func (s *xmlScan) startTag() bool {
	s.at++
	name := s.name()
	switch {
	case name == nil:
		return s.fail("expected the name of an element")
	case s.ended:
		return s.fail("something stands behind the root element")
	case len(s.xml.open)-s.outer.open == s.Depth:
		s.limit("xml", LimitDepth)
		return false
	case !s.takeRoom():
		return false
	}
	e := element{name: name, below: s.xml.depths()}
	begin := s.at
	for {
		a, v, ok := s.attribute()
		if !ok {
			return false
		}
		if a == nil {
			break
		}
		if !s.takeRoom() {
			return false
		}
		s.declare(a, v)
	}
	end := s.at
	s.enter(&e)
	for _, m := range s.xml.matches[e.below.matches:] {
		e.wanted = e.wanted || m.node.isValue()
		if a := m.node.step("attr"); a != nil {
			s.at = begin
			s.attributes(a)
		}
	}
	s.at = end
	s.xml.open = append(s.xml.open, e)
	if s.data[s.at] == '/' {
		s.at += 2
		s.leave()
	} else {
		s.at++
	}
	return true
}

func (s *xmlScan) endTag() bool {
	s.at += 2
	name := s.name()
	s.blank()
	switch {
	case s.at == len(s.data):
		return s.fail("a tag does not end")
	case name == nil || s.data[s.at] != '>':
		return s.fail("expected the name of an element and >")
	case len(s.xml.open) == s.outer.open || !bytes.Equal(s.top().name, name):
		return s.fail("an element ends that is not the open one")
	}
	s.at++
	s.leave()
	return true
}

func (s *xmlScan) takeRoom() bool {
	if s.room--; s.room < 0 {
		s.limit("xml", LimitMembers)
		return false
	}
	return true
}

// enter finds the nodes of an element that opens, among those below the nodes of
// the element it is in.
func (s *xmlScan) enter(e *element) {
	if len(s.xml.open) == s.outer.open {
		s.descend(s.root, e.name)
	} else {
		parent := s.top()
		parent.parent = true
		for i := parent.below.matches; i < e.below.matches; i++ {
			s.descend(s.xml.matches[i], e.name)
		}
	}
	e.below.siblings = len(s.xml.siblings)
}

// descend adds the nodes of an element in another one that is m.
func (s *xmlScan) descend(m matched, name []byte) {
	for _, n := range s.named(m.node, name, true) {
		if n == nil {
			continue
		}
		i := s.count(n)
		if i == 0 {
			s.match(n, true)
		}
		if one := n.index(i); one != n.rest {
			s.match(one, false)
		}
		s.match(n.rest, false)
	}
	if !m.named {
		s.match(m.node.rest, false)
	}
}

func (s *xmlScan) match(n *node, named bool) {
	if n != nil {
		s.xml.matches = append(s.xml.matches, matched{n, named})
	}
}

// count returns how many elements that are n came before in the open one.
func (s *xmlScan) count(n *node) int {
	from := s.outer.siblings
	if len(s.xml.open) > s.outer.open {
		from = s.top().below.siblings
	}
	for i := range s.xml.siblings[from:] {
		if have := &s.xml.siblings[from+i]; have.node == n {
			have.n++
			return have.n
		}
	}
	s.xml.siblings = append(s.xml.siblings, sibling{node: n})
	return 0
}

// leave closes the open element: its value is complete.
func (s *xmlScan) leave() {
	e := *s.top()
	if text := trimBlank(e.text); e.wanted && (len(text) > 0 || !e.parent) {
		for i := e.below.matches; i < len(s.xml.matches); i++ {
			s.run.value(s.xml.matches[i].node, text)
		}
	}
	s.xml.cut(e.below)
	s.ended = len(s.xml.open) == s.outer.open
}
