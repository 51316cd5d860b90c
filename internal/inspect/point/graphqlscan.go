package point

import (
	"bytes"
	"unicode/utf8"
)

// gqlScan is the scanner of a GraphQL document (GraphQL specification, September
// 2025, §2.1). It stands behind one token, which the parser looks at.
type gqlScan struct {
	*run
	text  []byte
	at    int // behind the token
	begin int // of the token
	kind  gqlToken
	depth int // selection sets and values that may open

	reason string // what is wrong; empty when a limit ended the reading
	ended  bool   // by an error or a limit
}

// gqlToken is the kind of a token: a punctuator is its own byte.
type gqlToken byte

const (
	gqlEnd    gqlToken = 0 // of the text, and of what is readable
	gqlName   gqlToken = 'a'
	gqlNumber gqlToken = '0'
	gqlString gqlToken = '"'
	gqlBlock  gqlToken = 'b' // a string in three double quotes
	gqlSpread gqlToken = '.'
)

// fail ends the reading at the token.
func (s *gqlScan) fail(reason string) bool {
	if !s.ended {
		s.ended, s.reason = true, reason
	}
	s.kind = gqlEnd
	return false
}

// stop ends the reading at a limit.
func (s *gqlScan) stop(l Limit) bool {
	if !s.ended {
		s.ended = true
		s.limit("graphql", l)
	}
	s.kind = gqlEnd
	return false
}

// jump goes to a token that was read before.
func (s *gqlScan) jump(to int) {
	s.at = to
	s.scan()
}

// restart is jump after the reading may have ended elsewhere.
func (s *gqlScan) restart(at int) {
	s.ended, s.reason, s.depth = false, "", s.Depth
	s.graphql.open = s.graphql.open[:0]
	s.jump(at)
}

func (s *gqlScan) token() []byte { return s.text[s.begin:s.at] }

// is reports whether the token is a name, and this one.
func (s *gqlScan) is(name string) bool {
	return s.kind == gqlName && string(s.text[s.begin:s.at]) == name
}

// scan reads the next token.
func (s *gqlScan) scan() {
	if s.ended {
		s.kind = gqlEnd
		return
	}
	s.ignored()
	s.begin = s.at
	if s.at == len(s.text) {
		s.kind = gqlEnd
		return
	}
	if s.graphql.tokens--; s.graphql.tokens < 0 {
		s.stop(LimitTokens)
		return
	}
	c := s.text[s.at]
	s.at++
	switch {
	case isGQLName(c):
		s.kind = gqlName
		for s.at < len(s.text) && (isGQLName(s.text[s.at]) || isDigit(s.text[s.at])) {
			s.at++
		}
	case c == '"':
		s.string()
	case isDigit(c) || c == '-':
		s.number()
	case c == '.':
		if !bytes.HasPrefix(s.text[s.begin:], []byte("...")) {
			s.fail("expected three points")
			return
		}
		s.kind, s.at = gqlSpread, s.begin+3
	case bytes.IndexByte([]byte("!$&():=@[]{}|"), c) >= 0:
		s.kind = gqlToken(c)
	default:
		s.fail("an unexpected character")
	}
}

func isGQLName(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// ignored passes over blanks, line ends, commas, comments and byte order marks.
func (s *gqlScan) ignored() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\n', '\r', ',':
			s.at++
		case '#':
			end := bytes.IndexAny(s.text[s.at:], "\r\n")
			if end < 0 {
				end = len(s.text) - s.at
			}
			s.at += end
		case 0xef:
			if !bytes.HasPrefix(s.text[s.at:], []byte("\ufeff")) {
				return
			}
			s.at += len("\ufeff")
		default:
			return
		}
	}
}

// number reads from behind its first byte.
func (s *gqlScan) number() {
	s.kind = gqlNumber
	zero := s.text[s.begin] == '0'
	if s.text[s.begin] == '-' {
		zero = s.at < len(s.text) && s.text[s.at] == '0'
		if !s.digits() {
			return
		}
	} else {
		s.at = s.begin
		s.digits()
	}
	if whole := bytes.TrimPrefix(s.token(), []byte("-")); zero && len(whole) > 1 {
		s.fail("a number begins with 0")
		return
	}
	if s.at < len(s.text) && s.text[s.at] == '.' {
		if s.at++; !s.digits() {
			return
		}
	}
	if s.at < len(s.text) && s.text[s.at]|0x20 == 'e' {
		if s.at++; s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return
		}
	}
	if s.at < len(s.text) && (isGQLName(s.text[s.at]) || s.text[s.at] == '.') {
		s.fail(gqlNumberEnd)
	}
}

// gqlNumberEnd is a rule that not every server keeps.
const gqlNumberEnd = "something touches a number"

func (s *gqlScan) digits() bool {
	begin := s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	return s.at > begin || s.fail("expected a digit")
}

// string reads from behind the first quote.
func (s *gqlScan) string() {
	if bytes.HasPrefix(s.text[s.at:], []byte(`""`)) {
		s.at += 2
		s.block()
		return
	}
	s.kind = gqlString
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return
		case c == '\\':
			size := gqlEscape(s.text[s.at:])
			if size == 0 {
				s.fail("a string holds an unknown escape")
				return
			}
			s.at += size
		case c < ' ' && c != '\t':
			s.fail("a string holds a control character")
			return
		}
	}
	s.fail("a string does not end")
}

// block reads from behind the three quotes that a block string begins with.
func (s *gqlScan) block() {
	s.kind = gqlBlock
	for {
		end := bytes.Index(s.text[s.at:], []byte(`"""`))
		if end < 0 {
			s.at = len(s.text)
			s.fail("a string does not end")
			return
		}
		escaped := end > 0 && s.text[s.at+end-1] == '\\'
		if s.at += end + 3; !escaped {
			return
		}
	}
}

// gqlEscape is the length of the escape that text begins with, its backslash left
// out; 0 when there is none.
func gqlEscape(text []byte) int {
	if len(text) == 0 {
		return 0
	}
	switch text[0] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 1
	case 'u':
		if hex4(text[1:]) >= 0 {
			return 5
		}
		_, size := gqlBraced(text[1:])
		if size > 0 {
			return 1 + size
		}
	}
	return 0
}

// gqlBraced reads {X…}, the number of a character in hexadecimal digits.
func gqlBraced(text []byte) (c rune, size int) {
	const most = 8 // digits
	if len(text) == 0 || text[0] != '{' {
		return 0, 0
	}
	value := 0
	for i := 1; i < len(text) && i <= most+1; i++ {
		if text[i] == '}' && i > 1 {
			if value > utf8.MaxRune || !utf8.ValidRune(rune(value)) {
				return 0, 0
			}
			return rune(value), i + 1
		}
		digit := unhex(text[i])
		if digit < 0 {
			return 0, 0
		}
		value = value<<4 | digit
	}
	return 0, 0
}
