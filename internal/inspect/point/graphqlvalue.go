package point

import (
	"bytes"
	"slices"
)

// arguments reads from ( to behind ), if there are any.
func (s *gqlScan) arguments(asked gqlAsked) bool {
	if s.kind != '(' {
		return true
	}
	s.scan()
	for {
		name := s.token()
		if !s.expect(gqlName, "expected an argument") || !s.expect(':', "expected : and a value") {
			return false
		}
		in := s.enterArgument(asked, name)
		ok := s.value(in, false)
		s.graphql.asked = s.graphql.asked[:in.from]
		if !ok {
			return false
		}
		if s.kind == ')' {
			s.scan()
			return true
		}
	}
}

// value reads a value; a constant holds no variables.
func (s *gqlScan) value(asked gqlAsked, constant bool) bool {
	switch s.kind {
	case '$':
		if constant {
			return s.fail("expected a constant")
		}
		s.scan()
		name := s.token()
		if !s.expect(gqlName, "expected the name of a variable") {
			return false
		}
		return s.variable(asked, name)
	case gqlNumber, gqlString, gqlBlock, gqlName:
		if asked.from < asked.to && !s.is("null") {
			s.yield(asked, s.meaning())
		}
		s.scan()
		return true
	case '[':
		return s.list(asked, constant)
	case '{':
		return s.object(asked, constant)
	}
	return s.fail("expected a value")
}

func (s *gqlScan) list(asked gqlAsked, constant bool) bool {
	if !s.enter() {
		return false
	}
	for i := 0; s.kind != ']'; i++ {
		in := s.enterValue(asked, func(n *node) *node { return n.index(i) })
		ok := s.value(in, constant)
		s.graphql.asked = s.graphql.asked[:in.from]
		if !ok {
			return false
		}
	}
	s.depth++
	s.scan()
	return true
}

func (s *gqlScan) object(asked gqlAsked, constant bool) bool {
	if !s.enter() {
		return false
	}
	for s.kind != '}' {
		name := s.token()
		if !s.expect(gqlName, "expected the name of a field") || !s.expect(':', "expected : and a value") {
			return false
		}
		in := s.enterValue(asked, func(n *node) *node { return n.name(name) })
		ok := s.value(in, constant)
		s.graphql.asked = s.graphql.asked[:in.from]
		if !ok {
			return false
		}
	}
	s.depth++
	s.scan()
	return true
}

// gqlVariable is a variable that an operation defines, or that a request gives.
type gqlVariable struct {
	name  []byte
	value []byte // JSON; nil for a definition
	at    int    // where the default begins; -1: there is none
}

// gqlGiven lists the variables that a request gives; the last of a name counts.
func (r *run) gqlGiven(variables []byte) {
	w := &r.graphql
	s := jsonScan{run: r, data: variables, room: r.Members, depth: r.Depth}
	if s.blank(); s.peek() != '{' {
		return
	}
	s.eachMember(func(name []byte) bool {
		value, ok := s.raw()
		for i := range w.given {
			if string(w.given[i].name) == string(name) {
				r.duplicate("graphql", -1, string(name))
				w.given[i].value = value
				return ok
			}
		}
		if len(w.given) == r.Variables {
			r.limit("graphql", LimitVariables)
			return false
		}
		w.given = append(w.given, gqlVariable{name: name, value: value})
		return ok
	})
}

// variable takes what the request gives for a variable, or its default.
func (s *gqlScan) variable(asked gqlAsked, name []byte) bool {
	if asked.nothing() {
		return true
	}
	for i := range s.graphql.given {
		if v := &s.graphql.given[i]; string(v.name) == string(name) {
			s.readGiven(asked, v.value)
			return true
		}
	}
	for i := range s.graphql.defined {
		if v := &s.graphql.defined[i]; string(v.name) == string(name) && v.at >= 0 {
			back := s.begin
			s.jump(v.at)
			if !s.value(asked, true) {
				return false
			}
			s.jump(back)
			return true
		}
	}
	return true
}

// readGiven reads a variable's JSON for each node that is asked for.
func (s *gqlScan) readGiven(asked gqlAsked, value []byte) {
	before := s.later
	for i := asked.from; i < asked.to; i++ {
		at := s.graphql.asked[i]
		if !s.takeDecoded("graphql", len(value)) {
			break
		}
		s.later = at.later
		s.json(at.node, value)
	}
	s.later = before
}

// givenAndDefaults takes variables that points ask for by their own names: what
// the request gives, and the defaults of those that it does not give.
func (s *gqlScan) givenAndDefaults(n *node, variables []byte) {
	v := n.step("variable")
	if v == nil {
		return
	}
	s.json(v, variables)
	for _, d := range s.graphql.defined {
		child := v.name(d.name)
		given := slices.ContainsFunc(s.graphql.given, func(g gqlVariable) bool { return bytes.Equal(g.name, d.name) })
		if child == nil || given || d.at < 0 {
			continue
		}
		s.graphql.asked = append(s.graphql.asked[:0], gqlAt{node: child})
		s.restart(d.at)
		s.value(gqlAsked{to: 1}, true)
	}
}
