package point

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"strings"
)

var jsonFormat = format{
	name: "json", place: inBody | inValue, keys: anyKeys, read: readJSON, readBody: readJSONBody,
	accepts: acceptsJSON, text: true, documents: true,
}

// acceptsJSON takes what is declared to be JSON, and what begins like it.
func acceptsJSON(b *body) bool {
	if b.stream != noStream || strings.Contains(b.media, "json") {
		return true
	}
	c := firstByte(b.utf8)
	return c == '{' || c == '['
}

// readJSON reads one document (RFC 8259) to its end without building a tree of
// it, strictly except that invalid UTF-8 in strings stays as it is. Strings,
// numbers and booleans yield their text; null, objects and arrays yield nothing.
func readJSON(r *run, n *node, data []byte) {
	if reason, at := r.json(n, data); reason != "" {
		r.malformed("json", at, reason)
	}
}

// readJSONBody reads a body, or one event of it. The events of a stream are the
// elements of an array for keys that are indexes or [*]; names look into each.
func readJSONBody(r *run, n *node, data []byte) {
	before := len(r.out.values)
	var reason string
	var at int
	switch {
	case r.event < 0:
		reason, at = r.json(n, data)
	default:
		if n.rest != nil || len(n.indexes) > 0 {
			if element := n.index(r.event); element != nil {
				r.json(element, data)
			}
			object := *n
			object.rest, object.indexes = nil, nil
			n = &object
		}
		reason, at = r.json(n, data)
	}
	if reason == "" || r.body.truncated && at >= len(data) {
		return
	}
	// What only looked like JSON is not wrong for being none.
	declared := r.body.media == "" || strings.Contains(r.body.media, "json")
	if declared && r.body.stream != eventStream || len(r.out.values) > before {
		r.malformed("json", at, reason)
	}
}

// json reads a document and returns what is wrong with it, and where.
func (r *run) json(n *node, data []byte) (reason string, at int) {
	s := jsonScan{run: r, data: data, room: r.Members, depth: r.Depth}
	seen := len(r.seen)
	r.document++
	if s.blank(); s.value(n) {
		if s.blank(); s.at < len(data) {
			s.fail("something stands behind the document")
		}
	}
	r.seen = r.seen[:seen]
	return s.reason, s.at
}

// jsonScan stands at a byte of a document. Its methods return false when the
// reading ends: reason says why, unless it is a limit, which is noted.
type jsonScan struct {
	*run
	data   []byte
	at     int
	room   int // members and elements that may come
	depth  int // objects and arrays that may open
	reason string
}

// member is one of an object's members that points ask for. An object knows its
// own from those of others by where they begin in the list of all.
type member struct {
	node *node
	span
}

// anyMember is a member that only [*] asks for: its name is told by a hash.
type anyMember struct {
	document, object int
	name             uint64
}

// span is what was found in a member.
type span struct{ from, to mark }

func (s *jsonScan) fail(reason string) bool {
	if s.reason == "" {
		s.reason = reason
	}
	return false
}

// blank passes over white space.
func (s *jsonScan) blank() {
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return
		}
	}
}

// value reads a value; n is nil when no point asks for anything in it.
func (s *jsonScan) value(n *node) bool {
	if s.room--; s.room < 0 {
		s.limit("json", LimitMembers)
		return false
	}
	if s.at == len(s.data) {
		return s.fail("a value is missing")
	}
	begin := s.at
	switch c := s.data[begin]; {
	case c == '"':
		escaped, ok := s.string()
		if ok && n != nil && n.isValue() {
			text, mark := s.data[begin+1:s.at-1], len(s.scratch)
			if escaped {
				s.scratch = appendJSONString(s.scratch, text)
				text = s.scratch[mark:len(s.scratch):len(s.scratch)]
			}
			s.run.value(n, text)
		}
		return ok
	case c == '{':
		return s.open() && s.close(s.object(n))
	case c == '[':
		return s.open() && s.close(s.array(n))
	case c == 'n':
		return s.literal("null")
	case c == 't':
		if !s.literal("true") {
			return false
		}
	case c == 'f':
		if !s.literal("false") {
			return false
		}
	default:
		if !s.number() {
			return false
		}
	}
	if n != nil && n.isValue() {
		s.run.value(n, s.data[begin:s.at])
	}
	return true
}

// open goes into an object or array, close comes out of it.
func (s *jsonScan) open() bool {
	if s.depth--; s.depth < 0 {
		s.limit("json", LimitDepth)
		return false
	}
	s.at++
	return true
}

func (s *jsonScan) close(ok bool) bool {
	s.depth++
	return ok
}

// object reads from behind { to }.
func (s *jsonScan) object(n *node) bool {
	if n != nil && len(n.names) == 0 && n.rest == nil {
		n = nil
	}
	object, seen := s.at, len(s.seen)
	for first := true; ; first = false {
		s.blank()
		if s.at == len(s.data) {
			return s.fail("an object does not end")
		}
		switch c := s.data[s.at]; {
		case c == '}' && first:
			s.at++
			return true
		case c != '"':
			return s.fail("expected the name of a member")
		}
		begin := s.at
		escaped, ok := s.string()
		if !ok {
			return false
		}
		name := s.data[begin+1 : s.at-1]
		s.blank()
		if s.at == len(s.data) || s.data[s.at] != ':' {
			return s.fail("expected : behind the name of a member")
		}
		s.at++
		s.blank()
		if n == nil {
			ok = s.value(nil)
		} else {
			ok = s.member(n, name, escaped, object, seen)
		}
		if !ok {
			return false
		}
		if more, ok := s.next('}'); !more {
			s.seen = s.seen[:seen]
			return ok
		}
	}
}

