package point

import (
	"fmt"
	"slices"

	"sojourn/internal/exchange"
)

// MaxNodes bounds the tree of one set of points. Points that overlap by [*] in
// many places multiply.
const MaxNodes = 20_000

// Extractor finds the values of a set of points. It never changes: any number of
// goroutines may use one.
type Extractor struct {
	points            []Point
	many              []bool // by point: it has a [*], so each match counts, not only the first
	request, response *node
	nodes             int
	limits            Limits
	keepTokens        bool
}

// Compile puts points into one tree, so that everything is read once however
// many of them ask, with the default limits. A point is known by its place in
// the list from then on. The error names the point that cannot be.
func Compile(points []Point) (*Extractor, error) {
	return CompileLimited(points, DefaultLimits())
}

// CompileLimited is Compile with limits of one's own.
func CompileLimited(points []Point, limits Limits) (*Extractor, error) {
	e := &Extractor{request: &node{}, response: &node{}, limits: limits}
	for i, p := range points {
		p, formats, err := parse(p.String())
		if err != nil {
			return nil, err
		}
		e.points, e.many = append(e.points, p), append(e.many, false)
		e.insert(i, formats)
	}
	for _, root := range []*node{e.request, e.response} {
		if err := e.spread(root); err != nil {
			return nil, err
		}
	}
	e.nodes = 0
	e.finish(e.request, false)
	e.finish(e.response, false)
	return e, nil
}

// KeepingTokens returns an Extractor like e whose values tell the JWT that they
// stood in.
func (e *Extractor) KeepingTokens() *Extractor {
	with := *e
	with.keepTokens = true
	return &with
}

// Points are those that were compiled, in canonical form.
func (e *Extractor) Points() []Point {
	return slices.Clone(e.points)
}

// Needs says how much of which bodies the points need to see.
func (e *Extractor) Needs() (c exchange.Capture) {
	if e.request.wantsBody() {
		c.Request = e.limits.Body
	}
	if e.response.wantsBody() {
		c.Response = e.limits.Body
	}
	return c
}

// node is a place in the tree of points: a value or a part of a format. The
// reader that stands at it goes on to its children; where a child is asked for
// by name or index and by [*] too, the one child serves both.
type node struct {
	id     int   // its place in marks of what was visited
	points []int // that end here
	many   bool  // a point at it or below has a [*]
	shared bool  // it or one above is a [*]: it stands for several values
	apart  bool  // its children stay apart: the reader follows several for one value

	label   string // the key that leads here, for notes
	names   []named
	byName  map[string]*node // of names, when there are many
	indexes []indexed
	rest    *node // [*]: all that have no child of their own
	steps   []following
}

type named struct {
	name string
	node *node
}

type indexed struct {
	index int
	node  *node
}

type following struct {
	format *format
	node   *node
}

// fewNames is up to how many names a plain search beats a map.
const fewNames = 8

// name returns the child for a member, nil when no point asks for it.
func (n *node) name(name []byte) *node {
	if n.byName != nil {
		if child := n.byName[string(name)]; child != nil {
			return child
		}
		return n.rest
	}
	for i := range n.names {
		if n.names[i].name == string(name) {
			return n.names[i].node
		}
	}
	return n.rest
}

// nameString is name for a string.
func (n *node) nameString(name string) *node {
	if n.byName != nil {
		if child := n.byName[name]; child != nil {
			return child
		}
		return n.rest
	}
	for i := range n.names {
		if n.names[i].name == name {
			return n.names[i].node
		}
	}
	return n.rest
}

// index returns the child for an element, nil when no point asks for it.
func (n *node) index(i int) *node {
	for j := range n.indexes {
		if n.indexes[j].index == i {
			return n.indexes[j].node
		}
	}
	return n.rest
}

// step returns the node of a step that follows n, nil when no point has it.
func (n *node) step(name string) *node {
	for i := range n.steps {
		if n.steps[i].format.name == name {
			return n.steps[i].node
		}
	}
	return nil
}

