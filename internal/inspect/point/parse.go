package point

import (
	"fmt"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxPointBytes is how long the text of a point may be.
	MaxPointBytes = 2 << 10
	// MaxPointSteps is how many steps a point may have.
	MaxPointSteps = 32
	// MaxPointKeys is how many brackets one step may have: a document is not read
	// deeper than that either.
	MaxPointKeys = MaxJSONDepth
	// MaxIndex is the largest index: protobuf numbers its fields up to it.
	MaxIndex = 1<<29 - 1
)

// ParseError says what is wrong with the text of a point, and where.
type ParseError struct {
	Text   string
	Offset int // bytes into Text
	Reason string
}

// Error names the point, the place, and what could stand there.
func (e *ParseError) Error() string {
	return fmt.Sprintf("point %s: byte %d: %s", e.Text, e.Offset, e.Reason)
}

// Parse reads a point in its text form and checks that its steps exist and may
// follow each other. Header names become canonical; what String prints is parsed
// into the same point again. Its error is a *ParseError.
func Parse(text string) (Point, error) {
	p, _, err := parse(text)
	return p, err
}

// parse also returns the format of each step.
func parse(text string) (Point, []*format, error) {
	p := parser{text: text}
	point, formats, bad := p.point()
	if bad != "" {
		return Point{}, nil, &ParseError{Text: text[:min(len(text), MaxPointBytes)], Offset: p.at, Reason: bad}
	}
	return point, formats, nil
}

// parser stands at a byte of a text. Its methods return what is wrong there, or
// nothing.
type parser struct {
	text string
	at   int
}

func (p *parser) point() (point Point, of []*format, bad string) {
	if len(p.text) > MaxPointBytes {
		p.at = MaxPointBytes
		return point, nil, fmt.Sprintf("a point has at most %d bytes", MaxPointBytes)
	}
	begin := p.at
	point.Side = Side(p.word())
	if point.Side != Request && point.Side != Response {
		p.at = begin
		return point, nil, "found " + p.found() + ": a point begins with request or response"
	}
	next := topFormats(point.Side)
	for p.at < len(p.text) || len(of) == 0 {
		if len(of) == MaxPointSteps {
			return point, nil, fmt.Sprintf("a point has at most %d steps", MaxPointSteps)
		}
		f, s, bad := p.step(next)
		if bad != "" {
			return point, nil, bad
		}
		point.Steps, of, next = append(point.Steps, s), append(of, f), f.followers()
	}
	if last := of[len(of)-1]; last.group {
		return point, nil, "the point ends: after " + last.name + " comes " + names(next)
	}
	return point, of, ""
}

func (p *parser) step(allowed []*format) (f *format, s Step, bad string) {
	if p.at == len(p.text) || p.text[p.at] != '.' {
		return nil, s, "found " + p.found() + ": expected . and one of " + names(allowed)
	}
	p.at++
	begin := p.at
	s.Name = p.word()
	for _, have := range allowed {
		if have.name == s.Name {
			f = have
		}
	}
	if f == nil {
		p.at = begin
		return nil, s, "found " + p.found() + ": expected one of " + names(allowed)
	}
	var places []int
	for p.at < len(p.text) && p.text[p.at] == '[' {
		if len(places) == MaxPointKeys {
			return nil, s, fmt.Sprintf("a step has at most %d brackets", MaxPointKeys)
		}
		places = append(places, p.at)
		k, bad := p.key()
		if bad != "" {
			return nil, s, bad
		}
		s.Keys = append(s.Keys, k)
	}
	places = append(places, p.at)
	if i, want := f.keys(s.Keys); want != "" {
		p.at = places[i]
		return nil, s, "found " + p.found() + ": expected " + want
	}
	if f.canonical {
		s.Keys[0].Name = textproto.CanonicalMIMEHeaderKey(s.Keys[0].Name)
	}
	for i := range s.Keys {
		if k := &s.Keys[i]; f.numeric && i > 0 && k.By == ByName {
			*k = numericKey(*k)
		}
	}
	return f, s, ""
}

// numericKey makes an index of a name that is one.
func numericKey(k Key) Key {
	if i, ok := indexOf(k.Name); ok {
		return Key{Index: i, By: ByIndex}
	}
	return k
}

// indexOf reads an index as String prints it.
func indexOf(s string) (int, bool) {
	if s == "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	i := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' || i > MaxIndex/10 {
			return 0, false
		}
		i = i*10 + int(c-'0')
	}
	return i, i <= MaxIndex
}

// key reads from [ to ].
func (p *parser) key() (k Key, bad string) {
	p.at++
	rest := p.text[p.at:]
	switch {
	case rest == "":
		return k, `the point ends: expected a "name", an index or *`
	case rest[0] == '"':
		end := quotedEnd(rest)
		name, err := jsontext.AppendUnquote(nil, rest[:end])
		if err != nil {
			return k, "found " + p.found() + `: expected a name in double quotes, written as a JSON string`
		}
		k.Name, p.at = string(name), p.at+end
	case rest[0] == '*':
		k.By, p.at = All, p.at+1
	default:
		end := 0
		for end < len(rest) && '0' <= rest[end] && rest[end] <= '9' {
			end++
		}
		i, err := strconv.Atoi(rest[:end])
		if err != nil || i > MaxIndex || end > 1 && rest[0] == '0' {
			return k, "found " + p.found() + fmt.Sprintf(`: expected a "name", an index from 0 to %d, or *`, MaxIndex)
		}
		k.By, k.Index, p.at = ByIndex, i, p.at+end
	}
	if p.at == len(p.text) || p.text[p.at] != ']' {
		return k, "found " + p.found() + ": expected ]"
	}
	p.at++
	return k, ""
}

// quotedEnd is where the string that s begins with ends, or the length of s.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

func (p *parser) word() string {
	begin := p.at
	for p.at < len(p.text) && isWordByte(p.text[p.at]) {
		p.at++
	}
	return p.text[begin:p.at]
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_'
}

// found shows what stands at the parser's place.
func (p *parser) found() string {
	rest := p.text[p.at:]
	if rest == "" {
		return "the end"
	}
	end := 0
	for end < len(rest) && isWordByte(rest[end]) {
		end++
	}
	return strconv.Quote(rest[:max(end, 1)])
}

// names lists formats as a sentence needs them.
func names(of []*format) string {
	all := make([]string, len(of))
	for i, f := range of {
		all[i] = f.name
	}
	return strings.Join(all, ", ")
}
