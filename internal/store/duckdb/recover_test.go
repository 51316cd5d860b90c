package duckdb_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// childFolder makes the test binary another process with the store in that folder
// open: it writes until it is killed.
const childFolder = "SOJOURN_TEST_STORE_FOLDER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		child(dir)
		return
	}
	os.Exit(m.Run())
}

const childRows = 40

// childBatch is a batch over two days: half its rows on each side of midnight.
func childBatch(seq uint64) store.Batch {
	b := store.Batch{Position: store.Position{Log: "child", Seq: seq}}
	midnight := benchDay
	for i := range childRows {
		at := midnight - 1 - record.Time(seq)
		if i%2 == 1 {
			at = midnight + record.Time(seq)
		}
		b.Requests = append(b.Requests, record.Request{
			ID: record.RequestID{At: at, Node: uint32(seq), Seq: uint32(i)}, Started: at,
			Session: record.SessionID{byte(seq % 5)}, Host: fmt.Sprint("host", seq), Method: "GET", Endpoint: "/",
			Duration: record.Unknown, FirstByte: record.Unknown, RequestBytes: record.Unknown, ResponseBytes: record.Unknown,
		})
	}
	return b
}

// child writes and seals, beginning with what it may have written before, and
// tells each batch that is stored.
func child(dir string) {
	s, err := duckdb.Open(context.Background(), duckdb.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	for seq := uint64(1); ; seq++ {
		if _, err := s.Write(context.Background(), []store.Batch{childBatch(seq)}); err != nil {
			fmt.Println("error", err)
			return
		}
		fmt.Println("stored", seq)
		if seq%6 == 0 {
			if err := s.Seal(context.Background(), benchDay.Day()-record.Day(seq/6%2)); err != nil {
				fmt.Println("error", err)
				return
			}
		}
	}
}

// startChild starts another process on dir and returns what it says.
func startChild(t *testing.T, dir string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(t, cmd, out) })
	return cmd, bufio.NewScanner(out)
}

func kill(t *testing.T, cmd *exec.Cmd, out io.Reader) {
	if cmd.ProcessState != nil {
		return
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if _, err := io.Copy(io.Discard, out); err != nil && !strings.Contains(err.Error(), "closed") {
			t.Error(err)
		}
	}
	cmd.Wait() // says that it was killed
}

