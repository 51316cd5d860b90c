package point

import "bytes"

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
