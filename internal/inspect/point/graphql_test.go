package point

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/exchange"
)

func TestGraphQLOperations(t *testing.T) {
	f := func(x *exchange.Exchange, want ...Operation) {
		t.Helper()
		for _, points := range [][]string{nil, {`request.method`}, {`request.graphql.operation`, `request.graphql.field["a"].arg["b"]`}} {
			var out Result
			e := mustCompile(t, points...)
			e.Request(x, &out)
			for range 2 {
				if diff := cmp.Diff(want, e.GraphQL(x, &out), cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%s %s, points %q (-want +got):\n%s", x.Query, x.RequestBody.Bytes, points, diff)
				}
			}
			out.Reset()
			if got := e.GraphQL(&exchange.Exchange{}, &out); len(got) > 0 {
				t.Errorf("after a reset: %v", got)
			}
		}
	}
	body := func(text string, media ...string) *exchange.Exchange {
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(text)}}
		if len(media) > 0 {
			x.Header = http.Header{"Content-Type": media}
		}
		return x
	}
	f(body(``))
	f(body(`{}`))
	f(body(`[]`))
	f(body(`[1,{"a":2},"query"]`))
	f(body(`{"query":1}`))
	f(body(`{"query":"all about { and }"}`))
	f(body(`{"query":"query the database"}`))
	f(body(`{"operationName":"A"}`))
	f(body("\x89PNG\r\n"))
	f(&exchange.Exchange{Query: "query=shoes&variables=1"})
	f(body(`{"query":"{a b a c: b ...f ...{d}} fragment f on T {e}"}`), Operation{Type: "query", Fields: []string{"a", "b", "e", "d"}})
	f(body(`{"query":"subscription S {a}"}`), Operation{Type: "subscription", Name: "S", Fields: []string{"a"}})
	f(body(`{"query":"query\u0020A{a}","operationName":"\u0041"}`), Operation{Type: "query", Name: "A", Fields: []string{"a"}})
	f(body(`{"query":"\"\"\"What it does.\"\"\" query A {a}"}`), Operation{Type: "query", Name: "A", Fields: []string{"a"}})
	f(body(`mutation M {a}`, "application/graphql; charset=utf-8"), Operation{Type: "mutation", Name: "M", Fields: []string{"a"}})
	f(body(`mutation M {a}`, "application/json"), Operation{Type: "mutation", Name: "M", Fields: []string{"a"}})
	f(body(`{a}`), Operation{Type: "query", Fields: []string{"a"}})
	f(body(`[{"query":"{a}"},{"query":"mutation M {b}"}]`), Operation{Type: "query", Fields: []string{"a"}}, Operation{Type: "mutation", Name: "M", Fields: []string{"b"}})
	f(body(`{"operationName":"A","variables":{}}`), Operation{Name: "A"})
	f(body(`{"documentId":"sha256:ab"}`), Operation{Hash: "sha256:ab"})
	f(body(`{"extensions":{"other":1,"persistedQuery":{"version":1,"sha256Hash":"ab"}}}`), Operation{Hash: "ab"})
	f(body(`{"query":"{a}","extensions":{"persistedQuery":{"version":1,"sha256Hash":"ab"}}}`), Operation{Type: "query", Fields: []string{"a"}})
	f(&exchange.Exchange{Query: "query=%7Ba%7D&query=%7Bb%7D"}, Operation{Type: "query", Fields: []string{"a"}})
	f(&exchange.Exchange{Query: "operationName=A&extensions=%7B%22persistedQuery%22:%7B%22sha256Hash%22:%22ab%22%7D%7D"}, Operation{Name: "A", Hash: "ab"})

	cut := body(`{"query":"query A {a b(x: \"half of a str`)
	cut.RequestBody.Truncated = true
	f(cut, Operation{Type: "query", Name: "A", Fields: []string{"a", "b"}})
}

