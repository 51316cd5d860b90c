package point

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

func TestCompile(t *testing.T) {
	if _, err := Compile([]Point{Header("a"), {Side: Request, Steps: []Step{{Name: "nothing"}}}}); err == nil || !strings.Contains(err.Error(), "nothing") {
		t.Errorf("error %v", err)
	}
	e := mustCompile(t, `request.header["a"]`, `request.header["A"]`)
	if diff := cmp.Diff([]Point{Header("A"), Header("A")}, e.Points()); diff != "" {
		t.Error(diff)
	}
}

func mustCompile(tb testing.TB, texts ...string) *Extractor {
	tb.Helper()
	var points []Point
	for _, text := range texts {
		p, err := Parse(text)
		if err != nil {
			tb.Fatal(err)
		}
		points = append(points, p)
	}
	e, err := Compile(points)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

// found reads both sides of x and returns, line by line, what the points found:
// the point and its values, then the notes.
func extract(tb testing.TB, x *exchange.Exchange, texts ...string) string {
	tb.Helper()
	var out Result
	e := mustCompile(tb, texts...)
	e.Request(x, &out)
	e.Response(x, &out)
	return shown(e, &out)
}
