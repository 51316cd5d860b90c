package store

import (
	"errors"
	"math"
	"testing"

	"sojourn/internal/record"
)

func TestPartCursor(t *testing.T) {
	at := func(value int64, day record.Day, id ...byte) (c PartCursor) {
		c = PartCursor{Sort: SortBytes, Value: value, Day: day}
		copy(c.ID[:], id)
		return c
	}
	// In the order of the list.
	cursors := []PartCursor{
		at(math.MaxInt64, 1, 0xff), at(7, 20, 2), at(7, 20, 1, 9), at(7, 20, 1), at(7, 19, 3), at(7, -1, 3), at(0, 0), at(-7, 1, 1),
	}
	for i, c := range cursors {
		for j, other := range cursors {
			down := c.Compare(other)
			if (down < 0) != (i < j) || (down == 0) != (i == j) {
				t.Errorf("%+v to %+v: %d", c, other, down)
			}
			up, otherUp := c, other
			up.Up, otherUp.Up = true, true
			if got := up.Compare(otherUp); got != -down {
				t.Errorf("%+v to %+v: %d, want %d", up, otherUp, got, -down)
			}
		}
		for _, sort := range Sorts {
			for _, up := range []bool{false, true} {
				c.Sort, c.Up = sort, up
				testPartCursor(t, c)
			}
		}
	}
	s := cursors[0].String()
	for _, s := range []string{"", "x", "AAAA", s + "A", s + "=", " " + s, s + "\n", s[:len(s)-1] + "_"} {
		if _, err := ParsePartCursor(s, SortBytes, false); !errors.Is(err, ErrCursor) {
			t.Errorf("%q: %v, want ErrCursor", s, err)
		}
	}
}

// testPartCursor has c printed and parsed, as a cursor of its own list alone.
func testPartCursor(t *testing.T, c PartCursor) {
	for _, sort := range Sorts {
		for _, up := range []bool{false, true} {
			parsed, err := ParsePartCursor(c.String(), sort, up)
			if sort == c.Sort && up == c.Up {
				if err != nil || parsed != c {
					t.Errorf("%+v prints as %s and parses as %+v, %v", c, c, parsed, err)
				}
			} else if !errors.Is(err, ErrCursor) {
				t.Errorf("%s of the order %s, %v parses in the order %s, %v: %v", c, c.Sort, c.Up, sort, up, err)
			}
		}
	}
}

func TestCursorOf(t *testing.T) {
	p := record.Part{ID: record.SessionID{1}, Part: 20, Started: 100, Ended: 130, Requests: 4, Attacks: 2, Bytes: 900}
	for sort, value := range map[Sort]int64{
		"": 100, SortStarted: 100, SortEnded: 130, SortDuration: 30, SortRequests: 4, SortAttacks: 2, SortBytes: 900,
	} {
		c := CursorOf(&p, sort, true)
		if c.Value != value || c.Day != p.Part || c.ID != p.ID || !c.Up {
			t.Errorf("by %q: %+v, want %d", sort, c, value)
		}
		if parsed, err := ParsePartCursor(c.String(), sort, true); err != nil || parsed != c {
			t.Errorf("by %q: parses as %+v, %v", sort, parsed, err)
		}
	}
	started, _ := ParsePartCursor(CursorOf(&p, "", false).String(), SortStarted, false)
	if started != CursorOf(&p, SortStarted, false) {
		t.Errorf("a list without a sort is not one by start: %+v", started)
	}
}

func FuzzParsePartCursor(f *testing.F) {
	f.Add(CursorOf(&record.Part{Started: 7}, SortEnded, true).String(), 1, true)
	f.Add("", 0, false)
	f.Fuzz(func(t *testing.T, s string, sort int, up bool) {
		if sort < 0 || sort >= len(Sorts) {
			t.Skip()
		}
		c, err := ParsePartCursor(s, Sorts[sort], up)
		if err == nil && (c.String() != s || c.Sort != Sorts[sort] || c.Up != up) {
			t.Errorf("%q parses as %+v, which prints as %q", s, c, c)
		}
	})
}

func FuzzParseRequestCursor(f *testing.F) {
	f.Add(record.RequestID{At: 7, Node: 3, Seq: 9}.String())
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseRequestCursor(s)
		if err != nil {
			if !errors.Is(err, ErrCursor) {
				t.Errorf("%q: %v, want ErrCursor", s, err)
			}
			return
		}
		if again, err := ParseRequestCursor(id.String()); err != nil || again != id {
			t.Errorf("%q parses as %+v, which prints as %s and parses as %+v, %v", s, id, id, again, err)
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
