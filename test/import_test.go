package test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

// report is what `sojourn import --json` prints, as far as tests look at it.
type report struct {
	Lines, Requests, Rejected, Sessions, Parts, Added, Already int
	TooOld                                                     int `json:"too_old"`
}

// apacheLog is a real log of a web site, which lies beside the repository.
const apacheLog = "../../shared/data/access-logs/apache_logs"

// TestImportApache imports the real log, in every wrapping, and finds in the API
// what is known about it.
func TestImportApache(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(apacheLog)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not there", apacheLog)
	}
	if err != nil {
		t.Fatal(err)
	}
	data := folder(t)
	var r report
	decode(t, must(t, "import", "--data", data, "--retention", "20000d", "--json", apacheLog), &r)
	known := report{Lines: 10_000, Requests: 10_000, Sessions: 1862, Parts: 2144, Added: 10_000}
	if diff := cmp.Diff(known, r); diff != "" {
		t.Fatalf("the import reports:\n%s", diff)
	}

	known.Added, known.Already = 0, known.Requests
	for name, packed := range map[string][]byte{"apache.log": text, "apache.log.gz": gzipped(t, text), "apache.log.zst": zstandard(t, text)} {
		var again report
		decode(t, must(t, "import", "--data", data, "--json", file(t, name, string(packed))), &again)
		if diff := cmp.Diff(known, again); diff != "" {
			t.Errorf("%s, the same once more, reports:\n%s", name, diff)
		}
	}
	fed := sojournFed(t, bytes.NewReader(text), "import", "--data", data, "--json", "-")
	var again report
	decode(t, fed.stdout, &again)
	if diff := cmp.Diff(known, again); diff != "" {
		t.Errorf("the same from standard input reports:\n%s", diff)
	}

	up := newUpstream(t, "api")
	s := serve(t, data, "--upstream", up.URL) // it remembers the retention that the import asked for
	checkApache(t, s)
}

// checkApache holds the API's answers against what is known about the log.
func checkApache(t *testing.T, s *server) {
	parts := s.parts(t, nil)
	if got := []int{len(parts), len(sessionIDs(parts))}; !slices.Equal(got, []int{2144, 1862}) {
		t.Errorf("the API lists %d parts of %d sessions", got[0], got[1])
	}
	if !slices.IsSortedFunc(parts, func(a, b part) int { return b.Started.Compare(a.Started) }) {
		t.Error("the parts are not listed newest first")
	}
	requests := 0
	for _, p := range parts {
		requests += p.Requests
		if p.Rung != "network" || p.Started.After(p.Ended) || p.Started.Format(time.DateOnly) != p.Part {
			t.Fatalf("an odd part: %+v", p)
		}
	}
	var sys system
	if err := s.read("system", nil, &sys); err != nil {
		t.Fatal(err)
	}
	if requests != 10_000 || sys.requests() != 10_000 {
		t.Errorf("the parts hold %d requests, the days %d", requests, sys.requests())
	}
	for _, d := range sys.Days {
		if !d.Sealed {
			t.Errorf("the import left %s open", d.Day)
		}
	}
	ips := map[string]bool{}
	for _, p := range parts { // a session of the network rung has one address
		ips[p.IP] = true
	}
	if len(ips) != 1753 {
		t.Errorf("%d client addresses", len(ips))
	}
	for status, want := range map[string]int{"200": 9126, "304": 445, "404": 213, "301": 164, "206": 45, "500": 3, "403": 2, "416": 2} {
		got := 0
		for _, p := range s.parts(t, url.Values{"status": {status}}) {
			got += p.Matched
		}
		if got != want {
			t.Errorf("%d requests have status %s, want %d", got, status, want)
		}
	}
}

