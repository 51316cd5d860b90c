package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
	safari  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1"

	// A token with the claims {"iss":"https://id.test","sub":"user-42"}, unsigned in effect.
	jwt = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJodHRwczovL2lkLnRlc3QiLCJzdWIiOiJ1c2VyLTQyIn0.c2lnbmF0dXJl"
	// basic is ada:lovelace1815.
	basic = "Basic YWRhOmxvdmVsYWNlMTgxNQ=="
)

// caller is one way in which clients say who they are, and what must come of it.
type caller struct {
	name                        string
	header                      map[string]string
	query                       string
	key, rung, strength, point  string
	sessionOf                   string // name of an earlier caller of the same session
	sameClientAs, otherClientTo string
}

var callers = []caller{
	{name: "cookie", header: map[string]string{"Cookie": "lang=en; PHPSESSID=f3k9q1z7m2x8c5v4", "User-Agent": firefox},
		key: "PHPSESSID", rung: "builtin", strength: "secret", point: `request.cookie["PHPSESSID"]`},
	{name: "cookie-elsewhere", header: map[string]string{"Cookie": "PHPSESSID=f3k9q1z7m2x8c5v4", "User-Agent": safari},
		key: "PHPSESSID", rung: "builtin", strength: "secret", point: `request.cookie["PHPSESSID"]`,
		sessionOf: "cookie", otherClientTo: "cookie"},
	{name: "bearer", header: map[string]string{"Authorization": "Bearer 7sXq2Lr9TzWv4KpB8nYc"},
		key: "bearer_token", rung: "builtin", strength: "secret", point: `request.header["Authorization"]`},
	{name: "jwt", header: map[string]string{"Authorization": "Bearer " + jwt},
		key: "jwt.sub", rung: "builtin", strength: "claimed", point: `request.header["Authorization"].jwt.payload["sub"]`},
	{name: "api-key", header: map[string]string{"X-Api-Key": "k-5Gh81Lw0QzXn27Rt"},
		key: "api_key", rung: "builtin", strength: "secret", point: `request.header["X-Api-Key"] + request.ip + request.header["User-Agent"]`},
	{name: "basic", header: map[string]string{"Authorization": basic},
		key: "basic.user", rung: "builtin", strength: "claimed"},
	{name: "first-browser", header: map[string]string{"User-Agent": firefox},
		key: "network", rung: "network", strength: "network", sameClientAs: "cookie"},
	{name: "second-browser", header: map[string]string{"User-Agent": safari},
		key: "network", rung: "network", strength: "network", otherClientTo: "first-browser"},
	{name: "query", header: map[string]string{"User-Agent": firefox}, query: "page=2&password=hunter2hunter2&access_token=Zq81mXv0Pw47sKd2",
		key: "bearer_token", rung: "builtin", strength: "secret", point: `request.query["access_token"]`},
}

// TestLive follows traffic from curl and from Go through the proxy into the API
// and the command line.
func TestLive(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	up.mux.HandleFunc("/live/denied", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	})
	s := serve(t, folder(t), "--upstream", up.URL)
	began := time.Now().Truncate(time.Microsecond)
	for _, c := range callers {
		for i, send := range []func(testing.TB, string, map[string]string) string{curl, fetch} {
			target := fmt.Sprintf("http://%s/live/%s/%d", s.proxy, c.name, i)
			if c.query != "" {
				target += "?" + c.query
			}
			if body := send(t, target, c.header); body != fmt.Sprintf("/live/%s/%d", c.name, i) {
				t.Fatalf("%s got %q", target, body)
			}
		}
	}
	fetch(t, "http://"+s.proxy+"/live/denied", callers[0].header)
	s.settled(t)
	stored := s.byPath(t)
	if want := 2*len(callers) + 1; len(stored) != want {
		t.Fatalf("%d requests are stored, want %d", len(stored), want)
	}

	t.Run("grouping", func(t *testing.T) { checkCallers(t, stored) })
	t.Run("measures", func(t *testing.T) { checkMeasures(t, s, stored, began) })
	t.Run("documents", func(t *testing.T) { checkDocuments(t, s, stored) })
	t.Run("terminal", func(t *testing.T) { checkTerminal(t, s, stored) })
}

