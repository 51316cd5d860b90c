package policy

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// MaxDocument is the size in bytes of the largest document that is read.
const MaxDocument = 256 << 10

// Default returns the policy that is in force when the operator gave none:
// everything belongs to DefaultApplication and is recorded.
func Default() *Policy {
	p := &Policy{Version: Version}
	p.setDefaults()
	return p
}

// Load reads a file and does what Examine does.
func Load(path string, check Check) (*Policy, []Warning, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the policy (--policy): %w", err)
	}
	return Examine(path, doc, check)
}

// Problems takes an error of Parse apart: one *Error for each problem, in the
// order of the document's parts. Any other error becomes one without a place.
func Problems(err error) []*Error {
	var out []*Error
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			out = append(out, Problems(e)...)
		}
		return out
	}
	e := new(Error)
	if !errors.As(err, &e) {
		e = &Error{Problem: err.Error()}
	}
	return []*Error{e}
}

// Parse reads and validates a document in strict YAML. name stands for the file
// in errors; the error joins one *Error for each problem found, in the order of
// their lines. Fields that are left out have their defaults in the result.
func Parse(name string, doc []byte) (*Policy, error) {
	p, _, err := Examine(name, doc, nil)
	return p, err
}

// Check tells what of a policy a room cannot execute, as an error that joins one
// *Error for each problem, and else what is probably not meant. For a policy that
// is not valid, to tell all problems at once, its warnings do not count.
type Check func(*Policy) ([]Warning, error)

// Examine does what Parse does, and tells the problems and warnings of check with
// its own. check may be nil.
func Examine(name string, doc []byte, check Check) (*Policy, []Warning, error) {
	if len(doc) > MaxDocument {
		return nil, nil, &Error{File: name, Problem: fmt.Sprintf("%d bytes is too large for a policy: at most %d", len(doc), MaxDocument)}
	}
	if !utf8.Valid(doc) {
		return nil, nil, &Error{File: name, Problem: "is not text in UTF-8: save it in that encoding"}
	}
	root, err := parseYAML(name, doc)
	if err != nil {
		return nil, nil, err
	}
	d := decoder{file: name, lines: map[string]int{}}
	p := new(Policy)
	d.decode(root, "", reflect.ValueOf(p).Elem())
	d.unread = len(d.problems)
	p.setDefaults()
	p.validate(&d)
	p.from = origin{name, d.lines}
	var warnings []Warning
	if check != nil && p.bounded() {
		var refused error
		warnings, refused = check(p)
		d.add(refused)
	}
	if len(d.problems) > 0 {
		return nil, nil, told(d.problems)
	}
	return p, warnings, nil
}

// bounded reports that the lists of p, which rooms compile, are not over their limits.
func (p *Policy) bounded() bool {
	return len(p.Session.Parameters) <= MaxParameters && len(p.Masks) <= MaxMasks && len(p.MCP) <= MaxMCPServers
}

// add takes in problems that were found elsewhere, of fields that had none so far.
func (d *decoder) add(err error) {
	if err == nil {
		return
	}
	d.unread = len(d.problems)
	for _, e := range Problems(err) {
		if len(d.problems) < maxFound && !d.unreadable(e.Field) {
			d.problems = append(d.problems, e)
		}
	}
}

// parseYAML returns the body of the one document in doc; nil when it is empty.
func parseYAML(name string, doc []byte) (body ast.Node, err error) {
	// The document may come from anywhere one day, so a fault in the YAML library
	// must not be more than a bad document.
	defer func() {
		if r := recover(); r != nil {
			body, err = nil, &Error{File: name, Problem: fmt.Sprintf("not readable as YAML: %v", r)}
		}
	}()
	doc = bytes.TrimPrefix(doc, []byte("\ufeff"))
	tokens := lexer.Tokenize(string(doc))
	// A comment says nothing to us, and many in a row take the parser long.
	tokens = slices.DeleteFunc(tokens, func(t *token.Token) bool { return t.Type == token.CommentType })
	if err := checkNesting(name, tokens); err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		e := &Error{File: name, Problem: err.Error()}
		if y := yaml.Error(nil); errors.As(err, &y) {
			e.Problem = y.GetMessage()
			if t := y.GetToken(); t != nil {
				e.Line = t.Position.Line
			}
		}
		return nil, e
	}
	for _, d := range file.Docs {
		switch {
		case d.Body == nil:
		case body != nil:
			return nil, &Error{File: name, Line: d.Body.GetToken().Position.Line, Problem: "a second document begins; a policy is one document"}
		default:
			body = d.Body
		}
	}
	return body, nil
}
