package test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const ownKeys = `version: 1
session:
  parameters:
    - {name: token, point: 'response.json["token"]', group: true}
    - {name: token, point: 'request.query["token"]', group: true}
    - {name: token, point: 'request.json["token"]', group: true}
    - {name: username, point: 'request.header["Authorization"].jwt.payload["details"]["username"]', type: user}
    - {name: role, point: 'request.header["Authorization"].jwt.payload["role"]', type: role}
    - {name: card, point: 'request.json["card"]["number"]', hash: true}
    - {name: pin, point: 'request.json["pin"]'}
    - {name: sku, point: 'request.json["items"][*]["sku"]'}
masks:
  - point: request.json["pin"]
  - name: "(?i)one_?time"
`

// What must not reach the disk.
const (
	ownToken    = "uW3vN8cY5rT1qZ7b"
	ownCard     = "4929123456781234"
	ownPIN      = "pin-80915532"
	ownPassword = "correcthorse7battery"
	ownCookie   = "Pq5sD2hK9wJ4mX6v"
	ownOneTime  = "Gd6nB1kR4tS9yE2f"
)

// ownClaims is a token with a user and a role, unsigned in effect.
var ownClaims = unsigned(`{"details":{"username":"ada"},"role":"buyer","jti":"Hs2kV9bQ"}`)

func unsigned(claims string) string {
	text := base64.RawURLEncoding.EncodeToString
	return text([]byte(`{"alg":"HS256"}`)) + "." + text([]byte(claims)) + "." + text([]byte("no-signature-at-all"))
}

var (
	sendsJSON  = map[string]string{"Content-Type": "application/json"}
	sendsLogin = map[string]string{"Content-Type": "application/json", "Cookie": "sessionid=" + ownCookie}
	sendsUser  = map[string]string{"Content-Type": "application/json; charset=utf-8", "Authorization": "Bearer " + ownClaims}
)

var ownVisits = []visit{
	{method: "POST", target: "/aaa/login", body: `{"user":"bob","password":"` + ownPassword + `"}`, header: sendsJSON},
	{method: "POST", target: "/aaa/body", body: `{"token":"aaa"}`, header: sendsJSON},
	{method: "GET", target: "/aaa/query?token=aaa"},
	{method: "POST", target: "/own/login", body: `{"user":"ada","password":"` + ownPassword + `"}`, header: sendsLogin},
	{method: "POST", target: "/own/body", header: sendsUser, body: `{"card":{"number":"` + ownCard + `"},"pin":"` + ownPIN +
		`","items":[{"sku":"tea"},{"id":7},{"sku":"cup"}],"token":"` + ownToken + `"}`},
	{method: "GET", target: "/own/query?page=2&token=" + ownToken + "&one_time=" + ownOneTime},
	{method: "POST", target: "/own/other", body: `{"token":null,"card":{"number":"` + ownCard + `"}}`, header: sendsLogin},
	{method: "POST", target: "/own/umlaut", body: "{\"items\":[{\"sku\":\"s\xfc\xdf\"}]}", header: map[string]string{"Content-Type": "application/json; charset=iso-8859-1"}},
	{method: "POST", target: "/graphql", body: `{"query":"query getUser($id: ID!) { user(id: $id) { name } }","variables":{"id":"7"}}`, header: sendsJSON},
}

