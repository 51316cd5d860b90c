package policy

import (
	"net/netip"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// equal compares policies by what they say, wherever they were read.
var equal = cmp.Options{
	cmpopts.EquateComparable(netip.Prefix{}), cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Policy{}),
}

func TestFormat(t *testing.T) {
	p, _, err := Load("testdata/session.good.yml", nil)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/session.canonical.yml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(Format(p))); diff != "" {
		t.Error(diff)
	}
}

func TestFormatParses(t *testing.T) {
	for _, file := range fixtures(t, "good") {
		p, _, err := Load(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		checkFormat(t, p)
	}
	checkFormat(t, Default())
}

// checkFormat holds p against what its canonical form says.
func checkFormat(t *testing.T, p *Policy) {
	t.Helper()
	text := Format(p)
	again, err := Parse("formatted", text)
	if err != nil {
		t.Fatalf("%v, in\n%s", err, text)
	}
	if diff := cmp.Diff(p, again, equal); diff != "" {
		t.Fatalf("%s\nin\n%s", diff, text)
	}
	if diff := cmp.Diff(string(text), string(Format(again))); diff != "" {
		t.Error(diff)
	}
}

func TestQuoted(t *testing.T) {
	for in, want := range map[string]string{
		"shop": "shop", "/api/v1": "/api/v1", "50GiB": "50GiB", "7": "7",
		"": "''", "off": "'off'", "Null": "'Null'", "~": "'~'", "1.5": "'1.5'", "*": "'*'", "a: b": "'a: b'", "it's": "'it''s'",
		"10.0.0.0/8": "'10.0.0.0/8'", `x["y"]`: `'x["y"]'`, "é": "'é'",
		"a\nb": `"a\u000ab"`, "\"\\\x00": `"\"\\\u0000"`, "\u2028": `"\u2028"`, "\U000e0001": `"\U000e0001"`,
	} {
		if got := quoted(in); got != want {
			t.Errorf("quoted(%q) = %s, want %s", in, got, want)
		}
		p, err := Parse("q.yml", []byte("version: 1\nmasks: [{point: "+quoted(in)+"}, {name: a}]\n"))
		if in == "" {
			continue // a mask needs a point
		}
		if err != nil || p.Masks[0].Point != in {
			t.Errorf("%s is read as %v, %v", quoted(in), p, err)
		}
	}
}

// FuzzFormat prints any text where the document takes any text.
func FuzzFormat(f *testing.F) {
	f.Add("a: b # c", "- x")
	f.Add("'\"\\\r\n\t\u0085\ufeff", "\u2029 ")
	f.Fuzz(func(t *testing.T, point, source string) {
		if !utf8.ValidString(point) || !utf8.ValidString(source) || point == "" || len(point)+len(source) > 1000 || sourceProblem(source) != "" {
			return
		}
		p := Default()
		p.Session.Parameters = []Parameter{{Name: "a", Points: []string{point}}, {Name: "b", Point: point}}
		if strings.TrimSpace(point) == "" {
			p.Session.Parameters = p.Session.Parameters[1:]
		}
		p.JWKS = Sources{source, "b"}
		checkFormat(t, p)
	})
}
