package policy

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
)

// The kinds of runes that the assertions of RE2 (^ $ \A \z \b \B) tell apart, each
// by one of it; edge is no rune at all.
const (
	edge    rune = -1
	letter  rune = 'a'
	newline rune = '\n'
	other   rune = '-'
)

var kinds = []rune{edge, letter, newline, other}

// letters are all runes of that kind (\w of RE2).
const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"

// maxProgram is how many instructions of an expression are looked through.
const maxProgram = 1000

func kindOf(r rune) rune {
	switch {
	case r == '\n':
		return newline
	case syntax.IsWordChar(r):
		return letter
	}
	return other
}

// canMatch reports whether a regular expression matches anything at all that is
// not empty, wherever in it. It walks the compiled program: a state is an
// instruction, the kind of rune before it and the kind that must come next.
func canMatch(expression string) bool {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return false
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxProgram {
		return true // too large to tell
	}
	type state struct {
		at           uint32
		before, next rune
	}
	seen := map[state]bool{}
	var todo []state
	visit := func(s state) {
		if !seen[s] {
			seen[s] = true
			todo = append(todo, s)
		}
	}
	for _, before := range kinds {
		for _, next := range kinds {
			if before != edge || next != edge { // the text is not empty
				visit(state{uint32(program.Start), before, next})
			}
		}
	}
	for len(todo) > 0 {
		s := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch i := &program.Inst[s.at]; i.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			visit(state{i.Out, s.before, s.next})
			visit(state{i.Arg, s.before, s.next})
		case syntax.InstCapture, syntax.InstNop:
			visit(state{i.Out, s.before, s.next})
		case syntax.InstEmptyWidth:
			if wanted := syntax.EmptyOp(i.Arg); wanted&^syntax.EmptyOpContext(s.before, s.next) == 0 {
				visit(state{i.Out, s.before, s.next})
			}
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if s.next != edge && takes(i, s.next) {
				for _, next := range kinds {
					visit(state{i.Out, s.next, next})
				}
			}
		}
	}
	return false
}

// takes reports whether an instruction matches a rune of a kind.
func takes(i *syntax.Inst, kind rune) bool {
	switch {
	case i.Op == syntax.InstRuneAny:
		return true
	case kind == newline:
		return i.MatchRune(newline)
	case kind == letter:
		return strings.ContainsFunc(letters, i.MatchRune)
	case i.Op == syntax.InstRuneAnyNotNL:
		return true
	case len(i.Rune) == 1: // and what folds to it, perhaps
		for r := unicode.SimpleFold(i.Rune[0]); ; r = unicode.SimpleFold(r) {
			if kindOf(r) == other && i.MatchRune(r) {
				return true
			}
			if r == i.Rune[0] {
				return false
			}
		}
	}
	for pair := range slices.Chunk(i.Rune, 2) {
		for r := pair[0]; r <= pair[1]; r++ { // ends soon: the runes of other kinds are few
			if kindOf(r) == other {
				return true
			}
		}
	}
	return false
}

// strangers are names that have nothing in common.
var strangers = []string{"q", "Z", "7", "-", "_", ".", "é", "世界", "b-7.C_d é"}

// matchesEverything reports whether a pattern matches names that have nothing in
// common.
func matchesEverything(pattern *regexp.Regexp) bool {
	return !slices.ContainsFunc(strangers, func(s string) bool { return !pattern.MatchString(s) })
}
