package test

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestErrors: what cannot work ends with one line that says what to do.
func TestErrors(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	taken, err := net.Listen("tcp", anyPort)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	busy := taken.Addr().String()
	inUse := serve(t, folder(t), "--upstream", up.URL)
	typo := file(t, "typo.yaml", "version: 1\napplications:\n  - name: shop\n    upstraem: http://127.0.0.1:3000\n")
	noUpstream := file(t, "routes.yaml", "version: 1\napplications:\n  - name: shop\n    upstream: 127.0.0.1\n")
	logFile := file(t, "access.log", `192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET / HTTP/1.1" 200 1 "-" "x"`+"\n")
	const serving = "serve --proxy 127.0.0.1:0 --console 127.0.0.1:0 --data NEW"

	for _, c := range []struct {
		name string
		args string
		says []string // all of them, in the one line
		code int
	}{
		{"upstream without a scheme", serving + " --upstream nonsense", []string{"--upstream", `"nonsense"`, "http://host:port"}, 3},
		{"upstream of another kind", serving + " --upstream ftp://127.0.0.1", []string{"--upstream", "ftp://127.0.0.1"}, 3},
		{"no upstream", serving, []string{"--upstream", "--policy"}, 3},
		{"unknown flag", serving + " --upstraem http://127.0.0.1:1", []string{"--upstraem"}, 2},
		{"unknown command", "sreve", []string{"sreve"}, 2},
		{"taken proxy port", "serve --console 127.0.0.1:0 --data NEW --upstream UP --proxy " + busy, []string{busy, "in use", "--proxy"}, 3},
		{"taken console port", "serve --proxy 127.0.0.1:0 --data NEW --upstream UP --console " + busy, []string{busy, "in use", "--console"}, 3},
		{"console beyond this machine", "serve --proxy 127.0.0.1:0 --data NEW --upstream UP --console 0.0.0.0:0", []string{"0.0.0.0:0", "--console-cert", "--console-insecure"}, 3},
		{"a certificate without its key", serving + " --upstream UP --tls-cert " + logFile, []string{"--tls-cert", "--tls-key", "both"}, 3},
		{"a certificate that is none", serving + " --upstream UP --tls-cert " + logFile + " --tls-key " + typo, []string{"--tls-cert " + logFile, "--tls-key " + typo}, 3},
		{"a certificate that is not there", serving + " --upstream UP --tls-cert /nonexistent.pem --tls-key " + typo, []string{"--tls-cert /nonexistent.pem", "no such file"}, 3},
		{"a demo with TLS", "serve --demo --data NEW --proxy 127.0.0.1:0 --console 127.0.0.1:0 --tls-cert " + logFile + " --tls-key " + typo, []string{"--demo", "--tls-cert"}, 1},
		{"folder in use", "serve --proxy 127.0.0.1:0 --console 127.0.0.1:0 --upstream UP --data " + inUse.data, []string{inUse.data, "in use", "--data"}, 1},
		{"import into a folder in use", "import " + logFile + " --data " + inUse.data, []string{inUse.data, "in use", "stop it"}, 1},
		{"folder that is a file", "serve --upstream UP --data " + logFile, []string{logFile, "--data"}, 1},
		{"policy with a typo", serving + " --policy " + typo, []string{typo + ":4", "upstraem", "upstream"}, 3},
		{"policy with a bad upstream", serving + " --policy " + noUpstream, []string{noUpstream, "upstream", "127.0.0.1"}, 3},
		{"policy that is not there", serving + " --policy /nonexistent.yaml", []string{"/nonexistent.yaml"}, 3},
		{"bad size", serving + " --upstream UP --bus-bytes lots", []string{"--bus-bytes", "lots"}, 3},
		{"bad retention", serving + " --upstream UP --retention soon", []string{"--retention", "soon"}, 3},
		{"import of nothing there", "import --data NEW /nonexistent.log", []string{"/nonexistent.log"}, 1},
		{"no data folder", "sessions list --data /nonexistent", []string{"/nonexistent", "--data"}, 1},
		{"sign-in without a server", "sign-in --data NEW", []string{"sojourn serve --data"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var args []string
			for arg := range strings.FieldsSeq(c.args) {
				switch arg {
				case "NEW":
					arg = folder(t)
				case "UP":
					arg = up.URL
				}
				args = append(args, arg)
			}
			r := sojourn(t, args...)
			if r.code != c.code {
				t.Errorf("exit code %d, want %d", r.code, c.code)
			}
			if r.stdout != "" {
				t.Errorf("it prints %s", r.stdout)
			}
			line, more, _ := strings.Cut(r.stderr, "\n")
			if !strings.HasPrefix(line, "sojourn: ") || more != "" {
				t.Errorf("it says\n%swant one line", r.stderr)
			}
			for _, want := range c.says {
				if !strings.Contains(line, want) {
					t.Errorf("%q does not tell %q", line, want)
				}
			}
		})
	}
}

