package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"sync"
)

// How a process and its supervisor talk, when there is one:
//
//   - the child writes notices, one JSON object a line, to the file descriptor
//     noticeFD: that it is ready and where it listens, later that it is drained;
//   - the child's standard input is a pipe whose other end the supervisor holds
//     and never writes to. Its end means "finish now": the supervisor closed it,
//     or died.
//
// supervisedEnv tells a process that it has a supervisor.
const (
	supervisedEnv = "SOJOURN_SUPERVISED"
	noticeFD      = 3
)

// notice is what a child tells its supervisor.
type notice struct {
	Ready   bool   `json:"ready,omitempty"`
	Address string `json:"address,omitempty"` // where it listens, host:port or URL
	Drained bool   `json:"drained,omitempty"` // nothing more will come from it
}

// supervisor is the child's view of its supervisor; nil when it has none.
type supervisor struct {
	mu      sync.Mutex
	notices io.Writer
	gone    context.Context // done when standard input ended
}

// underSupervisor returns the supervisor of this process, or nil, and takes its
// marks out of the environment so that grandchildren do not inherit them.
func underSupervisor(a *app) *supervisor {
	if os.Getenv(supervisedEnv) == "" {
		return nil
	}
	os.Unsetenv(supervisedEnv)
	gone, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		io.Copy(io.Discard, a.stdin)
	}()
	return &supervisor{notices: os.NewFile(noticeFD, "notices"), gone: gone}
}

// tell sends a notice; a supervisor that is gone is no error.
func (s *supervisor) tell(n notice) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	json.NewEncoder(s.notices).Encode(n)
}

// until returns a context that is done with ctx or when the supervisor is gone.
func (s *supervisor) until(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(s.gone, cancel)
	return ctx
}

// waitForEnd returns when the supervisor wants the process to finish, or at once
// when there is none.
func (s *supervisor) waitForEnd(ctx context.Context) {
	if s == nil {
		return
	}
	select {
	case <-s.gone.Done():
	case <-ctx.Done():
	}
}

// fatalError is why a process cannot start: a wrong flag, a taken port, a folder
// in use. Its line says what to do; a supervisor that sees its exit code adds none.
type fatalError struct{ error }

// ExitCode tells the supervisor that the error has been printed.
func (fatalError) ExitCode() int   { return exitFatal }
func (e fatalError) Unwrap() error { return e.error }

const exitFatal = 3
