package duckdb_test

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// check tells the troubles of a folder, a line each.
func check(t *testing.T, dir string) (lines []string, days []record.DayCheck) {
	t.Helper()
	add := func(all []record.Trouble) {
		for _, x := range all {
			lines = append(lines, fmt.Sprintf("%s: %s [%s]", filepath.Base(x.File), x.Problem, x.Mend))
		}
	}
	dates, found, err := duckdb.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	add(found)
	for _, date := range dates {
		c, err := duckdb.Check(t.Context(), duckdb.Config{Dir: dir, MemoryLimit: "256MB"}, date)
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, c)
		add(c.Troubles)
	}
	return lines, days
}

func TestCheck(t *testing.T) {
	day := benchDay.Day()
	file := day.String() + ".duckdb"
	for _, tt := range []struct {
		name    string
		spoil   func(t *testing.T, dir string, s *duckdb.Store)
		offline func(t *testing.T, dir string)
		want    string // "" for nothing
		mend    string
	}{
		{name: "Sound"},
		{name: "Dangling", want: "have a code that dict_host does not have", spoil: func(t *testing.T, dir string, s *duckdb.Store) {
			statement(t, s, day, "DELETE FROM dict_host")
		}},
		{name: "Doubled", want: "20 requests are there more than once", spoil: func(t *testing.T, dir string, s *duckdb.Store) {
			statement(t, s, day, "INSERT INTO requests SELECT * FROM requests; UPDATE meta SET sealed = false")
		}},
		{name: "Summaries", want: "the summaries of 1 sessions differ", mend: record.MendSummaries, spoil: func(t *testing.T, dir string, s *duckdb.Store) {
			statement(t, s, day, "UPDATE parts SET requests = requests + 1")
		}},
		{name: "Counts", want: "minutes counts 0 of 20", mend: record.MendSummaries, spoil: func(t *testing.T, dir string, s *duckdb.Store) {
			statement(t, s, day, "DELETE FROM minutes")
		}},
		{name: "OtherDay", want: "20 requests are of other days", offline: func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, file), filepath.Join(dir, (day+3).String()+".duckdb")); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "Leftovers", want: "a crash left it half done", mend: record.MendRemove, offline: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, file+".sealing"), "x")
		}},
		{name: "LostLog", want: "the log of a day whose file is gone", mend: record.MendRemove, offline: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, (day+3).String()+".duckdb.wal"), "x")
		}},
		{name: "Damaged", want: "orrupt", mend: record.MendSetAside, offline: func(t *testing.T, dir string) {
			path := filepath.Join(dir, file)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			random := rand.New(rand.NewPCG(1, 1)) // DuckDB's checksum is blind to some patterns
			for i := range 512 {
				b[len(b)/2+i] ^= byte(1 + random.IntN(255))
			}
			write(t, path, string(b))
		}},
		{name: "NoDay", want: "not a", mend: record.MendSetAside, offline: func(t *testing.T, dir string) {
			write(t, filepath.Join(dir, file), strings.Repeat("nonsense ", 10_000))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			if _, err := s.Write(t.Context(), []store.Batch{childBatch(1)}); err != nil {
				t.Fatal(err)
			}
			if err := s.Seal(t.Context(), day); err != nil {
				t.Fatal(err)
			}
			if tt.spoil != nil {
				tt.spoil(t, dir, s)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if tt.offline != nil {
				tt.offline(t, dir)
			}
			lines, days := check(t, dir)
			if tt.want == "" && len(lines) > 0 || tt.want != "" && !strings.Contains(strings.Join(lines, "\n"), tt.want) {
				t.Fatalf("troubles %q, want %q", lines, tt.want)
			}
			if !strings.Contains(strings.Join(lines, "\n"), "["+tt.mend+"]") && tt.mend != "" {
				t.Errorf("troubles %q, want one that is mended: %s", lines, tt.mend)
			}
			if len(days) != 2 {
				t.Errorf("%d days, want 2", len(days))
			}
			if tt.mend == "" {
				return
			}
			if tt.mend == record.MendSetAside {
				if err := duckdb.SetAside(duckdb.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)}, day, "a test"); err != nil {
					t.Error(err)
				}
			}
			s = open(t, dir) // removes leftovers
			if tt.mend == record.MendSummaries {
				if err := s.Resummarize(t.Context(), day); err != nil {
					t.Error(err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if lines, _ := check(t, dir); strings.Contains(strings.Join(lines, "\n"), tt.want) && tt.mend != record.MendSetAside && tt.name != "LostLog" {
				t.Errorf("after mending: %q", lines)
			} else if tt.mend == record.MendSetAside && (len(lines) != 1 || !strings.Contains(lines[0], "set aside")) {
				t.Errorf("after setting it aside: %q", lines)
			}
		})
	}
}

// TestCheckReadsOnly: a folder that is only looked at stays as it is, log and all.
func TestCheckReadsOnly(t *testing.T) {
	dir := t.TempDir()
	cmd, says := startChild(t, dir)
	for range 3 {
		says.Scan()
	}
	kill(t, cmd, nil) // its log stays
	before := listing(t, dir)
	if !strings.Contains(before, ".wal") {
		t.Fatalf("there is no log: %s", before)
	}
	lines, days := check(t, dir)
	var requests int64
	for _, d := range days {
		requests += d.Requests
	}
	if len(lines) > 0 || requests < 3*childRows/2 {
		t.Errorf("%d requests, troubles %q", requests, lines)
	}
	if after := listing(t, dir); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, f.Name(), info.Size(), info.ModTime())
	}
	return b.String()
}

func statement(t *testing.T, s *duckdb.Store, day record.Day, text string) {
	t.Helper()
	if err := s.Exec(t.Context(), day, text); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
