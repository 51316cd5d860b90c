package identity

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

var update = flag.Bool("update", false, "rewrite the expectations in testdata")

// testKey is the install key of all cases, so that their ids are known answers.
var testKey = bytes.Repeat([]byte{0x5a}, KeyBytes)

func testIdentifier(t testing.TB) *Identifier {
	t.Helper()
	i, err := New(testKey)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestCases runs testdata/*.txt. A case begins with "=== name"; then come lines
// "> ip ADDRESS", "> fingerprint TEXT" and "> application NAME", a raw HTTP request, a line "---" and
// what is expected.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	identifier := testIdentifier(t)
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head, rest, _ := strings.Cut("\n"+string(doc), "\n=== ")
		out := strings.TrimPrefix(head+"\n", "\n")
		for _, text := range strings.Split(rest, "\n=== ") {
			name, body, _ := strings.Cut(text, "\n")
			input, want, ok := strings.Cut(body, "\n---\n")
			if !ok {
				t.Fatalf("%s: %s has no ---", file, name)
			}
			got := describe(identifier.Identify(parseCase(t, name, input)))
			if diff := cmp.Diff(strings.TrimSpace(want), got); diff != "" && !*update {
				t.Errorf("%s: %s\n%s", file, name, diff)
			}
			out += "=== " + name + "\n" + input + "\n---\n" + got + "\n\n"
		}
		if *update {
			if err := os.WriteFile(file, []byte(strings.TrimRight(out, "\n")+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func describe(id Identity) string {
	return fmt.Sprintf("key: %s\npoint: %s\nrung: %s\nstrength: %s\ntried: %d\nsession: %s\nclient: %s",
		id.Key, id.Point, id.Rung, id.Strength, id.Tried, id.Session, id.Client)
}

func parseCase(t testing.TB, name, input string) *Request {
	t.Helper()
	r := &Request{Application: "default"}
	for strings.HasPrefix(input, "> ") {
		var line string
		line, input, _ = strings.Cut(input, "\n")
		switch word, value, _ := strings.Cut(line[2:], " "); word {
		case "ip":
			r.IP = netip.MustParseAddr(value)
		case "fingerprint":
			r.Fingerprint = value
		case "application":
			r.Application = value
		default:
			t.Fatalf("%s: %q is not known", name, line)
		}
	}
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.TrimSpace(input) + "\n\n")))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	r.Header, r.Path, r.Query = req.Header, req.URL.EscapedPath(), req.URL.RawQuery
	return r
}

// request builds a request from "Name: value" lines.
func request(ip string, lines ...string) *Request {
	r := &Request{Application: "default", Header: http.Header{}, Path: "/"}
	if ip != "" {
		r.IP = netip.MustParseAddr(ip)
	}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	return r
}

func TestSessionsMeet(t *testing.T) {
	identifier := testIdentifier(t)
	const ua, other = "User-Agent: Mozilla/5.0", "User-Agent: curl/8"
	in := func(r *Request, application string) *Request { r.Application = application; return r }
	by := func(r *Request, fingerprint string) *Request { r.Fingerprint = fingerprint; return r }
	at := func(r *Request, path, query string) *Request { r.Path, r.Query = path, query; return r }
	for _, c := range []struct {
		name string
		a, b *Request
		same bool
	}{
		{"one cookie from two addresses", request("203.0.113.7", ua, "Cookie: PHPSESSID=abc"), request("198.51.100.9", other, "Cookie: a=1; PHPSESSID=abc"), true},
		{"one cookie in two applications", request("203.0.113.7", "Cookie: PHPSESSID=abc"), in(request("203.0.113.7", "Cookie: PHPSESSID=abc"), "shop"), true},
		{"two cookies", request("203.0.113.7", "Cookie: PHPSESSID=abc"), request("203.0.113.7", "Cookie: PHPSESSID=abd"), false},
		{"one value in two keys", request("203.0.113.7", "Cookie: PHPSESSID=abc"), request("203.0.113.7", "Cookie: JSESSIONID=abc"), false},
		{"cookie and query", request("203.0.113.7", "Cookie: PHPSESSID=abc"), at(request("198.51.100.9"), "/", "PHPSESSID=abc"), true},
		{"cookie and path", request("203.0.113.7", "Cookie: JSESSIONID=9F8A7B6C"), at(request("198.51.100.9"), "/cart;jsessionid=9F8A7B6C", ""), true},
		{"a plus in a path is no blank", request("203.0.113.7", "Cookie: JSESSIONID=9F8A+7B6C"), at(request("198.51.100.9"), "/cart;jsessionid=9F8A+7B6C", ""), true},
		{"deleted chunks are no value", request("203.0.113.7", ua, "Cookie: appSession.0=deleted; appSession.1=deleted"), request("203.0.113.7", ua), true},
		{"the console's own cookie is no key", request("203.0.113.7", ua, "Cookie: sojourn_session=b1b2b3b4b5b6b7b8b9"), request("203.0.113.7", ua), true},
		{"bearer and query", request("203.0.113.7", "Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA"), at(request("198.51.100.9"), "/", "access_token=2YotnFZFEjr1zCsicMWpAA"), true},
		{"quoted cookie", request("203.0.113.7", `Cookie: PHPSESSID="abc"`), request("203.0.113.7", "Cookie: PHPSESSID=abc"), true},
		{"two users behind one NAT", request("203.0.113.7", ua), request("203.0.113.7", other), false},
		{"one network in two applications", request("203.0.113.7", ua), in(request("203.0.113.7", ua), "shop"), false},
		{"IPv6 within its /64", request("2001:db8::1", ua), request("2001:db8::ffff:1", ua), true},
		{"IPv6 across /64", request("2001:db8::1", ua), request("2001:db8:0:1::1", ua), false},
		{"IPv4 in IPv6", request("::ffff:203.0.113.7", ua), request("203.0.113.7", ua), true},
		{"no User-Agent and an empty one", request("203.0.113.7"), request("203.0.113.7", "User-Agent: "), true},
		{"one TLS stack", by(request("203.0.113.7", ua), "t13d1515_a"), by(request("203.0.113.7", ua), "t13d1515_a"), true},
		{"two TLS stacks", by(request("203.0.113.7", ua), "t13d1515_a"), by(request("203.0.113.7", ua), "t13d1515_b"), false},
		{"one TLS stack at two addresses", by(request("203.0.113.7", ua), "t13d1515_a"), by(request("203.0.113.8", ua), "t13d1515_a"), false},
		{"one TLS stack with two agents", by(request("203.0.113.7", ua), "t13d1515_a"), by(request("203.0.113.7", other), "t13d1515_a"), false},
		{"with a TLS stack and without", by(request("203.0.113.7", ua), "t13d1515_a"), request("203.0.113.7", ua), false},
		{"a fingerprint is no User-Agent", by(request("203.0.113.7"), "x"), request("203.0.113.7", "User-Agent: x"), false},
		{"a cookie with two TLS stacks", by(request("203.0.113.7", "Cookie: PHPSESSID=abc"), "t13d1515_a"), by(request("203.0.113.7", "Cookie: PHPSESSID=abc"), "t13d1515_b"), true},
		{"an API key with two TLS stacks", by(request("203.0.113.7", ua, "X-Api-Key: k1"), "t13d1515_a"), by(request("203.0.113.7", ua, "X-Api-Key: k1"), "t13d1515_b"), false},
		{"an API key from two addresses", request("203.0.113.7", "X-Api-Key: k1"), request("203.0.113.8", "X-Api-Key: k1"), false},
		{"an API key with two agents", request("203.0.113.7", ua, "X-Api-Key: k1"), request("203.0.113.7", other, "X-Api-Key: k1"), false},
		{"an API key in header and query", request("203.0.113.7", "X-Api-Key: k1"), at(request("203.0.113.7"), "/", "api_key=k1"), true},
		{"two API keys", request("203.0.113.7", "X-Api-Key: k1"), request("203.0.113.7", "X-Api-Key: k2"), false},
		{"a Basic user with two passwords", request("203.0.113.7", "Authorization: Basic YW5uOjE="), request("203.0.113.8", "Authorization: Basic YW5uOjI="), true},
		{"a Basic user in two applications", request("203.0.113.7", "Authorization: Basic YW5uOjE="), in(request("203.0.113.7", "Authorization: Basic YW5uOjE="), "shop"), false},
		{"chunks in any order", request("203.0.113.7", "Cookie: appSession.1=bb; appSession.0=aa"), request("203.0.113.7", "Cookie: appSession.0=aa; appSession.1=bb"), true},
		{"chunks that differ late", request("203.0.113.7", "Cookie: appSession.0=aa; appSession.1=bb"), request("203.0.113.7", "Cookie: appSession.0=aa; appSession.1=bc"), false},
		{"ASP.NET chunks", request("203.0.113.7", "Cookie: .AspNetCore.Cookies=chunks-2; .AspNetCore.CookiesC1=aa; .AspNetCore.CookiesC2=bb"), request("203.0.113.8", "Cookie: .AspNetCore.Cookies=chunks-2; .AspNetCore.CookiesC1=ax; .AspNetCore.CookiesC2=bb"), false},
		{"glob cookies in any order", request("203.0.113.7", "Cookie: _b_session=b1b2b3b4b5b6b7b8b9; _a_session=a1a2a3a4a5a6a7a8a9"), request("203.0.113.7", "Cookie: _a_session=a1a2a3a4a5a6a7a8a9; _b_session=b1b2b3b4b5b6b7b8b9"), true},
	} {
		a, b := identifier.Identify(c.a), identifier.Identify(c.b)
		if (a.Session == b.Session) != c.same {
			t.Errorf("%s: same = %v, want %v\n%s\n\n%s", c.name, !c.same, c.same, describe(a), describe(b))
		}
	}
}

// TestCookieOrder sends a cookie for every glob of the built-in set, in orders that
// differ: the identity must not.
func TestCookieOrder(t *testing.T) {
	identifier := testIdentifier(t)
	var cookies []string
	for _, g := range slots.globs {
		cookies = append(cookies, g.prefix+"a"+g.suffix+"=b1b2b3b4b5b6b7b8b9")
	}
	want := identifier.Identify(request("203.0.113.7", "Cookie: "+strings.Join(cookies, "; ")))
	for range cookies {
		cookies = append(cookies[1:], cookies[0])
		if diff := cmp.Diff(want, identifier.Identify(request("203.0.113.7", "Cookie: "+strings.Join(cookies, "; ")))); diff != "" {
			t.Fatalf("%s\n%s", cookies, diff)
		}
	}
}

// TestRotation shows what a cookie that changes at every request does: sessions
// come apart, the client stays one.
func TestRotation(t *testing.T) {
	identifier := testIdentifier(t)
	sessions, clients := map[record.SessionID]bool{}, map[record.SessionID]bool{}
	for i := range 50 {
		id := identifier.Identify(request("203.0.113.7", "User-Agent: x", fmt.Sprintf("Cookie: sid=%d-rotating", i)))
		sessions[id.Session], clients[id.Client] = true, true
	}
	if len(sessions) != 50 || len(clients) != 1 {
		t.Errorf("%d sessions of %d clients, want 50 of 1", len(sessions), len(clients))
	}
}

func TestClientIsTheNetworkSession(t *testing.T) {
	identifier := testIdentifier(t)
	bare := identifier.Identify(request("203.0.113.7", "User-Agent: x"))
	keyed := identifier.Identify(request("203.0.113.7", "User-Agent: x", "Cookie: PHPSESSID=abc"))
	if bare.Session != bare.Client || keyed.Client != bare.Client || keyed.Session == keyed.Client {
		t.Errorf("clients differ:\n%s\n\n%s", describe(bare), describe(keyed))
	}
}

func TestInstallKeys(t *testing.T) {
	other, err := New(bytes.Repeat([]byte{1}, KeyBytes))
	if err != nil {
		t.Fatal(err)
	}
	r := request("203.0.113.7", "Cookie: PHPSESSID=abc")
	if other.Identify(r).Session == testIdentifier(t).Identify(r).Session {
		t.Error("two installations give the same id")
	}
	if _, err := New(testKey[1:]); err == nil || !strings.Contains(err.Error(), "--key-file") {
		t.Errorf("a short key: %v", err)
	}
}

func TestTruncated(t *testing.T) {
	identifier := testIdentifier(t)
	long := strings.Repeat("a=1; ", 60_000)
	if id := identifier.Identify(request("203.0.113.7", "Cookie: "+long)); !id.Truncated {
		t.Error("a cookie header over the limit is not told")
	}
	r := request("203.0.113.7")
	r.Query = strings.Repeat("a=1&", 20_000)
	if id := identifier.Identify(r); !id.Truncated {
		t.Error("a query over the limit is not told")
	}
}

func TestSecretIsOnlySecret(t *testing.T) {
	identifier := testIdentifier(t)
	for line, want := range map[string]string{
		"Cookie: PHPSESSID=abc":            "abc",
		"Authorization: Bearer t0k3n":      "t0k3n",
		"X-Api-Key: k1":                    "k1",
		"Authorization: Basic YW5uOjE=":    "",
		"Accept: */*":                      "",
		"Authorization: Bearer " + annsJWT: "",
	} {
		if got := identifier.Identify(request("203.0.113.7", line)).Secret; got != want {
			t.Errorf("%s: secret %q, want %q", line, got, want)
		}
	}
}

