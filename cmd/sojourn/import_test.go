package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/source/importer"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// runImport runs the command in process, and returns what it printed.
func runImport(t *testing.T, c importCmd, stdin string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	c.Format, c.LogLevel = "auto", "warn"
	err := c.Run(&app{ctx: t.Context(), stdin: strings.NewReader(stdin), stdout: &out, stderr: io.Discard})
	return out.String(), err
}

// importJSON runs the command with --json.
func importJSON(t *testing.T, c importCmd, stdin string) importer.Report {
	t.Helper()
	c.JSON = true
	out, err := runImport(t, c, stdin)
	if err != nil {
		t.Fatal(err, out)
	}
	var r importer.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err, out)
	}
	return r
}

// storedParts returns all parts in a data folder, and its requests.
func storedParts(t *testing.T, dir string) (parts []record.Part, requests []record.Request) {
	t.Helper()
	days, err := duckdb.Open(t.Context(), duckdb.Config{Dir: (&dataFolder{dir: dir}).daysDir(), MemoryLimit: importMemory})
	if err != nil {
		t.Fatal(err)
	}
	defer days.Close()
	for cursor, more := "", true; more; more = cursor != "" {
		page, err := days.Sessions(t.Context(), store.SessionQuery{Cursor: cursor, Limit: store.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		parts, cursor = append(parts, page.Parts...), page.Next
	}
	for cursor, more := "", true; more; more = cursor != "" {
		page, err := days.Requests(t.Context(), store.RequestQuery{Cursor: cursor, Limit: store.MaxLimit})
		if err != nil {
			t.Fatal(err)
		}
		requests, cursor = append(requests, page.Requests...), page.Next
	}
	return parts, requests
}

// TestImportApacheLogs takes the real log the whole way: inspection, store, queries.
func TestImportApacheLogs(t *testing.T) {
	path := filepath.FromSlash("../../../shared/data/access-logs/apache_logs")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the example log is not here: ", err)
	}
	dir := t.TempDir()
	c := importCmd{commonFlags: commonFlags{Data: dir}, Files: []string{path}, Retention: "20000d"}
	r := importJSON(t, c, "")
	if r.Lines != 10000 || r.Requests != 10000 || r.Rejected != 0 || r.Added != 10000 || r.Unterminated != 1 {
		t.Errorf("got %+v", r)
	}
	if r.Sessions != 1862 || r.Parts != 2144 {
		t.Errorf("reported %d sessions, %d parts; want 1862 and 2144", r.Sessions, r.Parts)
	}
	if again := importJSON(t, c, ""); again.Added != 0 || again.Already != 10000 || again.Sessions != 1862 {
		t.Errorf("again: %+v", again)
	}

	parts, requests := storedParts(t, dir)
	sessions, addresses, statuses := map[record.SessionID]bool{}, map[netip.Addr]bool{}, map[int]int{}
	for _, p := range parts {
		sessions[p.ID] = true
	}
	for _, q := range requests {
		addresses[q.IP] = true
		statuses[q.Status]++
	}
	if len(requests) != 10000 || len(parts) != 2144 || len(sessions) != 1862 || len(addresses) != 1753 {
		t.Errorf("stored %d requests, %d parts, %d sessions, %d addresses", len(requests), len(parts), len(sessions), len(addresses))
	}
	want := map[int]int{200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 403: 2, 416: 2}
	if diff := cmp.Diff(want, statuses); diff != "" {
		t.Error(diff)
	}
	if kept, ok := (&dataFolder{dir: dir}).retention(); !ok || kept.Days != 20000 {
		t.Errorf("remembered %+v: a server would drop what was imported", kept)
	}
}

// recentLog writes n lines that end a minute ago.
func recentLog(n int) string {
	var b strings.Builder
	start := time.Now().UTC().Add(-time.Minute - time.Duration(n)*time.Millisecond)
	for i := range n {
		at := start.Add(time.Duration(i) * time.Millisecond).Format("02/Jan/2006:15:04:05 -0700")
		fmt.Fprintf(&b, "192.0.2.%d - - [%s] \"GET /items/%d HTTP/1.1\" 200 5 \"-\" \"agent\"\n", i%200, at, i)
	}
	return b.String()
}

// An import that ends in the middle, stopped or killed, adds only what is missing
// when it is run again, with the real inspection and the real store.
func TestImportResumes(t *testing.T) {
	const lines = 100_000
	if dir := os.Getenv(killedImport); dir != "" {
		err := importPart(t, t.Context(), dir, func() { fmt.Println(killedImport) })
		t.Fatalf("ended instead of being killed: %v", err)
	}
	for _, end := range []struct {
		name string
		run  func(t *testing.T, dir string)
	}{
		{"stopped", func(t *testing.T, dir string) {
			ctx, stop := context.WithCancel(t.Context())
			if err := importPart(t, ctx, dir, stop); !errors.Is(err, context.Canceled) {
				t.Fatalf("the first import: %v", err)
			}
		}},
		{"killed", killImport},
	} {
		t.Run(end.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "access.log")
			if err := os.WriteFile(path, []byte(recentLog(lines)), 0o600); err != nil {
				t.Fatal(err)
			}
			end.run(t, dir)
			_, before := storedParts(t, dir)
			if len(before) == 0 || len(before) >= lines {
				t.Fatalf("stored %d of %d before the end; want a part", len(before), lines)
			}
			r := importJSON(t, importCmd{commonFlags: commonFlags{Data: dir}, Files: []string{path}}, "")
			if r.Already != uint64(len(before)) || r.Added != uint64(lines-len(before)) {
				t.Errorf("had %d, then %+v", len(before), r)
			}
			if _, after := storedParts(t, dir); len(after) != lines {
				t.Errorf("stored %d in the end, want %d", len(after), lines)
			}
		})
	}
}

