// Package test holds the black-box tests: the built binary, real clients, real
// files, real signals. It imports nothing of ours. It speaks HTTP, runs the
// command line and reads JSON, as a user would.
package test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	// patience is how long something that must happen may take on a busy machine.
	patience = 60 * time.Second
	// pollEvery is how often it is looked at meanwhile.
	pollEvery = 20 * time.Millisecond
	// stopPatience is how long a stop may take before the processes are killed.
	stopPatience = 100 * time.Second

	loopback = "127.0.0.1"
	anyPort  = loopback + ":0"
)

// binary is the sojourn that is tested.
var binary string

func TestMain(m *testing.M) {
	code, err := testAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// testAll builds the binary, unless SOJOURN_BIN names one, and runs the tests.
func testAll(m *testing.M) (int, error) {
	if binary = os.Getenv("SOJOURN_BIN"); binary != "" {
		return m.Run(), nil
	}
	dir, err := os.MkdirTemp("", "sojourn-bin-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	if err := readSources(); err != nil {
		return 1, err
	}
	binary = filepath.Join(dir, "sojourn")
	if out, err := exec.Command("go", "build", "-o", binary, "sojourn/cmd/sojourn").CombinedOutput(); err != nil {
		return 1, fmt.Errorf("building the binary: %w\n%s", err, out)
	}
	return m.Run(), nil
}

// readSources looks at every file the binary is made of. The go command
// remembers which files a test has looked at; without this it would answer from
// its cache after a change of the product.
func readSources() error {
	for _, root := range []string{"../cmd", "../internal", "../middleware"} {
		err := filepath.WalkDir(root, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				_, err = os.Stat(path) // its size and time are what the go command compares
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// server is a running `sojourn serve`.
type server struct {
	data   string // its data folder
	proxy  string // host:port of its proxy
	signIn string // the link that it printed
	log    string // file with everything that it printed
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process is over
}

var greeting = regexp.MustCompile(`proxy\s+https?://(\S+)[^\n]*\n\s+console\s+\S+\n\s+sign in\s+(\S+)\n`)

// serve starts a server on a data folder and waits until it greets. Proxy and
// console take free ports unless args say otherwise. It is stopped when the test
// ends; what it printed is shown when the test failed.
func serve(t testing.TB, data string, args ...string) *server {
	t.Helper()
	log, err := os.CreateTemp(folder(t), "serve-*.log")
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	all := []string{"serve", "--data", data}
	for _, flag := range []string{"--proxy", "--console"} {
		if !slices.Contains(args, flag) {
			all = append(all, flag, anyPort)
		}
	}
	s := &server{data: data, log: log.Name(), ended: make(chan struct{})}
	s.cmd = exec.Command(binary, append(all, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait() // its state is in cmd.ProcessState
		close(s.ended)
	}()
	t.Cleanup(func() { s.cleanUp(t) })
	eventually(t, "the server greets", func() error {
		over, printed := s.isOver(), s.printed(t)
		found := greeting.FindStringSubmatch(printed)
		if found == nil && over {
			t.Fatalf("the server ended at once: %s", printed)
		}
		if found == nil {
			return errors.New(printed)
		}
		s.proxy, s.signIn = found[1], found[2]
		return nil
	})
	return s
}

func (s *server) cleanUp(t testing.TB) {
	if !s.isOver() {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-s.ended:
		case <-time.After(stopPatience):
			t.Errorf("the server did not stop within %v", stopPatience)
			_ = s.cmd.Process.Kill()
			<-s.ended
		}
	}
	if strings.Contains(s.printed(t), "DATA RACE") { // SOJOURN_BIN built with -race
		t.Error("the server has a data race")
	}
	if t.Failed() {
		t.Logf("the server on %s printed:\n%s", s.data, tail(s.printed(t)))
	}
}

func (s *server) isOver() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// printed is what the server and its processes have printed so far.
func (s *server) printed(t testing.TB) string {
	text, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// terminate asks the server to stop.
func (s *server) terminate(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatalf("SIGTERM: %v", err)
	}
}

// wait waits until the server is over, and returns its exit code.
func (s *server) wait(t testing.TB) int {
	t.Helper()
	select {
	case <-s.ended:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(stopPatience):
		t.Fatalf("the server is still there %v after it was told to stop", stopPatience)
		return 0
	}
}

// stop stops the server gracefully.
func (s *server) stop(t testing.TB) {
	t.Helper()
	s.terminate(t)
	if code := s.wait(t); code != 0 {
		t.Fatalf("the server ended with exit code %d", code)
	}
}

// pid returns the process id of a role, "node" or "hub", as its lock tells it;
// 0 while there is none.
func (s *server) pid(role string) int {
	text, err := os.ReadFile(filepath.Join(s.data, role+".lock"))
	if err != nil || !isHeld(filepath.Join(s.data, role+".lock")) {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return pid
}

// kill sends a signal to the process of a role, and returns its process id.
func (s *server) kill(t testing.TB, role string, signal syscall.Signal) int {
	t.Helper()
	pid := s.pid(role)
	if pid == 0 {
		t.Fatalf("there is no %s to send %v to", role, signal)
	}
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatalf("%v to the %s, process %d: %v", signal, role, pid, err)
	}
	return pid
}

// isHeld reports whether a process holds a lock file.
func isHeld(path string) bool {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// result is what a command did.
type result struct {
	stdout, stderr string
	code           int
}

// sojourn runs a sub-command that ends by itself.
func sojourn(t testing.TB, args ...string) result {
	t.Helper()
	return sojournFed(t, nil, args...)
}

// sojournFed runs a sub-command with a standard input.
func sojournFed(t testing.TB, stdin io.Reader, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("sojourn %s did not end within %v\n%s", strings.Join(args, " "), patience, stderr.String())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// must runs a sub-command that has to succeed, and returns what it printed.
func must(t testing.TB, args ...string) string {
	t.Helper()
	r := sojourn(t, args...)
	if r.code != 0 {
		t.Fatalf("sojourn %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// folder makes an empty folder, which is kept when the test fails.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "sojourn-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("kept: %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// file writes a file into a new folder, and returns its path.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(folder(t), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// eventually tries until it succeeds, or fails the test with the last error.
func eventually(t testing.TB, what string, try func() error) {
	t.Helper()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	deadline := time.Now().Add(patience)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain until %s: %v", patience, what, err)
		}
		<-tick.C
	}
}

// Fixed ports lie below those that the system gives to connections, so that no
// other test's client takes one while a process that had it is away.
const lowestPort, highestPort = 20000, 32000

// freeAddress returns an address that a server can have, and have again after a
// restart.
func freeAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		address := net.JoinHostPort(loopback, strconv.Itoa(lowestPort+rand.IntN(highestPort-lowestPort)))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no free port was found")
	return ""
}

// tail is the end of a long text.
func tail(s string) string {
	const most = 8 << 10
	if len(s) > most {
		return "…" + s[len(s)-most:]
	}
	return s
}