// next reads the comma or the bracket behind a value.
func (s *jsonScan) next(end byte) (more, ok bool) {
	s.blank()
	if s.at == len(s.data) {
		return false, s.fail("an object or an array does not end")
	}
	c := s.data[s.at]
	if c != end && c != ',' {
		return false, s.fail("expected a comma or the end of an object or an array")
	}
	s.at++
	return c == ',', true
}

// member reads the value of a member of an object that points look into. The
// last one of a name counts: what an earlier one yielded is taken back.
func (s *jsonScan) member(n *node, name []byte, escaped bool, object, seen int) bool {
	if escaped {
		mark := len(s.scratch)
		s.scratch = appendJSONString(s.scratch, name)
		name, s.scratch = s.scratch[mark:], s.scratch[:mark]
	}
	child := n.name(name)
	if child == nil {
		return s.value(nil)
	}
	begin := s.at
	if child == n.rest {
		return s.unnamed(child, name, object)
	}
	for i := seen; i < len(s.seen); i++ {
		if have := &s.seen[i]; have.node == child {
			s.duplicate("json", begin, child.label)
			s.takeBack(have.from, have.to)
			from := s.mark()
			ok := s.value(child)
			s.seen[i].span = span{from, s.mark()}
			return ok
		}
	}
	// It is entered first: members further in stand behind it in the list.
	from := s.mark()
	s.seen = append(s.seen, member{child, span{from, from}})
	i := len(s.seen) - 1
	ok := s.value(child)
	s.seen[i].to = s.mark()
	return ok
}

// unnamed is member for one that only [*] asks for.
func (s *jsonScan) unnamed(child *node, name []byte, object int) bool {
	if s.anySeen == nil {
		s.anySeen = make(map[anyMember]span)
	}
	key := anyMember{document: s.document, object: object, name: maphash.Bytes(s.seed, name)}
	have, twice := s.anySeen[key]
	if !twice && len(s.anySeen) >= s.Names {
		s.limit("json", LimitNames)
		return s.value(nil)
	}
	if twice {
		s.duplicate("json", s.at, string(name))
		s.takeBack(have.from, have.to)
	}
	from := s.mark()
	ok := s.value(child)
	s.anySeen[key] = span{from, s.mark()}
	return ok
}

// array reads from behind [ to ].
func (s *jsonScan) array(n *node) bool {
	if n != nil && len(n.indexes) == 0 && n.rest == nil {
		n = nil
	}
	if s.blank(); s.at < len(s.data) && s.data[s.at] == ']' {
		s.at++
		return true
	}
	for i := 0; ; i++ {
		s.blank()
		var child *node
		if n != nil {
			child = n.index(i)
		}
		if !s.value(child) {
			return false
		}
		if more, ok := s.next(']'); !more {
			return ok
		}
	}
}

func (s *jsonScan) literal(text string) bool {
	rest := s.data[s.at:]
	if len(rest) >= len(text) && string(rest[:len(text)]) == text {
		s.at += len(text)
		return true
	}
	if len(rest) < len(text) && text[:len(rest)] == string(rest) {
		s.at = len(s.data)
	}
	return s.fail("expected a value")
}

func (s *jsonScan) number() bool {
	if s.data[s.at] == '-' {
		s.at++
	}
	zero := s.at < len(s.data) && s.data[s.at] == '0'
	begin := s.at
	if !s.digits() {
		return s.fail("expected a value")
	}
	if zero && s.at-begin > 1 {
		return s.fail("a number begins with 0")
	}
	if s.at < len(s.data) && s.data[s.at] == '.' {
		if s.at++; !s.digits() {
			return s.fail("a number ends with its point")
		}
	}
	if s.at < len(s.data) && s.data[s.at]|0x20 == 'e' {
		if s.at++; s.at < len(s.data) && (s.data[s.at] == '+' || s.data[s.at] == '-') {
			s.at++
		}
		if !s.digits() {
			return s.fail("a number ends with its e")
		}
	}
	return true
}

func (s *jsonScan) digits() bool {
	begin := s.at
	for s.at < len(s.data) && '0' <= s.data[s.at] && s.data[s.at] <= '9' {
		s.at++
	}
	return s.at > begin
}

// string reads from " to ". What is in between is checked, not decoded.
func (s *jsonScan) string() (escaped, ok bool) {
	s.at++
	for {
		s.plain()
		if s.at == len(s.data) {
			return escaped, s.fail("a string does not end")
		}
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return escaped, true
		case c == '\\':
			escaped = true
			if !s.escape() {
				return escaped, false
			}
		default:
			return escaped, s.fail("a string holds a control character")
		}
	}
}

// plain passes over bytes that mean themselves in a string, eight at a time.
func (s *jsonScan) plain() {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	i, data := s.at, s.data
	for ; i+8 <= len(data); i += 8 {
		w := binary.LittleEndian.Uint64(data[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		// The lowest of the high bits that are set is exact; it is all that counts.
		if hit := ((w-ones*' ')&^w | (quote-ones)&^quote | (slash-ones)&^slash) & highs; hit != 0 {
			s.at = i + bits.TrailingZeros64(hit)/8
			return
		}
	}
	for i < len(data) && data[i] >= ' ' && data[i] != '"' && data[i] != '\\' {
		i++
	}
	s.at = i
}

// escape checks an escape sequence.
func (s *jsonScan) escape() bool {
	rest := s.data[s.at:]
	if len(rest) < 2 {
		s.at = len(s.data)
		return s.fail("a string does not end")
	}
	switch rest[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at += 2
		return true
	case 'u':
		if len(rest) < 6 {
			s.at = len(s.data)
			return s.fail("an escape in a string does not end")
		}
		if hex4(rest[2:]) >= 0 {
			s.at += 6
			return true
		}
	}
	return s.fail("a string holds an unknown escape")
}
