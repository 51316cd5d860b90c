package importer

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestCompressionAndStandardInput(t *testing.T) {
	log := logOf(3000)
	var gz, zst bytes.Buffer
	for _, part := range []string{log[:1000], log[1000:]} { // two members, as logrotate appends
		w := gzip.NewWriter(&gz)
		w.Write([]byte(part))
		w.Close()
		z, _ := zstd.NewWriter(&zst)
		z.Write([]byte(part))
		z.Close()
	}
	sink := newMemorySink()
	plain := run(t, testConfig(sink), write(t, "plain", log))
	for _, content := range []string{log, gz.String(), zst.String()} {
		named := run(t, testConfig(sink), write(t, "x", content))
		cfg := testConfig(sink)
		cfg.Stdin = strings.NewReader(content)
		piped := run(t, cfg, "-")
		for _, r := range []Report{named, piped} {
			if r.Already != 3000 || r.Files[0].Log != plain.Files[0].Log {
				t.Errorf("want the same log as plain: %+v", r)
			}
		}
	}
}

func TestSpoolLeavesNothingBehind(t *testing.T) {
	cfg := testConfig(newMemorySink())
	cfg.Stdin, cfg.Spool = strings.NewReader(logOf(10)), t.TempDir()
	m := New(cfg)
	defer m.Close()
	if err := m.Open(t.Context(), []string{"-"}); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(cfg.Spool); len(left) != 0 {
		t.Errorf("found %v", left)
	}
}

func TestTruncatedGzipCountsWhatWasComplete(t *testing.T) {
	var gz bytes.Buffer
	w := gzip.NewWriter(&gz)
	w.Write([]byte(logOf(3000)))
	w.Close()
	sink := newMemorySink()
	path := write(t, "access.log.gz", gz.String()[:gz.Len()/2])
	r := run(t, testConfig(sink), path)
	if r.Files[0].Broken == "" || r.Added == 0 || r.Added >= 3000 || r.Rejected > 1 {
		t.Errorf("got %+v", r)
	}
	if again := run(t, testConfig(sink), path); again.Added != 0 || again.Already != r.Added {
		t.Errorf("again: %+v", again)
	}
}

// A file that is cut while it is imported must not leave a half block behind
// that the whole file would then double.
func TestFileThatShrinksBetweenThePasses(t *testing.T) {
	sink, log := newMemorySink(), logOf(3500)
	path := write(t, "access.log", log)
	m := New(testConfig(sink))
	defer m.Close()
	if err := m.Open(t.Context(), []string{path}); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(log)/2)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Run(t.Context()); !errors.Is(err, errChanged) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, testConfig(sink), path)
	if len(sink.rows) != 3500 {
		t.Errorf("stored %d, want 3500", len(sink.rows))
	}
}

// A log that is still written to is imported as far as it went at first.
func TestFileThatGrowsBetweenThePasses(t *testing.T) {
	sink, path := newMemorySink(), write(t, "access.log", logOf(100))
	m := New(testConfig(sink))
	defer m.Close()
	if err := m.Open(t.Context(), []string{path}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(logOf(200)), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := m.Run(t.Context()); err != nil || r.Added != 100 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestOpenErrorsSayWhatToDo(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{filepath.Join(t.TempDir(), "missing"), "no such file"},
		{t.TempDir(), "name the files in it"},
		{write(t, "x.xz", "\xfd7zXZ\x00....."), "decompress it"},
		{write(t, "x.gz", "\x1f\x8bxxxxx"), "gzip"},
	} {
		_, err := tryRun(t, testConfig(newMemorySink()), tc.name)
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Count(err.Error(), tc.name) != 1 {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}