// Neither what an attacker repeats nor what is merely long is read beyond a limit
// of its own name.
func TestGraphQLLimits(t *testing.T) {
	limits := DefaultLimits()
	limits.Aliases, limits.Tokens, limits.Depth, limits.Definitions = 3, 60, 5, 2
	limits.Variables, limits.Fields, limits.Operations = 2, 3, 2
	f := func(body, want string) {
		t.Helper()
		p, err := Parse(`request.graphql.field[*].arg["n"]`)
		if err != nil {
			t.Fatal(err)
		}
		e, err := CompileLimited([]Point{p}, limits)
		if err != nil {
			t.Fatal(err)
		}
		var out Result
		e.Request(&exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(body)}}, &out)
		if diff := cmp.Diff(p.String()+" ="+want+"\n", shown(e, &out)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	f(`{a:x(n:1) b:x(n:2) c:x(n:3)}`, ` "1" "2" "3"`)
	f(`{a:x(n:1) b:x(n:2) c:x(n:3) d:x(n:4)}`, ` "1" "2" "3"`+"\nrequest limit graphql: aliases")
	f(`[{"query":"{a:x(n:1) b:x(n:2)}"},{"query":"{a:x(n:3) b:x(n:4)}"}]`, ` "1" "2" "3"`+"\nrequest limit graphql: aliases")
	f(`{a{b{c{d{e}}}} x(n:1)}`, ` "1"`)
	f(`{x(n:1) a{b{c{d{e{f}}}}}}`, ` "1"`+"\nrequest limit graphql: depth")
	f(`{x(n:1) y(m:[[[[[[2]]]]]])}`, ` "1"`+"\nrequest limit graphql: depth")
	f(`query($a:[[[[[[Int]]]]]]) {x(n:1)}`, "\nrequest limit graphql: depth")
	f(`{x(n:1)...a} fragment a on T{b(n:2)...b} fragment b on T{b(n:3)}`, ` "1" "2"`+"\nrequest limit graphql: definitions\nrequest malformed graphql at 39: a fragment is missing")
	f(`query($a:Int=1$b:Int=2$c:Int=3){x(n:$b)y(n:$c)}`, ` "2"`+"\nrequest limit graphql: variables")
	f(`{"query":"query($a:Int$b:Int$c:Int){x(n:$b)y(n:$c)}","variables":{"a":1,"b":2,"c":3}}`, ` "2"`+"\nrequest limit graphql: variables")
	f(`{a b c d(n:1)}`, ` "1"`+"\nrequest limit graphql: fields")
	f(`[{"query":"{x(n:1)}"},{"query":"{x(n:2)}"},{"query":"{x(n:3)}"}]`, ` "1" "2"`+"\nrequest limit graphql: operations")
	f(`{x(n:1) `+strings.Repeat("a ", 60)+`}`, ` "1"`+"\nrequest limit graphql: tokens")
}

func TestMayBeGraphQL(t *testing.T) {
	for _, x := range []exchange.Exchange{
		{Path: "/graphql"}, {Path: "/api/GraphQL/v1"}, {Path: "/v1/gql"}, {Query: "query=%7Ba%7D"}, {Query: "x=1&extensions=%7B%7D"},
		{Header: http.Header{"Content-Type": {"Application/GraphQL"}}}, {Header: http.Header{"Accept": {"application/graphql-response+json, application/json"}}},
		{Header: http.Header{"X-Apollo-Operation-Name": {"A"}}},
	} {
		if !MayBeGraphQL(&x) {
			t.Errorf("missed %+v", x)
		}
	}
	for _, x := range []exchange.Exchange{{}, {Path: "/users/1"}, {Path: "/graph"}, {Header: http.Header{"Content-Type": {"application/json"}}}} {
		if MayBeGraphQL(&x) {
			t.Errorf("taken %+v", x)
		}
	}
}

