package point

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// name reads a name; nil: there is none. Letters beyond ASCII are not looked at
// more closely.
func (s *xmlScan) name() []byte {
	begin := s.at
	for s.at < len(s.data) && isNameByte(s.data[s.at], s.at == begin) {
		s.at++
	}
	if s.at == begin {
		return nil
	}
	return s.data[begin:s.at]
}

func isNameByte(c byte, first bool) bool {
	switch {
	case 'a' <= c|0x20 && c|0x20 <= 'z', c == '_', c == ':', c >= utf8.RuneSelf:
		return true
	case '0' <= c && c <= '9', c == '-', c == '.':
		return !first
	}
	return false
}

// attribute reads an attribute, or up to the end of the tag: then name is nil.
func (s *xmlScan) attribute() (name, value []byte, ok bool) {
	s.blank()
	rest := s.data[s.at:]
	switch {
	case len(rest) == 0 || len(rest) == 1 && rest[0] == '/':
		s.at = len(s.data)
		return nil, nil, s.fail("a tag does not end")
	case rest[0] == '>' || rest[0] == '/' && rest[1] == '>':
		return nil, nil, true
	}
	if name = s.name(); name == nil {
		return nil, nil, s.fail("expected an attribute or the end of a tag")
	}
	s.blank()
	equals := s.at < len(s.data) && s.data[s.at] == '='
	if equals {
		s.at++
		s.blank()
	}
	if s.at == len(s.data) {
		return nil, nil, s.fail("a tag does not end")
	}
	quote := s.data[s.at]
	if !equals || quote != '"' && quote != '\'' {
		return nil, nil, s.fail("expected a value in quotes behind the name of an attribute")
	}
	begin := s.at + 1
	end := bytes.IndexByte(s.data[begin:], quote)
	if end < 0 {
		s.at = len(s.data)
		return nil, nil, s.fail("a value in quotes does not end")
	}
	value = s.data[begin : begin+end]
	if i := bytes.IndexByte(value, '<'); i >= 0 {
		s.at = begin + i
		return nil, nil, s.fail("a value in quotes holds <")
	}
	s.at = begin + end + 1
	return name, value, true
}

// attributes reads attributes once more, for those that points ask for. One that
// occurs twice is flagged, and the first one counts.
func (s *xmlScan) attributes(n *node) {
	begin := len(s.xml.siblings)
	for {
		name, value, ok := s.attribute()
		if !ok || name == nil {
			break
		}
		var text []byte
		for _, child := range s.named(n, name, false) {
			if child == nil || !s.once(child, name, begin) {
				continue
			}
			if text == nil {
				text = s.unescaped(value, true)
			}
			s.run.value(child, text)
		}
		if n.rest != nil && !isDeclaration(name) {
			s.run.value(n.rest, s.unescaped(value, true))
		}
	}
	clear(s.xml.siblings[begin:])
	s.xml.siblings = s.xml.siblings[:begin]
}

// once reports whether an attribute is the first of its element that is n.
func (s *xmlScan) once(n *node, name []byte, begin int) bool {
	for _, have := range s.xml.siblings[begin:] {
		if have.node == n {
			if bytes.Equal(have.name, name) {
				s.duplicate("xml", s.at, n.label)
			}
			return false
		}
	}
	s.xml.siblings = append(s.xml.siblings, sibling{node: n, name: name})
	return true
}

func isDeclaration(attribute []byte) bool {
	return bytes.HasPrefix(attribute, []byte("xmlns")) && (len(attribute) == 5 || attribute[5] == ':')
}

// declare takes a namespace declaration.
func (s *xmlScan) declare(attribute, value []byte) {
	if !isDeclaration(attribute) {
		return
	}
	if len(s.xml.prefixes)-s.outer.prefixes == MaxNamespaces {
		s.limit("xml", LimitNamespaces)
		return
	}
	s.xml.prefixes = append(s.xml.prefixes, prefix{bytes.TrimPrefix(attribute[5:], []byte(":")), s.unescaped(value, true)})
}

// named returns the children of n that a name leads to: as it is written, by its
// local part, by its namespace. The namespace that has no prefix is that of
// elements only.
func (s *xmlScan) named(n *node, name []byte, isElement bool) (found [3]*node) {
	if len(n.names) == 0 {
		return found
	}
	own := func(name []byte) *node {
		if child := n.name(name); child != n.rest {
			return child
		}
		return nil
	}
	found[0] = own(name)
	prefix, local, isPrefixed := bytes.Cut(name, []byte(":"))
	switch {
	case !isElement && isDeclaration(name):
		return found
	case isPrefixed && len(prefix) > 0 && len(local) > 0:
		found[1] = own(local)
	default:
		prefix, local = nil, name
	}
	if !n.hasNamespaces() {
		return found
	}
	uri, ok := s.namespace(prefix, isElement)
	if ok {
		begin := len(s.scratch)
		s.scratch = append(append(append(append(s.scratch, '{'), uri...), '}'), local...)
		found[2] = own(s.scratch[begin:])
		s.scratch = s.scratch[:begin]
	}
	return found
}

// hasNamespaces reports whether a point asks for a child by its namespace.
func (n *node) hasNamespaces() bool {
	for i := range n.names {
		if strings.HasPrefix(n.names[i].name, "{") {
			return true
		}
	}
	return false
}

// namespace returns what a prefix stands for.
func (s *xmlScan) namespace(prefix []byte, isElement bool) (uri []byte, ok bool) {
	if len(prefix) > 0 || isElement {
		for i := len(s.xml.prefixes) - 1; i >= s.outer.prefixes; i-- {
			if p := &s.xml.prefixes[i]; bytes.Equal(p.prefix, prefix) {
				return p.uri, true
			}
		}
	}
	if string(prefix) == "xml" {
		return []byte("http://www.w3.org/XML/1998/namespace"), true
	}
	return nil, len(prefix) == 0
}
