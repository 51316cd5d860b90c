package importer

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
)

func TestClipper(t *testing.T) {
	long := strings.Repeat("x", clipString)
	for _, tc := range []struct{ name, text, want string }{
		{"short things stay", `{"a":"b\"\\ é\u00e9 ","c":[1,-2.5e9,true,null]}`, `{"a":"b\"\\ é\u00e9 ","c":[1,-2.5e9,true,null]}`},
		{"white space", "{ \r\n\t \"a\"  :\n\n1 }", "{ \"a\" :\n1 }"},
		{"white space in strings", `"a   b"`, `"a   b"`},
		{"a long string", `["` + long + long + `","y"]`, `["` + long + `","y"]`},
		{"an escape at the cut", `["` + long[1:] + `\u0041\u0042z"]`, `["` + long[1:] + `\u0041"]`},
		{"a backslash at the cut", `["` + long[1:] + `\"\\z"]`, `["` + long[1:] + `\""]`},
		{"many numbers", "[" + strings.Repeat("1234567,", clipScalar) + "1]", "[" + strings.Repeat("1234567,", clipScalar) + "1]"},
	} {
		for name, wrap := range map[string]func(io.Reader) io.Reader{"whole": nil, "bytes": iotest.OneByteReader, "data and end": iotest.DataErrReader} {
			r := io.Reader(strings.NewReader(tc.text))
			if wrap != nil {
				r = wrap(r)
			}
			got, err := io.ReadAll(newClipper(r))
			if string(got) != tc.want || err != nil {
				t.Errorf("%s, %s: %d bytes %.80q, %v", tc.name, name, len(got), got, err)
			}
		}
	}
}

func TestClipperRefusesEndlessNumbers(t *testing.T) {
	_, err := io.ReadAll(newClipper(strings.NewReader("[" + strings.Repeat("1", 2*clipScalar))))
	if err != errScalar {
		t.Errorf("got %v", err)
	}
}

// FuzzClipper: what is valid JSON and short enough means the same behind a clipper.
func FuzzClipper(f *testing.F) {
	f.Add([]byte(`{"a": "b\"\\\u00e9", "c" : [1, 2 ]}`))
	f.Add([]byte(`"\`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := io.ReadAll(newClipper(strings.NewReader(string(text))))
		value := jsontext.Value(text)
		if !value.IsValid() || len(text) > clipScalar {
			return
		}
		clipped := jsontext.Value(got)
		if err != nil || clipped.Compact() != nil || value.Compact() != nil || string(clipped) != string(value) {
			t.Errorf("%q became %q, %v", text, got, err)
		}
	})
}
