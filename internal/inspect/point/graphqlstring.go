package point

import (
	"bytes"
	"unicode/utf8"
)

// meaning is what a token that is a value means.
func (s *gqlScan) meaning() []byte {
	text := s.token()
	switch s.kind {
	case gqlString:
		text = text[1 : len(text)-1 : len(text)-1]
		if bytes.IndexByte(text, '\\') < 0 {
			return text
		}
		begin := len(s.scratch)
		s.scratch = appendGQLString(s.scratch, text)
		return s.scratch[begin:len(s.scratch):len(s.scratch)]
	case gqlBlock:
		begin := len(s.scratch)
		s.scratch = appendGQLBlock(s.scratch, text[3:len(text)-3])
		return s.scratch[begin:len(s.scratch):len(s.scratch)]
	}
	return text
}

// appendGQLString appends what a string means, given what stands between its
// quotes: JSON's escapes, and \u{…}.
func appendGQLString(b, text []byte) []byte {
	for len(text) > 0 {
		braced := bytes.Index(text, []byte(`\u{`))
		// A backslash before it may be escaped itself: then it is none.
		for braced > 0 && escapedAt(text, braced) {
			next := bytes.Index(text[braced+1:], []byte(`\u{`))
			if next < 0 {
				braced = -1
				break
			}
			braced += 1 + next
		}
		if braced < 0 {
			return appendJSONString(b, text)
		}
		b = appendJSONString(b, text[:braced])
		c, size := gqlBraced(text[braced+2:])
		if size == 0 {
			return b
		}
		b, text = utf8.AppendRune(b, c), text[braced+2+size:]
	}
	return b
}

// escapedAt reports whether an odd number of backslashes stands before text[i].
func escapedAt(text []byte, i int) bool {
	begin := i
	for begin > 0 && text[begin-1] == '\\' {
		begin--
	}
	return (i-begin)%2 == 1
}

// appendGQLBlock appends what a block string means (§2.10.4, BlockStringValue):
// the indent that its lines share and blank lines around it do not belong to it.
func appendGQLBlock(b, text []byte) []byte {
	indent, first, begin, end := -1, true, -1, 0
	for i := 0; i < len(text) || first; {
		line, size := gqlLine(text[i:])
		if blank := gqlIndent(line); blank < len(line) {
			if !first && (indent < 0 || blank < indent) {
				indent = blank
			}
			if begin < 0 {
				begin = i
			}
			end = i + len(line)
		}
		i, first = i+size, false
	}
	if begin < 0 {
		return b
	}
	for i := begin; i < end; {
		line, size := gqlLine(text[i:end])
		if i > begin {
			b = append(b, '\n')
		}
		if i > 0 {
			line = line[min(max(indent, 0), len(line)):]
		}
		b = appendUnquoted(b, line)
		i += max(size, 1)
	}
	return b
}

// gqlLine returns the line that text begins with, and how long it is with its
// end.
func gqlLine(text []byte) (line []byte, size int) {
	end := bytes.IndexAny(text, "\r\n")
	if end < 0 {
		return text, len(text)
	}
	size = end + 1
	if text[end] == '\r' && size < len(text) && text[size] == '\n' {
		size++
	}
	return text[:end], size
}

// gqlIndent counts the blanks that line begins with.
func gqlIndent(line []byte) (n int) {
	for n < len(line) && (line[n] == ' ' || line[n] == '\t') {
		n++
	}
	return n
}

// appendUnquoted appends text of a block string without the one escape there is.
func appendUnquoted(b, text []byte) []byte {
	for {
		i := bytes.Index(text, []byte(`\"""`))
		if i < 0 {
			return append(b, text...)
		}
		b = append(append(b, text[:i]...), `"""`...)
		text = text[i+4:]
	}
}
