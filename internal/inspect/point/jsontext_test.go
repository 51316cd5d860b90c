package point

import (
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

func TestAppendJSONString(t *testing.T) {
	for text, want := range map[string]string{
		``: "", `a`: "a", `\"\\\/\b\f\n\r\t`: "\"\\/\b\f\n\r\t", `\u0041\u00e9`: "Aé", `\ud83d\ude00`: "😀",
		`\ud83d`: "\ufffd", `\ud83dx`: "\ufffdx", `\ude00\ud83d`: "\ufffd\ufffd", `\ud83d\u0041`: "\ufffdA", `\ud83d\ud83d\ude00`: "\ufffd😀", `\u0000`: "\x00",
	} {
		if got := string(appendJSONString([]byte("x"), []byte(text))); got != "x"+want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

func FuzzJSONString(f *testing.F) {
	f.Add(`\ud83d\ude00\n`)
	f.Fuzz(func(t *testing.T, text string) {
		got := appendJSONString(nil, []byte(text))
		want, err := jsontext.AppendUnquote(nil, `"`+text+`"`)
		if err == nil && utf8.ValidString(text) && string(got) != string(want) {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
	})
}
