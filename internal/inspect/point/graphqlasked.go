package point

import (
	"hash/maphash"
)

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

// topField takes a field of the operation, once.
func (s *gqlScan) topField(name []byte) {
	w := &s.graphql
	for _, have := range w.fields {
		if string(have) == string(name) {
			return
		}
	}
	if len(w.fields) == s.Fields {
		s.limit("graphql", LimitFields)
		return
	}
	w.fields = append(w.fields, name)
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
			path = pathTo(at.path, maphash.Bytes(s.seed, name))
		}
		if later := at.later || s.visited[child.id]; !later || child.many {
			*list = append(*list, gqlAt{child, path, later})
		}
		if child.hasKeys() {
			place := s.next(child, path)
			if element := child.index(place); element != nil {
				*list = append(*list, gqlAt{element, pathTo(path, uint64(place)), at.later || s.visited[element.id]})
			}
		}
	}
	in := gqlAsked{from: begin, to: len(*list)}
	s.yield(in, name)
	return in
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

// yield takes a value for all nodes that are asked for.
func (s *gqlScan) yield(asked gqlAsked, data []byte) {
	before := s.later
	for _, at := range s.graphql.asked[asked.from:asked.to] {
		s.later = at.later
		s.run.value(at.node, data)
	}
	s.later = before
}
