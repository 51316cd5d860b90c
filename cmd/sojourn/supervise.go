package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

const (
	// A child that ends is started again after a pause that doubles from the
	// first to the longest, and shrinks back once it stayed up for steadyAfter.
	firstPause   = 100 * time.Millisecond
	longestPause = 10 * time.Second
	steadyAfter  = time.Minute
)

// child is a sub-command of this binary that is kept running.
type child struct {
	name   string // "node" or "hub"
	args   []string
	logger *slog.Logger
	output io.Writer // standard output and error of the process

	ready   chan string   // receives the address once, at the first start
	drained chan struct{} // closed when the process said so, or is over
	over    chan struct{} // closed when run has returned

	mu       sync.Mutex
	process  *os.Process
	stdin    io.Closer
	stopping bool
	quit     chan struct{} // closed with stopping
	once     sync.Once
	drain    sync.Once
}

func newChild(a *app, logger *slog.Logger, name string, args []string) *child {
	return &child{
		name: name, args: append([]string{name}, args...), logger: logger, output: a.stderr,
		ready: make(chan string, 1), drained: make(chan struct{}), over: make(chan struct{}),
		quit: make(chan struct{}),
	}
}

// run keeps the process running until it is stopped, and returns nil then. It
// returns an error when the process cannot come up for the first time; the
// process has printed it. One that was up is started again whatever it ended
// with: what stands in its way now (a command that has the folder open, a full
// disk) may be gone the next time, and the other process must not suffer for it.
func (c *child) run() error {
	defer close(c.over)
	defer c.drain.Do(func() { close(c.drained) })
	pause := firstPause
	for first := true; ; first = false {
		started := time.Now()
		cameUp, err := c.runOnce()
		c.mu.Lock()
		stopping := c.stopping
		c.mu.Unlock()
		if stopping {
			return nil
		}
		if first && !cameUp {
			return &childError{c.name, err}
		}
		if time.Since(started) > steadyAfter {
			pause = firstPause
		}
		c.logger.Error("process ended, starting it again", "process", c.name, "cause", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-c.quit:
			return nil
		}
		pause = min(2*pause, longestPause)
	}
}

// runOnce starts the process once and waits for its end.
func (c *child) runOnce() (cameUp bool, err error) {
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	notices, theirs, err := os.Pipe()
	if err != nil {
		return false, err
	}
	defer notices.Close()
	cmd := exec.Command(self, c.args...)
	cmd.Env = append(os.Environ(), supervisedEnv+"=1")
	cmd.Stdout, cmd.Stderr = c.output, c.output
	cmd.ExtraFiles = []*os.File{theirs} // becomes noticeFD
	// A group of its own: a Ctrl-C at the terminal reaches the supervisor only,
	// which stops its children in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		theirs.Close()
		return false, err
	}
	c.mu.Lock()
	if c.stopping {
		c.mu.Unlock()
		theirs.Close()
		return false, nil
	}
	err = cmd.Start()
	theirs.Close()
	if err == nil {
		c.process, c.stdin = cmd.Process, stdin
	}
	c.mu.Unlock()
	if err != nil {
		return false, err
	}
	cameUp = c.listen(notices)
	err = cmd.Wait()
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return cameUp, err
}

// listen reads notices until the process closed its end.
func (c *child) listen(r io.Reader) (cameUp bool) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		var n notice
		if json.Unmarshal(lines.Bytes(), &n) != nil {
			continue
		}
		if n.Ready {
			cameUp = true
			c.once.Do(func() { c.ready <- n.Address })
		}
		if n.Drained {
			c.drain.Do(func() { close(c.drained) })
		}
	}
	return cameUp
}

// terminate asks the process to drain; it stays up until finish.
func (c *child) terminate() { c.signal(syscall.SIGTERM) }

func (c *child) signal(s os.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	if c.process != nil {
		// A process that has ended already is what we want.
		_ = c.process.Signal(s)
	}
}

// finish closes the pipe that keeps the process up.
func (c *child) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stop()
	if c.stdin != nil {
		c.stdin.Close()
	}
}

// stop marks the child as not to be started again. c.mu is held.
func (c *child) stop() {
	if !c.stopping {
		c.stopping = true
		close(c.quit)
	}
}

// kill ends the process without ceremony.
func (c *child) kill() { c.signal(os.Kill) }

// waitReady returns the address that the process told at its first start.
func (c *child) waitReady(ctx context.Context, ended <-chan error) (string, error) {
	select {
	case address := <-c.ready:
		return address, nil
	case err := <-ended:
		return "", err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// childError is a child that did not come up.
type childError struct {
	name string
	err  error
}

// told reports whether the child has said all there is to say.
func (e *childError) told() bool {
	var exit *exec.ExitError
	return errors.As(e.err, &exit) && exit.ExitCode() == exitFatal
}

func (e *childError) Error() string {
	return fmt.Sprintf("the %s could not run (%v): see its message above", e.name, e.err)
}

func (e *childError) Unwrap() error { return e.err }
