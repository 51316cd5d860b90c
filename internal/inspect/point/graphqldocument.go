package point

// gqlDefinition is an operation or a fragment of a document.
type gqlDefinition struct {
	fragment   bool
	kind       string // of an operation
	name       []byte
	variables  int // where their definitions begin; -1: there are none
	selections int // where they begin
}

// The methods below parse one construct each (§2.2 to §2.12), from the token they
// begin with to the one behind them. They return false when the reading ends.

// definitions reads a document to its end and lists its definitions, without
// looking into them.
func (s *gqlScan) definitions() bool {
	s.scan()
	if s.kind == gqlEnd {
		return s.fail("an empty document")
	}
	for s.kind != gqlEnd {
		if !s.definition() {
			return false
		}
	}
	return !s.ended
}

func (s *gqlScan) definition() bool {
	d := gqlDefinition{variables: -1}
	if s.kind == gqlString || s.kind == gqlBlock {
		if s.scan(); s.kind != gqlName {
			return s.fail("expected a definition behind its description")
		}
	}
	switch {
	case s.kind == '{':
		d.kind = "query"
		return s.defined(d)
	case s.is("query"):
		d.kind = "query"
	case s.is("mutation"):
		d.kind = "mutation"
	case s.is("subscription"):
		d.kind = "subscription"
	case s.is("fragment"):
		d.fragment = true
	default:
		return s.fail("expected query, mutation, subscription or fragment")
	}
	if s.scan(); s.kind == gqlName && !(d.fragment && s.is("on")) {
		d.name = s.token()
		s.scan()
	} else if d.fragment {
		return s.fail("expected the name of a fragment")
	}
	if s.kind == '(' {
		d.variables = s.begin
		if !s.variables(false) {
			return false
		}
	}
	if d.fragment && !s.condition() {
		return false
	}
	return s.directives() && s.defined(d)
}

// defined enters a definition, which is worth reading as far as it goes, and
// passes over its selections.
func (s *gqlScan) defined(d gqlDefinition) bool {
	if s.kind != '{' {
		return s.fail("expected {")
	}
	if len(s.graphql.definitions) == s.Definitions {
		return s.stop(LimitDefinitions)
	}
	d.selections = s.begin
	s.graphql.definitions = append(s.graphql.definitions, d)
	return s.selections(gqlAsked{})
}

// condition reads on Type.
func (s *gqlScan) condition() bool {
	if !s.is("on") {
		return s.fail("expected on")
	}
	s.scan()
	return s.expect(gqlName, "expected the name of a type")
}

func (s *gqlScan) expect(kind gqlToken, reason string) bool {
	if s.kind != kind {
		return s.fail(reason)
	}
	s.scan()
	return true
}

// variables reads the definitions of variables, and lists them when that is
// wanted.
func (s *gqlScan) variables(list bool) bool {
	s.scan()
	for {
		if s.kind == gqlString || s.kind == gqlBlock {
			s.scan()
		}
		if !s.expect('$', "expected a variable") {
			return false
		}
		v := gqlVariable{name: s.token(), at: -1}
		if !s.expect(gqlName, "expected the name of a variable") || !s.expect(':', "expected : and a type") || !s.typeReference() {
			return false
		}
		if s.kind == '=' {
			s.scan()
			v.at = s.begin
			if !s.value(gqlAsked{}, true) {
				return false
			}
		}
		if !s.directives() {
			return false
		}
		if list {
			if len(s.graphql.defined) == s.Variables {
				s.limit("graphql", LimitVariables)
				return true
			}
			s.graphql.defined = append(s.graphql.defined, v)
		}
		if s.kind == ')' {
			s.scan()
			return true
		}
	}
}

func (s *gqlScan) typeReference() bool {
	if s.kind == '[' {
		if !s.enter() {
			return false
		}
		if !s.typeReference() || !s.expect(']', "expected ]") {
			return false
		}
		s.depth++
	} else if !s.expect(gqlName, "expected a type") {
		return false
	}
	if s.kind == '!' {
		s.scan()
	}
	return true
}

// enter goes into a bracket.
func (s *gqlScan) enter() bool {
	if s.depth--; s.depth < 0 {
		return s.stop(LimitDepth)
	}
	s.scan()
	return true
}

func (s *gqlScan) directives() bool {
	for s.kind == '@' {
		s.scan()
		if !s.expect(gqlName, "expected the name of a directive") || !s.arguments(gqlAsked{}) {
			return false
		}
	}
	return true
}

