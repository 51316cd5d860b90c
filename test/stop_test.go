package test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestStop stops the server under load. No request is cut, a slow one included,
// and none is lost: the folder holds them all, for a command that opens it itself.
func TestStop(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	slow := newSlow(up)
	s := serve(t, folder(t), "--upstream", up.URL)
	l := startLoad(t, s.proxy, "stop", false)
	answer := make(chan error, 1)
	go func() { answer <- slow.get(s.proxy) }()
	<-slow.begun
	l.reach(t, 500)

	s.terminate(t)
	s.terminate(t) // as timeout(1) does: the process, then its group
	s.refuses(t)
	close(slow.finish) // only now, when nobody else gets in
	if err := <-answer; err != nil {
		t.Errorf("the slow request was cut: %v", err)
	}
	if code := s.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	done, failed := l.finish()
	if cut := onlyRefused(failed); len(cut) > 0 {
		t.Errorf("%d requests were cut: %v", len(cut), first(cut))
	}
	stored := storedIn(t, s.data)
	checkOnce(t, stored, append(done, slowPath))
	if len(stored) != len(done)+1 {
		t.Errorf("%d requests are stored, %d were answered", len(stored), len(done)+1)
	}
}

// TestStopTwice: a second signal does not wait for a request that never ends.
func TestStopTwice(t *testing.T) {
	t.Parallel()
	const soon = 15 * time.Second // a patient stop waits twice as long for the request
	up := newUpstream(t, "api")
	slow := newSlow(up)
	t.Cleanup(func() { close(slow.finish) }) // before the upstream closes
	s := serve(t, folder(t), "--upstream", up.URL)
	answer := make(chan error, 1)
	go func() { answer <- slow.get(s.proxy) }()
	<-slow.begun

	s.terminate(t)
	s.refuses(t)
	again := time.Now()
	eventually(t, "the server is over", func() error {
		if s.isOver() {
			return nil
		}
		s.terminate(t)
		return errors.New("it is still there")
	})
	if took := time.Since(again); took > soon {
		t.Errorf("it took %v after the second signal", took)
	}
	if err := <-answer; err == nil {
		t.Error("a request that never ends was answered")
	}
}

// slow is a handler that sends half of its body, and the rest when told to.
type slow struct{ begun, finish chan struct{} }

const (
	slowPath = "/slow"
	half     = "half of it, "
)

func newSlow(up *upstream) *slow {
	s := &slow{begun: make(chan struct{}), finish: make(chan struct{})}
	up.mux.HandleFunc(slowPath, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, half)
		_ = http.NewResponseController(w).Flush()
		close(s.begun)
		select {
		case <-s.finish:
		case <-r.Context().Done():
		}
		_, _ = io.WriteString(w, half)
	})
	return s
}

func (s *slow) get(proxy string) error {
	return get(&http.Client{Transport: &http.Transport{}}, "http://"+proxy+slowPath, "", half+half)
}

// refuses waits until the proxy accepts no more connections.
func (s *server) refuses(t testing.TB) {
	t.Helper()
	eventually(t, "the proxy accepts nobody anymore", func() error {
		conn, err := net.Dial("tcp", s.proxy)
		if err != nil {
			return nil
		}
		conn.Close()
		return errors.New("it does")
	})
}

// storedIn counts how often each path is stored in a folder that no server runs on.
func storedIn(t testing.TB, data string) map[string]int {
	t.Helper()
	var list struct{ Sessions []part }
	decode(t, must(t, "sessions", "list", "--data", data, "--all", "--json"), &list)
	n := map[string]int{}
	for _, id := range sessionIDs(list.Sessions) {
		var of struct{ Requests []request }
		decode(t, must(t, "sessions", "requests", id, "--data", data, "--all", "--json"), &of)
		for path, times := range paths(of.Requests) {
			n[path] += times
		}
	}
	return n
}

// decode reads what a command printed with --json.
func decode(t testing.TB, text string, v any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	if err := d.Decode(v); err != nil {
		t.Fatal(fmt.Errorf("%w in %s", err, tail(text)))
	}
}
