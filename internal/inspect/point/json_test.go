package point

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
)

// readJSONText reads a document and returns what the points find, and what is
// wrong with the document.
func readJSONText(tb testing.TB, e *Extractor, data []byte) (out *Result, reason string) {
	tb.Helper()
	out = new(Result)
	r := out.begin(e, Request, &exchange.Exchange{})
	reason, _ = r.json(e.request.step("json"), data)
	return out, reason
}

// TestJSONTestSuite reads the files of the JSON parsing test suite: y_ must be
// accepted and n_ reported; i_ may be either.
func TestJSONTestSuite(t *testing.T) {
	files, _ := filepath.Glob("../../../../shared/data/json/test_parsing/*.json")
	if len(files) == 0 {
		t.Skip("the JSON parsing test suite is not here: shared/data/json beside the repository")
	}
	e := mustCompile(t, `request.json[*]`, `request.json["a"]`, `request.json[0][0]`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out, reason := readJSONText(t, e, data)
		ok := reason == "" && len(out.Notes) == 0
		for _, n := range out.Notes {
			ok = ok || n.Kind == Duplicate && len(out.Notes) == 1 && reason == ""
		}
		switch name := filepath.Base(file); {
		case name[0] == 'y' && !ok:
			t.Errorf("%s: %s %v", name, reason, out.Notes)
		case name[0] == 'n' && ok:
			t.Errorf("%s is not reported", name)
		}
	}
}

