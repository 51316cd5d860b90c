package exchange

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBodyWrite(t *testing.T) {
	f := func(limit int, writes []string, want Body) {
		t.Helper()
		b := Body{Limit: limit}
		for _, w := range writes {
			if n, err := b.Write([]byte(w)); n != len(w) || err != nil {
				t.Errorf("Write(%q) = %d, %v: a tee must take everything", w, n, err)
			}
		}
		want.Limit = limit
		if diff := cmp.Diff(want, b); diff != "" {
			t.Errorf("limit %d, writes %q (-want +got):\n%s", limit, writes, diff)
		}
	}
	f(0, []string{"abc"}, Body{})
	f(4, nil, Body{})
	f(4, []string{"ab", "cd"}, Body{Bytes: []byte("abcd")})
	f(4, []string{"ab", "cd", ""}, Body{Bytes: []byte("abcd")})
	f(4, []string{"ab", "cde"}, Body{Bytes: []byte("abcd"), Truncated: true})
	f(4, []string{"abcdefgh", "i"}, Body{Bytes: []byte("abcd"), Truncated: true})
}
