package duckdb_test

import (
	"compress/gzip"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// folderOf returns a copy of a folder that a sojourn of an older format wrote: two
// sealed days of an imported recording, and five later requests that are still in
// the log of the second, as after a crash.
func folderOf(t *testing.T, format string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", format, "*.gz"))
	if err != nil || len(files) != 3 {
		t.Fatalf("files of %s: %v, %v", format, files, err)
	}
	dir := t.TempDir()
	for _, file := range files {
		in, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		packed, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(packed)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".gz")), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// copyOf returns a copy of a folder as a crash would leave it.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	files, err := filepath.Glob(filepath.Join(dir, "*.duckdb*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func requestsOf(t *testing.T, s *duckdb.Store, f store.Filter) []record.Request {
	t.Helper()
	page, err := s.Requests(t.Context(), store.RequestQuery{Filter: f, Limit: store.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	return page.Requests
}

// TestFormat1 opens what the first format holds: nothing is lost, and batches are
// written beside it, also after a crash and after sealing.
func TestFormat1(t *testing.T) {
	dir := folderOf(t, "format1")
	s := open(t, dir)
	status, aside, err := s.Status(t.Context())
	if err != nil || len(aside) > 0 || len(status) != 2 || status[0].Requests != 29 || status[1].Requests != 24 {
		t.Fatalf("the days are %+v, set aside %+v, %v", status, aside, err)
	}
	before := requestsOf(t, s, store.Filter{})
	var methods []string
	for _, r := range before {
		if r.MCP != nil {
			methods = append(methods, r.MCP.Method)
		}
	}
	slices.Sort(methods)
	want := slices.Repeat([]string{"initialize"}, 2)
	want = append(want, slices.Repeat([]string{"tools/call"}, 6+5)...)
	want = append(want, slices.Repeat([]string{"tools/list"}, 2)...)
	if diff := cmp.Diff(want, methods); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	named := store.Filter{Where: []store.Condition{condition(t, "mcp_name", "search")}}
	if n := len(requestsOf(t, s, named)); n != 5 {
		t.Errorf("%d requests name search, want 5", n)
	}
	if user := before[0].User; user != "maria" {
		t.Errorf("the first user is %q", user)
	}

	last := before[len(before)-1]
	batch := last
	batch.ID.At, batch.Started, batch.ID.Seq = last.ID.At+1, last.Started+1, 99
	batch.MCP = &record.MCP{Method: "tools/call", Name: "pay", More: []record.MCPMessage{
		{Method: "tools/call", Name: "search", Error: -32601, From: record.FromClient},
		{Method: "notifications/progress", From: record.FromServer},
	}}
	if _, err := s.Write(t.Context(), []store.Batch{{Position: store.Position{Log: "new", Seq: 1}, Requests: []record.Request{batch}}}); err != nil {
		t.Fatal(err)
	}
	after := append(slices.Clone(before), batch)
	slices.SortFunc(after, func(a, b record.Request) int { return a.ID.Compare(b.ID) })
	opts := cmp.Comparer(func(a, b record.Request) bool {
		return cmp.Equal(a.ID, b.ID) && cmp.Equal(a.MCP, b.MCP) && a.Path == b.Path
	})
	crashed := open(t, copyOf(t, dir))
	if err := s.Seal(t.Context(), batch.ID.At.Day()); err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*duckdb.Store{"sealed": s, "after a crash": crashed} {
		if diff := cmp.Diff(after, requestsOf(t, s, store.Filter{}), opts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if n := len(requestsOf(t, s, named)); n != 6 {
			t.Errorf("%s: %d requests name search, want 6", name, n)
		}
		summary, err := s.Session(t.Context(), batch.Session, store.Filter{})
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(summary.Facets, func(f record.Facet) bool { return f.Name == "mcp_name" })
		if i < 0 || !slices.ContainsFunc(summary.Facets[i].Values, func(v record.FacetValue) bool { return v.Value == "pay" && v.Count == 1 }) {
			t.Errorf("%s: the facets are %+v", name, summary.Facets)
		}
	}
}

// TestFormat1Lacking: a file that cannot be brought up to date stays as it is.
func TestFormat1Lacking(t *testing.T) {
	dir := folderOf(t, "format1")
	file := filepath.Join(dir, "2026-11-16.duckdb")
	ask := func(statement string) (format int64) {
		t.Helper()
		db, err := sql.Open("duckdb", file)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := db.QueryRow("SELECT format FROM meta").Scan(&format); err != nil {
			t.Fatal(err)
		}
		return format
	}
	ask("ALTER TABLE requests DROP COLUMN person")
	_, err := duckdb.Open(t.Context(), duckdb.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "lacks requests.person,") {
		t.Errorf("Open: %v, want an error that names what is lacking", err)
	}
	if format := ask("SELECT 1"); format != 1 {
		t.Errorf("the file has format %d, want 1", format)
	}
}

func condition(t *testing.T, field string, values ...string) store.Condition {
	t.Helper()
	c, err := store.NewCondition(field, false, values...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
