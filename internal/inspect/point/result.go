package point

import (
	"iter"

	"sojourn/internal/exchange"
)

// Result takes what an Extractor finds in one exchange, both sides together. It
// is made to be used again, after Reset; the zero value is ready. One goroutine
// at a time.
type Result struct {
	// Notes tell what was malformed, cut or suspicious, in the order it was met.
	Notes []Note
	// MoreNotes counts those that found no room in Notes.
	MoreNotes int

	values []found
	heads  []chain // by point
	text   []byte  // of all values
	tokens []byte  // that values stood in
	run    run
}

// Value is what a point found.
type Value struct {
	Text []byte // valid until Reset
	Cut  bool   // it was longer than the limit of one value
	// Token is the JWT in whose payload it stood, the innermost of several, in
	// compact form; valid until Reset. It is not verified. Only an Extractor that is
	// KeepingTokens tells it.
	Token []byte
}

// Note is something about an exchange that its points met while it was read.
type Note struct {
	Side   Side
	Kind   NoteKind
	Format string // the step that was reading, such as json
	Offset int    // bytes into what it read; -1 when it cannot tell
	Text   string // what was wrong, the name of the limit, the name of the member
}

// NoteKind says what kind of note one is.
type NoteKind string

const (
	// Malformed is data that is not what it should be. What was read before counts.
	Malformed NoteKind = "malformed"
	// LimitHit is a limit beyond which nothing was read; its Limit is the Text.
	LimitHit NoteKind = "limit"
	// Duplicate is a member that a point asks for and that occurs twice in one
	// object; the last one counts.
	Duplicate NoteKind = "duplicate"
)

// found is a value in the list of its point.
type found struct {
	Value
	next int // place in values of the point's next one; 0: none
	dead bool
}

// chain holds places in values, counted from 1.
type chain struct{ first, last int }

// Reset forgets everything but the memory.
func (o *Result) Reset() {
	keep := o.run.keepAllocated
	if cap(o.text) > keep {
		o.text = nil
	}
	if cap(o.tokens) > keep {
		o.tokens = nil
	}
	if cap(o.run.scratch) > keep {
		o.run.scratch = nil
	}
	for i := range o.run.inflated {
		if cap(o.run.inflated[i]) > keep {
			o.run.inflated[i] = nil
		}
	}
	o.run.graphql.reset()
	o.run.mcp.reset()
	clear(o.values)
	o.values, o.heads, o.text, o.tokens = o.values[:0], o.heads[:0], o.text[:0], o.tokens[:0]
	clear(o.Notes)
	o.Notes, o.MoreNotes = o.Notes[:0], 0
}

// First returns the first value of the point at a place of the list that was
// compiled.
func (o *Result) First(point int) (v Value, ok bool) {
	for v := range o.Values(point) {
		return v, true
	}
	return Value{}, false
}

// Values yields the values of a point in the order in which they stand in the
// exchange: more than one only for a point with [*].
func (o *Result) Values(point int) iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if point >= len(o.heads) {
			return
		}
		for i := o.heads[point].first; i > 0; i = o.values[i-1].next {
			if v := &o.values[i-1]; !v.dead && !yield(v.Value) {
				return
			}
		}
	}
}

// begin makes the workspace ready for one side.
func (o *Result) begin(e *Extractor, side Side, x *exchange.Exchange) *run {
	for len(o.heads) < len(e.points) {
		o.heads = append(o.heads, chain{})
	}
	r := &o.run
	r.start(e, side, x, o)
	return r
}

// add appends a value to the list of its point.
func (o *Result) add(point int, v Value) {
	o.values = append(o.values, found{Value: v})
	last := len(o.values)
	if h := &o.heads[point]; h.first == 0 {
		*h = chain{last, last}
	} else {
		o.values[h.last-1].next = last
		h.last = last
	}
}

// note keeps n, once, while there is room.
func (o *Result) note(n Note, room int) {
	for i := range o.Notes {
		if have := &o.Notes[i]; have.Kind == n.Kind && have.Text == n.Text && have.Format == n.Format && have.Side == n.Side {
			return
		}
	}
	if len(o.Notes) >= room {
		o.MoreNotes++
		return
	}
	o.Notes = append(o.Notes, n)
}