// TestOwnKeys groups by a token wherever it stands, keeps what the policy asks
// for, and nothing of it that is secret; a recording of the same gives the same.
func TestOwnKeys(t *testing.T) {
	t.Parallel()
	rules := file(t, "policy.yaml", ownKeys)
	up := newUpstream(t, "api")
	up.mux.HandleFunc("/aaa/login", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"token":"aaa"}`)
	})
	up.mux.HandleFunc("/own/login", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		_, _ = io.WriteString(packed, `{"user":{"name":"ada"},"token":"`+ownToken+`"}`)
		_ = packed.Close()
	})
	live := serve(t, folder(t), "--upstream", up.URL, "--policy", rules)
	har := recordHAR(t, live.proxy, ownVisits)
	live.settled(t)
	stored := live.byPath(t)
	checkOwnKeys(t, stored)
	checkOwnFilters(t, live, stored)

	imported := importHAR(t, live, rules, up.URL, har, len(ownVisits))
	sameRequests(t, live, imported, len(ownVisits))
	checkInspected(t, must(t, "inspect", "--policy", rules, "--key-file", filepath.Join(live.data, "key"), har), stored)

	secrets := []string{ownToken, ownCard, ownPIN, ownPassword, ownCookie, ownOneTime, strings.Split(ownClaims, ".")[1], "no-signature-at-all", "Hs2kV9bQ"}
	for _, s := range []*server{live, imported} {
		checkTold(t, s, secrets)
		s.stop(t)
		searchFor(t, s.data, "/own/query", secrets)
		for _, secret := range secrets {
			if strings.Contains(s.printed(t), secret) {
				t.Errorf("the log holds %s", secret)
			}
		}
	}
}

func checkOwnKeys(t *testing.T, stored map[string]request) {
	t.Helper()
	type grouped struct{ Session, Key, Rung, Point string }
	want, got := map[string]grouped{}, map[string]grouped{}
	for path, where := range map[string]string{"login": `response.json["token"]`, "body": `request.json["token"]`, "query": `request.query["token"]`} {
		for _, family := range []string{"/aaa/", "/own/"} {
			want[family+path] = grouped{stored[family+"login"].Session, "token", "own", where}
		}
	}
	want["/own/other"] = grouped{stored["/own/other"].Session, "sessionid", "builtin", `request.cookie["sessionid"]`}
	for path := range want {
		r := stored[path]
		got[path] = grouped{r.Session, r.Key, r.Rung, r.Point}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("grouping:\n%s", diff)
	}
	a, b, c := stored["/aaa/login"].Session, stored["/own/login"].Session, stored["/own/other"].Session
	if a == b || b == c || c == a {
		t.Errorf("sessions of other tokens are %s, %s and %s", a, b, c)
	}

	r := stored["/own/body"]
	if r.User != "ada" || r.Role != "buyer" {
		t.Errorf("user %q, role %q", r.User, r.Role)
	}
	kept := map[string][]string{}
	for _, v := range r.Context {
		kept[v.Name] = append(kept[v.Name], v.Value)
		if hashed := v.Name == "token" || v.Name == "card"; v.Hashed != hashed {
			t.Errorf("that %s is hashed is %t", v.Name, v.Hashed)
		}
	}
	card := stored["/own/other"].Context
	if len(card) != 1 || card[0].Name != "card" || len(card[0].Value) < 16 {
		t.Fatalf("the context of the other card is %v", card)
	}
	expected := map[string][]string{
		"token": {stored["/own/query"].Context[0].Value}, "username": {"ada"}, "role": {"buyer"},
		"card": {card[0].Value}, "pin": {"[masked]"}, "sku": {"tea", "cup"},
	}
	if diff := cmp.Diff(expected, kept); diff != "" {
		t.Errorf("context:\n%s", diff)
	}
	if diff := cmp.Diff([]value{{"sku", "süß", false}}, stored["/own/umlaut"].Context); diff != "" {
		t.Errorf("a body in another charset:\n%s", diff)
	}
	if op := stored["/graphql"].Operation; op != "query getUser" {
		t.Errorf("the GraphQL operation is %q", op)
	}
}

// checkOwnFilters finds requests by what is kept of them.
func checkOwnFilters(t *testing.T, s *server, stored map[string]request) {
	t.Helper()
	card := stored["/own/other"].Context[0].Value
	for _, c := range []struct {
		name, value string
		matched     []int // requests, of each part
	}{
		{"user", "ada", []int{1}}, {"user", "eve", nil}, {"role", "buyer", []int{1}},
		{"context", "sku=cup", []int{1}}, {"context", "sku=coffee", nil}, {"context", "card=" + card, []int{1, 1}},
		{"context", "card=" + ownCard, nil}, {"context", "token=" + stored["/own/query"].Context[0].Value, []int{3}},
		{"key", "token", []int{3, 3}}, {"graphql_operation", "query getUser", []int{1}},
	} {
		var matched []int
		for _, p := range s.parts(t, url.Values{c.name: {c.value}}) {
			matched = append(matched, p.Matched)
		}
		if diff := cmp.Diff(c.matched, matched); diff != "" {
			t.Errorf("%s=%s:\n%s", c.name, c.value, diff)
		}
	}
}

// checkTold demands that the API tells no secret: files may hold one packed.
func checkTold(t *testing.T, s *server, secrets []string) {
	t.Helper()
	for _, id := range sessionIDs(s.parts(t, nil)) {
		for _, path := range []string{"sessions/" + id, "sessions/" + id + "/requests"} {
			text, err := s.ask(path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("%s tells %s", path, secret)
				}
			}
		}
	}
}

// checkInspected holds the lines of `sojourn inspect` against what was stored.
func checkInspected(t *testing.T, out string, stored map[string]request) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace([]byte(out)), []byte("\n"))
	if len(lines) != len(ownVisits) {
		t.Fatalf("%d lines of %d entries:\n%s", len(lines), len(ownVisits), out)
	}
	for i, line := range lines {
		path, _, _ := strings.Cut(ownVisits[i].target, "?")
		r := stored[path]
		type attempt struct {
			Name, Point string
			Found       bool
		}
		var got struct {
			SessionID string `json:"session_id"`
			Key       struct{ Name, Point, Rung, Strength string }
			Tried     []attempt
			User      string
			Role      string
			Application,
			Endpoint string
			Context  []value
			GraphQL  *struct{ Operation string }
			Findings []struct{ Type string }
			Flags    []string
		}
		decode(t, string(line), &got)
		if got.SessionID != r.Session || got.Key.Name != r.Key || got.Key.Point != r.Point || got.Key.Rung != r.Rung || got.Key.Strength != r.Strength ||
			got.User != r.User || got.Role != r.Role || got.Application != r.Application || got.Endpoint != r.Method+" "+r.Endpoint {
			t.Errorf("%s is inspected as %s, stored as %+v", path, line, r)
		}
		if diff := cmp.Diff(append([]value{}, r.Context...), got.Context); diff != "" {
			t.Errorf("the context of %s:\n%s", path, diff)
		}
		if last := len(got.Tried) - 1; last < 0 || got.Tried[last] != (attempt{r.Key, r.Point, true}) && r.Rung == "own" {
			t.Errorf("%s: tried are %+v", path, got.Tried)
		}
		if path == "/graphql" && (got.GraphQL == nil || got.GraphQL.Operation != r.Operation) {
			t.Errorf("GraphQL is inspected as %s", line)
		}
		var members map[string]json.RawMessage
		decode(t, string(line), &members)
		for _, name := range []string{"session_id", "key", "tried", "user", "role", "application", "endpoint", "context", "findings", "flags"} {
			if _, there := members[name]; !there {
				t.Errorf("%s: the line has no %s: %s", path, name, line)
			}
		}
	}
}
