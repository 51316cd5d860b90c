package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	startPatience = 2 * time.Minute
	stopPatience  = 2 * time.Minute
	callTimeout   = 2 * time.Minute
)

// filled is what filling a folder took; the names are those of the report that
// sojourn generate prints.
type filled struct {
	Added   int64    `json:"added"`
	Already int64    `json:"already"`
	Days    []string `json:"days"`
	Bytes   int64    `json:"bytes"`
	Seconds float64  `json:"seconds"`
	Write   float64  `json:"write_seconds"`
	Seal    float64  `json:"seal_seconds"`
	CPU     float64  `json:"cpu_seconds"` // of all processors; not in the report, added
}

// fill makes the traffic. A folder that has it already keeps it, and tells what
// it took then.
func fill(ctx context.Context, folder string, requests int64, more ...string) (f filled, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return f, err
	}
	remembered := filepath.Join(folder, "filled.json")
	if text, err := os.ReadFile(remembered); err == nil && json.Unmarshal(text, &f) == nil {
		return f, nil
	}
	progress("%s requests: generating", thousands(requests))
	args := append([]string{"generate", "--data", folder, "--requests", strconv.FormatInt(requests, 10),
		"--seed", strconv.FormatUint(*seed, 10), "--memory-limit", *memory, "--json"}, more...)
	cmd := exec.CommandContext(ctx, *binary, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return f, fmt.Errorf("sojourn generate: %w", err)
	}
	if err := json.Unmarshal(out.Bytes(), &f); err != nil {
		return f, err
	}
	f.CPU = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	text, err := json.Marshal(f)
	if err != nil {
		return f, err
	}
	return f, os.WriteFile(remembered, text, 0o600)
}

// mostIngested is how many requests the store is given to see how fast it writes,
// and how fast it compacts, when it does nothing else.
const mostIngested = 3_000_000

// ingest has a single day's requests written into a folder of their own; the day
// is compacted after that.
func ingest(ctx context.Context, folder string, requests int64) (filled, error) {
	alone := filepath.Join(folder, "ingest")
	defer os.RemoveAll(alone)
	if err := os.RemoveAll(alone); err != nil {
		return filled{}, err
	}
	return fill(ctx, alone, min(requests, mostIngested), "--days", "1", "--until", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly))
}

// server is the binary at work on a folder: its node, its hub, and what feeds it.
type server struct {
	folder, url, token string
	node, hub, feeder  *exec.Cmd
	client             *http.Client
	stopOnce           sync.Once
	stopped            error
}

// start starts the node and the hub, and waits until they are ready.
func start(ctx context.Context, folder string) (*server, error) {
	s := &server{folder: folder, client: &http.Client{Timeout: callTimeout}}
	if err := os.Remove(filepath.Join(folder, "hub.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var err error
	if s.node, err = s.process("node", "--proxy", "127.0.0.1:0", "--upstream", "http://127.0.0.1:9"); err != nil {
		return nil, err
	}
	if s.hub, err = s.process("hub", "--console", "127.0.0.1:0", "--memory-limit", *memory, "--retention", "400d"); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	for until := time.Now().Add(startPatience); ; time.Sleep(100 * time.Millisecond) {
		if err = s.find(ctx); err == nil {
			return s, nil
		}
		if time.Now().After(until) || ctx.Err() != nil {
			return nil, errors.Join(fmt.Errorf("the server is not ready: %w", err), s.stop())
		}
	}
}

// process starts a sub-command on the folder; what it prints goes to a log beside.
func (s *server) process(command string, args ...string) (*exec.Cmd, error) {
	log, err := os.Create(filepath.Join(s.folder, command+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(*binary, append([]string{command, "--data", s.folder, "--log-level", "warn"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	return cmd, cmd.Start()
}

// find finds the hub's address and token, and asks whether it is ready.
func (s *server) find(ctx context.Context) error {
	var at struct{ URL string }
	text, err := os.ReadFile(filepath.Join(s.folder, "hub.json"))
	if err == nil {
		err = json.Unmarshal(text, &at)
	}
	token, tokenErr := os.ReadFile(filepath.Join(s.folder, "admin-token"))
	if err = errors.Join(err, tokenErr); err != nil {
		return err
	}
	s.url, s.token = at.URL, strings.TrimSpace(string(token))
	_, err = s.get(ctx, "/readyz")
	return err
}

// feed sends requests to the server until it is stopped.
func (s *server) feed(rate float64) (err error) {
	s.feeder, err = s.process("generate", "--rate", strconv.FormatFloat(rate, 'g', -1, 64), "--seed", strconv.FormatUint(*seed, 10))
	return err
}

// stop stops everything, in the order that loses nothing.
func (s *server) stop() error {
	s.stopOnce.Do(func() {
		for _, cmd := range []*exec.Cmd{s.feeder, s.node, s.hub} {
			if cmd == nil || cmd.Process == nil {
				continue
			}
			patient := time.AfterFunc(stopPatience, func() { cmd.Process.Kill() })
			cmd.Process.Signal(syscall.SIGTERM)
			if err := cmd.Wait(); err != nil {
				s.stopped = errors.Join(s.stopped, fmt.Errorf("%s: %w, see the logs in %s", cmd.Args[1], err, s.folder))
			}
			patient.Stop()
		}
	})
	return s.stopped
}

// get returns the body of an answer.
func (s *server) get(ctx context.Context, path string) ([]byte, error) { return s.send(ctx, path, nil) }

func (s *server) send(ctx context.Context, path string, body []byte) ([]byte, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	r, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	w, err := s.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer w.Body.Close()
	text, err := io.ReadAll(w.Body)
	if err == nil && w.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", method, path, strings.TrimSpace(string(text[:min(len(text), 300)])))
	}
	return text, err
}

// usage is what a process took so far.
type usage struct {
	peak, end int64 // bytes of resident memory
}

var statusLine = regexp.MustCompile(`(?m)^(VmHWM|VmRSS):\s+(\d+) kB$`)

// usage reads the hub's from /proc (proc(5)).
func (s *server) usage() (u usage, err error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.hub.Process.Pid))
	for _, m := range statusLine.FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.ParseInt(m[2], 10, 64)
		if m[1] == "VmHWM" {
			u.peak = n << 10
		} else {
			u.end = n << 10
		}
	}
	return u, err
}
