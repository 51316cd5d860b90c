package policy

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

const (
	// maxProblems is how many problems of one document are told: the first ones.
	maxProblems = 20
	// maxFound is how many are looked for, as they are not found in their order.
	maxFound = 1000
)

// Error is one problem of a document.
type Error struct {
	File    string // as given to Parse
	Line    int    // counts from 1; 0: nowhere in particular
	Field   string // such as applications[0].mode
	Problem string // names the value and what is allowed
}

func (e *Error) Error() string {
	s := e.File
	if e.Line > 0 {
		s += ":" + strconv.Itoa(e.Line)
	}
	if e.Field != "" {
		s += ": " + e.Field
	}
	return s + ": " + e.Problem
}

// decoder fills Go values from YAML nodes, strictly: every field must be known,
// every scalar must be wholly read. It remembers the line of each field, so that
// validation can tell it. Anchors, aliases and merges are refused: a document of
// rules should read as it stands, and cannot grow while it is read.
type decoder struct {
	file     string
	lines    map[string]int // by field
	problems []*Error
	unread   int // how many of problems were there before validation
}

func (d *decoder) problem(field string, format string, args ...any) {
	if len(d.problems) < maxFound && !d.follows(field) {
		d.problems = append(d.problems, &Error{d.file, d.line(field), field, fmt.Sprintf(format, args...)})
	}
}

// follows reports that a problem of a field may only follow from one that it, or
// a part of it, could not be read.
func (d *decoder) follows(field string) bool {
	return slices.ContainsFunc(d.problems[:d.unread], func(e *Error) bool { return within(e.Field, field) || within(field, e.Field) })
}

// unreadable reports that a field could not be read, so that its value says nothing.
func (d *decoder) unreadable(field string) bool {
	return slices.ContainsFunc(d.problems[:d.unread], func(e *Error) bool { return e.Field == field })
}

// within reports that a field is another, or a part of it.
func within(field, other string) bool {
	rest, ok := strings.CutPrefix(field, other)
	return ok && (rest == "" || other == "" || rest[0] == '.' || rest[0] == '[')
}

// told returns the first problems in the order of the document; nil when there
// are none.
func told(problems []*Error) error {
	slices.SortStableFunc(problems, func(a, b *Error) int { return cmp.Compare(a.Line, b.Line) })
	var out []error
	for _, e := range problems[:min(len(problems), maxProblems)] {
		out = append(out, e)
	}
	return errors.Join(out...)
}

// line returns the line of a field, or of the nearest one that holds it.
func (d *decoder) line(field string) int {
	for field != "" {
		if line, ok := d.lines[field]; ok {
			return line
		}
		field = field[:max(strings.LastIndexAny(field, ".["), 0)]
	}
	return 0
}

// decode fills into, a settable value, from node.
func (d *decoder) decode(node ast.Node, field string, into reflect.Value) {
	if node == nil {
		return
	}
	if token := node.GetToken(); token != nil && field != "" {
		d.lines[field] = token.Position.Line
	}
	if _, null := node.(*ast.NullNode); null {
		return // as if the field were not there
	}
	if text, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(node, field, text)
		return
	}
	if _, scalar := node.(ast.ScalarNode); scalar && into.Type() == reflect.TypeFor[Sources]() {
		into.Set(reflect.ValueOf(make(Sources, 1))) // one stands for a list of one
		into = into.Index(0)
	}
	switch into.Kind() {
	case reflect.Struct:
		d.mapping(node, field, into)
	case reflect.Slice:
		d.sequence(node, field, into)
	case reflect.String:
		if s, ok := d.scalar(node, field, "text"); ok {
			into.SetString(s)
		}
	case reflect.Int:
		if s, ok := d.scalar(node, field, "a whole number"); ok {
			n, err := strconv.Atoi(s)
			if err != nil {
				d.problem(field, "%q is not a whole number", s)
				return
			}
			into.SetInt(int64(n))
		}
	case reflect.Bool:
		if s, ok := d.scalar(node, field, "true or false"); ok {
			b, ok := node.(*ast.BoolNode)
			if !ok {
				d.problem(field, "%q is not true or false", s)
				return
			}
			into.SetBool(b.Value)
		}
	default:
		panic("bug: policy has a field of type " + into.Type().String())
	}
}

func (d *decoder) mapping(node ast.Node, field string, into reflect.Value) {
	var values []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.wrong(node, field, "a mapping of fields")
		return
	}
	known := fieldsOf(into.Type())
	for _, v := range values {
		name := v.Key.GetToken().Value
		inner := name
		if field != "" {
			inner = field + "." + name
		}
		if i := slices.Index(known, name); i >= 0 {
			d.decode(v.Value, inner, into.Field(i))
			d.lines[inner] = v.Key.GetToken().Position.Line
			continue
		}
		d.lines[inner] = v.Key.GetToken().Position.Line
		d.problem(inner, "unknown field; this version knows %s here", strings.Join(known, ", "))
	}
}

func (d *decoder) sequence(node ast.Node, field string, into reflect.Value) {
	n, ok := node.(*ast.SequenceNode)
	if !ok {
		d.wrong(node, field, "a list")
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(n.Values), len(n.Values)))
	for i, v := range n.Values {
		d.decode(v, field+"["+strconv.Itoa(i)+"]", into.Index(i))
	}
}

func (d *decoder) text(node ast.Node, field string, into encoding.TextUnmarshaler) {
	if s, ok := d.scalar(node, field, "text"); ok {
		switch err := into.UnmarshalText([]byte(s)); into := into.(type) {
		case *netip.Prefix:
			if err != nil {
				d.problem(field, "%q is not a network: write one such as 10.0.0.0/8, or 10.0.0.1/32 for one address", s)
			}
			*into = into.Masked()
		default:
			if err != nil {
				d.problem(field, "%s", err)
			}
		}
	}
}

// scalar returns the text of a scalar, numbers and booleans as they are written.
func (d *decoder) scalar(node ast.Node, field, want string) (string, bool) {
	switch n := node.(type) {
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.MergeKeyNode:
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	d.wrong(node, field, want)
	return "", false
}

func (d *decoder) wrong(node ast.Node, field, want string) {
	switch node.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		d.problem(field, "anchors, aliases and merges are not supported: write the value out")
	case *ast.TagNode:
		d.problem(field, "tags such as %s are not supported", node.GetToken().Value)
	default:
		d.problem(field, "%s is given where %s is wanted", strings.ToLower(node.Type().YAMLName()), want)
	}
}

// fieldsOf returns the names of the fields of t, which come before those that
// have none in the document.
func fieldsOf(t reflect.Type) []string {
	var names []string
	for f := range t.Fields() {
		if f.IsExported() {
			names = append(names, f.Tag.Get("yaml"))
		}
	}
	return names
}
