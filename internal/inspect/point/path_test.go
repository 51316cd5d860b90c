package point

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestScanPath(t *testing.T) {
	f := func(path string, want ...Parameter) {
		t.Helper()
		if diff := cmp.Diff(want, pathOf(path)); diff != "" {
			t.Errorf("%q: %s", path, diff)
		}
	}
	f("")
	f("/a/b")
	f("/a;/b;;")
	f("/a;x", Parameter{"x", "", false})
	f("/cart;jsessionid=1", Parameter{"jsessionid", "1", true})
	f("/cart;jsessionid=1/items;v=2;w=3/x", Parameter{"jsessionid", "1", true}, Parameter{"v", "2", true}, Parameter{"w", "3", true})
	f(";a=b=c", Parameter{"a", "b=c", true})
	f(strings.Repeat("x", MaxPathBytes) + ";a=1")
}

func pathOf(path string) (got []Parameter) {
	scan := ScanPath(path)
	for {
		p, ok := scan.Next()
		if !ok {
			return got
		}
		got = append(got, p)
	}
}

func FuzzScanPath(f *testing.F) {
	f.Add("/a;b=1;c/d;;e=")
	f.Fuzz(func(t *testing.T, path string) {
		for _, p := range pathOf(path) {
			text := ";" + p.Name
			if p.Assigned {
				text += "=" + p.Value
			}
			if !strings.Contains(path, text) || strings.ContainsAny(text[1:], "/;") {
				t.Fatalf("%q holds no %q", path, text)
			}
		}
	})
}
