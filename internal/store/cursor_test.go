package store

import (
	"errors"
	"math"
	"testing"

	"sojourn/internal/record"
)

func TestPartCursor(t *testing.T) {
	// In the order of the list.
	cursors := []PartCursor{
		{math.MaxInt64, record.SessionID{0xff}}, {7, record.SessionID{2}}, {7, record.SessionID{1, 9}}, {7, record.SessionID{1}}, {0, record.SessionID{}}, {-7, record.SessionID{1}},
	}
	for i, c := range cursors {
		parsed, err := ParsePartCursor(c.String())
		if err != nil || parsed != c {
			t.Errorf("%+v prints as %s and parses as %+v, %v", c, c, parsed, err)
		}
		for j, other := range cursors {
			if got := c.Compare(other); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%+v to %+v: %d", c, other, got)
			}
		}
	}
	for _, s := range []string{"", "x", "AAAA", cursors[0].String() + "A", cursors[0].String() + "=", " " + cursors[0].String()} {
		if _, err := ParsePartCursor(s); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v, want ErrCursor", s, err)
		}
	}
}

func FuzzParsePartCursor(f *testing.F) {
	f.Add(PartCursor{7, record.SessionID{1}}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParsePartCursor(s)
		if err == nil && c.String() != s {
			t.Errorf("%q parses as %+v, which prints as %q", s, c, c)
		}
	})
}

func TestPageLimit(t *testing.T) {
	for n, want := range map[int]int{-1: DefaultLimit, 0: DefaultLimit, 1: 1, MaxLimit: MaxLimit, MaxLimit + 1: MaxLimit} {
		if got := PageLimit(n); got != want {
			t.Errorf("PageLimit(%d) = %d, want %d", n, got, want)
		}
	}
}
