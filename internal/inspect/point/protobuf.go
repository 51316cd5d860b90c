package point

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// readProtobuf reads a message without frames.
func readProtobuf(r *run, n *node, data []byte) {
	if reason, at := r.protobuf(n, data); reason != "" {
		r.malformed("grpc", at, reason)
	}
}

// protobuf reads a message in the wire format of Protocol Buffers, and returns
// what is wrong with it, and where. Integers yield their decimal text, signed,
// whatever their size; those of a fixed size too, of which nobody knows whether
// they are meant as floating-point. Strings, bytes and messages yield their
// bytes. A field that leads further but holds no message yields nothing.
func (r *run) protobuf(n *node, data []byte) (reason string, at int) {
	s := protoScan{run: r, room: r.Members, depth: r.Depth}
	fields, come := len(r.fields), len(r.come)
	s.take(n, true)
	rest := s.message(fields, data, 0)
	r.fields, r.come = r.fields[:fields], r.come[:come]
	return s.reason, len(data) - len(rest)
}

// isMessage reports whether data is a message to its end.
func isMessage(data []byte) bool {
	for len(data) > 0 {
		_, _, n := protowire.ConsumeField(data)
		if n < 0 {
			return false
		}
		data = data[n:]
	}
	return true
}

// protoScan reads a message. The nodes that it is stand on the stack run.fields;
// those that one of its fields is, above them while it is read.
type protoScan struct {
	*run
	room   int    // fields that may come
	depth  int    // messages and groups that may open
	ended  bool   // by a limit
	reason string // what is wrong
}

// asked is a node that a message or a field is.
type asked struct {
	node  *node
	again bool // the field came before: only its packed elements count
}

// openMessage is the message that is read.
type openMessage struct {
	nodes, end int // its nodes on the stack run.fields
	come       int // where the nodes of fields that came begin on the stack run.come
}

// take puts a node on the stack, and its [*], which is every occurrence.
func (s *protoScan) take(n *node, first bool) {
	if first || n.step("packed") != nil {
		s.fields = append(s.fields, asked{n, !first})
	}
	if n.rest != nil {
		s.fields = append(s.fields, asked{node: n.rest})
	}
}

// takeField puts the nodes of a field on the stack.
func (s *protoScan) takeField(m openMessage, number int) {
	for i := m.nodes; i < m.end; i++ {
		if n := s.fields[i].node; !s.fields[i].again {
			if child := n.index(number); child != n.rest {
				s.take(child, s.isFirst(m, child))
			}
		}
	}
}

func (s *protoScan) isFirst(m openMessage, n *node) bool {
	for _, have := range s.come[m.come:] {
		if have == n {
			return false
		}
	}
	s.come = append(s.come, n)
	if p := n.step("packed"); p != nil {
		s.elements[p.id] = 0
	}
	if n.rest != nil {
		if p := n.rest.step("packed"); p != nil {
			s.elements[p.id] = 0
		}
	}
	return true
}

// message reads the fields of a message, or of a group up to its end, and returns
// what stands behind. The nodes that it is are those from a place of the stack on.
func (s *protoScan) message(nodes int, data []byte, group protowire.Number) (rest []byte) {
	if s.depth--; s.depth < 0 {
		s.ended = true
		s.limit("grpc", LimitDepth)
		return data
	}
	m := openMessage{nodes, len(s.fields), len(s.come)}
	rest = s.fieldsOf(m, data, group)
	s.come = s.come[:m.come]
	s.depth++
	return rest
}

func (s *protoScan) fieldsOf(m openMessage, data []byte, group protowire.Number) (rest []byte) {
	for len(data) > 0 {
		number, kind, size := protowire.ConsumeTag(data)
		switch {
		case !s.takeRoom():
			return data
		case size < 0:
			s.reason = "expected a field"
			return data
		case kind == protowire.EndGroupType && number != group:
			s.reason = "a group ends that is not the open one"
			return data
		case kind == protowire.EndGroupType:
			return data[size:]
		}
		s.takeField(m, int(number))
		data = s.field(m.end, data[size:], number, kind)
		s.fields = s.fields[:m.end]
		if s.ended || s.reason != "" {
			return data
		}
	}
	if group != 0 {
		s.reason = "a group does not end"
	}
	return data
}