func TestJSONReasons(t *testing.T) {
	e := mustCompile(t, `request.json["a"]`)
	for text, want := range map[string]string{
		``:                              "a value is missing",
		`{`:                             "an object does not end",
		`{"a"`:                          "expected : behind the name of a member",
		`{"a":1`:                        "an object or an array does not end",
		`{"a":1 "b":2}`:                 "expected a comma or the end of an object or an array",
		`{a:1}`:                         "expected the name of a member",
		`[1,]`:                          "expected a value",
		`"abc`:                          "a string does not end",
		`"abc\`:                         "a string does not end",
		`"\u12`:                         "an escape in a string does not end",
		`"\x"`:                          "a string holds an unknown escape",
		`"\u12g4"`:                      "a string holds an unknown escape",
		"\"a\nb\"":                      "a string holds a control character",
		`01`:                            "a number begins with 0",
		`1.`:                            "a number ends with its point",
		`1e+`:                           "a number ends with its e",
		`-`:                             "expected a value",
		`nul`:                           "expected a value",
		`1 2`:                           "something stands behind the document",
		` {"a":[1,{}],"b":"\u00e4\n"} `: "",
		`-0.5E-10`:                      "",
	} {
		if _, got := readJSONText(t, e, []byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// The plain bytes of strings are passed over eight at a time: a byte that ends
// that must be seen at every place.
func TestJSONStringEnds(t *testing.T) {
	e := mustCompile(t, `request.json`)
	for length := range 40 {
		for _, c := range []struct{ end, want string }{{`"`, ""}, {`\"x"`, `"x`}, {`\u00e9"`, "é"}, {"\x01\"", ""}, {"\x80\xff\"", "\x80\xff"}, {"\x7f!#[]\"", "\x7f!#[]"}} {
			plain := strings.Repeat("é~ ", length)[:length]
			out, reason := readJSONText(t, e, []byte(`"`+plain+c.end))
			v, ok := out.First(0)
			if wrong := strings.HasPrefix(c.end, "\x01"); wrong != (reason != "") || !wrong && (!ok || string(v.Text) != plain+c.want) {
				t.Errorf("length %d, %q: got %q, %s", length, c.end, v.Text, reason)
			}
		}
	}
}

func TestJSONLimits(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		e := mustCompile(t, `request.json["a"]`)
		out, reason := readJSONText(t, e, []byte(text))
		if got := shown(e, out); got != want || reason != "" {
			t.Errorf("got %s %q, want %s", got, reason, want)
		}
	}
	depth := DefaultLimits().Depth
	nested := func(n int) string {
		return `{"a":1,"x":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	f(nested(depth), "request.json[\"a\"] = \"1\"\n")
	f(nested(depth+1), "request.json[\"a\"] = \"1\"\nrequest limit json: depth\n")
	f(`{"a":1,"x":[`+strings.Repeat("1,", DefaultLimits().Members)+"1]}", "request.json[\"a\"] = \"1\"\nrequest limit json: members\n")
}

// Of many duplicates under [*] and by name the last one counts, in any nesting.
func TestJSONDuplicates(t *testing.T) {
	f := func(text string, want string, points ...string) {
		t.Helper()
		e := mustCompile(t, points...)
		out, _ := readJSONText(t, e, []byte(text))
		var got []string
		for i := range points {
			for v := range out.Values(i) {
				got = append(got, string(v.Text))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
	f(`{"a":1,"a":2,"a":3}`, "3", `request.json["a"]`)
	f(`{"a":1,"a":{"b":2}}`, "", `request.json["a"]`)
	f(`{"a":1,"b":2,"a":3}`, "2 3", `request.json[*]`)
	f(`{"a":1,"a":2}`, "2 2", `request.json[*]`, `request.json["a"]`)
	f(`{"x":{"a":1,"a":2},"y":{"a":3}}`, "2 3", `request.json[*]["a"]`)
	f(`{"x":{"a":1,"a":2},"x":{"a":3}}`, "3", `request.json[*]["a"]`)
	f(`{"x":{"a":1,"a":2},"x":{"b":3}}`, "", `request.json["x"]["a"]`)
	f(`[{"a":1},{"a":2,"a":3}]`, "1 3", `request.json[*]["a"]`)
	f(`{"a":"eyJ4IjoxfQ","a":"eyJ4IjoyfQ"}`, "2", `request.json["a"].base64.json["x"]`)
	f(`{"a":"eyJ4IjoxfQ","a":null}`, "", `request.json["a"].base64.json["x"]`)
}

// FuzzJSON holds the scanner against two libraries: encoding/json for the
// values, jsontext for what is a document at all.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"b":[1,{"c":"\u0041\ud83d\ude00"}]},"a":1}`, `[[1,2],[3.5e-7,true],null]`, `"\ud800x"`, `{"a":`, ` 1 `, `{"a":{"b":{"c":1}},"b":[[]]}`,
	} {
		f.Add([]byte(seed))
	}
	points := []string{
		`request.json`, `request.json["a"]`, `request.json["a"]["b"]`, `request.json["a"][0]`, `request.json[0]`, `request.json[1][*]`,
		`request.json[*]`, `request.json[*]["b"]`, `request.json[*][*]["c"]`,
	}
	e := mustCompile(f, points...)
	f.Fuzz(func(t *testing.T, data []byte) {
		out, reason := readJSONText(t, e, data)
		limited := false
		for _, n := range out.Notes {
			limited = limited || n.Kind == LimitHit
		}
		if limited {
			return
		}
		if want := isDocument(data); want != (reason == "") {
			t.Fatalf("%q: %q, and jsontext says %v", data, reason, want)
		}
		var tree any
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		if reason != "" || !utf8.Valid(data) || dec.Decode(&tree) != nil {
			return
		}
		for i, p := range e.Points() {
			var got []string
			for v := range out.Values(i) {
				got = append(got, string(v.Text))
			}
			want := walk(tree, p.Steps[0].Keys)
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%q: %s (-encoding/json +got):\n%s", data, p, diff)
			}
		}
	})
}

func isDocument(data []byte) bool {
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if _, err := dec.ReadValue(); err != nil {
		return false
	}
	_, err := dec.ReadToken()
	return err == io.EOF
}

// walk is what a point means, told by a tree.
func walk(tree any, keys []Key) (found []string) {
	if len(keys) == 0 {
		switch v := tree.(type) {
		case string:
			return []string{v}
		case json.Number:
			return []string{v.String()}
		case bool:
			return []string{map[bool]string{true: "true", false: "false"}[v]}
		}
		return nil
	}
	switch v := tree.(type) {
	case map[string]any:
		for name, member := range v {
			if k := keys[0]; k.By == All || k.By == ByName && k.Name == name {
				found = append(found, walk(member, keys[1:])...)
			}
		}
	case []any:
		for i, element := range v {
			if k := keys[0]; k.By == All || k.By == ByIndex && k.Index == i {
				found = append(found, walk(element, keys[1:])...)
			}
		}
	}
	return found
}

func BenchmarkJSON(b *testing.B) {
	e := mustCompile(b, `request.json["user"]["id"]`, `request.json["items"][*]["id"]`, `request.json["token"]`)
	data := []byte(typicalJSON(2 << 10))
	var out Result
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		r := out.begin(e, Request, nil)
		readJSON(r, e.request.step("json"), data)
	}
}

func BenchmarkJSONLibrary(b *testing.B) {
	data := []byte(typicalJSON(2 << 10))
	in := bytes.NewReader(data)
	dec := jsontext.NewDecoder(in, jsontext.AllowDuplicateNames(true))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		in.Reset(data)
		dec.Reset(in, jsontext.AllowDuplicateNames(true))
		for {
			if _, err := dec.ReadToken(); err != nil {
				break
			}
		}
	}
}

// typicalJSON is an answer of an API of about so many bytes.
func typicalJSON(size int) string {
	var b strings.Builder
	b.WriteString(`{"token":"9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c","user":{"id":"0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a","name":"Ann O'Neil","email":"ann@example.com","active":true},"items":[`)
	for i := 0; b.Len() < size-40; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`{"id":12345,"name":"Running shoes, red","price":89.95,"currency":"EUR","stock":{"berlin":4,"paris":0},"tags":["shoes","sale"],"url":"https:\/\/shop.example.com\/p\/12345"}`)
	}
	b.WriteString(`],"next":null,"total":42}`)
	return b.String()
}
