package endpoint

// guessShare is the part of every limit that guesses may use: one in so many.
const guessShare = 4

// budget bounds a number of names, and more narrowly that of guesses among them:
// names which the upstream has only refused so far.
type budget struct {
	limit   int
	used    int // guesses included
	guesses int
}

// has reports whether there is room for one more.
func (b *budget) has(answered bool) bool {
	return b.used < b.limit && (answered || b.guesses < b.limit/guessShare)
}

func (b *budget) take(answered bool) {
	b.used++
	if !answered {
		b.guesses++
	}
}

// confirm makes a guess an answered name.
func (b *budget) confirm() { b.guesses-- }

// name is a template that is in use.
type name struct {
	text     string
	answered bool // at least once
}

// set is templates by their own text, as many as two budgets allow.
type set struct {
	names map[string]name
	own   budget
	total *budget // shared with other sets
}

func newSet(limit int, total *budget) set {
	return set{names: map[string]name{}, own: budget{limit: limit}, total: total}
}

// add returns text as the set keeps it; ok is false when there is no room.
func (s *set) add(text string, answered bool) (kept string, ok bool) {
	known, ok := s.names[text]
	switch {
	case ok && answered && !known.answered:
		s.own.confirm()
		s.total.confirm()
		known.answered = true
		s.names[text] = known
	case !ok && (!s.own.has(answered) || !s.total.has(answered)):
		return "", false
	case !ok:
		s.own.take(answered)
		s.total.take(answered)
		known = name{text, answered}
		s.names[text] = known
	}
	return known.text, true
}
