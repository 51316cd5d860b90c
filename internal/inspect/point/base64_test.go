package point

import (
	"encoding/base64"
	"testing"
)

func TestUnbase64(t *testing.T) {
	f := func(in, want string, read int) {
		t.Helper()
		got, n := appendUnbase64(nil, []byte(in))
		if string(got) != want || n != read {
			t.Errorf("%q: got %q, %d read; want %q, %d", in, got, n, want, read)
		}
	}
	f("", "", 0)
	f("YQ", "a", 2)
	f("YQ==", "a", 4)
	f("YQ= =\n", "a", 6)
	f("YWI=", "ab", 4)
	f("Y", "", 0)
	f("Y===", "", 1)
	f("YWJj=", "abc", 4)
	f("YQ==x", "a", 4)
	f(" Y\r\nQ\t", "a", 6)
	f("YWJj\x00YWJj", "abc", 4)
	f("+/-_", "\xfb\xff\xbf", 4)
}

// FuzzBase64 holds the decoder against encoding/base64 for what that encodes.
func FuzzBase64(f *testing.F) {
	f.Add([]byte("any carnal pleas"), []byte("YQ=="))
	f.Fuzz(func(t *testing.T, plain, coded []byte) {
		appendUnbase64(nil, coded)
		for _, e := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
			text := e.AppendEncode(nil, plain)
			got, read := appendUnbase64([]byte("x"), text)
			if string(got) != "x"+string(plain) || read != len(text) {
				t.Fatalf("%q: got %q, %d read of %d", text, got, read, len(text))
			}
			if want, err := e.DecodeString(string(coded)); err == nil {
				if got, _ := appendUnbase64(nil, coded); string(got) != string(want) {
					t.Fatalf("%q: got %q, want %q", coded, got, want)
				}
			}
		}
	})
}
