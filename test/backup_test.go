package test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// manifestOf reads the manifest of a backup.
func manifestOf(t testing.TB, dir string) (m struct {
	Files []struct {
		Name, Kind, SHA256 string
		Bytes              int64
	}
}) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestBackup backs a folder up under load, again and again, and goes on with the
// last copy: what was stored when the backup began is in it, once.
func TestBackup(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	data, dir := folder(t), filepath.Join(folder(t), "backup")
	yesterday := time.Now().UTC().AddDate(0, 0, -1)
	must(t, "import", "--data", data, file(t, "access.log", logLine(0, yesterday)+"\n"))
	s := serve(t, data, "--upstream", up.URL)
	var state policyState
	for i := range 3 {
		_, state = s.put(t, strconv.Itoa(i), "version: 1\nmasks: [{name: secret"+strconv.Itoa(i)+"}]\n")
	}
	eventually(t, "yesterday is compacted", func() error {
		sys, err := s.system()
		if err == nil && (len(sys.Days) == 0 || !sys.Days[len(sys.Days)-1].Sealed) {
			err = errors.New("it is not")
		}
		return err
	})
	l := startLoad(t, s.proxy, "backup", false)
	var before int
	for range 3 {
		l.reach(t, 100)
		s.storesMore(t)
		var sys system
		if err := s.read("system", nil, &sys); err != nil {
			t.Fatal(err)
		}
		before = sys.requests()
		must(t, "backup", "--data", data, "--with-key", dir)
	}
	if done, failed := l.finish(); len(failed) > 0 || len(done) == 0 {
		t.Errorf("%d clients noticed: %v", len(failed), first(failed))
	}
	kinds := map[string]int{}
	for _, f := range manifestOf(t, dir).Files {
		kinds[f.Kind]++
		if info, err := os.Stat(filepath.Join(dir, f.Name)); err != nil || info.Size() != f.Bytes {
			t.Errorf("%s: %v, %v", f.Name, info, err)
		}
	}
	if kinds["day"] < 2 || kinds["key"] != 1 || kinds["policies"] != 1 {
		t.Errorf("the backup has %v", kinds)
	}
	var again struct{ Kept int }
	if err := json.Unmarshal([]byte(must(t, "backup", "--json", "--data", data, "--with-key", dir)), &again); err != nil || again.Kept < 1 {
		t.Errorf("yesterday was copied again: %+v, %v", again, err)
	}
	full := s.settled(t)
	must(t, "backup", "--data", data, dir)
	s.stop(t)

	// What an interrupted backup leaves does no harm.
	for _, name := range []string{".unfinished-1", "days/.unfinished-2", "days/2026-01-01-00.duckdb"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	restored := filepath.Join(folder(t), "restored")
	key := filepath.Join(data, "key")
	must(t, "restore", dir, "--data", restored, "--key-file", key)
	must(t, "doctor", "--data", restored)
	s = serve(t, restored, "--upstream", up.URL)
	sys := s.settled(t)
	if n := sys.requests(); n != full.requests() || n < before {
		t.Errorf("the copy has %d requests, %d were stored", n, full.requests())
	}
	if now := s.policy(t); now.Revision != state.Revision || now.Document != state.Document {
		t.Errorf("the policy is %+v, and was %+v", now, state)
	}
	if err := get(asking, "http://"+s.proxy+"/on", "", "/on"); err != nil {
		t.Error(err)
	}
	s.settled(t)
	checkOnce(t, paths(s.requests(t)), []string{"/on"})
	s.stop(t)

	must(t, "backup", "--data", restored, dir) // with no server, into the same backup
	if left, err := filepath.Glob(filepath.Join(dir, "*", "*unfinished*")); len(left) > 0 || err != nil {
		t.Errorf("left: %v %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "days/2026-01-01-00.duckdb")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that belongs to no backup is still there: %v", err)
	}
}

// TestRestoreRefuses: what is not whole is not restored, and nothing is overwritten.
func TestRestoreRefuses(t *testing.T) {
	t.Parallel()
	data, dir := folder(t), filepath.Join(folder(t), "backup")
	must(t, "import", "--data", data, file(t, "access.log", logLine(0, time.Now())+"\n"))
	must(t, "backup", "--data", data, dir)
	to := filepath.Join(folder(t), "restored")
	refused := func(what, want string, args ...string) {
		t.Helper()
		r := sojourn(t, args...)
		if r.code != 1 || !strings.Contains(r.stderr, want) {
			t.Errorf("%s: exit code %d\n%s", what, r.code, r.stderr)
		}
		if left, err := os.ReadDir(filepath.Dir(to)); len(left) > 0 || err != nil {
			t.Errorf("%s: left %v %v", what, left, err)
		}
	}
	refused("a folder that is in use", "not empty", "restore", dir, "--data", data)
	refused("a folder with something else", "something else", "backup", "--data", data, filepath.Join(data, "days"))
	refused("no backup", "manifest.json", "restore", folder(t), "--data", to)
	day := filepath.Join(dir, manifestOf(t, dir).Files[0].Name)
	text, err := os.ReadFile(day)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := append([]byte(nil), text...)
	spoilt[len(spoilt)/2] ^= 1
	for what, content := range map[string][]byte{"damaged": spoilt, "cut": text[:len(text)-1]} {
		if err := os.WriteFile(day, content, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(what, "damaged", "restore", dir, "--data", to)
	}
}
