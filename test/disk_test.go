package test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var errNotYet = errors.New("not yet")

// room is what GET /api/v1/system tells of the disk and the writer.
type room struct {
	Disk struct {
		Free    int64
		MinFree int64 `json:"min_free"`
		Paused  bool
	}
	Writer struct{ Error string }
}

// send sends requests that must all be answered, and returns their paths.
func (s *server) send(t testing.TB, name string, n int) (done []string) {
	t.Helper()
	for i := range n {
		path := fmt.Sprintf("/%s/%d", name, i)
		if err := get(asking, "http://"+s.proxy+path, "PHPSESSID="+name+"xxxxxxxxxxxxxxxx", path); err != nil {
			t.Fatal(err)
		}
		done = append(done, path)
	}
	return done
}

// told waits until the system tells that nothing can be stored, and why.
func (s *server) told(t testing.TB, paused bool, why string) {
	t.Helper()
	eventually(t, "the system tells "+why, func() error {
		var now room
		if err := s.read("system", nil, &now); err != nil {
			return err
		}
		if now.Disk.Paused != paused || !strings.Contains(now.Writer.Error, why) {
			return fmt.Errorf("%+v", now)
		}
		return nil
	})
}

// TestFloor: with less free than --min-free nothing is stored, that is told, the
// traffic goes on, and what came in is stored when there is room.
func TestFloor(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	data := folder(t)
	s := serve(t, data, "--upstream", up.URL, "--min-free", "1000000GiB")
	done := s.send(t, "floor", 20)
	s.told(t, true, "--min-free")
	if !strings.Contains(s.printed(t), "before the disk is full") {
		t.Error("the log does not tell")
	}
	eventually(t, "what came in waits on the bus", func() error {
		var sys system
		if err := s.read("system", nil, &sys); err != nil {
			return err
		}
		if sys.requests() != 0 || sys.Bus.Messages == 0 {
			return fmt.Errorf("below the floor: %+v", sys)
		}
		return nil
	})
	s.stop(t)
	s = serve(t, data, "--upstream", up.URL)
	s.settled(t)
	checkOnce(t, paths(s.requests(t)), done)
}

// TestDiskFull: a disk that is full is told, no client notices, and what the bus
// acknowledged is stored when there is room.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	data := folder(t)
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=64m"); err != nil {
		t.Skipf("a disk of its own needs the right to mount one: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	up := newUpstream(t, "api")
	s := serve(t, data, "--upstream", up.URL, "--min-free", "0", "--bus-bytes", "8MiB")
	done := s.send(t, "before", 10)
	s.settled(t)
	filler := filepath.Join(data, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	chunk := make([]byte, 1<<20)
	for err = nil; err == nil; {
		_, err = f.Write(chunk)
	}
	f.Close()
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	s.send(t, "full", 300)
	eventually(t, "the log tells", func() error {
		if !strings.Contains(s.printed(t), "no space left on device") {
			return errNotYet
		}
		return nil
	})
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the bus is started anew", func() error { // NATS takes nothing after an error of its disk
		if !strings.Contains(s.printed(t), "starting the bus anew") {
			return errNotYet
		}
		return nil
	})
	done = append(done, s.send(t, "after", 10)...)
	sys := s.settled(t)
	lost := 0
	for _, n := range sys.Nodes[0].Lost {
		lost += n
	}
	if n := sys.requests(); n != sys.Nodes[0].Recorded || n+lost != sys.Nodes[0].Exchanges {
		t.Errorf("%d requests are stored and %d counted as lost of %+v", n, lost, sys.Nodes[0])
	}
	stored := paths(s.requests(t))
	checkOnce(t, stored, nil)
	if stored[done[0]] != 1 {
		t.Errorf("%s is not stored", done[0])
	}
	s.stop(t)
	if r, code := doctor(t, "--data", data, "--min-free", "0"); code != 0 {
		t.Errorf("the doctor: %+v", r)
	}
}

// TestReadOnly: a folder of days that takes no new file is told, what can be read is
// served, and what came in is stored when it takes files again.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	data := folder(t)
	days := filepath.Join(data, "days")
	if err := os.MkdirAll(filepath.Join(days, ".tmp"), 0o700); err != nil {
		t.Fatal(err)
	}
	writable := readOnly(t, days)
	s := serve(t, data, "--upstream", up.URL)
	done := s.send(t, "readonly", 10)
	s.told(t, false, "ermi") // permission denied, operation not permitted
	if parts := s.parts(t, nil); len(parts) != 0 {
		t.Errorf("something was stored: %v", parts)
	}
	writable()
	s.settled(t)
	checkOnce(t, paths(s.requests(t)), done)
}

// readOnly lets nobody make files in a folder, root included, until writable.
func readOnly(t testing.TB, dir string) (writable func()) {
	t.Helper()
	if os.Getuid() != 0 {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		return func() {
			if err := os.Chmod(dir, 0o700); err != nil {
				t.Error(err)
			}
		}
	}
	if out, err := exec.Command("chattr", "+i", dir).CombinedOutput(); err != nil {
		t.Skipf("root writes everywhere, and this file system knows no immutable folder: %v %s", err, out)
	}
	writable = func() {
		if out, err := exec.Command("chattr", "-i", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	}
	t.Cleanup(writable)
	return writable
}
