package main

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"sojourn/internal/record"
)

// dataFolder is everything Sojourn keeps on disk:
//
//	days/            one file per UTC day
//	bus/             the stream between node and hub
//	key              the install key of all digests, 0600
//	admin-token      the API token made at first start, 0600
//	hub.json         address of the running server
//	bus.json         address and token of the running bus, 0600
//	retention.json   the retention that an import asked for
//	generated.json   the made-up traffic that the folder was filled with
//	demo.json        the past that a demo is filling in
//	hub.lock, node.lock
type dataFolder struct{ dir string }

// openData makes the folder if it is not there and checks that it is usable.
func openData(dir string) (*dataFolder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder %s cannot be made (%w): choose another with --data", dir, err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	return &dataFolder{dir: abs}, nil
}

func (d *dataFolder) path(name string) string { return filepath.Join(d.dir, name) }
func (d *dataFolder) daysDir() string         { return d.path("days") }
func (d *dataFolder) busDir() string          { return d.path("bus") }

// lock takes the folder for one role, "hub" or "node", until unlock is called or
// the process ends. It fails at once when another process holds it.
func (d *dataFolder) lock(role string) (unlock func(), err error) { return d.lockFor(role, role) }

// lockFor takes a role of the folder for something else that excludes it: an
// import, or a command that opens the folder itself.
func (d *dataFolder) lockFor(role, purpose string) (unlock func(), err error) {
	f, err := os.OpenFile(d.path(role+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder %s is not writable: %w", d.dir, err)
	}
	for try := 0; ; try++ {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil || try == lockTries {
			break
		}
		time.Sleep(lockPause) // serverURL holds a lock for an instant
	}
	if err != nil {
		holder := make([]byte, 64)
		n, _ := f.ReadAt(holder, 0)
		f.Close()
		pid, purpose, _ := strings.Cut(strings.TrimSpace(string(holder[:n])), " ")
		return nil, &inUseError{dir: d.dir, purpose: cmp.Or(purpose, role), pid: pid}
	}
	f.Truncate(0)
	holder := strconv.Itoa(os.Getpid())
	if purpose != role {
		holder += " " + purpose
	}
	fmt.Fprintln(f, holder)
	return func() { f.Close() }, nil
}

// A lock that is held for longer than lockTries pauses is really in use.
const (
	lockTries = 5
	lockPause = 20 * time.Millisecond
)

// What takes the role of the hub without being one.
const (
	forImport  = "import"
	forCommand = "command" // that opens the folder itself
)

// inUseError is a data folder that another process works on.
type inUseError struct{ dir, purpose, pid string }

func (e *inUseError) Error() string {
	what, todo := "another sojourn "+e.purpose, "stop it"
	if e.purpose == forImport {
		what, todo = "an import that is running on it", "wait until it has ended"
	}
	return fmt.Sprintf("data folder %s is in use by %s (process %s): %s, or choose another folder with --data", e.dir, what, e.pid, todo)
}

// key returns the 32-byte install key and makes it at first use.
func (d *dataFolder) key() ([]byte, error) { return readKey(d.path("key")) }

// readKey reads a key file of 64 hex digits, or makes it.
func readKey(path string) ([]byte, error) {
	text, err := secretFile(path)
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("key file %s does not hold 64 hex digits: restore it from a backup, or remove it to start with new session ids", path)
	}
	return key, nil
}

// adminToken returns the API token of the folder and makes it at first use.
func (d *dataFolder) adminToken() (string, error) { return secretFile(d.path("admin-token")) }

// secretFile returns the text of a file and first fills it with 64 random hex
// digits when it is not there. Two processes that race agree on one content.
func secretFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret := make([]byte, 32)
		rand.Read(secret)
		if err := writeOnce(path, []byte(hex.EncodeToString(secret)+"\n")); err != nil {
			return "", err
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("secret file: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// writeOnce makes path with content, whole or not at all; an existing file stays.
func writeOnce(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(content)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// writeJSON replaces a file of the folder, whole or not at all, mode 0600.
func (d *dataFolder) writeJSON(name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(d.dir, "."+name+"-*")
	if err != nil {
		return fmt.Errorf("data folder %s is not writable: %w", d.dir, err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(text, '\n'))
	if err = errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", d.path(name), err)
	}
	return os.Rename(tmp.Name(), d.path(name))
}

// readJSON reads a file of the folder; false when it is not there or not whole.
func (d *dataFolder) readJSON(name string, v any) bool {
	text, err := os.ReadFile(d.path(name))
	return err == nil && json.Unmarshal(text, v) == nil
}

type hubAddress struct {
	URL string `json:"url"`
}

// serverURL returns the address of the server that runs on this folder, or
// errNoServer. The address alone can be a left-over; the hub's lock tells whether
// it runs, or what else has the folder.
func (d *dataFolder) serverURL() (string, error) {
	unlock, err := d.lockFor("hub", forCommand)
	if err == nil {
		unlock()
		return "", errNoServer
	}
	var used *inUseError
	if !errors.As(err, &used) || used.purpose != "hub" {
		return "", err
	}
	var at hubAddress
	if !d.readJSON("hub.json", &at) {
		return "", fmt.Errorf("the server on the data folder %s (process %s) is still starting: try again in a moment", d.dir, used.pid)
	}
	return at.URL, nil
}

// setRetention remembers the retention that an import asked for, so that a
// server started later does not drop at once what was just imported.
func (d *dataFolder) setRetention(r record.Retention) error { return d.writeJSON("retention.json", r) }

// retention returns what setRetention remembered.
func (d *dataFolder) retention() (r record.Retention, ok bool) {
	ok = d.readJSON("retention.json", &r) && r.Days > 0
	return r, ok
}
