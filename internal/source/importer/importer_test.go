package importer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// networkInspector groups by address and User-Agent, and keeps what the tests look at.
type networkInspector struct{}

func (networkInspector) Inspect(x *exchange.Exchange) (record.Request, bool, error) {
	switch x.Path {
	case "/excluded":
		return record.Request{}, false, nil
	case "/fails":
		return record.Request{}, false, errors.New("no luck")
	case "/panics":
		panic("index out of range")
	}
	id := sha256.Sum256([]byte(x.Client.String() + x.Header.Get("User-Agent")))
	return record.Request{
		ID: x.ID, Started: record.TimeOf(x.Started), Session: record.SessionID(id[:16]), Status: x.Status,
		IP: x.Client, Path: x.Path, UserAgent: x.Header.Get("User-Agent"), Rung: record.RungNetwork, Flags: x.Flags,
	}, true, nil
}

// memorySink keeps requests by day and skips what a day has absorbed, as a store does.
type memorySink struct {
	mu       sync.Mutex
	rows     map[record.RequestID]record.Request
	absorbed map[string]uint64 // by log and day
	failAt   int               // number of the batch to fail at, counted from 1; 0: never
	batches  int
}

func newMemorySink() *memorySink {
	return &memorySink{rows: map[record.RequestID]record.Request{}, absorbed: map[string]uint64{}}
}

var errSink = errors.New("the sink is broken")

func (s *memorySink) Write(ctx context.Context, batches []Batch) (w Written, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range batches {
		if s.batches++; s.batches == s.failAt {
			return w, errSink
		}
		position := func(r record.Request) string { return fmt.Sprint(b.Log, r.Started.Day()) }
		days := map[string]bool{}
		for _, r := range b.Requests {
			if s.absorbed[position(r)] >= b.Seq {
				w.Skipped++
				continue
			}
			if _, ok := s.rows[r.ID]; ok {
				return w, fmt.Errorf("%v stored twice", r.ID)
			}
			s.rows[r.ID] = r
			days[position(r)] = true
			w.Stored++
		}
		for day := range days {
			s.absorbed[day] = b.Seq
		}
	}
	return w, nil
}

// noon is the now of the tests: two days after the log lines they write.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func testConfig(sink Sink) Config {
	return Config{Inspector: networkInspector{}, Sink: sink, Now: noon, Retention: 7}
}

// run imports files and fails the test on an error that is not wanted.
func run(t *testing.T, cfg Config, names ...string) Report {
	t.Helper()
	report, err := tryRun(t, cfg, names...)
	if err != nil {
		t.Fatal(err)
	}
	if r := report; r.Lines != r.Requests+r.Rejected || r.Requests != r.Added+r.Already+r.TooOld+r.Future+r.Excluded {
		t.Errorf("the counts do not add up: %+v", r)
	}
	return report
}

