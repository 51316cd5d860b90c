package policy

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// Limits of what the YAML parser is given. Its time grows with the square of both.
const (
	// MaxDepth is how deep the parts of a document may stand in each other.
	MaxDepth = 64
	// maxMarkers is how many beginnings, ends and directives of documents there may be.
	maxMarkers = 16
)

// nesting follows how deep the tokens of a document stand.
type nesting struct {
	columns  []int // at which the lines around this one begin, outermost first
	brackets []int // inLine at each bracket that is open
	inLine   int   // how many parts began in this line, or since the last comma, and hold what follows
	line     int
	markers  int
}

// checkNesting refuses tokens that would keep the parser busy.
func checkNesting(name string, tokens token.Tokens) error {
	var n nesting
	for _, t := range tokens {
		n.take(t)
		switch {
		case len(n.columns)+n.inLine > MaxDepth:
			return &Error{File: name, Line: t.Position.Line, Problem: fmt.Sprintf("nested too deep for a policy: at most %d levels", MaxDepth)}
		case n.markers > maxMarkers:
			return &Error{File: name, Line: t.Position.Line, Problem: fmt.Sprintf("more than %d document markers; a policy is one document", maxMarkers)}
		}
	}
	return nil
}

func (n *nesting) take(t *token.Token) {
	if line := t.Position.Line; line != n.line && len(n.brackets) == 0 {
		n.line, n.inLine = line, 0
		n.indent(t.Position.Column)
	}
	last := len(n.brackets) - 1
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		n.inLine++
		n.brackets = append(n.brackets, n.inLine)
	case token.SequenceEndType, token.MappingEndType:
		if last >= 0 {
			n.inLine, n.brackets = n.brackets[last]-1, n.brackets[:last]
		}
	case token.CollectEntryType:
		if last >= 0 {
			n.inLine = n.brackets[last]
		}
	case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.AnchorType, token.AliasType, token.TagType:
		n.inLine++
	case token.DocumentHeaderType, token.DocumentEndType, token.DirectiveType:
		n.markers++
	}
}

// indent closes what a line at this column does not belong to.
func (n *nesting) indent(column int) {
	for len(n.columns) > 0 && n.columns[len(n.columns)-1] >= column {
		n.columns = n.columns[:len(n.columns)-1]
	}
	n.columns = append(n.columns, column)
}
