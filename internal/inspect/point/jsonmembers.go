package point

import "bytes"

// eachMember reads an object that begins here, for formats that are written in
// JSON: visit is called with each name, decoded, at its value, which it reads.
func (s *jsonScan) eachMember(visit func(name []byte) bool) bool {
	if !s.enter() {
		return false
	}
	for first := true; ; first = false {
		s.blank()
		if s.at == len(s.data) {
			return s.fail("an object does not end")
		}
		if c := s.data[s.at]; c == '}' && first {
			s.at++
			s.depth++
			return true
		} else if c != '"' {
			return s.fail("expected the name of a member")
		}
		begin := s.at
		if _, ok := s.string(); !ok {
			return false
		}
		name := s.text(s.data[begin:s.at])
		s.blank()
		if s.at == len(s.data) || s.data[s.at] != ':' {
			return s.fail("expected : behind the name of a member")
		}
		s.at++
		s.blank()
		if !visit(name) {
			return false
		}
		if more, ok := s.next('}'); !more {
			s.depth++
			return ok
		}
	}
}

// eachElement reads an array that begins here: visit is called at each element,
// which it reads.
func (s *jsonScan) eachElement(visit func() bool) bool {
	if !s.enter() {
		return false
	}
	if s.blank(); s.at < len(s.data) && s.data[s.at] == ']' {
		s.at++
		s.depth++
		return true
	}
	for {
		s.blank()
		if !visit() {
			return false
		}
		if more, ok := s.next(']'); !more {
			s.depth++
			return ok
		}
	}
}

// enter goes into an object or an array.
func (s *jsonScan) enter() bool {
	if s.room--; s.room < 0 {
		s.limit("json", LimitMembers)
		return false
	}
	if s.depth--; s.depth < 0 {
		s.limit("json", LimitDepth)
		return false
	}
	s.at++
	return true
}

// peek is the byte that stands here; 0 at the end.
func (s *jsonScan) peek() byte {
	if s.at == len(s.data) {
		return 0
	}
	return s.data[s.at]
}

// raw passes over a value and returns it as it stands, as far as it is readable.
func (s *jsonScan) raw() (value []byte, ok bool) {
	begin := s.at
	ok = s.value(nil)
	return s.data[begin:s.at], ok
}

// text is what a string means, given with its quotes, of which the last may be
// missing; nil for another value.
func (r *run) text(value []byte) []byte {
	if len(value) == 0 || value[0] != '"' {
		return nil
	}
	if value = value[1:]; len(value) > 0 && value[len(value)-1] == '"' {
		value = value[: len(value)-1 : len(value)-1]
	}
	if bytes.IndexByte(value, '\\') < 0 {
		return value
	}
	begin := len(r.scratch)
	r.scratch = appendJSONString(r.scratch, value)
	return r.scratch[begin:len(r.scratch):len(r.scratch)]
}

// element takes a value that comes several times: by its name alone, and by its
// place among its like.
func (r *run) element(n *node, data []byte) {
	if n == nil {
		return
	}
	r.value(n, data)
	if n.hasKeys() {
		r.value(n.index(r.next(n, 0)), data)
	}
}
