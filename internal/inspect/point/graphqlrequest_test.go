package point

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// FuzzGraphQLRequest feeds whole bodies and queries to the reader.
func FuzzGraphQLRequest(f *testing.F) {
	f.Add([]byte(`{"query":"query A($x:Int=1){a(x:$x){...b}} fragment b on T{c(d:[{e:1}])}","variables":{"x":2},"operationName":"A"}`), "", "application/json")
	f.Add([]byte(`[{"query":"{a}"},{"extensions":{"persistedQuery":{"sha256Hash":"ab"}},"operationName":"B","variables":"{\"x\":1}"}]`), "", "")
	f.Add([]byte(`{a}`), "variables=%7B%22a%22%3A1%7D", "application/graphql")
	f.Add([]byte("--b\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{a}\"}\r\n--b--"), "", "multipart/form-data; boundary=b")
	f.Add([]byte(``), "query={a(b:\"\"\"c\"\"\")}", "")
	e := mustCompile(f, `request.graphql.operation[*]`, `request.graphql.field[*].field["a"].arg["x"]`, `request.graphql.field["a"][1].arg[*][*]`, `request.graphql.variable[*]`, `request.graphql.field["a"].arg["x"]`)
	var out Result
	f.Fuzz(func(t *testing.T, body []byte, query, media string) {
		x := &exchange.Exchange{Query: query, Header: http.Header{"Content-Type": {media}}, RequestBody: exchange.Body{Bytes: body}}
		out.Reset()
		e.Request(x, &out)
		var fresh Result
		if diff := cmp.Diff(fmt.Sprint(e.GraphQL(x, &fresh)), fmt.Sprint(e.GraphQL(x, &out))); diff != "" {
			t.Errorf("with points and without (-without +with):\n%s", diff)
		}
		for _, o := range e.GraphQL(x, &out) {
			if o.Type == "" && o.Name == "" && o.Hash == "" || len(o.Fields) > e.limits.Fields {
				t.Errorf("an operation of nothing: %+v", o)
			}
		}
		names := 0
		for range out.Values(0) {
			names++
		}
		if names > len(e.GraphQL(x, &out)) {
			t.Errorf("%d names of %d operations", names, len(e.GraphQL(x, &out)))
		}
	})
}
