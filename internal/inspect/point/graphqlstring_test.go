package point

import "testing"

func TestGraphQLStrings(t *testing.T) {
	f := func(token, want string) {
		t.Helper()
		r := new(run)
		r.graphql.tokens = 1
		s := gqlScan{run: r, text: []byte(token)}
		if s.scan(); s.ended || s.at != len(token) {
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
