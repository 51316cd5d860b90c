package duckdb_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// TestOlderSummaries: a file of the first format, which has no summaries to list
// parts from, is listed from its rows until it is sealed, and then alike.
func TestOlderSummaries(t *testing.T) {
	dir := folderOf(t, "format1")
	s := open(t, dir)
	type answers struct {
		Parts    []record.Part
		Sessions []record.Session
		Requests []record.Request
		Total    record.Total
	}
	ask := func() (a answers) {
		page, err := s.Sessions(t.Context(), store.SessionQuery{Limit: store.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		a.Parts = page.Parts
		for _, p := range page.Parts {
			one, err := s.Session(t.Context(), p.ID, store.Filter{})
			if err != nil {
				t.Fatal(err)
			}
			a.Sessions = append(a.Sessions, one)
		}
		if a.Total, err = s.Count(t.Context(), store.Filter{}, 0); err != nil {
			t.Fatal(err)
		}
		a.Requests = requests(t, s)
		return a
	}
	before := ask()
	var sum int64
	for _, p := range before.Parts {
		sum += p.Requests
	}
	if n := int64(len(before.Requests)); n == 0 || sum != n || before.Total.Requests != n {
		t.Errorf("%d requests, parts of %d, counted %+v", n, sum, before.Total)
	}
	status, _, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range status {
		if d.Sealed {
			t.Errorf("%s is told to be sealed", d.Day)
		}
		if err := s.Seal(t.Context(), d.Day); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, ask(), cmpopts.EquateComparable(record.Part{}.IP)); diff != "" {
		t.Errorf("after sealing (-before +after):\n%s", diff)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if diff := cmp.Diff(before, ask(), cmpopts.EquateComparable(record.Part{}.IP)); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
}