func checkCallers(t *testing.T, stored map[string]request) {
	of := func(name string) request { return stored["/live/"+name+"/0"] }
	sessions := map[string]string{} // session → the caller that made it
	for _, c := range callers {
		r, again := of(c.name), stored["/live/"+c.name+"/1"]
		got := []string{r.Key, r.Rung, r.Strength}
		if want := []string{c.key, c.rung, c.strength}; !cmp.Equal(got, want) && c.rung != "network" || r.Rung != c.rung || r.Strength != c.strength {
			t.Errorf("%s is grouped by %v, want %v", c.name, got, want)
		}
		if c.point != "" && r.Point != c.point {
			t.Errorf("%s: its value was found at %s, want %s", c.name, r.Point, c.point)
		}
		// An API key is many clients' own, told apart by their User-Agent: curl's, Go's.
		if together := r.Session == again.Session; together != (c.key != "api_key") {
			t.Errorf("%s: that its two requests are in one session is %t", c.name, together)
		}
		made, seen := sessions[r.Session]
		if want := c.sessionOf; made != want || seen != (want != "") {
			t.Errorf("%s is in the session of %q, want %q", c.name, made, want)
		}
		if !seen {
			sessions[r.Session] = c.name
		}
		if c.sameClientAs != "" && r.Client != of(c.sameClientAs).Client {
			t.Errorf("%s is another client than %s", c.name, c.sameClientAs)
		}
		if c.otherClientTo != "" && r.Client == of(c.otherClientTo).Client {
			t.Errorf("%s is the same client as %s", c.name, c.otherClientTo)
		}
		if !r.Accepted {
			t.Errorf("%s was not accepted", c.name)
		}
	}
	if denied := stored["/live/denied"]; denied.Accepted || denied.Status != http.StatusForbidden || denied.Session != of("cookie").Session {
		t.Errorf("the denied request is %+v", denied)
	}
}

func checkMeasures(t *testing.T, s *server, stored map[string]request, began time.Time) {
	for path, r := range stored {
		size := len(path)
		if path == "/live/denied" {
			size = len("no\n")
		}
		switch {
		case r.Method != http.MethodGet, r.Host != s.proxy, r.IP != loopback, r.Application != "default":
			t.Errorf("%s: %+v", path, r)
		case r.Started.Before(began) || r.Started.After(time.Now()):
			t.Errorf("%s started at %v, the test at %v", path, r.Started, began)
		case r.ResponseBytes == nil || *r.ResponseBytes != size:
			t.Errorf("%s: its response has %d bytes: %+v", path, size, r)
		case r.RequestBytes == nil || *r.RequestBytes != 0:
			t.Errorf("%s: its request has no body: %+v", path, r)
		case r.Duration == nil || r.FirstByte == nil || *r.FirstByte <= 0 || *r.Duration < *r.FirstByte || *r.Duration > int(patience/time.Microsecond):
			t.Errorf("%s: its times are odd: %+v", path, r)
		}
	}
	r := stored["/live/query/0"]
	asked, err := url.ParseQuery(r.Query)
	if err != nil {
		t.Fatal(err)
	}
	if asked.Get("page") != "2" || len(asked) != 3 || strings.Contains(r.Query, "hunter2") || strings.Contains(r.Query, "Zq81mXv0") {
		t.Errorf("the query is kept as %q", r.Query)
	}
	if r.Endpoint != "/live/query/{int}" {
		t.Errorf("the endpoint is %s", r.Endpoint)
	}
}

