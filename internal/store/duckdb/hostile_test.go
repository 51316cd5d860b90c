package duckdb_test

import (
	"fmt"
	"strings"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// TestGlobHostilePath: a glob with a few stars over a path made to be laid out in
// many ways takes no longer than over another.
func TestGlobHostilePath(t *testing.T) {
	s := open(t, t.TempDir())
	r := record.Request{
		ID: record.RequestID{At: 1_790_000_000_000_000}, Session: record.SessionID{1},
		Path: "/" + strings.Repeat("a", 2000), Host: strings.Repeat("a", 250), UserAgent: strings.Repeat("a", 500),
	}
	if _, err := s.Write(t.Context(), []store.Batch{{Position: store.Position{Log: "a", Seq: 1}, Requests: []record.Request{r}}}); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"endpoint", "host", "user_agent"} {
		for glob, want := range map[string]int64{"*a*a*a*a*a*b": 0, "*a*a*a*a*a": 1, "*.*": 0, "?a*": 1, `*[a]*`: 0, "*\\*": 0} {
			got, err := s.Count(t.Context(), store.Filter{Where: []store.Condition{condition(t, field, glob)}}, 0)
			if err != nil || got.Requests != want {
				t.Errorf("%s %s: %d requests, %v; want %d", field, glob, got.Requests, err, want)
			}
		}
	}
}

// TestManyValues: a session with a new User-Agent in every request is counted by
// the most frequent ones.
func TestManyValues(t *testing.T) {
	const agents = 25_000
	s := open(t, t.TempDir())
	rs := make([]record.Request, 0, agents+1)
	for i := range agents + 1 {
		rs = append(rs, record.Request{
			ID: record.RequestID{At: record.Time(1_790_000_000_000_000 + i)}, Session: record.SessionID{1}, UserAgent: fmt.Sprint("agent ", i%agents),
		})
	}
	if _, err := s.Write(t.Context(), []store.Batch{{Position: store.Position{Log: "a", Seq: 1}, Requests: rs}}); err != nil {
		t.Fatal(err)
	}
	for _, sealed := range []bool{false, true} {
		if sealed {
			if err := s.Seal(t.Context(), rs[0].ID.At.Day()); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Session(t.Context(), rs[0].Session, store.Filter{})
		if err != nil || got.Requests != agents+1 || got.UserAgent != "agent 0" {
			t.Errorf("sealed %v: %d requests, mostly of %q, %v", sealed, got.Requests, got.UserAgent, err)
		}
		for _, f := range got.Facets {
			if f.Name == "user_agent" && (f.Distinct != 20_000 || f.Values[0] != (record.FacetValue{Value: "agent 0", Count: 2, Share: 2. / (agents + 1)})) {
				t.Errorf("sealed %v: %d agents, the first is %+v", sealed, f.Distinct, f.Values[0])
			}
		}
	}
}
