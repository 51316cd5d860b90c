package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// measureProxy loads the same upstream through sojourn and through a bare
// httputil.ReverseProxy, each in processes of their own.
func measureProxy(dir string) error {
	upstream, stop, err := startSelf("upstream", "")
	if err != nil {
		return err
	}
	defer stop()
	bare, stopBare, err := startSelf("bare", upstream)
	if err != nil {
		return err
	}
	defer stopBare()
	sojourn, stopSojourn, err := startSojourn(dir, upstream)
	if err != nil {
		return err
	}
	defer stopSojourn()
	load := func(target string) func() (map[string]float64, error) {
		return func() (map[string]float64, error) { return wrk(target + "/users/4711/orders?page=2") }
	}
	return compare(fmt.Sprintf("proxying, %d connections, upstream and load on the same machine", *clients),
		[]string{"requests a second", "latency p50, ms", "latency p99, ms"},
		side{"sojourn", load(sojourn)}, side{"bare", load(bare)})
}

// serveRole runs an upstream or a bare proxy and prints its address.
func serveRole(role, backend string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var h http.Handler
	switch role {
	case "upstream":
		body := []byte(strings.Repeat(`{"id":4711,"state":"paid"},`, 20))
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Write(body)
		})
	case "bare":
		u, err := url.Parse(backend)
		if err != nil {
			return err
		}
		proxy := httputil.NewSingleHostReverseProxy(u)
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = 1024 // the default of 2 would make it slow, and the comparison cheap
		transport.MaxIdleConns = 0
		proxy.Transport = transport
		h = proxy
	default:
		return fmt.Errorf("no role %q", role)
	}
	fmt.Printf("http://%s\n", l.Addr())
	return http.Serve(l, h)
}

func startSelf(role, backend string) (address string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	return start(regexp.MustCompile(`(http://\S+)`), self, "-serve", role, "-backend", backend)
}

func startSojourn(dir, upstream string) (address string, stop func(), err error) {
	return start(regexp.MustCompile(`proxy\s+(http://\S+)`), *binary, "serve", "--data", dir,
		"--proxy", "127.0.0.1:0", "--console", "127.0.0.1:0", "--upstream", upstream, "--log-level", "warn")
}

// start runs a command and returns what address finds in its output.
func start(address *regexp.Regexp, name string, args ...string) (string, func(), error) {
	cmd := exec.Command(name, args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop := func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			go io.Copy(io.Discard, out)
			return m[1], stop, nil
		}
	}
	stop()
	return "", nil, fmt.Errorf("%s ended before it told its address", name)
}

var (
	wrkRate    = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	wrkLatency = regexp.MustCompile(`(?m)^\s+(50|99)%\s+([\d.]+)(us|ms|s)$`)
	wrkErrors  = regexp.MustCompile(`(?m)^\s*(Socket errors|Non-2xx).*$`)
)

// wrk loads target once.
func wrk(target string) (map[string]float64, error) {
	out, err := exec.Command("wrk", "-t1", "-c", strconv.Itoa(*clients), "-d", fmt.Sprint(int(duration.Seconds())), "--latency",
		"-H", "Cookie: PHPSESSID=8f14e45fceea167a5a36dedd4bea2543", "-H", "User-Agent: bench", target).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("wrk: %w: %s", err, out)
	}
	if bad := wrkErrors.Find(out); bad != nil {
		return nil, fmt.Errorf("wrk: %s", bad)
	}
	got := map[string]float64{}
	if m := wrkRate.FindSubmatch(out); m != nil {
		got["requests a second"], _ = strconv.ParseFloat(string(m[1]), 64)
	}
	for _, m := range wrkLatency.FindAllSubmatch(out, -1) {
		v, err := time.ParseDuration(string(m[2]) + string(m[3]))
		if err != nil {
			return nil, err
		}
		got["latency p"+string(m[1])+", ms"] = float64(v) / 1e6
	}
	if len(got) != 3 {
		return nil, fmt.Errorf("wrk printed something else: %s", out)
	}
	return got, nil
}
