package main

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand makes the test binary the command itself.
const asCommand = "SOJOURN_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// startNode starts a node in a process of its own, in front of upstream, and
// returns it with the proxy's URL. shell, when not empty, runs first.
func startNode(t *testing.T, shell, upstream string) (cmd *exec.Cmd, url string) {
	t.Helper()
	args := []string{"node", "--data", t.TempDir(), "--proxy", "127.0.0.1:0", "--upstream", upstream}
	cmd = exec.Command("sh", append([]string{"-c", shell + ` exec "$0" "$@"`, os.Args[0]}, args...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() }) // it may have ended
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, strings.Fields(line)[1]
}

func signalTo(t *testing.T, cmd *exec.Cmd, s os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// A second signal ends at once what the first one leaves time to finish.
func TestSecondSignal(t *testing.T) {
	arrived, finish := make(chan struct{}), make(chan struct{})
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-finish
	}))
	defer upstream.Close()
	defer close(finish)
	cmd, url := startNode(t, "", upstream.URL)
	go http.Get(url) // cut in the end
	<-arrived
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-again.C:
			continue
		case <-ended:
		}
		break
	}
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() {
		t.Errorf("it ended with %v, not by the signal", cmd.ProcessState)
	}
}

// A closed terminal is a graceful stop, unless it is to be ignored.
func TestHangup(t *testing.T) {
	upstream := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer upstream.Close()
	t.Run("Stops", func(t *testing.T) {
		cmd, _ := startNode(t, "", upstream.URL)
		signalTo(t, cmd, syscall.SIGHUP)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Run("IgnoredUnderNohup", func(t *testing.T) {
		cmd, url := startNode(t, `trap "" HUP;`, upstream.URL)
		signalTo(t, cmd, syscall.SIGHUP)
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		signalTo(t, cmd, syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}