// killedImport is the environment variable that makes a test process import the
// log of a folder until it is killed.
const killedImport = "SOJOURN_TEST_KILLED_IMPORT"

// killImport imports in another process and kills it once something is stored.
func killImport(t *testing.T, dir string) {
	child := exec.Command(os.Args[0], "-test.run=^TestImportResumes$")
	child.Env = append(os.Environ(), killedImport+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	child.Process.Kill()
	child.Wait()
	if strings.TrimSpace(line) != killedImport {
		t.Fatalf("the child said %q, %v", line, err)
	}
}

// importPart imports the log of a folder and calls stored once a part of it is.
func importPart(t *testing.T, ctx context.Context, dir string, stored func()) error {
	t.Helper()
	c := importCmd{commonFlags: commonFlags{Data: dir}, Files: []string{filepath.Join(dir, "access.log")}}
	data, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := c.pipeline(&app{ctx: ctx, stderr: t.Output()}, data)
	if err != nil {
		t.Fatal(err)
	}
	days, err := duckdb.Open(ctx, duckdb.Config{Dir: data.daysDir(), MemoryLimit: importMemory})
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	_, err = c.importInto(ctx, days, importer.Config{
		Inspector: pipeline, Sink: importSink{days}, Now: time.Now(), Retention: defaultRetentionDays,
		Progress: func(p importer.Progress) {
			if p.Lines > 0 && !p.Checking {
				once.Do(stored)
			}
		},
	})
	if err := days.Close(); err != nil {
		t.Fatal(err)
	}
	return err
}

func TestImportReports(t *testing.T) {
	good := recentLog(3)
	const ago = 12 // years: a leap year stays one
	year := time.Now().UTC().Add(-time.Minute).Year()
	old := strings.ReplaceAll(good, fmt.Sprintf("/%d:", year), fmt.Sprintf("/%d:", year-ago))
	for _, tc := range []struct {
		name, stdin string
		cmd         importCmd
		want        []string // in what is printed
		err         []string // in the error
	}{
		{"good", good, importCmd{}, []string{"3 lines", "3 requests in 3 sessions", "grouped by network 3", "no cookies", "Next: sojourn serve --data "}, nil},
		{"a bad line", good + "nonsense\n", importCmd{}, []string{"1 rejected", "standard input:4: no time such as"}, nil},
		{"too old", old, importCmd{}, []string{"3 requests refused", "retention of 7 days", "--retime now", "--retention"}, nil},
		{"old, retimed", old, importCmd{Retime: "now"}, []string{"3 added, shifted by +"}, nil},
		{"nothing at all", "", importCmd{}, nil, []string{"nothing was recognised", "no lines"}},
		{"nothing recognised", "a\nb\n", importCmd{}, nil, []string{"nothing was recognised", "standard input line 1", "combined, common, vhost, har"}},
		{"cut HAR", `{"log":{"entries":[`, importCmd{}, nil, []string{"breaks off after entry 0"}},
		{"bad retention", good, importCmd{Retention: "week"}, nil, []string{`--retention "week"`}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.cmd.Data, tc.cmd.Files = t.TempDir(), []string{"-"}
			out, err := runImport(t, tc.cmd, tc.stdin)
			for _, want := range tc.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
			if (err != nil) != (tc.err != nil) {
				t.Errorf("error %v", err)
			}
			for _, want := range tc.err {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("no %q in: %v", want, err)
				}
			}
		})
	}
}

