package point

import (
	"strings"
	"testing"
)

func TestGraphQLStrings(t *testing.T) {
	f := func(token, want string) {
		t.Helper()
		r := new(run)
		r.graphql.tokens = 1
		s := gqlScan{run: r, text: []byte(token)}
		if s.next(); s.ended || s.at != len(token) {
			t.Errorf("%s: read to byte %d: %s", token, s.at, s.reason)
		} else if got := string(s.meaning()); got != want {
			t.Errorf("%s: got %q, want %q", token, got, want)
		}
	}
	f(`""`, "")
	f(`"a b"`, "a b")
	f(`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t")
	f(`"\u00e9\ud83d\ude00\u{1F600}\u{e9}"`, "é😀😀é")
	f(`"\\u{41}\\\u{41}"`, `\u{41}\A`)
	f(`"\ud83d"`, "\ufffd")
	f("\"é\xff\"", "é\xff")
	f(`""""""`, "")
	f(`"""a"""`, "a")
	f(`""" a """`, " a ")
	f(`"""a\nb \u0041 \""" """`, `a\nb \u0041 """ `)
	f("\"\"\"\n    one\n      two\r\n\r    three\n  \n\"\"\"", "one\n  two\n\nthree")
	f("\"\"\"first\n    two\n   three\"\"\"", "first\n two\nthree")
	f("\"\"\"\n\n \t \n\"\"\"", "")
	f("\"\"\"a\n\n\n  b\"\"\"", "a\n\n\nb")
}

func TestGraphQLTokenErrors(t *testing.T) {
	for _, text := range []string{
		`"`, `"a`, "\"a\nb\"", "\"\x00\"", `"\x"`, `"\`, `"\u12"`, `"\u{}"`, `"\u{110000}"`, `"\u{d800}"`, `"\u{123456789}"`, `"\u{41"`,
		`"""`, `"""a""`, `"""a\"""`, `.`, `..`, `?`, "\x00", "é", `-`, `-a`, `01`, `-01`, `1.`, `1.e2`, `1e`, `1e+`, `1a`, `1.2.3`, `1_`,
	} {
		r := new(run)
		r.graphql.tokens = 1
		s := gqlScan{run: r, text: []byte(text)}
		if s.next(); s.reason == "" {
			t.Errorf("%q is taken as %q", text, s.token())
		}
	}
	for _, text := range []string{`0`, `-0`, `10`, `-1.50`, `1e5`, `1.0E-05`, `_a9`, `...`, `|`} {
		r := new(run)
		r.graphql.tokens = 1
		s := gqlScan{run: r, text: []byte(" ,\ufeff#x\n" + text + "#")}
		if s.next(); string(s.token()) != text {
			t.Errorf("%q is read as %q: %s", text, s.token(), s.reason)
		}
	}
}

func BenchmarkGraphQLScan(b *testing.B) {
	text := []byte(strings.Repeat(`query Order($id: ID!) { order(id: $id, note: "a b", n: 12.5) { id state } } # end`+"\n", 10))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	r := new(run)
	for b.Loop() {
		r.graphql.tokens = len(text)
		s := gqlScan{run: r, text: text}
		for s.next(); s.kind != gqlEnd; s.next() {
		}
	}
}
