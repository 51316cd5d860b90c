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

func TestNeeds(t *testing.T) {
	body := DefaultLimits().Body
	for text, want := range map[string]exchange.Capture{
		`request.header["a"]`:               {},
		`request.header["a"].json["x"]`:     {},
		`request.json["a"]`:                 {Request: body},
		`response.json["a"].base64`:         {Response: body},
		`request.form["a"].jwt.header["x"]`: {Request: body},
	} {
		if got := mustCompile(t, text).Needs(); got != want {
			t.Errorf("%s needs %+v, want %+v", text, got, want)
		}
	}
}

// Points of 100 stars in all places have a tree of all subsets.
func TestCompileBoundsOverlap(t *testing.T) {
	var points []Point
	for i := range 40 {
		p := Point{Side: Request, Steps: []Step{{Name: "json"}}}
		for j := range 40 {
			k := Key{By: All}
			if j == i {
				k = Key{Name: "a"}
			}
			p.Steps[0].Keys = append(p.Steps[0].Keys, k)
		}
		points = append(points, p)
	}
	if _, err := Compile(points); err == nil || !strings.Contains(err.Error(), "overlap") {
		t.Errorf("error %v", err)
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

// extract reads both sides of x and returns, line by line, what the points found:
// the point and its values, then the notes.
func extract(tb testing.TB, x *exchange.Exchange, texts ...string) string {
	tb.Helper()
	var out Result
	e := mustCompile(tb, texts...)
	e.Request(x, &out)
	e.Response(x, &out)
	return shown(e, &out)
}
