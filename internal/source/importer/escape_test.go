package importer

import (
	"strings"
	"testing"
)

func TestClosingQuote(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int
	}{
		{`a" b`, 1},
		{`a"`, 1},
		{`"`, 0},
		{``, -1},
		{`a`, -1},
		{`a\" b" c`, 5},
		{`a\\" b" c`, 3},
		{`a\\\" b" c`, 7},
		{`a"b" c`, 3},
		{`\`, -1},
		{`\"`, -1},
	} {
		if got := closingQuote([]byte(tc.text)); got != tc.want {
			t.Errorf("%s: %d, want %d", tc.text, got, tc.want)
		}
	}
}

// FuzzUnescape writes bytes as Apache and as nginx do, and reads them back.
func FuzzUnescape(f *testing.F) {
	f.Add([]byte("plain"))
	f.Add([]byte("\x00\"\\\xff\n\t"))
	f.Add([]byte(`\x41\`))
	apache := func(c byte) string {
		switch c {
		case '"', '\\':
			return `\` + string(c)
		case '\n':
			return `\n`
		case '\t':
			return `\t`
		}
		if c < ' ' || c > '~' {
			return `\x` + string("0123456789abcdef"[c>>4]) + string("0123456789abcdef"[c&15])
		}
		return string(c)
	}
	nginx := func(c byte) string {
		if c < ' ' || c > '~' || c == '"' || c == '\\' {
			return `\x` + string("0123456789ABCDEF"[c>>4]) + string("0123456789ABCDEF"[c&15])
		}
		return string(c)
	}
	f.Fuzz(func(t *testing.T, plain []byte) {
		for name, write := range map[string]func(byte) string{"apache": apache, "nginx": nginx} {
			var logged strings.Builder
			for _, c := range plain {
				logged.WriteString(write(c))
			}
			var scratch []byte
			if got := unescape([]byte(logged.String()), &scratch); string(got) != string(plain) {
				t.Errorf("%s: %q became %q", name, plain, got)
			}
		}
		var scratch []byte
		unescape(plain, &scratch) // whatever is no escape does no harm
	})
}
