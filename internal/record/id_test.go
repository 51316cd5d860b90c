package record

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRequestID(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	ids := []RequestID{{}, {At: 1<<timeBits - 1, Node: 1<<NodeBits - 1, Seq: 1<<SeqBits - 1}}
	for range 1000 {
		ids = append(ids, RequestID{
			At:   Time(rng.Int64N(1 << 52)),
			Node: rng.Uint32N(1 << NodeBits),
			Seq:  rng.Uint32N(1 << SeqBits),
		})
	}
	for _, id := range ids {
		for _, s := range []string{id.String(), strings.ToLower(id.String())} {
			got, err := ParseRequestID(s)
			if err != nil || got != id {
				t.Fatalf("%+v prints as %s, which parses as %+v, %v", id, s, got, err)
			}
		}
	}
	t.Run("SortsAsText", func(t *testing.T) {
		slices.SortFunc(ids, RequestID.Compare)
		if !slices.IsSortedFunc(ids, func(a, b RequestID) int { return strings.Compare(a.String(), b.String()) }) {
			t.Error("ids sorted by Compare are not sorted as text")
		}
	})
	t.Run("LookAlikes", func(t *testing.T) {
		id := RequestID{At: 32, Seq: 1}
		s := id.String()
		got, err := ParseRequestID(strings.NewReplacer("0", "o", "1", "l").Replace(s))
		if err != nil || got != id {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	for _, bad := range []string{"", "0", strings.Repeat("0", 21), strings.Repeat("U", 20), "0000000000000000000\x80"} {
		if _, err := ParseRequestID(bad); err == nil {
			t.Errorf("%q parses", bad)
		}
	}
}

func TestSessionID(t *testing.T) {
	id := SessionID{0x9d, 0x71, 15: 0xaa}
	got, err := ParseSessionID(id.String())
	if err != nil || got != id {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []string{"", "9d71", strings.Repeat("x", 32)} {
		if _, err := ParseSessionID(bad); err == nil {
			t.Errorf("%q parses", bad)
		}
	}
}

func TestTime(t *testing.T) {
	at := TimeOf(time.Date(2026, 11, 21, 23, 59, 59, 999_999_999, time.UTC))
	if got := at.String(); got != "2026-11-21T23:59:59.999999Z" {
		t.Error(got)
	}
	if d := at.Day(); d.String() != "2026-11-21" || (at+1).Day() != d+1 || d.Start() > at || (d+1).Start() != at+1 {
		t.Errorf("day %v of %v", d, at)
	}
	if d := Time(-1).Day(); d.String() != "1969-12-31" {
		t.Errorf("day before the epoch: %v", d)
	}
	var back Time
	if err := back.UnmarshalText([]byte("2026-11-22T01:59:59.999999+02:00")); err != nil || back != at {
		t.Errorf("%v, %v", back, err)
	}
}