// selections reads from { to behind }.
func (s *gqlScan) selections(asked gqlAsked) bool {
	if !s.enter() {
		return false
	}
	if s.kind == '}' {
		return s.fail("expected a field")
	}
	for s.kind != '}' {
		ok := false
		if s.kind == gqlSpread {
			ok = s.spread(asked)
		} else {
			ok = s.field(asked)
		}
		if !ok {
			return false
		}
	}
	s.depth++
	s.scan()
	return true
}

// spread reads a fragment where it is used. The fields of a fragment stand where
// it is spread.
func (s *gqlScan) spread(asked gqlAsked) bool {
	s.scan()
	if s.kind == gqlName && !s.is("on") {
		name := s.token()
		s.scan()
		return s.directives() && (asked.nothing() || s.follow(name, asked))
	}
	if s.is("on") && !s.condition() {
		return false
	}
	if !s.directives() {
		return false
	}
	if s.kind != '{' {
		return s.fail("expected {")
	}
	return s.selections(asked)
}

// follow reads the selections of a fragment and comes back.
func (s *gqlScan) follow(name []byte, asked gqlAsked) bool {
	i := s.graphql.fragment(name)
	if i < 0 {
		s.malformed("graphql", s.begin, "a fragment is missing")
		return true
	}
	for _, open := range s.graphql.open {
		if open == i {
			s.malformed("graphql", s.begin, "a fragment spreads itself")
			return true
		}
	}
	if s.depth--; s.depth < 0 {
		return s.stop(LimitDepth)
	}
	s.graphql.open = append(s.graphql.open, i)
	back, depth, kept := s.begin, s.depth, len(s.graphql.asked)
	s.jump(s.graphql.definitions[i].selections)
	if !s.selections(asked) {
		if s.reason == "" {
			return false
		}
		s.ended, s.reason = false, "" // a broken fragment ends where it breaks, and only it
		s.graphql.asked = s.graphql.asked[:kept]
	}
	s.graphql.open = s.graphql.open[:len(s.graphql.open)-1]
	s.depth = depth + 1
	s.jump(back)
	return true
}

func (s *gqlScan) field(asked gqlAsked) bool {
	name := s.token()
	if !s.expect(gqlName, "expected a field") {
		return false
	}
	if s.kind == ':' {
		if s.graphql.aliases--; s.graphql.aliases < 0 {
			return s.stop(LimitAliases)
		}
		s.scan()
		name = s.token()
		if !s.expect(gqlName, "expected the name of a field") {
			return false
		}
	}
	if asked.top {
		s.topField(name)
	}
	in := s.enterField(asked, name)
	ok := s.arguments(in) && s.directives() && (s.kind != '{' || s.selections(in))
	s.graphql.asked = s.graphql.asked[:in.from]
	return ok
}

// gqlChoose returns the operation that a request means (§6.1).
func (r *run) gqlChoose(name []byte) (d *gqlDefinition, ok bool) {
	for i := range r.graphql.definitions {
		switch o := &r.graphql.definitions[i]; {
		case o.fragment:
		case len(name) > 0 && string(o.name) == string(name):
			return o, true
		case len(name) == 0 && d != nil:
			r.malformed("graphql", -1, "several operations and no operationName")
			return d, true
		case len(name) == 0:
			d = o
		}
	}
	if d == nil {
		r.malformed("graphql", -1, "the operation is missing")
	}
	return d, d != nil
}

// operation reads an operation that the document has.
func (s *gqlScan) operation(n *node, d *gqlDefinition) {
	w := &s.graphql
	kind, name := d.kind, d.name
	s.gqlNamed(n, kind, name)
	// The names do not depend on what points ask for: they are read on their own.
	s.within(&w.naming, func() {
		s.restart(d.selections)
		s.selections(gqlAsked{top: true})
	})
	s.gqlKeep(Operation{Type: kind}, name, nil)
	if n.steps == nil {
		return
	}
	s.within(&w.walking, func() {
		if d.variables >= 0 {
			s.restart(d.variables)
			s.variables(true)
		}
		w.asked = append(w.asked[:0], gqlAt{node: n})
		s.restart(d.selections)
		s.selections(gqlAsked{to: 1})
	})
}

// within reads with tokens of a budget of its own. The aliases have been counted
// already.
func (s *gqlScan) within(tokens *int, read func()) {
	w := &s.graphql
	rest, aliases := w.tokens, w.aliases
	w.tokens, w.aliases = *tokens, s.Aliases
	read()
	*tokens, w.tokens, w.aliases = w.tokens, rest, aliases
}