// TestImportOld: what is older than the retention is refused with a hint, and
// taken as if it were of today when asked to.
func TestImportOld(t *testing.T) {
	t.Parallel()
	old := time.Date(2015, 5, 17, 10, 5, 3, 0, time.UTC)
	log := file(t, "old.log", strings.Join([]string{logLine(1, old), logLine(2, old.AddDate(0, 0, 1)), logLine(3, old.AddDate(0, 0, 3))}, "\n"))
	data := folder(t)

	refused := sojourn(t, "import", "--data", data, log)
	for _, want := range []string{"3 requests refused", "retention", "--retime now", "--retention"} {
		if !strings.Contains(refused.stdout, want) {
			t.Errorf("%q is not in\n%s", want, refused.stdout)
		}
	}
	if stored := storedIn(t, data); len(stored) != 0 {
		t.Errorf("it stored %v", stored)
	}

	// Twice: the second time adds nothing, though the clock has gone on.
	for i, want := range []report{{Added: 3}, {Already: 3}} {
		want.Lines, want.Requests, want.Sessions, want.Parts = 3, 3, 3, 3
		var r report
		decode(t, must(t, "import", "--data", data, "--retime", "now", "--json", log), &r)
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("import %d with --retime now:\n%s", i+1, diff)
		}
	}
	var list struct{ Sessions []part }
	decode(t, must(t, "sessions", "list", "--data", data, "--all", "--json"), &list)
	if len(list.Sessions) != 3 {
		t.Fatalf("%+v", list)
	}
	newest, oldest := list.Sessions[0].Started, list.Sessions[2].Started
	if age := time.Since(newest); age < 0 || age > 48*time.Hour {
		t.Errorf("the newest request is now of %v", newest)
	}
	if apart := newest.Sub(oldest); apart != 3*24*time.Hour {
		t.Errorf("requests that were three days apart are now %v apart", apart)
	}
}

// TestImportKilled kills an import halfway; the next one completes it, and
// nothing is there twice.
func TestImportKilled(t *testing.T) {
	t.Parallel()
	const lines = 150_000
	log, data := bigLog(t, lines), folder(t)
	halfway := false
	for size := int64(1 << 20); !halfway; size *= 2 {
		killImport(t, data, log, size)
		var sys system
		decode(t, must(t, "system", "--data", data, "--json"), &sys)
		halfway = sys.requests() > 0 // none when the first transaction was hit
	}
	var r report
	decode(t, must(t, "import", "--data", data, "--json", log), &r)
	if r.Added+r.Already != lines || r.Rejected != 0 || r.Requests != lines {
		t.Errorf("the second import reports %+v", r)
	}
	if r.Added == 0 || r.Already == 0 {
		t.Errorf("the first import was not killed halfway: %+v", r)
	}

	up := newUpstream(t, "api")
	s := serve(t, data, "--upstream", up.URL)
	stored := 0
	for _, p := range s.parts(t, nil) {
		stored += p.Requests
	}
	if stored != lines {
		t.Errorf("%d requests are stored, want %d", stored, lines)
	}
	// A client asked for every page once, on both days.
	some := s.parts(t, nil)[0].ID
	listed := 0
	for _, p := range s.parts(t, url.Values{"session": {some}}) {
		listed += p.Requests
	}
	of := s.requestsOf(t, some)
	checkOnce(t, paths(of), nil)
	if len(of) != listed {
		t.Errorf("a session of %d requests lists %d", listed, len(of))
	}
}

// killImport starts an import, and kills it once the days take so many bytes.
func killImport(t *testing.T, data, log string, size int64) {
	t.Helper()
	cmd := exec.Command(binary, "import", "--data", data, log)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // that it was killed is seen below
		close(ended)
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	eventually(t, "the import has written something", func() error {
		select {
		case <-ended:
			t.Fatal("the import was over too soon")
		default:
		}
		if n := bytesIn(filepath.Join(data, "days")); n < size {
			return fmt.Errorf("%d bytes", n)
		}
		return nil
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		t.Fatalf("the import was over too soon: %v", cmd.ProcessState)
	}
}

// bytesIn is the size of a folder's files; those that go away meanwhile do not count.
func bytesIn(dir string) (size int64) {
	files, _ := os.ReadDir(dir)
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			size += info.Size()
		}
	}
	return size
}

// bigLog writes a log of today and yesterday.
func bigLog(t *testing.T, lines int) string {
	t.Helper()
	var text strings.Builder
	began := time.Now().UTC().Add(-24 * time.Hour)
	for i := range lines {
		text.WriteString(logLine(i, began.Add(time.Duration(i)*24*time.Hour/time.Duration(lines))))
		text.WriteByte('\n')
	}
	return file(t, "big.log", text.String())
}

// logLine is a line in combined form: one of a thousand clients asks for a page
// that nobody else asks for.
func logLine(i int, at time.Time) string {
	return fmt.Sprintf(`198.51.%d.%d - - [%s] "GET /page/%d?from=%d HTTP/1.1" 200 %d "-" "Mozilla/5.0 (X11; Linux x86_64; rv:145.0)"`,
		i/250%4, i%250, at.Format("02/Jan/2006:15:04:05 -0700"), i, i/7, 100+i%9000)
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstandard(t *testing.T, text []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(text, nil)
}
