package point

import (
	"hash/maphash"

	"sojourn/internal/exchange"
)

// run is the reading of one side of one exchange: what the readers work with.
type run struct {
	Limits
	x    *exchange.Exchange
	side Side
	out  *Result
	many []bool // by point: it has a [*]
	body body

	keepTokens bool
	token      heldToken

	scratch []byte // what decoders yield; slices of it stay as they are
	decoded int    // bytes that nested decoding has yielded
	visited []bool // by node: its first value has been met
	log     []int  // nodes in the order they were visited, to take visits back
	later   bool   // not a first value: only points with [*] count

	inflaters

	graphql graphqlWork
	mcp     mcpWork

	elements []int           // by node: how many of its elements have come
	shared   map[counted]int // the same for nodes that several names share

	event    int // place in its stream of what is read; -1: it is no event of a stream
	document int // counts the JSON documents
	seen     []member
	anySeen  map[anyMember]span
	seed     maphash.Seed // of names in anySeen and shared

	xml    xmlStacks
	fields []asked // of a protobuf message
	come   []*node // of fields that came before in their message
}

func (r *run) start(e *Extractor, side Side, x *exchange.Exchange, out *Result) {
	r.Limits, r.side, r.x, r.out, r.many = e.limits, side, x, out, e.many
	r.keepTokens, r.token = e.keepTokens, heldToken{}
	r.scratch, r.log, r.decoded, r.later = r.scratch[:0], r.log[:0], 0, false
	if cap(r.visited) < e.nodes {
		r.visited = make([]bool, e.nodes)
	}
	r.visited = r.visited[:e.nodes]
	clear(r.visited)
	r.elements = append(r.elements[:0], make([]int, e.nodes)...)
	r.event, r.document, r.seen = -1, 0, r.seen[:0]
	if len(r.anySeen) > keepEntries {
		r.anySeen = nil
	}
	clear(r.anySeen)
	if len(r.shared) > keepEntries {
		r.shared = nil
	}
	clear(r.shared)
	if r.seed == (maphash.Seed{}) {
		r.seed = maphash.MakeSeed()
	}
}

// keepEntries is up to how many entries a map is kept for the next run.
const keepEntries = 1 << 10

// end lets go of the exchange.
func (r *run) end() {
	r.x, r.out, r.many, r.body, r.token = nil, nil, nil, body{}, heldToken{}
}

// value takes a value that was found at n: it is kept for the points that end
// there and handed to the decoders that follow. Of several values at one node
// the first counts, except for points with [*].
func (r *run) value(n *node, data []byte) {
	if n == nil {
		return
	}
	later := r.later
	if r.visited[n.id] {
		if !n.many {
			return
		}
		r.later = true
	} else if !later {
		r.visited[n.id] = true
		r.log = append(r.log, n.id)
	}
	r.record(n, data)
	for _, s := range n.steps {
		if s.format.place&inValue != 0 {
			s.format.read(r, s.node, data)
		}
	}
	r.later = later
}

// valueString is value for a string; it copies it only when n is asked for.
func (r *run) valueString(n *node, s string) {
	if n == nil || !n.isValue() || r.visited[n.id] && !n.many {
		return
	}
	r.value(n, r.copied(s))
}

// copied puts s where it stays to the end of the run.
func (r *run) copied(s string) []byte {
	begin := len(r.scratch)
	r.scratch = append(r.scratch, s...)
	return r.scratch[begin:len(r.scratch):len(r.scratch)]
}

// record keeps a value for the points that end at n.
func (r *run) record(n *node, data []byte) {
	var v Value
	kept := false
	for _, p := range n.points {
		if r.later && !r.many[p] {
			continue
		}
		if len(r.out.values) >= r.Values {
			r.limit(n.label, LimitValues)
			return
		}
		if !kept {
			if v, kept = r.keep(n, data); !kept {
				return
			}
		}
		r.out.add(p, v)
	}
}

// keep copies a value into the result.
func (r *run) keep(n *node, data []byte) (v Value, ok bool) {
	if len(data) > r.ValueBytes {
		r.limit(n.label, LimitValueBytes)
		data, v.Cut = data[:r.ValueBytes], true
	}
	text := r.out.text
	if len(text)+len(data) > r.ResultBytes {
		r.limit(n.label, LimitResultBytes)
		return v, false
	}
	begin := len(text)
	text = append(text, data...)
	v.Text, r.out.text = text[begin:len(text):len(text)], text
	v.Token = r.keepToken()
	return v, true
}

// mark is a moment of a run.
type mark struct{ values, visits int }

func (r *run) mark() mark { return mark{len(r.out.values), len(r.log)} }

// takeBack forgets the values that were found from one moment to another.
func (r *run) takeBack(from, to mark) {
	for i := from.values; i < to.values; i++ {
		r.out.values[i].dead = true
	}
	for _, id := range r.log[from.visits:to.visits] {
		r.visited[id] = false
	}
	if to.visits == len(r.log) {
		r.log = r.log[:from.visits]
	}
}

// malformed notes that data is not what format expects there; offset -1 when
// that is not known.
func (r *run) malformed(format string, offset int, reason string) {
	r.note(Malformed, format, offset, reason)
}

// limit notes that format left something unread at a limit.
func (r *run) limit(format string, l Limit) { r.note(LimitHit, format, -1, string(l)) }

// duplicate notes that a member that is asked for occurs twice.
func (r *run) duplicate(format string, offset int, member string) {
	r.note(Duplicate, format, offset, member)
}

func (r *run) note(kind NoteKind, format string, offset int, text string) {
	r.out.note(Note{Side: r.side, Kind: kind, Format: format, Offset: offset, Text: text}, r.Notes)
}

// takeDecoded counts bytes that a nested decoder yields; false: that is too much
// and must not be read on.
func (r *run) takeDecoded(format string, n int) bool {
	if r.decoded+n > r.Decoded {
		r.limit(format, LimitDecoded)
		return false
	}
	r.decoded += n
	return true
}
