package point

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// A value is found in the same place whether it stands in the query, is given as a
// variable or as a part of one, or is a default.
func TestGraphQLValues(t *testing.T) {
	f := func(query, variables, want string) {
		t.Helper()
		body, err := json.Marshal(map[string]any{"query": query, "variables": json.RawMessage(variables)})
		if err != nil {
			t.Fatal(err)
		}
		point := `request.graphql.field["f"].arg["a"]["k"][1]["v"]`
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: body}}
		if diff := cmp.Diff(point+" ="+want+"\n", extract(t, x, point)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", query, variables, diff)
		}
	}
	f(`{f(a:{k:[{v:1},{v:2}]})}`, `null`, ` "2"`)
	f(`query($a:A){f(a:$a)}`, `{"a":{"k":[{"v":1},{"v":2}]}}`, ` "2"`)
	f(`query($k:[K]){f(a:{k:$k})}`, `{"k":[{"v":1},{"v":2}]}`, ` "2"`)
	f(`query($k:K){f(a:{k:[null,$k]})}`, `{"k":{"v":2}}`, ` "2"`)
	f(`query($v:V){f(a:{k:[{v:1},{v:$v}]})}`, `{"v":2}`, ` "2"`)
	f(`query($v:V="d"){f(a:{k:[{v:1},{v:$v}]})}`, `{}`, ` "d"`)
	f(`query($k:[K]=[{v:1}{v:"d"}]){f(a:{k:$k})}`, `{"other":1}`, ` "d"`)
	f(`query($v:V="d"){f(a:{k:[{v:1},{v:$v}]})}`, `{"v":null}`, ``)
	f(`query($v:V){f(a:{k:[{v:1},{v:$v}]})}`, `null`, ``)
	f(`{f(a:{k:[{v:1},{v:$unknown}]})}`, `{"v":2}`, ``)
	f(`query($a:A){f(a:$a)}`, `"{\"a\":{\"k\":[{},{\"v\":\"text\"}]}}"`, ` "text"`)
	f(`query($a:A){f(a:$a)}`, `[{"a":1}]`, ``)
	f(`{f(a:{k:[{v:1},{v:ENUM}]})}`, `null`, ` "ENUM"`)
	f(`{f(a:{k:[{v:1},{v:true}]})}`, `null`, ` "true"`)
	f(`{f(a:{k:[{v:1},{v:-1.5e3}]})}`, `null`, ` "-1.5e3"`)
	f(`{f(a:{k:[{v:1},{v:""}]})}`, `null`, ` ""`)
	f(`{f(a:{k:[{v:1},{v:null}]})}`, `null`, ``)
	f(`query($v:V=$w){f(a:{k:[{v:1},{v:$v}]})}`, `{"w":1}`, "")
}
