package main

import "testing"

func TestQuantity(t *testing.T) {
	for _, tc := range []struct {
		n    uint64
		unit string
		want string
	}{
		{0, "line", "0 lines"}, {1, "line", "1 line"}, {999, "line", "999 lines"},
		{1000, "entry", "1,000 entries"}, {1234567, "day", "1,234,567 days"}, {2, "key", "2 keys"},
	} {
		if got := quantity(tc.n, tc.unit); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