// graphqlBombs are requests that end at a limit.
func graphqlBombs() map[string]struct {
	body  string
	limit Limit
} {
	type bomb = struct {
		body  string
		limit Limit
	}
	var aliases, batch, doubling strings.Builder
	aliases.WriteString(`{"query":"{`)
	for i := range 10_000 {
		fmt.Fprintf(&aliases, "a%d:login(code:%d){token} ", i, i)
	}
	aliases.WriteString(`}"}`)
	batch.WriteByte('[')
	for i := range 100_000 {
		fmt.Fprintf(&batch, `{"query":"{x(n:%d)}"},`, i)
	}
	batch.WriteString(`{}]`)
	doubling.WriteString(`{...f0} `)
	for i := range 30 {
		fmt.Fprintf(&doubling, "fragment f%d on T{...f%d ...f%d x(n:1)} ", i, i+1, i+1)
	}
	doubling.WriteString("fragment f30 on T{x(n:1)}")
	large := `"` + strings.Repeat("x", 1<<16) + `"`
	return map[string]bomb{
		"aliases":        {aliases.String(), LimitAliases},
		"batch":          {batch.String(), LimitOperations},
		"doubling":       {doubling.String(), LimitTokens},
		"fields":         {"{" + strings.Repeat("a ", 300_000) + "}", LimitTokens},
		"selections":     {strings.Repeat("{a", 1_000_000), LimitDepth},
		"lists":          {"{x(n:" + strings.Repeat("[", 1_000_000), LimitDepth},
		"objects":        {"{x(n:" + strings.Repeat("{a:", 1_000_000), LimitDepth},
		"types":          {"query($a:" + strings.Repeat("[", 1_000_000), LimitDepth},
		"fragments":      {"{a}" + strings.Repeat("fragment f on T{a}", 100_000), LimitDefinitions},
		"variables":      {"query(" + strings.Repeat("$v:Int=1 ", 100_000) + "){a}", LimitTokens},
		"large variable": {`{"query":"query($v:S){` + strings.Repeat("x(n:$v)", 10_000) + `}","variables":{"v":` + large + `}}`, LimitDecoded},
		"directives":     {"{a" + strings.Repeat("@a", 300_000) + "}", LimitTokens},
		"spreads":        {"{" + strings.Repeat("...f ", 50_000) + "}fragment f on T{a}", LimitTokens},
	}
}

func TestGraphQLBombs(t *testing.T) {
	for name, b := range graphqlBombs() {
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(b.body)}}
		testBomb(t, name, x, b.limit,
			`request.graphql.field[*].arg[*]`, `request.graphql.field["x"].arg["n"]["a"]`, `request.graphql.variable["v"]`)
	}
}

func typicalGraphQL() *exchange.Exchange {
	return &exchange.Exchange{
		Method: "POST", Path: "/graphql", Header: http.Header{"Content-Type": {"application/json"}},
		RequestBody: exchange.Body{Bytes: []byte(`{"operationName":"Order","variables":{"id":"o-1234567","filter":{"state":"OPEN","tags":["a","b"]},"first":20},"query":"query Order($id: ID!, $filter: ItemFilter, $first: Int = 10) {\n  order(id: $id) {\n    id\n    state\n    customer { id name email ...address }\n    items(filter: $filter, first: $first) {\n      edges { node { id sku title price { amount currency } quantity } cursor }\n      pageInfo { hasNextPage endCursor }\n    }\n    __typename\n  }\n  viewer { id roles }\n}\n\nfragment address on Customer {\n  address { street city zip country { code name } }\n}\n"}`)},
	}
}

func BenchmarkGraphQL(b *testing.B) {
	x := typicalGraphQL()
	f := func(name string, points ...string) {
		b.Run(name, func(b *testing.B) {
			e := mustCompile(b, points...)
			var out Result
			b.SetBytes(int64(len(x.RequestBody.Bytes)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				e.Request(x, &out)
				if len(e.GraphQL(x, &out)) != 1 {
					b.Fatal("no operation")
				}
			}
		})
	}
	f("operation")
	f("points", `request.graphql.field["order"].arg["id"]`, `request.graphql.field["order"].field["items"].arg["filter"]["state"]`, `request.graphql.variable["first"]`)
}