// The folder is one process's at a time.
func TestImportIntoAFolderInUse(t *testing.T) {
	dir := t.TempDir()
	data, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := data.lock("hub")
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	_, err = runImport(t, importCmd{commonFlags: commonFlags{Data: dir}, Files: []string{"-"}}, "")
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v", err)
	}
}

// A command that finds an import at work says so, whatever address an earlier
// server left.
func TestCommandDuringAnImport(t *testing.T) {
	dir := t.TempDir()
	data, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := data.writeJSON("hub.json", hubAddress{URL: "http://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	unlock, err := data.lockFor("hub", forImport)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	_, _, err = sojourn(t, "sessions", "list", "--data", dir)
	if want := fmt.Sprintf("an import that is running on it (process %d)", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
}

func TestShiftsAreTheSameAgain(t *testing.T) {
	data, err := openData(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	newest := record.TimeOf(time.Date(2015, 5, 20, 15, 0, 0, 0, time.UTC))
	fresh := importer.DaysTo(noon, newest) // ends yesterday: 15:00 is still to come
	for _, step := range []struct {
		what string
		now  time.Time
		want int
		done bool
	}{
		{"first, interrupted", noon, fresh, false},
		{"completed three days later", noon.AddDate(0, 0, 3), fresh, true},
		{"three days later", noon.AddDate(0, 0, 3), fresh + 3, true},
		{"after 15:00, when today would do", noon.AddDate(0, 0, 3).Add(6 * time.Hour), fresh + 3, true},
		{"the day after, when it ends too early", noon.AddDate(0, 0, 4), fresh + 4, true},
	} {
		s := &shifts{data: data, now: step.now}
		got, err := s.choose("files", newest)
		if err != nil || got != step.want {
			t.Errorf("%s: %d days, want %d (%v)", step.what, got, step.want, err)
		}
		if step.done {
			if err := s.done(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestShiftsAreBounded(t *testing.T) {
	data, err := openData(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	full := make([]shiftOf, maxShifts)
	for i := range full {
		full[i].Files = fmt.Sprint(i)
	}
	if err := data.writeJSON(shiftsFile, full); err != nil {
		t.Fatal(err)
	}
	s := &shifts{data: data, now: time.Now()}
	if _, err := s.choose("one more", record.TimeOf(time.Now())); err != nil {
		t.Fatal(err)
	}
	var got []shiftOf
	if !data.readJSON(shiftsFile, &got) || len(got) != maxShifts || got[0].Files != "1" || got[maxShifts-1].Files != "one more" {
		t.Errorf("%d are remembered", len(got))
	}
}

// BenchmarkImport is the whole way from a file into compacted days.
func BenchmarkImport(b *testing.B) {
	const lines = 200_000
	path := filepath.Join(b.TempDir(), "access.log")
	if err := os.WriteFile(path, []byte(recentLog(lines)), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := importCmd{commonFlags: commonFlags{Data: b.TempDir(), LogLevel: "warn"}, Files: []string{path}, Format: "auto", JSON: true}
		if err := c.Run(&app{ctx: b.Context(), stdout: io.Discard, stderr: io.Discard}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "lines/s")
}

// TestImportRevision: requests that a policy file judged do not say that the
// built-in policy did, and explain says so.
func TestImportRevision(t *testing.T) {
	const line = `203.0.113.7 - - [21/Nov/2026:12:00:00 +0000] "GET /?device=d-1 HTTP/1.1" 200 12 "-" "agent/1"` + "\n"
	file := filepath.Join(t.TempDir(), "policy.yaml")
	document := "version: 1\nsession: {parameters: [{name: device, group: true, point: 'request.query[\"device\"]'}]}\n"
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		policy, key, says string
		revision          uint64
	}{
		{"", "ip", "policy built in", 0},
		{file, "device", "policy a file that the history does not hold", record.FileRevision},
	} {
		dir := t.TempDir()
		c := importCmd{commonFlags: commonFlags{Data: dir, Policy: tt.policy}, Files: []string{"-"}, Retention: "20000d"}
		if _, err := runImport(t, c, line); err != nil {
			t.Fatal(err)
		}
		_, requests := storedParts(t, dir)
		if len(requests) != 1 || requests[0].Revision != tt.revision || tt.policy != "" && requests[0].Key != tt.key {
			t.Fatalf("imported %+v, want revision %d", requests, tt.revision)
		}
		out, errs, err := sojourn(t, "explain", requests[0].ID.String(), "--data", dir)
		if err != nil || !strings.Contains(strings.Join(strings.Fields(out), " "), tt.says) {
			t.Errorf("explain: %v, %s, want %q:\n%s", err, errs, tt.says, out)
		}
	}
}