// TestUpstreamAway: an upstream that does not answer is a warning at the start
// and a 502 for each request, which is recorded; one that comes up is used.
func TestUpstreamAway(t *testing.T) {
	t.Parallel()
	away := freeAddress(t)
	s := serve(t, folder(t), "--upstream", "http://"+away)
	if printed := s.printed(t); !strings.Contains(printed, "WARN") || !strings.Contains(printed, away) {
		t.Errorf("no warning of %s in %s", away, printed)
	}
	resp, body := send(t, http.MethodGet, "http://"+s.proxy+"/away", nil)
	var problem struct {
		Title, Detail, Instance string
		Status                  int
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil {
		t.Fatal(err, body)
	}
	if resp.StatusCode != http.StatusBadGateway || resp.Header.Get("Content-Type") != "application/problem+json" || problem.Status != http.StatusBadGateway || problem.Title == "" {
		t.Errorf("the answer is %s, %s", resp.Status, body)
	}
	if strings.Contains(body, away) {
		t.Errorf("the answer tells clients what is behind the proxy: %s", body)
	}
	s.settled(t)
	r := s.byPath(t)["/away"]
	if r.Status != http.StatusBadGateway || !slices.Contains(r.Flags, "upstream_error") || r.ID != problem.Instance {
		t.Errorf("it is recorded as %+v; the answer named %s", r, problem.Instance)
	}

	l, err := net.Listen("tcp", away)
	if err != nil {
		t.Fatal(err)
	}
	up := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(r.URL.Path)) }), ReadHeaderTimeout: patience}
	go func() { _ = up.Serve(l) }()
	t.Cleanup(func() { up.Close() })
	if err := get(asking, "http://"+s.proxy+"/back", "", "/back"); err != nil {
		t.Errorf("the upstream is up again: %v", err)
	}
}

// TestCorruptDay: a day's file that is garbage is set aside, and the other days
// go on answering.
func TestCorruptDay(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	data, today, yesterday, before := folder(t), now, now.AddDate(0, 0, -1), now.AddDate(0, 0, -2)
	var log strings.Builder
	for _, at := range []time.Time{before, yesterday, today} {
		log.WriteString(logLine(0, at) + "\n")
	}
	must(t, "import", "--data", data, file(t, "access.log", log.String()))
	bad := filepath.Join(data, "days", yesterday.Format(time.DateOnly)+".duckdb")
	if info, err := os.Stat(bad); err != nil || info.Size() == 0 {
		t.Fatalf("%s holds nothing: %v", bad, err)
	}
	if err := os.WriteFile(bad, []byte(strings.Repeat("garbage ", 10_000)), 0o600); err != nil {
		t.Fatal(err)
	}

	up := newUpstream(t, "api")
	s := serve(t, data, "--upstream", up.URL)
	var sys system
	if err := s.read("system", nil, &sys); err != nil {
		t.Fatal(err)
	}
	if len(sys.SetAside) != 1 || !strings.Contains(sys.SetAside[0].File, yesterday.Format(time.DateOnly)) || sys.SetAside[0].Reason == "" {
		t.Errorf("set aside: %+v", sys.SetAside)
	}
	var days []string
	for _, p := range s.parts(t, nil) {
		days = append(days, p.Part)
	}
	if want := []string{today.Format(time.DateOnly), before.Format(time.DateOnly)}; !slices.Equal(days, want) {
		t.Errorf("the days that answer are %v, want %v", days, want)
	}
	if err := get(asking, "http://"+s.proxy+"/new", "", "/new"); err != nil {
		t.Error(err)
	}
	s.settled(t)
	if stored := paths(s.requests(t)); stored["/new"] != 1 {
		t.Errorf("what came in since is not stored: %v", stored)
	}
}
