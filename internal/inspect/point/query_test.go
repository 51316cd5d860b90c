package point

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScanQuery(t *testing.T) {
	f := func(query string, want ...Parameter) {
		t.Helper()
		if diff := cmp.Diff(want, queryOf(query)); diff != "" {
			t.Errorf("%q: %s", query, diff)
		}
	}
	f("")
	f("&&")
	f("a", Parameter{"a", "", false})
	f("a=", Parameter{"a", "", true})
	f("=a", Parameter{"", "a", true})
	f("a=1&b=2", Parameter{"a", "1", true}, Parameter{"b", "2", true})
	f("a=1;b=2", Parameter{"a", "1;b=2", true})
	f("a=b=c&&d", Parameter{"a", "b=c", true}, Parameter{"d", "", false})
	f("p[x]=%31&a%3D=+", Parameter{"p[x]", "%31", true}, Parameter{"a%3D", "+", true})
}

func TestScanQueryBound(t *testing.T) {
	scan := ScanQuery("a=1&b=" + strings.Repeat("x", MaxQueryBytes) + "&c=3")
	p, ok := scan.Next()
	if _, more := scan.Next(); p.Name != "a" || !ok || more || !scan.Cut {
		t.Errorf("got %v, more %v, cut %v", p, more, scan.Cut)
	}
}

func TestUnescape(t *testing.T) {
	for in, want := range map[string]string{
		"":         "",
		"plain":    "plain",
		"a+b":      "a b",
		"%41%62":   "Ab",
		"%":        "%",
		"%4":       "%4",
		"%zz%4g":   "%zz%4g",
		"%2541":    "%41",
		"%00%ff":   "\x00\xff",
		"x%c3%A9y": "xéy",
	} {
		if got := Unescape(in); got != want {
			t.Errorf("Unescape(%q) = %q, want %q", in, got, want)
		}
	}
}

func queryOf(query string) (got []Parameter) {
	scan := ScanQuery(query)
	for {
		p, ok := scan.Next()
		if !ok {
			return got
		}
		got = append(got, p)
	}
}

// FuzzScanQuery holds the scanner against the standard library, where that reads
// a query at all.
func FuzzScanQuery(f *testing.F) {
	f.Add("a=1&b=%41+c&&d=&e")
	f.Fuzz(func(t *testing.T, query string) {
		want, err := url.ParseQuery(query)
		if err != nil || len(query) > MaxQueryBytes {
			queryOf(query)
			return
		}
		got := url.Values{}
		for _, p := range queryOf(query) {
			got.Add(Unescape(p.Name), Unescape(p.Value))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: %s", query, diff)
		}
	})
}

func BenchmarkScanQuery(b *testing.B) {
	const query = "q=red+shoes&page=2&utm_source=mail&utm_campaign=autumn&access_token=9f8a7b6c5d4e3f2a"
	b.SetBytes(int64(len(query)))
	b.ReportAllocs()
	for b.Loop() {
		scan := ScanQuery(query)
		for {
			if _, ok := scan.Next(); !ok {
				break
			}
		}
	}
}
