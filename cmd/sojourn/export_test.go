package main

import (
	"bufio"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

// exported writes an export to a file and returns its content.
func exported(t *testing.T, args ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out")
	if _, errs, err := sojourn(t, append([]string{"export", "-o", file}, args...)...); err != nil || !strings.Contains(errs, "wrote "+file) {
		t.Fatalf("sojourn export %v: %v, %q", args, err, errs)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func idsOf(requests []record.Request) (ids []string) {
	for _, r := range requests {
		ids = append(ids, r.ID.String())
	}
	return ids
}

// TestExport_Formats writes the same requests in every format and reads them back
// with other readers: the standard library, the importer, DuckDB.
func TestExport_Formats(t *testing.T) {
	dir, requests := showFolder(t)
	want := idsOf(requests)

	rows, err := csv.NewReader(strings.NewReader(string(exported(t, "--data", dir, "--format", "csv")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows[1:] {
		got = append(got, row[0])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}

	got = nil
	for lines := bufio.NewScanner(strings.NewReader(string(exported(t, "--data", dir, "--format", "jsonl")))); lines.Scan(); {
		var r record.Request
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		got = append(got, r.ID.String())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JSON lines (-want +got):\n%s", diff)
	}

	har := filepath.Join(t.TempDir(), "all.har")
	if err := os.WriteFile(har, exported(t, "--data", dir, "--format", "har"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := t.TempDir()
	if out, errs, err := sojourn(t, "import", "--data", again, "--retention", "36500d", har); err != nil {
		t.Errorf("importing the HAR: %v, %s%s", err, out, errs)
	}
	if lines := strings.Count(string(exported(t, "--data", again, "--format", "jsonl")), "\n"); lines != len(want) {
		t.Errorf("the HAR was imported as %d requests, want %d", lines, len(want))
	}

	parquet := filepath.Join(t.TempDir(), "all.parquet")
	if err := os.WriteFile(parquet, exported(t, "--data", dir, "--format", "parquet"), 0o600); err != nil {
		t.Fatal(err)
	}
	checkParquet(t, parquet, requests)
}

// checkParquet reads a file with DuckDB, whose driver the store has registered.
func checkParquet(t *testing.T, file string, requests []record.Request) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Query(`SELECT id, session, epoch_us(started), path, user_agent, status, duration_us, ttfb_us IS NULL, ip, accepted, len(context) FROM read_parquet(?) ORDER BY started, id`, file)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	i := 0
	for ; found.Next(); i++ {
		var id, session, path, agent, ip string
		var started, status, duration, context int64
		var untold, accepted bool
		if err := found.Scan(&id, &session, &started, &path, &agent, &status, &duration, &untold, &ip, &accepted, &context); err != nil {
			t.Fatal(err)
		}
		if r := requests[i]; id != r.ID.String() || session != r.Session.String() || started != int64(r.Started) || path != r.Path || agent != r.UserAgent ||
			status != int64(r.Status) || duration != int64(r.Duration) || !untold || ip != r.IP.String() || accepted != r.Accepted || context != 0 {
			t.Errorf("row %d: %s %s %d %q %q %d %d %t %s %t %d; want %+v", i, id, session, started, path, agent, status, duration, untold, ip, accepted, context, r)
		}
	}
	if err := found.Err(); err != nil || i != len(requests) {
		t.Errorf("DuckDB reads %d rows of the Parquet file, %v; want %d", i, err, len(requests))
	}
}

// TestExport_Filtered: filters and sessions, to standard output.
func TestExport_Filtered(t *testing.T) {
	dir, requests := showFolder(t)
	last := requests[len(requests)-1]
	for _, tt := range []struct {
		args []string
		want int // lines
	}{
		{[]string{"--format", "jsonl", "--status", "5xx"}, 1},
		{[]string{"--format", "jsonl", "--not-status", "5xx"}, len(requests) - 1},
		{[]string{"--format", "jsonl", "--session", last.Session.String()}, 1},
		{[]string{"--format", "jsonl", "--where", "status=404"}, 0},
		{[]string{"--format", "csv", "--status", "404"}, 1},
		{[]string{"--format", "csv", "--sessions", "--sort", "ended", "--order", "asc"}, len(requests) + 1},
		{[]string{"--format", "jsonl", "--sessions", "--has-status", "500"}, 1},
	} {
		out, errs, err := sojourn(t, append([]string{"export", "--data", dir}, tt.args...)...)
		if err != nil || strings.Count(out, "\n") != tt.want || errs != "" {
			t.Errorf("sojourn export %v: %v, %d lines, %q; want %d", tt.args, err, strings.Count(out, "\n"), errs, tt.want)
		}
	}
	for _, args := range [][]string{
		{"--format", "har", "--sessions"}, {"--format", "csv", "--sort", "ended"}, {"--format", "csv", "--status", "nine"}, {"--format", "xml"}, {},
	} {
		out, _, err := sojourn(t, append([]string{"export", "--data", dir}, args...)...)
		if err == nil || out != "" || strings.Contains(err.Error(), "printed") {
			t.Errorf("sojourn export %v: %v, %q", args, err, out)
		}
	}
}

// TestExport_BreaksOff: what is not whole gets no name, and is told.
func TestExport_BreaksOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "id,session\r\n1,")
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	server.Config.ErrorLog = nil
	defer server.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "out.csv")
	if err := os.WriteFile(file, []byte("as it was"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"export", "--server", server.URL, "--token", "t", "--format", "csv"}
	_, _, err := sojourn(t, append(args, "-o", file)...)
	var coded interface{ ExitCode() int }
	if err == nil || errors.As(err, &coded) || !strings.Contains(err.Error(), file+" was not written: the export broke off") {
		t.Errorf("to a file: %v", err)
	}
	left, readErr := os.ReadDir(dir)
	content, contentErr := os.ReadFile(file)
	if err := errors.Join(readErr, contentErr); err != nil || len(left) != 1 || string(content) != "as it was" {
		t.Errorf("the folder holds %v, the file %q, %v", left, content, err)
	}
	out, _, err := sojourn(t, args...)
	if err == nil || out == "" || !strings.Contains(err.Error(), "not the whole export") {
		t.Errorf("to standard output: %v, %q", err, out)
	}
}

func TestExport_InPlace(t *testing.T) {
	dir, _ := showFolder(t)
	if _, _, err := sojourn(t, "export", "--data", dir, "--format", "csv", "-o", os.DevNull); err != nil {
		t.Error(err)
	}
	if i, err := os.Stat(os.DevNull); err != nil || i.Mode().IsRegular() {
		t.Errorf("%s was replaced: %v, %v", os.DevNull, i.Mode(), err)
	}
	if _, _, err := sojourn(t, "export", "--data", dir, "--format", "csv", "-o", filepath.Join(dir, "none", "out")); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("into a folder that is not there: %v", err)
	}
}

func TestCurl(t *testing.T) {
	dir, requests := showFolder(t)
	out, errs, err := sojourn(t, "curl", "--data", dir, requests[0].ID.String())
	if want := "curl --globoff --path-as-is http://shop.example.com/items/0 --header 'User-Agent: curl/8.5.0'\n"; err != nil || out != want || !strings.Contains(errs, "cookies") {
		t.Errorf("%v, %q, notes %q; want %q", err, out, errs, want)
	}
	out, _, err = sojourn(t, "curl", "--data", dir, requests[len(requests)-1].ID.String())
	if err != nil || slices.ContainsFunc([]rune(strings.TrimSuffix(out, "\n")), func(r rune) bool { return r < ' ' }) {
		t.Errorf("%v, %q", err, out)
	}
}