// annsJWT has the claims iss https://id.example.com and sub ann.
const annsJWT = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwic3ViIjoiYW5uIn0.c2ln"

func FuzzIdentify(f *testing.F) {
	f.Add("PHPSESSID=abc; x=1", "sid=1", "/a;jsessionid=1", "Bearer "+annsJWT)
	identifier := testIdentifier(f)
	f.Fuzz(func(t *testing.T, cookie, query, path, authorization string) {
		r := &Request{Application: "default", Path: path, Query: query, Header: http.Header{
			"Cookie": {cookie}, "Authorization": {authorization}, "X-Api-Key": {query},
		}}
		a, b := identifier.Identify(r), identifier.Identify(r)
		if a != b {
			t.Fatalf("%+v\n%+v", a, b)
		}
		if a.Key == "" || a.Rung == record.RungNetwork && a.Session != a.Client {
			t.Fatalf("%+v", a)
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	identifier := testIdentifier(b)
	browser := []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept: application/json",
		"Accept-Language: en-GB,en;q=0.5", "Accept-Encoding: gzip, deflate, br", "Referer: https://shop.example.com/", "Content-Type: application/json",
		"Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin", "Dnt: 1", "Priority: u=0"}
	with := func(lines ...string) *Request { return request("203.0.113.7", append(lines, browser...)...) }
	for name, r := range map[string]*Request{
		"cookie":  with("Cookie: _ga=GA1.2.1234567890.1700000000; locale=en; PHPSESSID=9f8a7b6c5d4e3f2a1b0c9d8e7f; theme=dark"),
		"glob":    with("Cookie: _ga=GA1.2.1234567890.1700000000; locale=en; _shop_session=9f8a7b6c5d4e3f2a1b0c9d8e7f; theme=dark"),
		"bearer":  with("Authorization: Bearer 2YotnFZFEjr1zCsicMWpAA"),
		"jwt":     with("Authorization: Bearer " + annsJWT),
		"network": with(),
	} {
		r.Query = "page=2&sort=price"
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				identifier.Identify(r)
			}
		})
	}
}

