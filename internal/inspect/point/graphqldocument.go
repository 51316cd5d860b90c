package point

// gqlDefinition is an operation or a fragment of a document.
type gqlDefinition struct {
	fragment   bool
	kind       string // of an operation
	name       []byte
	variables  int // where their definitions begin; -1: there are none
	selections int // where they begin
}

// gqlVariable is a variable that an operation defines, or that a request gives.
type gqlVariable struct {
	name  []byte
	value []byte // JSON; nil for a definition
	at    int    // where the default begins; -1: there is none
}

// gqlAt is a node that points ask for in what is being read.
type gqlAt struct {
	node  *node
	path  uint64 // that leads to it, where it is shared
	later bool   // a first value was met before: only points with [*] count
}

// gqlAsked are the nodes asked for in what is being read: a part of the list of
// all. top says that the names of the fields are those of the operation.
type gqlAsked struct {
	from, to int
	top      bool
}

func (a gqlAsked) nothing() bool { return a.from == a.to && !a.top }

// The methods below parse one construct each (§2.2 to §2.12), from the token they
// begin with to the one behind them. They return false when the reading ends.

// definitions reads a document to its end and lists its definitions, without
// looking into them.
func (s *gqlScan) definitions() bool {
	s.next()
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
		if s.next(); s.kind != gqlName {
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
	if s.next(); s.kind == gqlName && !(d.fragment && s.is("on")) {
		d.name = s.token()
		s.next()
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
	s.next()
	return s.expect(gqlName, "expected the name of a type")
}

func (s *gqlScan) expect(kind gqlToken, reason string) bool {
	if s.kind != kind {
		return s.fail(reason)
	}
	s.next()
	return true
}

// variables reads the definitions of variables, and lists them when that is
// wanted.
func (s *gqlScan) variables(list bool) bool {
	s.next()
	for {
		if s.kind == gqlString || s.kind == gqlBlock {
			s.next()
		}
		if !s.expect('$', "expected a variable") {
			return false
		}
		v := gqlVariable{name: s.token(), at: -1}
		if !s.expect(gqlName, "expected the name of a variable") || !s.expect(':', "expected : and a type") || !s.typeReference() {
			return false
		}
		if s.kind == '=' {
			s.next()
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
			s.next()
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
		s.next()
	}
	return true
}

// enter goes into a bracket.
func (s *gqlScan) enter() bool {
	if s.depth--; s.depth < 0 {
		return s.stop(LimitDepth)
	}
	s.next()
	return true
}

func (s *gqlScan) directives() bool {
	for s.kind == '@' {
		s.next()
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
	s.next()
	return true
}

// spread reads a fragment where it is used. The fields of a fragment stand where
// it is spread.
func (s *gqlScan) spread(asked gqlAsked) bool {
	s.next()
	if s.kind == gqlName && !s.is("on") {
		name := s.token()
		s.next()
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
	back := s.begin
	s.jump(s.graphql.definitions[i].selections)
	if !s.selections(asked) {
		return false
	}
	s.graphql.open = s.graphql.open[:len(s.graphql.open)-1]
	s.depth++
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
		s.next()
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

// enterField finds the nodes of a field, and takes its name as their value. Of
// several fields with one name only the first is looked into, except for points
// with an index or [*].
func (s *gqlScan) enterField(asked gqlAsked, name []byte) gqlAsked {
	list := &s.graphql.asked
	begin := len(*list)
	for i := asked.from; i < asked.to; i++ {
		at := (*list)[i]
		fields := at.node.step("field")
		if fields == nil {
			continue
		}
		child := fields.name(name)
		if child == nil {
			continue
		}
		var path uint64
		if child.shared {
			path = pathTo(at.path, s.hash(string(name)))
		}
		if later := at.later || s.visited[child.id]; !later || child.many {
			*list = append(*list, gqlAt{child, path, later})
		}
		if child.hasKeys() {
			place := s.next1(child, path)
			if element := child.index(place); element != nil {
				*list = append(*list, gqlAt{element, pathTo(path, uint64(place)), at.later || s.visited[element.id]})
			}
		}
	}
	in := gqlAsked{from: begin, to: len(*list)}
	s.yield(in, name)
	return in
}

// next1 is run.next, which the scanner's own hides.
func (s *gqlScan) next1(n *node, path uint64) int { return s.run.next(n, path) }

// yield takes a value for all nodes that are asked for.
func (s *gqlScan) yield(asked gqlAsked, data []byte) {
	before := s.later
	for _, at := range s.graphql.asked[asked.from:asked.to] {
		s.later = at.later
		s.run.value(at.node, data)
	}
	s.later = before
}

// arguments reads from ( to behind ), if there are any.
func (s *gqlScan) arguments(asked gqlAsked) bool {
	if s.kind != '(' {
		return true
	}
	s.next()
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
			s.next()
			return true
		}
	}
}

func (s *gqlScan) enterArgument(asked gqlAsked, name []byte) gqlAsked {
	list := &s.graphql.asked
	begin := len(*list)
	for i := asked.from; i < asked.to; i++ {
		at := (*list)[i]
		if arguments := at.node.step("arg"); arguments != nil {
			if child := arguments.name(name); child != nil {
				*list = append(*list, gqlAt{node: child, later: at.later})
			}
		}
	}
	return gqlAsked{from: begin, to: len(*list)}
}

// value reads a value; a constant holds no variables.
func (s *gqlScan) value(asked gqlAsked, constant bool) bool {
	switch s.kind {
	case '$':
		if constant {
			return s.fail("expected a constant")
		}
		s.next()
		name := s.token()
		if !s.expect(gqlName, "expected the name of a variable") {
			return false
		}
		return s.variable(asked, name)
	case gqlNumber, gqlString, gqlBlock, gqlName:
		if asked.from < asked.to && !s.is("null") {
			s.yield(asked, s.meaning())
		}
		s.next()
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
	s.next()
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
	s.next()
	return true
}

func (s *gqlScan) enterValue(asked gqlAsked, child func(*node) *node) gqlAsked {
	list := &s.graphql.asked
	begin := len(*list)
	for i := asked.from; i < asked.to; i++ {
		at := (*list)[i]
		if n := child(at.node); n != nil {
			*list = append(*list, gqlAt{node: n, later: at.later})
		}
	}
	return gqlAsked{from: begin, to: len(*list)}
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