func (s *protoScan) takeRoom() bool {
	if s.room--; s.room < 0 {
		s.ended = true
		s.limit("grpc", LimitMembers)
		return false
	}
	return true
}

// field reads what stands behind a tag, and returns what stands behind that.
func (s *protoScan) field(nodes int, data []byte, number protowire.Number, kind protowire.Type) (rest []byte) {
	var size int
	var integer int64
	var bytes []byte
	switch kind {
	case protowire.VarintType:
		var v uint64
		v, size = protowire.ConsumeVarint(data)
		integer = int64(v)
	case protowire.Fixed32Type:
		var v uint32
		v, size = protowire.ConsumeFixed32(data)
		integer = int64(int32(v))
	case protowire.Fixed64Type:
		var v uint64
		v, size = protowire.ConsumeFixed64(data)
		integer = int64(v)
	case protowire.BytesType:
		bytes, size = protowire.ConsumeBytes(data)
	case protowire.StartGroupType:
		return s.message(nodes, data, number)
	default:
		size = -1
	}
	if size < 0 {
		s.reason = "a field does not end"
		return data
	}
	if nodes < len(s.fields) {
		if kind == protowire.BytesType {
			s.delimited(nodes, bytes)
		} else {
			s.integer(nodes, integer)
		}
	}
	return data[size:]
}

// integer takes a number for the nodes from a place of the stack on.
func (s *protoScan) integer(nodes int, v int64) {
	text := s.decimal(v)
	for i := nodes; i < len(s.fields); i++ {
		a := s.fields[i]
		if !a.again {
			s.run.value(a.node, text)
		}
		if p := a.node.step("packed"); p != nil {
			s.element(p, text)
		}
	}
}

func (s *protoScan) decimal(v int64) []byte {
	begin := len(s.scratch)
	s.scratch = strconv.AppendInt(s.scratch, v, 10)
	return s.scratch[begin:len(s.scratch):len(s.scratch)]
}

// element takes the next element of a packed field, which may also come alone.
func (s *protoScan) element(packed *node, text []byte) {
	s.run.value(packed.index(s.elements[packed.id]), text)
	s.elements[packed.id]++
}

// delimited takes bytes: as they are, as packed integers, as a message, for
// whatever asks for what.
func (s *protoScan) delimited(nodes int, bytes []byte) {
	descend, end := false, len(s.fields)
	for i := nodes; i < end; i++ {
		a := s.fields[i]
		if !a.again {
			descend = descend || len(a.node.indexes) > 0
			s.run.value(a.node, bytes)
		}
		if p := a.node.step("packed"); p != nil {
			s.packed(p, bytes)
		}
	}
	if descend && s.wellFormed(bytes) {
		s.message(nodes, bytes, 0)
	}
}

// packed takes the integers of a packed field, if it is one.
func (s *protoScan) packed(n *node, bytes []byte) {
	for rest := bytes; len(rest) > 0; {
		_, size := protowire.ConsumeVarint(rest)
		if size < 0 || !s.takeRoom() {
			return
		}
		rest = rest[size:]
	}
	for len(bytes) > 0 {
		v, size := protowire.ConsumeVarint(bytes)
		s.element(n, s.decimal(int64(v)))
		bytes = bytes[size:]
	}
}

// wellFormed reports whether bytes are a message: a text that is read as one
// would yield chance values.
func (s *protoScan) wellFormed(bytes []byte) bool {
	for len(bytes) > 0 {
		if !s.takeRoom() {
			return false
		}
		_, _, size := protowire.ConsumeField(bytes)
		if size < 0 {
			return false
		}
		bytes = bytes[size:]
	}
	return true
}
