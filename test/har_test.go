package test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// harEntry is an entry of a HAR 1.2 file.
type harEntry struct {
	Started  time.Time `json:"startedDateTime"`
	Time     float64   `json:"time"` // milliseconds
	Client   string    `json:"_clientIPAddress,omitempty"`
	Request  harSide   `json:"request"`
	Response harSide   `json:"response"`
}

// harSide is a request or a response.
type harSide struct {
	Method   string    `json:"method,omitempty"`
	URL      string    `json:"url,omitempty"`
	Status   int       `json:"status,omitempty"`
	Proto    string    `json:"httpVersion"`
	Headers  []harPair `json:"headers"`
	PostData *harBody  `json:"postData,omitempty"`
	Content  *harBody  `json:"content,omitempty"`
	BodySize int       `json:"bodySize"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harBody struct {
	MimeType string `json:"mimeType"`
	Text     string `json:"text"`
	Size     int    `json:"size"`
}

// visit is one exchange to drive and to record.
type visit struct {
	method, host, target, body string
	header                     map[string]string
	forwarded                  bool // the HAR does not tell the client, only the forwarding header does
}

var visits = []visit{
	{method: "GET", target: "/har/1", header: map[string]string{"User-Agent": firefox}},
	{method: "GET", target: "/har/2?page=3&q=a%20b", header: map[string]string{"User-Agent": safari}},
	{method: "POST", target: "/har/login/3", body: `{"user":"ada","password":"lovelace1815"}`, header: map[string]string{"Content-Type": "application/json", "User-Agent": firefox}},
	{method: "GET", target: "/har/4", header: map[string]string{"Cookie": "PHPSESSID=v8b3n6m1q4w7e0r2; theme=dark"}},
	{method: "GET", host: "shop.test", target: "/har/users/12345/5", header: map[string]string{"Cookie": "theme=light; PHPSESSID=v8b3n6m1q4w7e0r2"}},
	{method: "GET", target: "/har/6", header: map[string]string{"Authorization": "Bearer " + jwt}},
	{method: "DELETE", target: "/har/orders/6f1a3c2e-6a51-4e0b-9c55-0d9b8a7c6e5f/7", header: map[string]string{"Authorization": "Bearer 9tYx2Wq7Rv4Kp8Lm1Nc5"}},
	{method: "GET", target: "/har/8", header: map[string]string{"Authorization": basic}},
	{method: "PUT", target: "/har/9", body: "a=1&b=2", header: map[string]string{"X-Api-Key": "k-77Hg2Lw9QzXn31Rt", "Content-Type": "application/x-www-form-urlencoded"}},
	{method: "GET", target: "/har/10?access_token=Zq81mXv0Pw47sKd2&page=1", header: map[string]string{"User-Agent": firefox}},
	{method: "GET", target: "/har/11;jsessionid=A81F2B7C9D0E4F53A6B1?x=1", header: map[string]string{"User-Agent": firefox}},
	{method: "GET", host: "shop.test", target: "/har/12", header: map[string]string{"X-Forwarded-For": "203.0.113.9", "User-Agent": firefox}, forwarded: true},
	{method: "GET", target: "/har/13", header: map[string]string{"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 127.0.0.9", "User-Agent": firefox}, forwarded: true},
	{method: "GET", target: "/har/denied/14", header: map[string]string{"Cookie": "PHPSESSID=v8b3n6m1q4w7e0r2"}},
	{method: "GET", target: "/har/gr%C3%BC%C3%9Fe/15", header: map[string]string{"Cookie": "connect.sid=s%3AkJ3mQ8xZ1vB6nR4t.c2ln"}},
	{method: "GET", target: "/har/16", header: map[string]string{"Cookie": "PHPSESSID=deleted", "User-Agent": safari}},
}

// TestHARIsLive drives exchanges through the proxy, and imports what the client
// recorded of them into another folder with the same key: the same comes of it.
func TestHARIsLive(t *testing.T) {
	t.Parallel()
	rules := file(t, "policy.yaml", `version: 1
applications: [{name: shop, hosts: [shop.test]}]
client_address: {header: X-Forwarded-For, trusted_proxies: ["127.0.0.0/8"]}
`)
	up := newUpstream(t, "api")
	up.mux.HandleFunc("/har/denied/", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "no", http.StatusForbidden)
	})
	up.mux.HandleFunc("/har/login/", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", Value: "n2m5k8j1h4g7f0d3"})
		_, _ = io.WriteString(w, `{"token":"9tYx2Wq7Rv4Kp8Lm1Nc5"}`)
	})
	live := serve(t, folder(t), "--upstream", up.URL, "--policy", rules)
	har := recordHAR(t, live.proxy, visits)
	live.settled(t)
	imported := importHAR(t, live, rules, up.URL, har, len(visits))
	sameRequests(t, live, imported, len(visits))
	if n := len(sessionIDs(live.parts(t, nil))); n < 8 {
		t.Errorf("the visits make %d sessions", n)
	}
}

// recordHAR drives exchanges through a proxy, and writes down what their client saw.
func recordHAR(t *testing.T, proxy string, visits []visit) string {
	t.Helper()
	var entries []harEntry
	for _, v := range visits {
		entries = append(entries, v.drive(t, proxy))
	}
	recording := map[string]any{"log": map[string]any{"version": "1.2", "creator": map[string]string{"name": "test", "version": "1"}, "entries": entries}}
	text, err := json.Marshal(recording)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "recording.har", string(text))
}

// importHAR imports a recording of so many entries into a new folder with the
// install key of a live server, and serves that folder.
func importHAR(t *testing.T, live *server, rules, upstream, har string, entries int) *server {
	t.Helper()
	other := folder(t)
	key, err := os.ReadFile(filepath.Join(live.data, "key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	var r report
	decode(t, must(t, "import", "--data", other, "--policy", rules, "--json", har), &r)
	if r.Requests != entries || r.Added != entries || r.Rejected != 0 {
		t.Fatalf("the import reports %+v", r)
	}
	return serve(t, other, "--upstream", upstream, "--policy", rules)
}

// sameRequests demands that two servers hold the same n requests and sessions.
func sameRequests(t *testing.T, live, imported *server, n int) {
	t.Helper()
	watched, read := sortedByPath(live.requests(t)), sortedByPath(imported.requests(t))
	if len(watched) != n {
		t.Fatalf("%d requests were watched", len(watched))
	}
	// Ids, times and revisions are each source's own; the client's clock ran
	// outside the proxy.
	differ := cmpopts.IgnoreFields(request{}, "ID", "Started", "Duration", "FirstByte", "Revision")
	if diff := cmp.Diff(watched, read, differ); diff != "" {
		t.Errorf("what was imported (+) differs from what was watched (-):\n%s", diff)
	}
	if a, b := sessionIDs(live.parts(t, nil)), sessionIDs(imported.parts(t, nil)); !slices.Equal(a, b) {
		t.Errorf("sessions watched %v, imported %v", a, b)
	}
}

func sortedByPath(all []request) []request {
	slices.SortFunc(all, func(a, b request) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// drive sends the visit through a proxy, and returns what a recorder writes down.
func (v visit) drive(t *testing.T, proxy string) harEntry {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), v.method, "http://"+proxy+v.target, strings.NewReader(v.body))
	if err != nil {
		t.Fatal(err)
	}
	if v.host != "" {
		r.Host = v.host
	}
	r.Header.Set("User-Agent", "recorder/1.0")
	r.Header.Set("Accept-Encoding", "gzip") // said by us, so that Go does not hide it
	for name, value := range v.header {
		r.Header.Set(name, value)
	}
	e := harEntry{Started: time.Now().UTC(), Client: loopback}
	if v.forwarded {
		e.Client = ""
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	e.Time = float64(time.Since(e.Started).Microseconds()) / 1000
	e.Request = harSide{Method: v.method, URL: "http://" + r.Host + v.target, Proto: "HTTP/1.1", Headers: pairs(r.Header), BodySize: len(v.body)}
	if v.body != "" {
		e.Request.PostData = &harBody{MimeType: r.Header.Get("Content-Type"), Text: asText(v.body), Size: len(v.body)}
	}
	text := unpacked(t, resp.Header.Get("Content-Encoding"), body)
	e.Response = harSide{Status: resp.StatusCode, Proto: "HTTP/1.1", Headers: pairs(resp.Header), BodySize: len(body),
		Content: &harBody{MimeType: resp.Header.Get("Content-Type"), Text: string(text), Size: len(text)}}
	return e
}

// asText is a body as a recording holds it: decoded. One that is not UTF-8 is
// Latin-1, as its header says.
func asText(body string) string {
	if utf8.ValidString(body) {
		return body
	}
	runes := make([]rune, 0, len(body))
	for i := range len(body) {
		runes = append(runes, rune(body[i]))
	}
	return string(runes)
}

// unpacked is a body as a browser shows it: the header fields of a recording tell
// how it was packed, its text does not.
func unpacked(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	if encoding != "gzip" {
		return body
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pairs(h http.Header) []harPair {
	all := []harPair{}
	for name, values := range h {
		for _, value := range values {
			all = append(all, harPair{name, value})
		}
	}
	return all
}
