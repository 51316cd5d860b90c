package point

import (
	"strings"
	"testing"
)

func TestGraphQLTokenErrors(t *testing.T) {
	for _, text := range []string{
		`"`, `"a`, "\"a\nb\"", "\"\x00\"", `"\x"`, `"\`, `"\u12"`, `"\u{}"`, `"\u{110000}"`, `"\u{d800}"`, `"\u{123456789}"`, `"\u{41"`,
		`"""`, `"""a""`, `"""a\"""`, `.`, `..`, `?`, "\x00", "é", `-`, `-a`, `01`, `-01`, `1.`, `1.e2`, `1e`, `1e+`, `1a`, `1.2.3`, `1_`,
	} {
		r := new(run)
		r.graphql.tokens = 1
		s := gqlScan{run: r, text: []byte(text)}
		if s.scan(); s.reason == "" {
			t.Errorf("%q is taken as %q", text, s.token())
		}
	}
	for _, text := range []string{`0`, `-0`, `10`, `-1.50`, `1e5`, `1.0E-05`, `_a9`, `...`, `|`} {
		r := new(run)
		r.graphql.tokens = 1
		s := gqlScan{run: r, text: []byte(" ,\ufeff#x\n" + text + "#")}
		if s.scan(); string(s.token()) != text {
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
		for s.scan(); s.kind != gqlEnd; s.scan() {
		}
	}
}