// TestIdentifyBehindJunk: cookies that somebody adds, as many as a request can
// carry, do not push the one that groups out of sight.
func TestIdentifyBehindJunk(t *testing.T) {
	identifier := testIdentifier(t)
	const session = "PHPSESSID=9f8a7b6c5d4e3f2a1b0c9d8e7f"
	want := identifier.Identify(request("203.0.113.7", "Cookie: "+session))
	for name, junk := range junkCookies() {
		for _, lines := range [][]string{{"Cookie: " + junk + session}, {"Cookie: " + junk, "Cookie: " + session}} {
			got := identifier.Identify(request("203.0.113.7", lines...))
			if got.Session != want.Session || got.Key != "PHPSESSID" || got.Truncated {
				t.Errorf("%s in %d lines: key %s, truncated %v", name, len(lines), got.Key, got.Truncated)
			}
		}
	}
}

// junkCookies are cookies of several kinds that fill the head of a request.
func junkCookies() map[string]string {
	const head = 255 << 10 // leaves room for what else must stand in it
	junk := map[string]string{}
	for name, cookie := range map[string]string{
		"empty":  "a=;",
		"bare":   "a;",
		"glob":   "_a_session=9f8a7b6c5d4e3f2a1b0c9d8e7f;",
		"chunks": "__Secure-authjs.session-token.1=9f8a7b6c5d4e3f2a1b0c9d8e7f;",
		"none":   "a_session=undefined;",
	} {
		junk[name] = strings.Repeat(cookie, head/len(cookie))
	}
	return junk
}

func BenchmarkIdentifyJunk(b *testing.B) {
	identifier := testIdentifier(b)
	for name, junk := range junkCookies() {
		r := request("203.0.113.7", "Cookie: "+junk)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(junk)))
			for b.Loop() {
				identifier.Identify(r)
			}
		})
	}
}
