package point

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// shown prints a result: a line for each point with its values, then one for
// each note.
func shown(e *Extractor, out *Result) string {
	var b strings.Builder
	for i, p := range e.Points() {
		fmt.Fprintf(&b, "%s =", p)
		for v := range out.Values(i) {
			fmt.Fprintf(&b, " %q", v.Text)
			if v.Cut {
				b.WriteString("…")
			}
		}
		b.WriteByte('\n')
	}
	for _, n := range out.Notes {
		fmt.Fprintf(&b, "%s %s %s", n.Side, n.Kind, n.Format)
		if n.Offset >= 0 {
			fmt.Fprintf(&b, " at %d", n.Offset)
		}
		fmt.Fprintf(&b, ": %s\n", n.Text)
	}
	if out.MoreNotes > 0 {
		fmt.Fprintf(&b, "%d more notes\n", out.MoreNotes)
	}
	return b.String()
}

// A used result is as good as a new one, whatever stood in it.
func TestResultReset(t *testing.T) {
	e := mustCompile(t, `request.header["A"][*]`, `request.method`, `response.status`)
	var used Result
	full := &exchange.Exchange{Method: "POST", Status: 200, Header: http.Header{"A": {"1", "2", "3"}}}
	e.Request(full, &used)
	e.Response(full, &used)
	for _, x := range []*exchange.Exchange{full, {}, {Header: http.Header{"A": {"4"}}}, full} {
		used.Reset()
		var fresh Result
		for _, out := range []*Result{&used, &fresh} {
			e.Request(x, out)
			e.Response(x, out)
		}
		if diff := cmp.Diff(shown(e, &fresh), shown(e, &used)); diff != "" {
			t.Errorf("(-new +used)\n%s", diff)
		}
	}
}

func TestResultBounds(t *testing.T) {
	limits := DefaultLimits()
	limits.Values, limits.ValueBytes, limits.ResultBytes = 3, 4, 9
	f := func(want string, values ...string) {
		t.Helper()
		e, err := CompileLimited([]Point{mustCompile(t, `request.header["A"][*]`).Points()[0]}, limits)
		if err != nil {
			t.Fatal(err)
		}
		var out Result
		e.Request(&exchange.Exchange{Header: http.Header{"A": values}}, &out)
		if diff := cmp.Diff(want, shown(e, &out)); diff != "" {
			t.Error(diff)
		}
	}
	const point = `request.header["A"][*] = `
	f(point+`"a" "b" "c"`+"\nrequest limit A: values\n", "a", "b", "c", "d")
	f(point+`"abcd"…`+"\nrequest limit A: value_bytes\n", "abcde")
	f(point+`"abcd" "efgh" "i"`+"\n", "abcd", "efgh", "i")
	f(point+`"abcd" "efgh"`+"\nrequest limit A: result_bytes\n", "abcd", "efgh", "ij")
}
