package point

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"
)

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
	if attribute && !bytes.ContainsAny(text, "&\r\n\t") || !attribute && bytes.IndexByte(text, '&') < 0 {
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
