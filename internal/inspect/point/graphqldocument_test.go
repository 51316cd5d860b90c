package point

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	gqlparser "github.com/vektah/gqlparser/v2/parser"

	"sojourn/internal/exchange"
)

// FuzzGraphQLDocument compares the reader with a parser that builds a tree: both
// take the same documents, and find the same operation, fields and arguments in
// them.
func FuzzGraphQLDocument(f *testing.F) {
	for _, text := range []string{
		`{a}`, `query A($x:[Int!]!=[1,2]@d,$y:T={a:{b:"c"}}){b:a(x:$x,y:$y,z:{k:[$x,ENUM,null,true,-1.5e3]})@skip(if:false){c}}`,
		`mutation M{a(s:"\u00e9\n",b:"""\n  x\n   y""")...f...on T@d{g}...{h}} fragment f on T{i(j:1)}`, `subscription{a} query{b}`,
		`"described" query A("""x""" $a:Int){a}`, `{a(x:1x:2)}`, `{...f} fragment f on T{...g} fragment g on T{...f a}`, "{a#x\n(b:1)}", `{}`, `{a()}`, `{a{}}`, `query(){a}`,
		`{on}`, `fragment on on on{a}`, `{...on}`, `{query mutation(fragment:on)}`, `{a(x:{})b(x:[])}`, `{a(x:"""a""""b":1)}`, `fragment f($x:Int=1)on T{a}{...f}`,
	} {
		f.Add(text)
	}
	e := mustCompile(f, `request.graphql.operation`, `request.graphql.type`, `request.graphql.field[*]`, `request.graphql.field[*].arg[*]`, `request.graphql.field[*].arg[*][*]`, `request.graphql.field[*].field[*]`, `request.graphql.field[*].field[*].arg[*]`)
	e.limits.Values, e.limits.ResultBytes, e.limits.ValueBytes = 1<<20, 1<<30, 1<<20
	var out Result
	f.Fuzz(func(t *testing.T, text string) {
		for i := range len(text) {
			if c := text[i]; c < ' ' && c != '\n' && c != '\r' && c != '\t' {
				t.Skip("the library takes control characters in other places")
			}
		}
		if strings.TrimPrefix(text, "\ufeff") == "" {
			t.Skip("no body is no document")
		}
		if !utf8.ValidString(text) || strings.Contains(text, `""""`) {
			t.Skip("the library replaces invalid UTF-8, and ends block strings at the last quotes")
		}
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(text)}}
		e.limits.Body = len(text)
		out.Reset()
		x.Header = map[string][]string{"Content-Type": {"application/graphql"}}
		e.Request(x, &out)
		problem := ""
		for _, n := range out.Notes {
			if n.Kind == LimitHit || n.Text == gqlNumberEnd {
				t.Skip(n.Text)
			}
			if n.Kind == Malformed && n.Offset >= 0 && n.Text != "a fragment is missing" && n.Text != "a fragment spreads itself" {
				problem = n.Text
			}
		}
		doc, err := gqlparser.ParseQuery(&ast.Source{Input: text})
		empty := err == nil && len(doc.Operations)+len(doc.Fragments) == 0
		if (err != nil || empty) != (problem != "") {
			t.Fatalf("%q: %q, the library: %v", text, problem, err)
		}
		if err != nil || len(doc.Operations) == 0 {
			return
		}
		o := doc.Operations[0]
		w := treeWalk{doc: doc, operation: o}
		w.selections(o.SelectionSet, 0, nil)
		want := fmt.Sprintf("%q %s %q %q %q %q %q", o.Name, o.Operation, w.fields, w.arguments, w.elements, w.inner, w.innerArguments)
		name, _ := out.First(0)
		kind, _ := out.First(1)
		got := fmt.Sprintf("%q %s %q %q %q %q %q", name.Text, kind.Text, allOf(&out, 2), allOf(&out, 3), allOf(&out, 4), allOf(&out, 5), allOf(&out, 6))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q (-library +reader):\n%s", text, diff)
		}
	})
}

func allOf(out *Result, point int) (all []string) {
	for v := range out.Values(point) {
		all = append(all, string(v.Text))
	}
	return all
}

// treeWalk finds in a tree what the points of the fuzz target ask for.
type treeWalk struct {
	doc                                                *ast.QueryDocument
	operation                                          *ast.OperationDefinition
	fields, arguments, elements, inner, innerArguments []string
}

func (w *treeWalk) selections(set ast.SelectionSet, depth int, open []string) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			w.field(s, depth, open)
		case *ast.InlineFragment:
			w.selections(s.SelectionSet, depth, open)
		case *ast.FragmentSpread:
			f := w.doc.Fragments.ForName(s.Name)
			cycle := false
			for _, name := range open {
				cycle = cycle || name == s.Name
			}
			if f != nil && !cycle {
				w.selections(f.SelectionSet, depth, append(open[:len(open):len(open)], s.Name))
			}
		}
	}
}

func (w *treeWalk) field(f *ast.Field, depth int, open []string) {
	names, arguments := &w.fields, &w.arguments
	if depth == 1 {
		names, arguments = &w.inner, &w.innerArguments
	}
	*names = append(*names, f.Name)
	for _, a := range f.Arguments {
		v := w.resolved(a.Value)
		if text, ok := scalar(v); ok {
			*arguments = append(*arguments, text)
		} else if v != nil && depth == 0 {
			for _, c := range v.Children {
				if text, ok := scalar(w.resolved(c.Value)); ok {
					w.elements = append(w.elements, text)
				}
			}
		}
	}
	if depth == 0 {
		w.selections(f.SelectionSet, 1, open)
	}
}

// resolved is the default where v is a variable.
func (w *treeWalk) resolved(v *ast.Value) *ast.Value {
	if v.Kind != ast.Variable {
		return v
	}
	for _, d := range w.operation.VariableDefinitions {
		if d.Variable == v.Raw && d.DefaultValue != nil {
			return d.DefaultValue
		}
	}
	return nil
}

func scalar(v *ast.Value) (text string, ok bool) {
	if v == nil || v.Kind == ast.NullValue || v.Kind == ast.ListValue || v.Kind == ast.ObjectValue {
		return "", false
	}
	return v.Raw, true
}
