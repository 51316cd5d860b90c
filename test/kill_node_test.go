package test

import (
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"testing"
)

// TestKillNode kills the node in the middle of load, again and again: what the
// bus had acknowledged is stored, nothing is stored twice, and traffic flows again.
func TestKillNode(t *testing.T) {
	t.Parallel()
	const kills, between = 3, 300
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL, "--proxy", freeAddress(t))
	l := startLoad(t, s.proxy, "node", true)
	acknowledged := 0 // in all lives of the node, at least
	for range kills {
		l.reach(t, between)
		sys, err := s.system()
		if err != nil {
			t.Fatal(err)
		}
		acknowledged += sys.Nodes[0].Recorded
		killed := s.kill(t, "node", syscall.SIGKILL)
		s.replaced(t, "node", killed)
	}
	l.reach(t, between)
	l.finish()
	sys := s.settled(t)
	acknowledged += sys.Nodes[0].Recorded

	stored := paths(s.requests(t))
	checkOnce(t, stored, nil)
	if len(stored) < acknowledged {
		t.Errorf("the bus had acknowledged %d requests, %d are stored", acknowledged, len(stored))
	}
}

// TestKillNodeWhileHubStandsStill: the bus alone holds what it acknowledged
// when the node is killed; all of it comes up again.
func TestKillNodeWhileHubStandsStill(t *testing.T) {
	t.Parallel()
	const requests = 500
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL, "--proxy", freeAddress(t))
	s.settled(t)
	hub := s.kill(t, "hub", syscall.SIGSTOP)
	t.Cleanup(func() { _ = syscall.Kill(hub, syscall.SIGCONT) })

	var done []string
	for i := range requests {
		path := fmt.Sprintf("/still/%d", i)
		if err := get(http.DefaultClient, "http://"+s.proxy+path, "PHPSESSID=stillxxxxxxxx", path); err != nil {
			t.Fatal(err)
		}
		done = append(done, path)
	}
	eventually(t, "the bus has acknowledged all", func() error {
		n, err := askNode(s.data)
		if err == nil && n.Recorded != requests {
			err = fmt.Errorf("%d of %d", n.Recorded, requests)
		}
		return err
	})
	killed := s.kill(t, "node", syscall.SIGKILL)
	if err := syscall.Kill(hub, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.replaced(t, "node", killed)
	for i := range 10 {
		path := fmt.Sprintf("/again/%d", i)
		if err := get(http.DefaultClient, "http://"+s.proxy+path, "PHPSESSID=stillxxxxxxxx", path); err != nil {
			t.Fatalf("service has not resumed: %v", err)
		}
		done = append(done, path)
	}
	s.settled(t)
	stored := s.requests(t)
	checkOnce(t, paths(stored), done)
	if len(stored) != len(done) {
		t.Errorf("%d requests are stored, %d were sent", len(stored), len(done))
	}
	if ids := sessionIDs(s.parts(t, nil)); len(ids) != 1 || !slices.Equal(ids, []string{stored[0].Session}) {
		t.Errorf("one cookie made the sessions %v", ids)
	}
}