func tryRun(t *testing.T, cfg Config, names ...string) (Report, error) {
	t.Helper()
	cfg.Spool = t.TempDir()
	m := New(cfg)
	defer m.Close()
	if err := m.Open(t.Context(), names); err != nil {
		return Report{}, err
	}
	return m.Run(t.Context())
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// logOf writes n lines from 19 Nov 2026 on, a second apart, of ten clients.
func logOf(n int) string {
	var b strings.Builder
	start := time.Date(2026, 11, 19, 20, 0, 0, 0, time.UTC)
	for i := range n {
		at := start.Add(time.Duration(i) * time.Second).Format("02/Jan/2006:15:04:05 -0700")
		fmt.Fprintf(&b, "192.0.2.%d - - [%s] \"GET /items/%d?page=2 HTTP/1.1\" 200 %d \"-\" \"agent\"\n", i%10, at, i, i)
	}
	return b.String()
}

// A panic costs the line that it is about, or what follows in the file, and not
// the import.
func TestPanics(t *testing.T) {
	const line = `198.51.100.7 - - [20/Nov/2026:10:00:00 +0000] "GET %s HTTP/1.1" 200 1 "-" "agent"` + "\n"
	t.Run("Inspection", func(t *testing.T) {
		log := fmt.Sprintf(line, "/") + fmt.Sprintf(line, "/panics") + fmt.Sprintf(line, "/")
		got := run(t, testConfig(newMemorySink()), write(t, "access.log", log))
		if got.Added != 2 || got.Rejected != 1 || len(got.Rejects) != 1 || got.Rejects[0].Line != 2 ||
			!strings.Contains(got.Rejects[0].Reason, "index out of range") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("Parser", func(t *testing.T) {
		b := &block{text: []byte(fmt.Sprintf(line, "/"))}
		it := item{n: 1, end: len(b.text)}
		x, reason := it.exchange(b, &lineParser{format: Combined}) // not made by newLineParser
		if x != nil || !strings.Contains(reason, "panicked") {
			t.Errorf("%v, %q", x, reason)
		}
	})
	t.Run("Reader", func(t *testing.T) {
		if err := fill(nil, &block{}); err == nil || !strings.Contains(err.Error(), "nil pointer") {
			t.Errorf("error %v", err)
		}
	})
}

func TestImport(t *testing.T) {
	const line = `192.0.2.1 - - [%s:10:00:00 +0000] "GET %s HTTP/1.1" 200 5 "-" "agent"` + "\n"
	log := fmt.Sprintf(line, "13/Nov/2026", "/") + // before the retention
		fmt.Sprintf(line, "15/Nov/2026", "/") + // its first day
		fmt.Sprintf(line, "22/Nov/2026", "/") + // tomorrow
		fmt.Sprintf(line, "23/Nov/2026", "/") + // the future
		fmt.Sprintf(line, "20/Nov/2026", "/excluded") +
		fmt.Sprintf(line, "20/Nov/2026", "/fails") +
		"\n" +
		"nonsense\n" +
		`198.51.100.7 - - [20/Nov/2026:10:00:00 +0000] "-" 408 - "-" "-"` + "\n" +
		`db7.example - - [20/Nov/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "open`
	sink := newMemorySink()
	got := run(t, testConfig(sink), write(t, "access.log", log))
	got.Seconds = 0
	name := got.Files[0].Name
	want := Report{
		Lines: 9, Requests: 7, Rejected: 2, Sessions: 3, Parts: 4,
		Added: 4, TooOld: 1, Future: 1, Excluded: 1, Unterminated: 1, Malformed: 1, NoAddress: 1,
		Rungs: map[record.Rung]uint64{record.RungNetwork: 4},
		Files: []FileReport{{Name: name, Format: Combined, Log: got.Files[0].Log, Lines: 9, Requests: 7, Rejected: 2}},
		Rejects: []Reject{
			{File: name, Line: 6, Reason: "inspection failed: no luck"},
			{File: name, Line: 8, Reason: reasonTime},
		},
		Oldest: record.TimeOf(noon).Day() - 8,
		Days:   got.Days,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(got.Days) != 3 {
		t.Errorf("touched %v, want three days", got.Days)
	}
}

func TestImportTwiceAddsNothing(t *testing.T) {
	sink := newMemorySink()
	path := write(t, "access.log", logOf(5000))
	if r := run(t, testConfig(sink), path); r.Added != 5000 || r.Already != 0 {
		t.Fatalf("first: %+v", r)
	}
	if r := run(t, testConfig(sink), path, path); r.Added != 0 || r.Already != 10000 || r.Requests != 10000 {
		t.Errorf("again, named twice: %+v", r)
	}
}

// A day outside the retention is refused whole, so a longer retention finds it whole.
func TestImportWithMoreRetentionAddsTheRest(t *testing.T) {
	sink := newMemorySink()
	path := write(t, "access.log", logOf(20000)) // 19 and 20 November
	cfg := testConfig(sink)
	cfg.Retention = 2
	first := run(t, cfg, path)
	if first.TooOld == 0 || first.Added == 0 {
		t.Fatalf("want a part of it: %+v", first)
	}
	cfg.Retention = 20000
	if r := run(t, cfg, path); r.Added != first.TooOld || r.Already != first.Added {
		t.Errorf("first %+v, then %+v", first, r)
	}
}

func TestInterruptedImportResumes(t *testing.T) {
	path := write(t, "access.log", logOf(12345))
	whole := newMemorySink()
	run(t, testConfig(whole), path)
	for failAt := 1; failAt <= 13; failAt += 3 {
		sink := newMemorySink()
		sink.failAt = failAt
		partial, err := tryRun(t, testConfig(sink), path)
		if !errors.Is(err, errSink) {
			t.Fatalf("failing at batch %d: %v", failAt, err)
		}
		if partial.Added != uint64(len(sink.rows)) {
			t.Errorf("reported %d, stored %d", partial.Added, len(sink.rows))
		}
		sink.failAt = 0
		stored := uint64(len(sink.rows))
		if r := run(t, testConfig(sink), path); r.Already != stored || r.Added != 12345-stored {
			t.Errorf("resumed after %d: %+v", stored, r)
		}
		if !reflect.DeepEqual(whole.rows, sink.rows) {
			t.Fatalf("resumed after %d, other rows than those of a whole import", stored)
		}
	}
}

func TestCancelledImportEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cfg := testConfig(newMemorySink())
	cfg.Progress = func(p Progress) {
		if !p.Checking {
			cancel()
		}
	}
	m := New(cfg)
	defer m.Close()
	if err := m.Open(ctx, []string{write(t, "access.log", logOf(50000))}); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want it cancelled", err)
	}
}

func TestRetime(t *testing.T) {
	sink := newMemorySink()
	old := strings.ReplaceAll(logOf(5), "2026", "2015")
	older := strings.ReplaceAll(logOf(5), "19/Nov/2026", "17/Nov/2015")
	cfg := testConfig(sink)
	cfg.Retime = func(_ string, newest record.Time) (int, error) { return DaysTo(noon, newest), nil }
	r := run(t, cfg, write(t, "a", old), write(t, "b", older))
	if r.Added != 10 || r.TooOld != 0 || r.ShiftDays == 0 {
		t.Errorf("got %+v", r)
	}
	// 20:00 is still to come at noon, so the newest day becomes yesterday; both files move by the same.
	if diff := cmp.Diff([]string{"2026-11-18", "2026-11-20"}, []string{r.Days[0].String(), r.Days[1].String()}); diff != "" {
		t.Error(diff)
	}
	if !strings.HasSuffix(r.Files[0].Log, fmt.Sprintf("+%dd", r.ShiftDays)) {
		t.Errorf("a shifted file is another log: %s", r.Files[0].Log)
	}
}

// A shift or a retention of any size refuses requests, it does not move them.
func TestFarTimesAreRefused(t *testing.T) {
	far := strings.ReplaceAll(logOf(3), "2026", "9999")
	cfg := testConfig(newMemorySink())
	cfg.Retention = 1 << 40
	if r := run(t, cfg, write(t, "far", far)); r.Future != 3 {
		t.Errorf("got %+v", r)
	}
	cfg.Retime = func(_ string, newest record.Time) (int, error) { return DaysTo(noon, newest), nil }
	if r := run(t, cfg, write(t, "far", far), write(t, "near", logOf(2))); r.Added != 3 || r.TooOld != 2 {
		t.Errorf("shifted: %+v", r)
	}
}

func TestDaysTo(t *testing.T) {
	for _, tc := range []struct {
		newest string
		want   int
	}{
		{"2026-11-21T12:00:00Z", 0},
		{"2026-11-21T12:00:01Z", -1},
		{"2026-11-20T12:00:01Z", 0},
		{"2026-11-20T11:00:00Z", 1},
		{"2026-11-23T11:00:00Z", -2},
		{"2015-05-20T21:05:15Z", 4202},
	} {
		var newest record.Time
		if err := newest.UnmarshalText([]byte(tc.newest)); err != nil {
			t.Fatal(err)
		}
		if got := DaysTo(noon, newest); got != tc.want {
			t.Errorf("%s: %d days, want %d", tc.newest, got, tc.want)
		}
	}
}

// TestApacheLogs reads the real log that the project's numbers come from.
func TestApacheLogs(t *testing.T) {
	path := filepath.FromSlash("../../../../shared/data/access-logs/apache_logs")
	if _, err := os.Stat(path); err != nil {
		t.Skip("the example log is not here: ", err)
	}
	sink := newMemorySink()
	cfg := testConfig(sink)
	cfg.Retention = 20000
	r := run(t, cfg, path)
	if r.Lines != 10000 || r.Rejected != 0 || r.Added != 10000 || r.Unterminated != 1 || r.Malformed != 0 {
		t.Errorf("got %+v", r)
	}
	addresses, statuses := map[netip.Addr]bool{}, map[int]int{}
	for _, row := range sink.rows {
		addresses[row.IP] = true
		statuses[row.Status]++
	}
	want := map[int]int{200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 403: 2, 416: 2}
	if diff := cmp.Diff(want, statuses); diff != "" || len(addresses) != 1753 {
		t.Errorf("%d addresses, want 1753; statuses %s", len(addresses), diff)
	}
	if r.Sessions != 1862 || r.Parts != 2144 {
		t.Errorf("%d sessions, %d parts; want 1862 and 2144", r.Sessions, r.Parts)
	}
}
