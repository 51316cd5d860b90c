package point

import (
	"net/url"
	"strings"
	"testing"

	"sojourn/internal/exchange"
)

func TestAcceptsForm(t *testing.T) {
	f := func(media, text string, want bool) {
		t.Helper()
		if got := acceptsForm(&body{media: media, data: []byte(text)}); got != want {
			t.Errorf("%s %q: %v", media, text, got)
		}
	}
	f("application/x-www-form-urlencoded", "anything", true)
	f("", "a=1", true)
	f("text/plain", "a[b]=1&c=2", true)
	f("application/json", "a=1", true)
	f("", "", false)
	f("", "=1", false)
	f("", "a", false)
	f("", `{"a":"b=c"}`, false)
	f("", `[1,"a=b"]`, false)
	f("", `<a b="c">`, false)
	f("", "--boundary\r\nname=", false)
	f("", "var a = 1", false)
	f("", "a=\x00\x01", false)
}

func TestBracketed(t *testing.T) {
	for text, want := range map[string]bool{
		"[]": true, "[a][0][]": true, "": true, "[": false, "[a": false, "[a]b": false, "[[a]]": false, "]": false, "[a]]": false,
	} {
		if got := bracketed(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzForm holds what all parameters yield against the standard library.
func FuzzForm(f *testing.F) {
	f.Add("a=1&b[c][]=2&b[c][0]=3&d[=4&e%5B%5D=%C3%A9+")
	e := mustCompile(f, `request.form["a"]`, `request.form["a"][0]`, `request.form["a"][*]`, `request.form["b"]["c"][*][*]`, `request.form[*][*]["c"]`)
	f.Fuzz(func(t *testing.T, text string) {
		var out Result
		x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte(text)}}
		x.Header = map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}
		e.Request(x, &out)
		want, err := url.ParseQuery(text)
		if err != nil || len(out.Notes) > 0 || strings.Contains(text, "[") || strings.Contains(strings.ToLower(text), "%5b") || len(text) > 64 {
			return
		}
		values := want["a"]
		if v, ok := out.First(0); ok != (len(values) > 0) || ok && string(v.Text) != values[0] {
			t.Fatalf("%q: first %q of %q", text, v.Text, values)
		}
		i := 0
		for v := range out.Values(2) {
			if i >= len(values) || string(v.Text) != values[i] {
				t.Fatalf("%q: value %d is %q of %q", text, i, v.Text, values)
			}
			i++
		}
		if i != len(values) {
			t.Fatalf("%q: %d values of %q", text, i, values)
		}
	})
}

func BenchmarkForm(b *testing.B) {
	e := mustCompile(b, `request.form["user"]["email"]`, `request.form["items"][*]["id"]`, `request.form["token"]`)
	x := &exchange.Exchange{RequestBody: exchange.Body{Bytes: []byte("token=9f8a7b6c5d4e3f2a&user[name]=Ann+O%27Neil&user%5Bemail%5D=ann%40example.com&items[0][id]=1&items[1][id]=2&items[][id]=3&note=some+text")}}
	var out Result
	b.SetBytes(int64(len(x.RequestBody.Bytes)))
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		e.Request(x, &out)
	}
}
