package test

import (
	"fmt"
	"net"
	"path/filepath"
	"syscall"
	"testing"
)

// TestKillServe kills the supervisor under load: its processes end by themselves,
// in order, and the next start has everything that clients got an answer to.
func TestKillServe(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	data, proxy, console := folder(t), freeAddress(t), freeAddress(t)
	s := serve(t, data, "--upstream", up.URL, "--proxy", proxy, "--console", console)
	l := startLoad(t, s.proxy, "serve", false)
	l.reach(t, 500)
	if err := s.cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "no process is left", func() error {
		for _, role := range []string{"serve", "node", "hub"} {
			if isHeld(filepath.Join(data, role+".lock")) {
				return fmt.Errorf("the %s is still there", role)
			}
		}
		return nil
	})
	for _, address := range []string{proxy, console} {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			t.Errorf("%s still answers", address)
		}
	}
	done, failed := l.finish()
	if cut := onlyRefused(failed); len(cut) > 0 {
		t.Errorf("%d requests were cut: %v", len(cut), first(cut))
	}

	s = serve(t, data, "--upstream", up.URL, "--proxy", proxy, "--console", console)
	if err := get(asking, "http://"+s.proxy+"/again", "", "/again"); err != nil {
		t.Error(err)
	}
	s.settled(t)
	checkOnce(t, paths(s.requests(t)), append(done, "/again"))
}