// hasKeys reports whether points ask for members or elements of n.
func (n *node) hasKeys() bool {
	return len(n.names) > 0 || len(n.indexes) > 0 || n.rest != nil
}

// isValue reports whether points ask for the value at n itself.
func (n *node) isValue() bool { return len(n.points) > 0 || len(n.steps) > 0 }

func (n *node) wantsBody() bool {
	for _, s := range n.steps {
		if s.format.place&inBody != 0 {
			return true
		}
	}
	return false
}

// insert adds the point at a place of the list to the tree of its side.
func (e *Extractor) insert(i int, formats []*format) {
	n := e.request
	if e.points[i].Side == Response {
		n = e.response
	}
	for j, s := range e.points[i].Steps {
		n = n.following(formats[j])
		for _, k := range s.Keys {
			n = n.child(k)
			e.many[i] = e.many[i] || k.By == All
		}
	}
	n.points = append(n.points, i)
}

// child returns the child for a key, made when there is none.
func (n *node) child(k Key) *node {
	switch k.By {
	case All:
		if n.rest == nil {
			n.rest = &node{label: n.label, apart: n.apart}
		}
		return n.rest
	case ByIndex:
		for _, c := range n.indexes {
			if c.index == k.Index {
				return c.node
			}
		}
		c := &node{label: n.label, apart: n.apart}
		n.indexes = append(n.indexes, indexed{k.Index, c})
		return c
	default:
		for _, c := range n.names {
			if c.name == k.Name {
				return c.node
			}
		}
		c := &node{label: k.Name, apart: n.apart}
		n.names = append(n.names, named{k.Name, c})
		return c
	}
}

func (n *node) following(f *format) *node {
	for _, s := range n.steps {
		if s.format == f {
			return s.node
		}
	}
	next := &node{label: f.name, apart: f.apart}
	n.steps = append(n.steps, following{f, next})
	return next
}

// spread gives each child of its own what [*] beside it asks for, so that no
// reader has to follow two children for one value, unless its format wants to.
func (e *Extractor) spread(n *node) error {
	if e.nodes++; e.nodes > MaxNodes {
		return fmt.Errorf("the points overlap by [*] in too many places: their tree has more than %d nodes; use fewer points with [*]", MaxNodes)
	}
	if n.rest != nil && !n.apart {
		for _, c := range n.names {
			c.node.mix(n.rest)
		}
		for _, c := range n.indexes {
			c.node.mix(n.rest)
		}
	}
	return n.each(e.spread)
}

// mix adds all that is asked for at src and below to n.
func (n *node) mix(src *node) {
	n.points = append(n.points, src.points...)
	for _, c := range src.names {
		n.child(Key{Name: c.name}).mix(c.node)
	}
	for _, c := range src.indexes {
		n.child(Key{Index: c.index, By: ByIndex}).mix(c.node)
	}
	if src.rest != nil {
		n.child(Key{By: All}).mix(src.rest)
	}
	for _, s := range src.steps {
		n.following(s.format).mix(s.node)
	}
}

// finish numbers the nodes and fills what is known only in the end.
func (e *Extractor) finish(n *node, shared bool) {
	n.id, n.shared = e.nodes, shared
	e.nodes++
	for _, p := range n.points {
		n.many = n.many || e.many[p]
	}
	if len(n.names) > fewNames {
		n.byName = make(map[string]*node, len(n.names))
		for _, c := range n.names {
			n.byName[c.name] = c.node
		}
	}
	n.each(func(c *node) error {
		e.finish(c, shared || c == n.rest)
		n.many = n.many || c.many
		return nil
	})
}

// each calls f for the children of n until one fails.
func (n *node) each(f func(*node) error) error {
	for _, c := range n.names {
		if err := f(c.node); err != nil {
			return err
		}
	}
	for _, c := range n.indexes {
		if err := f(c.node); err != nil {
			return err
		}
	}
	if n.rest != nil {
		if err := f(n.rest); err != nil {
			return err
		}
	}
	for _, s := range n.steps {
		if err := f(s.node); err != nil {
			return err
		}
	}
	return nil
}