// TestKill kills a process that writes and seals, again and again: what it said to
// be stored is there once, and each batch is there as a whole on each day.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	stored := uint64(0)
	for range 6 {
		cmd, says := startChild(t, dir)
		until := stored + 1 + random.Uint64N(20)
		for stored < until && says.Scan() {
			var seq uint64
			if _, err := fmt.Sscanf(says.Text(), "stored %d", &seq); err != nil {
				t.Fatalf("the child says %q", says.Text())
			}
			stored = max(stored, seq)
		}
		kill(t, cmd, nil)

		s := open(t, dir)
		perDay := countBatches(t, s)
		for _, day := range []record.Day{benchDay.Day() - 1, benchDay.Day()} {
			for seq := uint64(1); seq <= stored; seq++ {
				if n := perDay[day][seq]; n != childRows/2 {
					t.Fatalf("batch %d of %d has %d rows on %s, want %d", seq, stored, n, day, childRows/2)
				}
			}
			for seq, n := range perDay[day] {
				if n != childRows/2 {
					t.Fatalf("batch %d, not acknowledged, has %d rows on %s, want %d or none", seq, n, day, childRows/2)
				}
			}
		}
		if _, aside, err := s.Status(t.Context()); err != nil || len(aside) > 0 {
			t.Fatalf("set aside after a kill: %v, %v", aside, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.sealing*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// countBatches counts the rows of each batch on each day.
func countBatches(t *testing.T, s *duckdb.Store) map[record.Day]map[uint64]int {
	t.Helper()
	counts := map[record.Day]map[uint64]int{}
	for _, r := range requests(t, s) {
		day := r.Started.Day()
		if counts[day] == nil {
			counts[day] = map[uint64]int{}
		}
		counts[day][uint64(r.ID.Node)]++
	}
	return counts
}

// requests reads everything in the store.
func requests(t *testing.T, s *duckdb.Store) (all []record.Request) {
	t.Helper()
	for q := (store.RequestQuery{Limit: store.MaxLimit}); ; {
		page, err := s.Requests(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Requests...)
		if q.Cursor = page.Next; q.Cursor == "" {
			return all
		}
	}
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	batch := childBatch(1)
	batch.Findings = []record.Finding{{ID: "f", Request: batch.Requests[0].ID, Started: batch.Requests[0].Started, Type: "xss"}}
	if _, err := s.Write(t.Context(), []store.Batch{batch}); err != nil {
		t.Fatal(err)
	}
	want := requests(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if diff := cmp.Diff(want, requests(t, s), cmp.Comparer(func(a, b record.Request) bool { return a.ID == b.ID && a.Host == b.Host })); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
	if w, err := s.Write(t.Context(), []store.Batch{batch}); err != nil || w != (store.Written{Skipped: childRows}) {
		t.Errorf("writing the same again: %+v, %v", w, err)
	}
	if found, err := s.Findings(t.Context(), batch.Requests[0].ID); err != nil || len(found) != 1 {
		t.Errorf("findings: %v, %v", found, err)
	}
}

// TestLocked: a file that another process has open is an error that says so, and
// stays where it is.
func TestLocked(t *testing.T) {
	dir := t.TempDir()
	cmd, says := startChild(t, dir)
	if !says.Scan() {
		t.Fatal("the child says nothing")
	}
	_, err := duckdb.Open(t.Context(), duckdb.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("Open: %v, want an error about another process", err)
	}
	if aside, err := filepath.Glob(filepath.Join(dir, "*corrupt*")); err != nil || len(aside) > 0 {
		t.Errorf("set aside: %v, %v", aside, err)
	}
	kill(t, cmd, nil)
}

// twoDays returns a closed store's folder, its rows, and the file of the older day.
func twoDays(t *testing.T) (dir string, want []record.Request, file string) {
	t.Helper()
	dir = t.TempDir()
	s := open(t, dir)
	if _, err := s.Write(t.Context(), []store.Batch{childBatch(1), childBatch(2)}); err != nil {
		t.Fatal(err)
	}
	want = requests(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, want, filepath.Join(dir, (benchDay.Day()-1).String()+".duckdb")
}

func TestCorrupt(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"Junk":      func(b []byte) []byte { return []byte(strings.Repeat("junk", 9000)) },
		"Empty":     func(b []byte) []byte { return nil },
		"Truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"Flipped": func(b []byte) []byte {
			for i := 12288 + 100; i < len(b); i += 4096 {
				b[i] ^= 1
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, want, file := twoDays(t)
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			now := func() time.Time { return time.Date(2026, 11, 21, 14, 5, 0, 0, time.UTC) }
			for range 2 { // and it is still told after a restart
				s, err := duckdb.Open(t.Context(), duckdb.Config{Dir: dir, Now: now, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				if got := requests(t, s); len(got) != len(want)/2 {
					t.Errorf("%d requests are left, want those of the other day, %d", len(got), len(want)/2)
				}
				_, aside, err := s.Status(t.Context())
				if err != nil || len(aside) != 1 || aside[0].File != file+".corrupt-20261121T140500Z" || len(aside[0].Reason) < 10 {
					t.Errorf("set aside: %+v, %v", aside, err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
			s := open(t, dir)
			if w, err := s.Write(t.Context(), []store.Batch{childBatch(3)}); err != nil || w.Stored != childRows {
				t.Errorf("writing to the day again: %+v, %v", w, err)
			}
		})
	}
}

// TestCorruptBlock damages one block after the other: whichever it is, and
// whenever it is met, the answer is right or the day is set aside.
func TestCorruptBlock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	traffic := newTraffic(9, benchDay, 20_000)
	if _, err := s.Write(t.Context(), []store.Batch{traffic.batch(1, 20_000), childBatch(1)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Seal(t.Context(), benchDay.Day()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, benchDay.Day().String()+".duckdb")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const header, block = 3 * 4096, 256 << 10
	setAside := 0
	for at := header; at < len(whole); at += block {
		damaged := append([]byte{}, whole...)
		damaged[at+block/2] ^= 0x10
		if err := os.WriteFile(file, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		n := len(requests(t, s))
		_, aside, err := s.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case n == 20_000+childRows && len(aside) == setAside: // a block that nothing uses
		case n == childRows/2 && len(aside) == setAside+1:
			setAside++
		default:
			t.Errorf("block at %d damaged: %d requests, %d set aside before, %+v", at, n, setAside, aside)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if setAside == 0 {
		t.Error("no damage was noticed")
	}
}

// TestLeftLog: the log of a day whose file is gone, as a crash in the middle of
// dropping it leaves it, is no part of a new day of that date.
func TestLeftLog(t *testing.T) {
	dir := t.TempDir()
	cmd, says := startChild(t, dir)
	if !says.Scan() {
		t.Fatal("the child says nothing")
	}
	kill(t, cmd, nil)
	for _, day := range []record.Day{benchDay.Day() - 1, benchDay.Day()} {
		file := filepath.Join(dir, day.String()+".duckdb")
		if info, err := os.Stat(file + ".wal"); err != nil || info.Size() == 0 {
			t.Fatalf("the child left no log: %v", err)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir)
	batch := childBatch(2)
	batch.Log = "another"
	if w, err := s.Write(t.Context(), []store.Batch{batch}); err != nil || w.Stored != childRows {
		t.Fatalf("Write: %+v, %v", w, err)
	}
	if got := requests(t, s); len(got) != childRows {
		t.Errorf("%d requests, want the %d that were written", len(got), childRows)
	}
}

func TestNewerFormat(t *testing.T) {
	dir, _, file := twoDays(t)
	db, err := sql.Open("duckdb", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec("UPDATE meta SET format = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = duckdb.Open(t.Context(), duckdb.Config{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "format is 99") {
		t.Errorf("Open: %v, want an error about the format", err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the file should stay: %v", err)
	}
}

// TestOneDayFails: a day that cannot be written does not keep others from it.
func TestOneDayFails(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	blocked := filepath.Join(dir, (benchDay.Day()-1).String()+".duckdb")
	if err := os.Mkdir(blocked, 0o700); err != nil {
		t.Fatal(err)
	}
	w, err := s.Write(t.Context(), []store.Batch{childBatch(1)})
	if err == nil || !strings.Contains(err.Error(), (benchDay.Day()-1).String()) || w.Stored != childRows/2 {
		t.Errorf("Write: %+v, %v; want an error that names the day and the other day stored", w, err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	if w, err = s.Write(t.Context(), []store.Batch{childBatch(1)}); err != nil || w != (store.Written{Stored: childRows / 2, Skipped: childRows / 2}) {
		t.Errorf("Write again: %+v, %v; want the rest", w, err)
	}
}

// TestOneDayCannotBeOpened: the state of the others is told, they are sealed and
// expire.
func TestOneDayCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	good, bad := benchDay.Day(), benchDay.Day()-1
	if err := os.Mkdir(filepath.Join(dir, bad.String()+".duckdb"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(t.Context(), []store.Batch{childBatch(1)}); err == nil {
		t.Fatal("the day takes writes: this tests nothing")
	}
	if err := s.Seal(t.Context(), bad, good); err == nil {
		t.Error("Seal: no error of the day that cannot be opened")
	}
	days, _, err := s.Status(t.Context())
	if err != nil || len(days) != 2 {
		t.Fatalf("Status: %+v, %v", days, err)
	}
	if d := days[0]; d.Day != good || !d.Sealed || d.Requests != childRows/2 || d.Error != "" {
		t.Errorf("the good day: %+v", d)
	}
	if d := days[1]; d.Day != bad || d.Error == "" {
		t.Errorf("the bad day: %+v", d)
	}
}

// TestSealFails: a day whose sealing failed has its own share of the memory again,
// and can be sealed later.
func TestSealFails(t *testing.T) {
	s := open(t, t.TempDir())
	day := benchDay.Day()
	if _, err := s.Write(t.Context(), []store.Batch{childBatch(1)}); err != nil {
		t.Fatal(err)
	}
	before, err := s.MemoryLimit(t.Context(), day)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Exec(t.Context(), day, "ATTACH ':memory:' AS sealed"); err != nil { // its name is taken
		t.Fatal(err)
	}
	if err := s.Seal(t.Context(), day); err == nil {
		t.Fatal("sealed: this tests nothing")
	}
	after, err := s.MemoryLimit(t.Context(), day)
	if err != nil || after != before {
		t.Errorf("limit %s before, %s after (%v)", before, after, err)
	}
	if err := s.Seal(t.Context(), day); err != nil {
		t.Error(err)
	}
}

// TestManyDays: a store of many days keeps few files open.
func TestManyDays(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	const days = 25
	for i := range days {
		b := childBatch(1)
		for j := range b.Requests {
			b.Requests[j].ID.At = benchDay - record.Time(i)*24*3600*1_000_000
		}
		b.Log = fmt.Sprint(i)
		if _, err := s.Write(t.Context(), []store.Batch{b}); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(requests(t, s)); got != days*childRows {
		t.Errorf("%d requests, want %d", got, days*childRows)
	}
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(open) == 0 {
		t.Skip("no /proc here")
	}
	files := map[string]bool{}
	for _, fd := range open {
		if target, err := os.Readlink(fd); err == nil && strings.HasPrefix(target, dir) && strings.HasSuffix(target, ".duckdb") {
			files[target] = true
		}
	}
	if len(files) > 8 {
		t.Errorf("%d day files are open", len(files))
	}
}
