package duckdb_test

import (
	"encoding/binary"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// TestHasSomeThousandSessions: more sessions meet a condition than a query names,
// and fewer than are collected.
func TestHasSomeThousandSessions(t *testing.T) {
	const sessions, meet = 3000, 1500
	s := open(t, t.TempDir())
	var rs []record.Request
	for i := range sessions {
		r := record.Request{ID: record.RequestID{At: record.Time(1_790_000_000_000_000 + i)}, Status: 200}
		binary.BigEndian.PutUint32(r.Session[:], uint32(i+1))
		if i < meet {
			r.Status = 500
		}
		rs = append(rs, r)
	}
	if _, err := s.Write(t.Context(), []store.Batch{{Position: store.Position{Log: "a", Seq: 1}, Requests: rs}}); err != nil {
		t.Fatal(err)
	}
	for not, want := range map[bool]int64{false: meet, true: sessions - meet} {
		c := condition(t, "status", "5xx")
		c.Not = not
		got, err := s.Count(t.Context(), store.Filter{Has: []store.Condition{c}}, 0)
		if err != nil || got.Parts != want {
			t.Errorf("not %v: %d parts, %v; want %d", not, got.Parts, err, want)
		}
	}
}
