package policy

import (
	"strconv"
	"strings"
	"testing"
)

func TestNestingIsBounded(t *testing.T) {
	f := func(what, doc, want string) {
		t.Helper()
		_, err := Parse("p.yml", []byte(doc))
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %.200v, want %s", what, err, want)
		}
	}
	const deep = "p.yml:1: nested too deep for a policy: at most 64 levels"
	for _, opener := range []string{"[", "{", "{a: ", "- ", "? ", "!a ", "&a ", "a: ", "[{a: ", "- ? ", "[1, ", "[[], "} {
		f(opener, strings.Repeat(opener, MaxDocument/len(opener)), deep)
	}
	indented := strings.Builder{}
	for i := range 2 * MaxDepth {
		indented.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	f("indentation", indented.String(), "p.yml:64: nested too deep")
	f("markers", strings.Repeat("--- a\n", 1000), "p.yml:17: more than 16 document markers")
	f("directives", strings.Repeat("%YAML 1.2\n---\n", 1000), "p.yml:17: more than 16 document markers")

	// What is long and not deep is read.
	long := func(n int, line string) string { return strings.Repeat(line, n) }
	for what, doc := range map[string]string{
		"lines":    "capture:\n  exclude:\n" + long(5000, "    - {paths: [\"/x\"]}\n"),
		"one line": "capture: {exclude: [" + long(5000, "{paths: [/x, /y]}, ") + "]}\n",
		"brackets": "capture: {exclude: [\n" + long(5000, "{paths: [/x,\n/y]},\n") + "]}\n",
		"comments": long(MaxDocument/10, "# [[[[\n"),
	} {
		if _, err := Parse("p.yml", []byte("version: 1\n"+doc)); err != nil {
			t.Errorf("%s: %.200v", what, err)
		}
	}
}

func BenchmarkParseHostile(b *testing.B) {
	for _, part := range []string{"[", "{a: ", "- ", "- a\n", "- - a\n", "#\n", "&a\n", "!a\n", "? a\n", "- {a: b}\n", "--- a\n", "a: b\n ", "'x\n", ">\n"} {
		doc := []byte(strings.Repeat(part, MaxDocument/len(part)))
		b.Run(strconv.Quote(part), func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			for b.Loop() {
				_, _ = Parse("p.yml", doc)
			}
		})
	}
}
