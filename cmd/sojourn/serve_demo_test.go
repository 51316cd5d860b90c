package main

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store/duckdb"
)

// stored counts the requests of each day in the folder.
func stored(t *testing.T, data *dataFolder) map[record.Day]int64 {
	t.Helper()
	s, err := duckdb.Open(t.Context(), duckdb.Config{Dir: data.daysDir()})
	if err != nil {
		t.Fatal(err)
	}
	days, _, err := s.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	counts := map[record.Day]int64{}
	for _, d := range days {
		counts[d.Day] = d.Requests
	}
	return counts
}

// A filling of the past that was interrupted is completed at the next start, with
// what it began with, and not filled in again after that.
func TestDemoFillingIsCompleted(t *testing.T) {
	t.Setenv(asCommand, "1") // the import runs in a process of its own
	a := &app{ctx: t.Context(), stderr: io.Discard}
	d := &runningDemo{flags: demoFlags{DemoDays: 2, DemoSeed: 7}, ctx: t.Context()}
	began := (record.TimeOf(time.Now()).Day() - 1).Start().Std().Add(12 * time.Hour)
	policy := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(policy, []byte(demoPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	begin := func() (*dataFolder, *filling) {
		data, err := openData(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		f := d.missing(data, began)
		if err := data.writeJSON(fillingFile, f); err != nil {
			t.Fatal(err)
		}
		return data, f
	}
	data, f := begin()
	if err := d.fill(a, data, policy, f); err != nil {
		t.Fatal(err)
	}
	want := stored(t, data)
	if len(want) != len(f.Days) {
		t.Fatalf("%d days were filled in, want %v", len(want), f.Days)
	}

	data, f = begin()
	files, err := d.writeDays(data, f)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := sojourn(t, "import", "--data", data.dir, "--policy", policy, files[1]); err != nil {
		t.Fatal(err)
	}
	for _, start := range []string{"the next", "the one after"} {
		if err := d.fillPast(a, data, policy); err != nil {
			t.Fatal(err)
		}
		got := stored(t, data)
		for day := range got {
			if _, ok := want[day]; !ok { // since then
				delete(got, day)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("after %s start (-want +got):\n%s", start, diff)
		}
		if _, err := os.Stat(data.path(fillingFile)); err == nil {
			t.Errorf("after %s start the filling is not forgotten", start)
		}
	}
}
