package point

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// xmlText is a document as UTF-8: by its byte order mark or its zero bytes, else
// as it declares itself (XML 1.0 appendix F).
func xmlText(data []byte) []byte {
	e := charsetOf("", data)
	if e == nil {
		e = xmlDeclared(data)
	}
	if e != nil {
		return toUTF8(e, data)
	}
	return withoutMark(data)
}

// xmlDeclared returns the encoding of an XML declaration, nil for UTF-8 and what
// is not known. Whoever can read the declaration sees that it is not UTF-16.
func xmlDeclared(data []byte) encoding.Encoding {
	rest, ok := bytes.CutPrefix(data, []byte("<?xml"))
	if !ok {
		return nil
	}
	declaration := string(rest[:min(len(rest), sniffBytes)])
	declaration, _, ok = strings.Cut(declaration, "?>")
	if !ok {
		return nil
	}
	_, value, ok := strings.Cut(declaration, "encoding")
	value = strings.TrimLeft(value, " \t\r\n=")
	if !ok || value == "" || value[0] != '"' && value[0] != '\'' {
		return nil
	}
	name, _, ok := strings.Cut(value[1:], value[:1])
	if name = lower(name); !ok || strings.HasPrefix(name, "utf") || strings.HasPrefix(name, "iso-10646") {
		return nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return e
}

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

// blank passes over white space.
func (s *xmlScan) blank() {
	for s.at < len(s.data) && isBlank(s.data[s.at]) {
		s.at++
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func trimBlank(text []byte) []byte {
	for len(text) > 0 && isBlank(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isBlank(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	return text
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

// characters takes the text up to the next markup.
func (s *xmlScan) characters(text []byte) bool {
	if i := bytes.Index(text, []byte("]]>")); i >= 0 {
		s.at += i
		return s.fail("text holds ]]>")
	}
	if len(s.xml.open) == s.outer.open {
		if i := len(text) - len(bytes.TrimLeft(text, " \t\r\n")); i < len(text) {
			s.at += i
			return s.fail("text stands outside of the root element")
		}
		return true
	}
	if s.top().wanted {
		text = s.unescaped(text, false)
		s.top().take(text)
	}
	return true
}

// take adds text to the value. White space at the beginning is no part of it.
func (e *element) take(text []byte) {
	if len(e.text) == 0 {
		if len(trimBlank(text)) > 0 {
			e.text = text
		}
		return
	}
	if !e.copied {
		e.text, e.copied = append(make([]byte, 0, 2*len(e.text)+len(text)), e.text...), true
	}
	e.text = append(e.text, text...)
}

// lines makes every end of a line one \n (XML 1.0 §2.11).
func (s *xmlScan) lines(text []byte) []byte {
	if bytes.IndexByte(text, '\r') < 0 {
		return text
	}
	begin := len(s.scratch)
	for i, c := range text {
		switch {
		case c != '\r':
			s.scratch = append(s.scratch, c)
		case i+1 == len(text) || text[i+1] != '\n':
			s.scratch = append(s.scratch, '\n')
		}
	}
	return s.scratch[begin:len(s.scratch):len(s.scratch)]
}

// unescaped replaces references to characters, and the five entities of XML. In
// an attribute white space is blanks (XML 1.0 §3.3.3).
func (s *xmlScan) unescaped(text []byte, attribute bool) []byte {
	if attribute && bytes.IndexAny(text, "&\r\n\t") < 0 || !attribute && bytes.IndexByte(text, '&') < 0 {
		if attribute {
			return text
		}
		return s.lines(text)
	}
	text = s.lines(text)
	begin := len(s.scratch)
	for len(text) > 0 {
		c := text[0]
		switch {
		case c == '&':
			text = s.reference(text)
			continue
		case attribute && isBlank(c):
			c = ' '
		}
		s.scratch = append(s.scratch, c)
		text = text[1:]
	}
	return s.scratch[begin:len(s.scratch):len(s.scratch)]
}

// maxReference is how long a reference may be that is known, in bytes.
const maxReference = len("&#x0000000010FFFF;")

// reference appends what the reference means that text begins with, and returns
// the rest. One that is not known stays as it is.
func (s *xmlScan) reference(text []byte) (rest []byte) {
	end := bytes.IndexByte(text[:min(len(text), maxReference)], ';')
	if end > 0 {
		if c, ok := character(string(text[1:end])); ok {
			s.scratch = utf8.AppendRune(s.scratch, c)
			return text[end+1:]
		}
	}
	if !s.entities {
		s.malformed("xml", -1, "an entity that XML does not know")
	}
	s.scratch = append(s.scratch, '&')
	return text[1:]
}

// character returns what stands between & and ; in a reference.
func character(name string) (c rune, ok bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "apos":
		return '\'', true
	case "quot":
		return '"', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if c = rune(n); err != nil || n > utf8.MaxRune || !utf8.ValidRune(c) || c < ' ' && !isBlank(byte(c)) {
		return 0, false
	}
	return c, true
}
