package test

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// diagnosis is what doctor --json prints.
type diagnosis struct {
	Running bool
	Days    []struct {
		Day      string
		Requests int
		Troubles []trouble
	}
	Troubles []trouble
	Problems int
}

type trouble struct {
	File, Problem, Mend string
	Note, Mended        bool
}

// doctor runs the doctor and returns what it found.
func doctor(t testing.TB, args ...string) (r diagnosis, code int) {
	t.Helper()
	out := sojourn(t, append([]string{"doctor", "--json"}, args...)...)
	if err := json.Unmarshal([]byte(out.stdout), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out.stdout, out.stderr)
	}
	return r, out.code
}

// damage changes some bytes in the middle of a file.
func damage(t testing.TB, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	for i := range 512 {
		text[len(text)/2+i] ^= byte(1 + random.IntN(255))
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDoctor: what is wrong with a folder is told, mended where it can be, and gone
// the next time.
func TestDoctor(t *testing.T) {
	t.Parallel()
	data, now := folder(t), time.Now().UTC()
	yesterday := now.AddDate(0, 0, -1)
	must(t, "import", "--data", data, file(t, "access.log", logLine(0, yesterday)+"\n"+logLine(1, now)+"\n"))
	if r, code := doctor(t, "--data", data); code != 0 || r.Problems != 0 || len(r.Days) != 2 || r.Days[0].Requests != 1 {
		t.Fatalf("a good folder: exit code %d, %+v", code, r)
	}
	damage(t, filepath.Join(data, "days", yesterday.Format(time.DateOnly)+".duckdb"))
	for path, mode := range map[string]os.FileMode{"key": 0o644, "days/2026-01-01.duckdb.new": 0o600, ".hub.json-123": 0o600} {
		at := filepath.Join(data, path)
		if _, err := os.Stat(at); err != nil {
			if err := os.WriteFile(at, nil, mode); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chmod(at, mode); err != nil {
			t.Fatal(err)
		}
	}
	r, code := doctor(t, "--data", data)
	if code != 1 || r.Problems != 4 {
		t.Errorf("exit code %d, %d problems, want 4: %+v", code, r.Problems, r)
	}
	if r, code = doctor(t, "--data", data, "--repair"); code != 0 || r.Problems != 0 {
		t.Errorf("mending: exit code %d, %+v", code, r)
	}
	r, code = doctor(t, "--data", data)
	if code != 0 || len(r.Days) != 1 || len(r.Troubles) != 1 || !r.Troubles[0].Note || !strings.Contains(r.Troubles[0].Problem, "set aside") {
		t.Errorf("afterwards: exit code %d, %+v", code, r)
	}

	up := newUpstream(t, "api")
	serve(t, data, "--upstream", up.URL)
	if r, code = doctor(t, "--data", data); code != 0 || !r.Running || len(r.Days) != 1 {
		t.Errorf("a folder that is in use: exit code %d, %+v", code, r)
	}
	if r := sojourn(t, "doctor", "--data", data, "--repair"); r.code != 1 || !strings.Contains(r.stderr, "in use") {
		t.Errorf("mending one that is in use: exit code %d, %s", r.code, r.stderr)
	}
	if r := sojourn(t, "doctor", "--data", filepath.Join(data, "nowhere")); r.code != 1 {
		t.Errorf("no folder: exit code %d, %s", r.code, r.stderr)
	}
}

// TestDamagedDay: a day that turns out to be damaged in the middle is told, and the
// others are served.
func TestDamagedDay(t *testing.T) {
	t.Parallel()
	data, now := folder(t), time.Now().UTC()
	yesterday := now.AddDate(0, 0, -1)
	must(t, "import", "--data", data, file(t, "access.log", logLine(0, yesterday)+"\n"+logLine(1, now)+"\n"))
	damage(t, filepath.Join(data, "days", yesterday.Format(time.DateOnly)+".duckdb"))
	up := newUpstream(t, "api")
	s := serve(t, data, "--upstream", up.URL)
	if err := get(asking, "http://"+s.proxy+"/new", "", "/new"); err != nil {
		t.Error(err)
	}
	s.settled(t)
	eventually(t, "the day is set aside", func() error {
		stored := paths(s.requests(t))
		if stored["/new"] != 1 {
			t.Fatalf("another day is not served: %v", stored)
		}
		sys, err := s.system()
		if err == nil && (len(sys.SetAside) != 1 || sys.SetAside[0].Reason == "") {
			err = errNotYet
		}
		return err
	})
}
