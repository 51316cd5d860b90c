package point

import (
	"strings"
	"testing"
)

func TestTraceID(t *testing.T) {
	const id, good = "0af7651916cd43dd8448eb211c80319c", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	for _, c := range []struct{ in, want string }{
		{good, id},
		{"01" + good[2:], id},
		{"01" + good[2:] + "-more", id},
		{good + "-more", ""},
		{"01" + good[2:] + "more", ""},
		{"ff" + good[2:], ""},
		{"", ""},
		{good[:54], ""},
		{strings.ToUpper(good), ""},
		{strings.Replace(good, id, strings.Repeat("0", 32), 1), ""},
		{strings.Replace(good, "-b", "_b", 1), ""},
		{strings.Replace(good, "0af", "0ag", 1), ""},
	} {
		if got := traceID([]byte(c.in)); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
