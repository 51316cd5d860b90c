package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/generate"
	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
	"sojourn/internal/store/memory"
)

// generateJSON runs the command with --json.
func generateJSON(t *testing.T, args ...string) (r generateReport) {
	t.Helper()
	out, _, err := sojourn(t, append([]string{"generate", "--json", "--log-level", "warn"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err, out)
	}
	return r
}

// TestGenerate fills a folder and looks at what is there.
func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	yesterday := record.TimeOf(time.Now()).Day() - 1
	flags := []string{"--data", dir, "--requests", "20123", "--days", "3", "--until", yesterday.String()}
	r := generateJSON(t, flags...)
	days := []record.Day{yesterday - 2, yesterday - 1, yesterday}
	if diff := cmp.Diff(days, r.Days); diff != "" || r.Added != 20_123 || r.Already != 0 || r.Bytes == 0 {
		t.Errorf("the report is %+v\n%s", r, diff)
	}
	withStore(t, dir, func(s *duckdb.Store) {
		status, _, err := s.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, d := range status {
			if sum += d.Requests; !d.Sealed {
				t.Errorf("%s is not compacted", d.Day)
			}
		}
		if len(status) != 3 || sum != 20_123 {
			t.Errorf("the store has %d days with %d requests", len(status), sum)
		}
	})

	t.Run("AgainAddsNothing", func(t *testing.T) {
		if r := generateJSON(t, flags...); r.Added != 0 || r.Already != 20_123 {
			t.Errorf("the report is %+v", r)
		}
	})
	t.Run("MoreOnlyWhenAsked", func(t *testing.T) {
		more := append(flags, "--seed", "2")
		if _, _, err := sojourn(t, append([]string{"generate"}, more...)...); err == nil || !strings.Contains(err.Error(), "--append") {
			t.Errorf("the error is %v", err)
		}
		if r := generateJSON(t, append(more, "--append")...); r.Added != 20_123 {
			t.Errorf("the report is %+v", r)
		}
	})
	t.Run("InUse", func(t *testing.T) {
		data, err := openData(dir)
		if err != nil {
			t.Fatal(err)
		}
		unlock, err := data.lock("hub")
		if err != nil {
			t.Fatal(err)
		}
		defer unlock()
		var used *inUseError
		if _, _, err := sojourn(t, append([]string{"generate"}, flags...)...); !errors.As(err, &used) {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestGenerate_KeepsWhatIsOld: a server that starts on the folder must not drop at
// once what was just made.
func TestGenerate_KeepsWhatIsOld(t *testing.T) {
	dir := t.TempDir()
	today := record.TimeOf(time.Now()).Day()
	generateJSON(t, "--data", dir, "--requests", "10", "--days", "2", "--until", (today - 30).String())
	if r, ok := (&dataFolder{dir: dir}).retention(); !ok || r.Days != 32 {
		t.Errorf("the retention is %+v, want 32 days", r)
	}
}

func TestGenerate_Refused(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--requests", "0"}, "--requests 0"},
		{[]string{"--days", "0"}, "--days 0"},
		{[]string{"--until", "2999-01-01"}, "future"},
		{[]string{"--until", "tomorrow"}, "tomorrow"},
		{[]string{"--requests", "9000000000000"}, "the disk of"},
		{[]string{"--rate", "-1"}, "--rate"},
		{[]string{"--rate", "10"}, errNoServer.Error()},
	} {
		_, _, err := sojourn(t, append([]string{"generate", "--data", t.TempDir()}, test.args...)...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.args, err, test.want)
		}
	}
}

// TestGenerate_Interrupted: what was interrupted is completed by the same flags,
// to the same requests.
func TestGenerate_Interrupted(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "days"), 0o700); err != nil {
		t.Fatal(err)
	}
	data := &dataFolder{dir: dir}
	c := &generateCmd{Requests: 90_000, Days: 2, Seed: 3}
	noon := time.Date(2026, 11, 21, 12, 34, 56, 0, time.UTC)
	what, err := c.what(data, noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := data.writeJSON(generatedFile, what); err != nil {
		t.Fatal(err)
	}
	const batch = 20_000
	config := func(w generated) generate.Config {
		cfg := w.config()
		cfg.Batch = batch
		return cfg
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	days := &interrupted{Store: memory.New(), after: 2, interrupt: cancel}
	if _, err := c.fill(&app{ctx: ctx, stderr: io.Discard}, days, config(what)); !errors.Is(err, context.Canceled) {
		t.Fatalf("the error is %v", err)
	}

	again, err := c.what(data, noon.Add(5*time.Hour)) // of today, no more than before
	if err != nil {
		t.Fatal(err)
	}
	if again.config() != what.config() {
		t.Errorf("it goes on with %+v, began with %+v", again, what)
	}
	r, err := c.fill(&app{ctx: t.Context(), stderr: io.Discard}, days, config(again))
	if err != nil || r.Added+r.Already != 90_000 || r.Already != 2*batch {
		t.Errorf("%+v, %v", r, err)
	}
	whole := memory.New()
	if _, err := c.fill(&app{ctx: t.Context(), stderr: io.Discard}, whole, config(what)); err != nil {
		t.Fatal(err)
	}
	for _, q := range []store.Query{{Measures: []string{"requests", "sessions", "attacks", "bytes"}, By: []string{"host"}}} {
		want, err := whole.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		got, err := days.Query(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	if _, err := (&generateCmd{Requests: 5, Days: 1, Until: "2026-11-20"}).what(data, noon); err != nil {
		t.Errorf("a folder without days was refused: %v", err)
	}
}

// interrupted is a store during whose writes the command is interrupted.
type interrupted struct {
	store.Store
	after     int
	interrupt func()
}

func (s *interrupted) Write(ctx context.Context, batches []store.Batch) (store.Written, error) {
	w, err := s.Store.Write(ctx, batches)
	if s.after--; s.after == 0 {
		s.interrupt()
	}
	return w, err
}
