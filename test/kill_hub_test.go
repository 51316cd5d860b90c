package test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestKillHub kills the hub in the middle of load, again and again: no client
// notices, and every request is stored once.
func TestKillHub(t *testing.T) {
	t.Parallel()
	const between = 300
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL)
	l := startLoad(t, s.proxy, "hub", false)
	for _, kill := range []struct {
		signal  syscall.Signal
		backlog bool // the hub has much to catch up with
	}{
		{syscall.SIGKILL, false},
		{syscall.SIGSEGV, false}, // Go ends with the exit code of a wrong command line when it crashes
		{syscall.SIGKILL, true}, {syscall.SIGKILL, true}, {syscall.SIGKILL, true},
	} {
		s.storesMore(t)
		if kill.backlog {
			s.fallBehind(t, l, 2*between)
		}
		killed := s.kill(t, "hub", kill.signal)
		l.reach(t, between) // while it is away, and while it comes back
		s.replaced(t, "hub", killed)
	}
	l.reach(t, between)
	done, failed := l.finish()
	if len(failed) > 0 {
		t.Errorf("%d clients noticed: %v", len(failed), first(failed))
	}
	sys := s.settled(t)
	if len(sys.Nodes[0].Lost) > 0 {
		t.Errorf("lost: %v", sys.Nodes[0].Lost)
	}
	if n := sys.requests(); n != len(done) {
		t.Errorf("the days hold %d requests, %d were answered", n, len(done))
	}
	checkOnce(t, paths(s.requests(t)), done)
}

// fallBehind lets the hub stand still while so many requests come in, and go on
// until some moment of its catching up.
func (s *server) fallBehind(t testing.TB, l *load, requests int64) {
	t.Helper()
	const most = 200 * time.Millisecond
	s.kill(t, "hub", syscall.SIGSTOP)
	l.reach(t, requests)
	s.kill(t, "hub", syscall.SIGCONT)
	<-time.After(rand.N(most)) // which moment does not matter, as long as it is another one each time
}

// TestHubKeptOut: a hub that cannot come back, because a command has the folder
// open, is no reason to stop the traffic; it comes back when it can.
func TestHubKeptOut(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL)
	lock, err := os.OpenFile(filepath.Join(s.data, "hub.lock"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	killed := s.kill(t, "hub", syscall.SIGKILL)
	eventually(t, "the folder is ours", func() error {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if now := s.pid("hub"); err != nil && now != 0 && now != killed {
			killed = s.kill(t, "hub", syscall.SIGKILL) // it was back sooner
		}
		return err
	})
	eventually(t, "the hub was kept out", func() error {
		if !strings.Contains(s.printed(t), "in use") {
			return errors.New("it has not complained")
		}
		return nil
	})
	if err := get(asking, "http://"+s.proxy+"/meanwhile", "", "/meanwhile"); err != nil {
		t.Errorf("traffic stopped: %v", err)
	}
	lock.Close()
	s.replaced(t, "hub", killed)
	s.settled(t)
	checkOnce(t, paths(s.requests(t)), []string{"/meanwhile"})
}

// storesMore waits until the hub has stored more than it has now.
func (s *server) storesMore(t testing.TB) {
	t.Helper()
	before := -1
	eventually(t, "the hub stores more", func() error {
		var sys system
		if err := s.read("system", nil, &sys); err != nil {
			return err
		}
		now := sys.requests()
		if before < 0 {
			before = now
		}
		if now <= before {
			return fmt.Errorf("it holds %d requests", now)
		}
		return nil
	})
}

// replaced waits until another process than before has a role, and all is
// connected again.
func (s *server) replaced(t testing.TB, role string, before int) {
	t.Helper()
	eventually(t, "another "+role+" has started", func() error {
		if now := s.pid(role); now == 0 || now == before {
			return errors.New("not yet")
		}
		sys, err := s.system()
		if err == nil && !sys.Bus.Connected {
			err = errors.New("the bus is not connected")
		}
		return err
	})
}