func checkDocuments(t *testing.T, s *server, stored map[string]request) {
	r := stored["/live/cookie/0"]
	var one request
	if err := s.read("requests/"+r.ID, nil, &one); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, one); diff != "" {
		t.Errorf("the request alone differs from the one in the list:\n%s", diff)
	}

	parts := s.parts(t, url.Values{"session": {r.Session}})
	if len(parts) != 1 {
		t.Fatalf("parts of the cookie's session: %+v", parts)
	}
	p := parts[0]
	if p.Requests != 5 || p.Key != "PHPSESSID" || p.IP != loopback || p.Part != r.Started.Format(time.DateOnly) || !p.Started.Equal(r.Started) || p.Attacks != 0 {
		t.Errorf("the part is %+v", p)
	}
	if diff := cmp.Diff([]count{{s.proxy, 5}}, p.Hosts); diff != "" {
		t.Error(diff)
	}

	var session struct {
		Requests, Errors int
		Key              string
		Facets           []struct {
			Name     string
			Distinct int
			Values   []struct {
				Value string
				Count int
				Share float64
			}
		}
	}
	if err := s.read("sessions/"+r.Session, nil, &session); err != nil {
		t.Fatal(err)
	}
	if session.Requests != 5 || session.Errors != 1 || session.Key != "PHPSESSID" {
		t.Errorf("the session is %+v", session)
	}
	counts := map[string]map[string]int{}
	for _, f := range session.Facets {
		counts[f.Name] = map[string]int{}
		for _, v := range f.Values {
			counts[f.Name][v.Value] = v.Count
			if want := float64(v.Count) / 5; v.Share < want-0.001 || v.Share > want+0.001 {
				t.Errorf("%s %s has a share of %v, want %v", f.Name, v.Value, v.Share, want)
			}
		}
	}
	want := map[string]map[string]int{
		"application": {"default": 5}, "host": {s.proxy: 5}, "method": {"GET": 5}, "ip": {loopback: 5}, "key": {"PHPSESSID": 5},
		"endpoint":   {"GET /live/cookie/{int}": 2, "GET /live/cookie-elsewhere/{int}": 2, "GET /live/denied": 1},
		"status":     {"200": 4, "403": 1},
		"user_agent": {firefox: 3, safari: 2},
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("facets:\n%s", diff)
	}

	for _, filter := range []struct {
		name, value string
		parts       int
	}{
		{"status", "403", 1}, {"status", "5xx", 0}, {"key", "jwt.sub", 1}, {"ip", "127.0.0.0/8", 9}, {"ip", "192.0.2.1", 0},
		{"host", "127.*", 9}, {"method", "POST", 0}, {"application", "default", 9}, {"request", r.ID, 1}, {"endpoint", "/live/basic/*", 1},
	} {
		if got := s.parts(t, url.Values{filter.name: {filter.value}}); len(got) != filter.parts {
			t.Errorf("%s=%s finds %d parts, want %d", filter.name, filter.value, len(got), filter.parts)
		}
	}
	if err := s.read("sessions", url.Values{"ststus": {"403"}}, &session); err == nil || !strings.Contains(err.Error(), "422") {
		t.Errorf("a misspelt filter is answered with %v", err)
	}
}

// checkTerminal holds what commands print against what the API answers.
func checkTerminal(t *testing.T, s *server, stored map[string]request) {
	r := stored["/live/cookie/0"]
	for _, c := range []struct {
		path string
		args []string
	}{
		{"sessions", []string{"sessions", "list"}},
		{"sessions/" + r.Session, []string{"sessions", "show", r.Session}},
		{"sessions/" + r.Session + "/requests", []string{"sessions", "requests", r.Session}},
		{"requests/" + r.ID, []string{"requests", "show", r.ID}},
	} {
		document, err := s.ask(c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		decode(t, string(document), &want)
		decode(t, must(t, append(c.args, "--data", s.data, "--json")...), &got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v --json differs from the API:\n%s", c.args, diff)
		}
		if text := must(t, append(c.args, "--data", s.data)...); !strings.Contains(text, "PHPSESSID") && !strings.Contains(text, "/live/cookie/0") || json.Valid([]byte(text)) {
			t.Errorf("%v prints %s", c.args, text)
		}
	}
}

// curl fetches a URL with the real curl.
func curl(t testing.TB, target string, header map[string]string) string {
	t.Helper()
	program, err := exec.LookPath("curl")
	if err != nil {
		t.Log("curl is not installed: Go stands in for it")
		return fetch(t, target, header)
	}
	args := []string{"--silent", "--show-error", "--noproxy", "*", "--max-time", "60"}
	for name, value := range header {
		args = append(args, "--header", name+": "+value)
	}
	out, err := exec.CommandContext(t.Context(), program, append(args, target)...).Output()
	if err != nil {
		t.Fatalf("curl %s: %v", target, err)
	}
	return string(out)
}

// fetch gets a URL and returns the body of its answer.
func fetch(t testing.TB, target string, header map[string]string) string {
	t.Helper()
	_, body := send(t, http.MethodGet, target, header)
	return body
}
