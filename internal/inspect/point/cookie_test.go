package point

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCookies(t *testing.T) {
	f := func(want string, lines ...string) {
		t.Helper()
		got, _ := cookiesOf(lines)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", lines, diff)
		}
	}
	f("")
	f("", "", ";", "; ;", "a", "=b", " =b; ")
	f("a=1|", "a=1")
	f("a=1|b=2|", "a=1; b=2")
	f("a=1|b=2|", "a=1;b=2;")
	f("a=1|b=2|", "a=1", "b=2")
	f("a=1|", " \ta \t= \t1\t ")
	f("a=|b=2|", "a=; b=2")
	f("a=b=c|", "a=b=c")
	f("a=x, y|", `a="x, y"`)
	f(`a="|b="x|`, `a="; b="x`)
	f("a=1|a=2|", "a=1; a=2")
	f("$Version=1|a=1|", "$Version=1; a=1")
	f("a=\xff\x00|", "a=\xff\x00")
}

func TestCookiesBound(t *testing.T) {
	whole := strings.Repeat("a=1;", MaxCookieBytes/4)
	if got, cut := cookiesOf([]string{whole}); cut || strings.Count(got, "|") != MaxCookieBytes/4 {
		t.Errorf("at the limit: cut %v, %d cookies", cut, strings.Count(got, "|"))
	}
	if got, cut := cookiesOf([]string{whole, "last=1"}); !cut || strings.Contains(got, "last") {
		t.Errorf("a line beyond the limit: cut %v", cut)
	}
	long := "first=1;big=" + strings.Repeat("x", MaxCookieBytes)
	if got, cut := cookiesOf([]string{long, "last=1"}); !cut || got != "first=1|" {
		t.Errorf("a cookie across the limit: cut %v, got %.40q", cut, got)
	}
}

func cookiesOf(lines []string) (got string, cut bool) {
	scan := ScanCookies(lines)
	var b strings.Builder
	for {
		name, value, ok := scan.Next()
		if !ok {
			return b.String(), scan.Cut
		}
		b.WriteString(name + "=" + value + "|")
	}
}

func FuzzCookies(f *testing.F) {
	f.Add("a=1; b=\"2\";;c", "=;")
	f.Fuzz(func(t *testing.T, one, two string) {
		scan := ScanCookies([]string{one, two})
		size := 0
		for {
			name, value, ok := scan.Next()
			if !ok {
				break
			}
			if name == "" || strings.ContainsAny(name, ";=") || strings.Contains(value, ";") {
				t.Fatalf("%q=%q", name, value)
			}
			if size += len(name) + len(value) + 1; size > len(one)+len(two) {
				t.Fatal("more cookies than bytes")
			}
		}
	})
}

func BenchmarkCookies(b *testing.B) {
	lines := []string{"_ga=GA1.2.1234567890.1700000000; _gid=GA1.2.987654321.1700000000; locale=en; PHPSESSID=9f8a7b6c5d4e3f2a1b0c9d8e7f; theme=dark"}
	b.SetBytes(int64(len(lines[0])))
	b.ReportAllocs()
	for b.Loop() {
		scan := ScanCookies(lines)
		for {
			if _, _, ok := scan.Next(); !ok {
				break
			}
		}
	}
}
