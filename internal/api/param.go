package api

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/export"
	"sojourn/internal/store"
)

const (
	// maxValues is how many alternatives one filter may have.
	maxValues = store.MaxConditionValues
	// maxValueBytes is the length of one parameter's value.
	maxValueBytes = 8 << 10
	// maxConditions is how many filters one question may have.
	maxConditions = 100
)

// param is one query parameter: what the document says of it and how it is read.
type param struct {
	name    string
	doc     string
	example string
	many    bool         // may be repeated; the values are alternatives
	open    bool         // also taken as name.X, for any X
	shared  bool         // described once in the document, for all routes
	schema  *huma.Schema // nil for a string
	set     func(q *question, values []string) error
	setOpen func(q *question, values map[string][]string) error // instead of set when open, by what followed the name
}

// question is what the query string asks.
type question struct {
	store.Filter
	sort     store.Sort
	order    string // as it was asked for; "" for the route's own
	cursor   string
	limit    int
	within   time.Duration // 0: not asked for
	field    string
	contains string
	format   export.Format
	now      time.Time
}

// ask reads a query string. Every parameter in it must be one of params: a
// misspelt filter that was ignored would answer another question.
func ask(query string, params []param, now time.Time) (question, error) {
	q := question{now: now}
	values, err := url.ParseQuery(query)
	if err != nil {
		return q, invalid("", query, fmt.Errorf("the query string is malformed: %w", err))
	}
	for _, name := range sortedNames(values) {
		if !slices.ContainsFunc(params, func(p param) bool { return p.takes(name) }) {
			return q, unknownParam(name, values.Get(name), params)
		}
	}
	// In the order of params, so that part is read after from and to.
	for _, p := range params {
		if err := p.read(&q, values); err != nil {
			return q, err
		}
	}
	if n := len(q.Where) + len(q.Has); n > maxConditions {
		return q, invalid("", query, fmt.Errorf("the query string has %d filters; at most %d", n, maxConditions))
	}
	if q.To != 0 && q.From >= q.To {
		return q, invalid("from", q.From.String(), fmt.Errorf("must lie before to, which is %s", q.To))
	}
	return q, nil
}

func (p *param) takes(name string) bool {
	return name == p.name || p.open && strings.HasPrefix(name, p.name+".") && len(name) > len(p.name)+1
}

func (p *param) read(q *question, all url.Values) error {
	if p.open {
		byName := map[string][]string{}
		for name, values := range all {
			if p.takes(name) {
				if err := p.check(name, values); err != nil {
					return err
				}
				byName[strings.TrimPrefix(strings.TrimPrefix(name, p.name), ".")] = values
			}
		}
		return p.setOpen(q, byName)
	}
	values := all[p.name]
	if err := p.check(p.name, values); err != nil || len(values) == 0 {
		return err
	}
	return p.set(q, values)
}

// check bounds what a parameter was given.
func (p *param) check(name string, values []string) error {
	most := 1
	if p.many {
		most = maxValues
	}
	if len(values) > most {
		return invalid(name, values[most], fmt.Errorf("given %d times; at most %d", len(values), most))
	}
	for _, v := range values {
		switch {
		case len(v) > maxValueBytes:
			return invalid(name, v, fmt.Errorf("%d bytes long; at most %d", len(v), maxValueBytes))
		case !utf8.ValidString(v):
			return invalid(name, v, fmt.Errorf("%q is not UTF-8", clip(v)))
		}
	}
	return nil
}

// single makes the set of a parameter with one value.
func single(name string, set func(q *question, value string) error) func(*question, []string) error {
	return func(q *question, values []string) error {
		if err := set(q, values[0]); err != nil {
			return invalid(name, values[0], err)
		}
		return nil
	}
}

// choice is a parameter with one of a few values.
func choice[T ~string](name, doc string, known []T, set func(q *question, value T)) param {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, k := range known {
		schema.Enum = append(schema.Enum, string(k))
	}
	return param{name: name, doc: doc, schema: schema, set: single(name, func(q *question, v string) error {
		if !slices.Contains(known, T(v)) {
			return fmt.Errorf("%q is none of %s", clip(v), joined(known))
		}
		set(q, T(v))
		return nil
	})}
}

// document describes params in the OpenAPI document.
func document(params []param) []*huma.Param {
	var out []*huma.Param
	for _, p := range params {
		if p.shared {
			out = append(out, &huma.Param{Ref: "#/components/parameters/" + p.name})
			continue
		}
		out = append(out, p.describe())
	}
	return out
}

func (p *param) describe() *huma.Param {
	schema := cmp.Or(p.schema, &huma.Schema{Type: huma.TypeString})
	d := &huma.Param{Name: p.name, In: "query", Description: p.doc, Schema: schema}
	if p.example != "" {
		d.Example = p.example
	}
	if p.many {
		explode, most := true, maxValues
		d.Description += ". May be repeated: the values are alternatives"
		d.Explode = &explode
		d.Schema = &huma.Schema{Type: huma.TypeArray, Items: schema, MaxItems: &most}
		d.Example = []string{p.example}
	}
	return d
}

// sharedParams are the descriptions that document refers to.
func sharedParams() map[string]*huma.Param {
	all := map[string]*huma.Param{}
	for _, p := range filterParams {
		if p.shared {
			all[p.name] = p.describe()
		}
	}
	return all
}

// unknownParam names what there is. The prefixes are told once, not with every field.
func unknownParam(name, value string, params []param) error {
	var known []string
	withPrefix := false
	for _, p := range params {
		if prefixed(p.name) {
			withPrefix = true
		} else {
			known = append(known, p.name)
		}
	}
	reason := "unknown parameter; known are " + strings.Join(known, ", ")
	switch {
	case len(known) == 0:
		reason = "unknown parameter; there are none"
	case withPrefix:
		reason += "; fields also as not.FIELD, has.FIELD and not.has.FIELD"
	}
	return unprocessable(name, value, reason)
}

func one[T any](to **T, v string, parse func(string) (T, error)) error {
	parsed, err := parse(v)
	*to = &parsed
	return err
}

func without(params []param, names ...string) []param {
	return slices.DeleteFunc(slices.Clone(params), func(p param) bool { return slices.Contains(names, p.name) })
}

func sortedNames(values url.Values) []string {
	var all []string
	for name := range values {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

func joined[T ~string](values []T) string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return strings.Join(all, ", ")
}

func number(n float64) *float64 { return &n }
