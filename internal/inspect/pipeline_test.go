package inspect

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/exchange"
	"sojourn/internal/geo"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

var testKey = bytes.Repeat([]byte{0x5a}, identity.KeyBytes)

func testPipeline(t testing.TB, doc string) *Pipeline {
	t.Helper()
	p, err := New(Config{Key: testKey, Policy: parsePolicy(t, doc), Revision: 3, Node: 7})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func parsePolicy(t testing.TB, doc string) *policy.Policy {
	t.Helper()
	p, err := policy.Parse("policy.yml", []byte("version: 1\n"+doc))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// get is an exchange as the proxy hands it over.
func get(host, path, query string, header ...string) *exchange.Exchange {
	x := &exchange.Exchange{
		Started: time.Date(2026, 11, 21, 12, 0, 0, 123456000, time.UTC), Peer: netip.MustParseAddr("203.0.113.7"),
		Method: "GET", Scheme: "http", Proto: "HTTP/1.1", Host: host, Path: path, Query: query, Header: http.Header{},
		Status: 200, FirstByte: 900, Duration: 1500, RequestBytes: 0, ResponseBytes: 42,
	}
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		x.Header.Add(name, value)
	}
	return x
}

func TestInspect(t *testing.T) {
	p := testPipeline(t, "applications:\n  - {name: shop, hosts: [shop.example.com]}\n")
	x := get("Shop.Example.com:80", "/cart;jsessionid=9F8A/42", "page=2&access_token=t0k3n", "User-Agent: Mozilla/5.0", "Cookie: PHPSESSID=abc")
	x.Flag(record.FlagResponseCut)
	got, keep, err := p.Inspect(x)
	if err != nil || !keep {
		t.Fatal(keep, err)
	}
	want := record.Request{
		Started: record.TimeOf(x.Started), Duration: 1500, FirstByte: 900,
		Application: "shop", Host: "shop.example.com", Method: "GET",
		Path: "/cart;jsessionid=[masked]/42", Query: "page=2&access_token=[masked]", Endpoint: "/cart/{int}",
		Status: 200, RequestBytes: 0, ResponseBytes: 42,
		IP: netip.MustParseAddr("203.0.113.7"), UserAgent: "Mozilla/5.0",
		Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Strength: record.StrengthSecret,
		Accepted: true, Flags: []record.Flag{record.FlagResponseCut}, Revision: 3,
	}
	ignore := cmpopts.IgnoreFields(record.Request{}, "ID", "Session", "Client", "Tried")
	if diff := cmp.Diff(want, got, ignore, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
	if got.ID.Node != 7 || got.ID.At != got.Started || got.ID != x.ID || got.Session == got.Client || got.Session == (record.SessionID{}) {
		t.Errorf("ids: %+v", got)
	}
}

func TestInspectGroups(t *testing.T) {
	p := testPipeline(t, "")
	session := func(ip, day, host, cookie, agent string) record.SessionID {
		t.Helper()
		x := get(host, "/", "", "User-Agent: "+agent)
		if cookie != "" {
			x.Header.Set("Cookie", cookie)
		}
		x.Peer = netip.MustParseAddr(ip)
		x.Started, _ = time.Parse(time.DateOnly, day)
		r, _, err := p.Inspect(x)
		if err != nil {
			t.Fatal(err)
		}
		return r.Session
	}
	a := session("203.0.113.7", "2026-11-20", "a.example.com", "PHPSESSID=abc", "Firefox")
	b := session("198.51.100.1", "2026-11-21", "b.example.com", "PHPSESSID=abc", "Chrome")
	if a != b {
		t.Error("one cookie over two days, addresses and hosts makes two sessions")
	}
	if session("203.0.113.7", "2026-11-20", "a.example.com", "", "Firefox") == session("203.0.113.7", "2026-11-20", "a.example.com", "", "Chrome") {
		t.Error("two users behind one NAT make one session")
	}
}

func TestInspectAccepted(t *testing.T) {
	p := testPipeline(t, "")
	for status, want := range map[int]bool{200: true, 304: true, 401: false, 403: false, 404: true, 500: true, 0: false} {
		x := get("h", "/", "")
		x.Status = status
		if r, _, _ := p.Inspect(x); r.Accepted != want {
			t.Errorf("%d: accepted %v", status, r.Accepted)
		}
	}
}

// TestInspectEndpoint: an endpoint follows from the path, whoever asks for it, and
// holds no secret.
func TestInspectEndpoint(t *testing.T) {
	const slug = "summer-42-sale-of-7" // could be an id, and has no placeholder
	p := testPipeline(t, "")
	for _, c := range []struct{ path, cookie, want string }{
		{"/carts/" + someID, "", "/carts/{hex}"},
		{"/carts/" + someID, someID, "/carts/{hex}"},
		{"/carts/" + someID + ".json", someID, "/carts/{hex}.json"},
		{"/carts/order_" + someID, someID, "/carts/order_{hex}"},
		{"/reset/" + someID, "", "/reset/{hex}"},
		{"/reset/" + someID + "/confirm", someID, "/reset/{hex}/confirm"},
		{"/reset/" + someJWT, "", "/reset/{token}"},
		{"/x/%39" + someID[1:], someID, "/x/{hex}"},
		{"/blog/" + slug, "", "/blog/" + slug},

		// What would be told in clear is a token, where the path or the request says
		// that it is secret.
		{"/blog/" + slug, slug, "/blog/{token}"},
		{"/blog/" + slug + ".png", slug, "/blog/{token}"},
		{"/reset/" + slug, "", "/reset/{token}"},
		{"/(S(lit3py55t21z5v55vlm25s55))/orders", "", "/{token}/orders"},
		{"/list&token=x/42", "", "/{token}/{int}"},
		{"/page%3Bjsessionid=9F8A/42", "", "/page%3Bjsessionid=%5Bmasked%5D/{int}"},
		{"http://ann:secret@shop.example.com/x", "", "http://{email}/x"},
	} {
		x := get("h", c.path, "")
		if c.cookie != "" {
			x.Header.Set("Cookie", "PHPSESSID="+c.cookie)
		}
		if r, _, err := p.Inspect(x); r.Endpoint != c.want || err != nil {
			t.Errorf("%s with cookie %q: endpoint %s, want %s (%v)", c.path, c.cookie, r.Endpoint, c.want, err)
		}
	}
}

// TestInspectHostile: whatever comes in, what goes out is valid, bounded text.
func TestInspectHostile(t *testing.T) {
	p := testPipeline(t, "")
	long := strings.Repeat("é\xff\x00", 30_000)
	x := get(long, "/"+long, "q="+long, "User-Agent: "+long, "Cookie: "+strings.Repeat("a=1; ", 30_000))
	x.Method = long
	r, keep, err := p.Inspect(x)
	if err != nil || !keep {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text  string
		limit int
	}{
		"host": {r.Host, MaxHost}, "method": {r.Method, MaxMethod}, "path": {r.Path, MaxPath}, "query": {r.Query, MaxQuery},
		"user agent": {r.UserAgent, MaxUserAgent}, "endpoint": {r.Endpoint, MaxPath},
	} {
		if len(c.text) > c.limit || c.text == "" && name != "query" || strings.Contains(c.text, "\x00") || !utf8.ValidString(c.text) {
			t.Errorf("%s: %d bytes, %.40q", name, len(c.text), c.text)
		}
	}
	want := []record.Flag{record.FlagMalformed, record.FlagValueCut, record.FlagTruncated}
	if diff := cmp.Diff(want, r.Flags); diff != "" {
		t.Error(diff)
	}
	if len(x.Flags) > 0 {
		t.Errorf("the exchange was flagged: %v", x.Flags)
	}
}

// TestInspectGroupsRawBytes: two User-Agents that look alike when they are kept
// are two clients all the same.
func TestInspectGroupsRawBytes(t *testing.T) {
	p := testPipeline(t, "")
	base := strings.Repeat("x", MaxUserAgent+10)
	a, _, _ := p.Inspect(get("h", "/", "", "User-Agent: "+base+"1"))
	b, _, _ := p.Inspect(get("h", "/", "", "User-Agent: "+base+"2"))
	if a.UserAgent != b.UserAgent || a.Session == b.Session {
		t.Errorf("agents %d and %d bytes, same session %v", len(a.UserAgent), len(b.UserAgent), a.Session == b.Session)
	}
}

func TestInspectPanics(t *testing.T) {
	p := testPipeline(t, "")
	x := get("h", "/", "")
	x.Policy = "what somebody else put there"
	_, keep, err := p.Inspect(x)
	var panicked *PanicError
	if keep || !errors.As(err, &panicked) || len(panicked.Stack) == 0 {
		t.Errorf("got %v, %v", keep, err)
	}
}

// TestSetPolicy: an exchange is judged by the policy that it began with.
func TestSetPolicy(t *testing.T) {
	p := testPipeline(t, "applications: [{name: before}]\n")
	x := get("h", "/", "")
	p.Begin(x)
	if err := p.SetPolicy(parsePolicy(t, "applications: [{name: after, mode: off}]\n"), 4); err != nil {
		t.Fatal(err)
	}
	if r, keep, _ := p.Inspect(x); !keep || r.Application != "before" || r.Revision != 3 {
		t.Errorf("kept %v, %s, revision %d", keep, r.Application, r.Revision)
	}
	if _, keep, _ := p.Inspect(get("h", "/", "")); keep {
		t.Error("mode off is recorded")
	}
}

// TestSetPolicyRefuses: a policy that cannot be executed changes nothing.
func TestSetPolicyRefuses(t *testing.T) {
	for _, doc := range []string{
		"session: {parameters: [{name: a, point: request.nothing}]}",
		`session: {parameters: [{name: a, point: 'response.query["a"]'}]}`,
		`session: {parameters: [{name: PHPSESSID, group: true, point: 'request.header["X"]'}]}`,
		"masks: [{point: 'request.'}]",
	} {
		p := testPipeline(t, "applications: [{name: before}]\n")
		err := p.SetPolicy(parsePolicy(t, doc), 4)
		problem := new(policy.Error)
		if !errors.As(err, &problem) || problem.Line != 2 {
			t.Errorf("%s: %v", doc, err)
		}
		if r, _, _ := p.Inspect(get("h", "/", "")); r.Application != "before" || r.Revision != 3 {
			t.Errorf("%s took effect in part: %s, revision %d", doc, r.Application, r.Revision)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Config{Key: testKey[:5]}); err == nil {
		t.Error("a short key is taken")
	}
	if _, err := New(Config{Key: testKey, Node: 1 << record.NodeBits}); err == nil {
		t.Error("a node number that is too large is taken")
	}
	p, err := New(Config{Key: testKey})
	if err != nil {
		t.Fatal(err)
	}
	if r, keep, err := p.Inspect(get("h", "/", "")); err != nil || !keep || r.Application != policy.DefaultApplication || r.Revision != 0 {
		t.Errorf("without a policy: %v, %v, %+v", keep, err, r)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add("h:80", "/a;b=1", "x=1&sid=2", "UA", "PHPSESSID=abc", "Bearer x")
	f.Add("h", "/a/summer-42-sale-of-7.png", "", "UA", "PHPSESSID=summer-42-sale-of-7", "")
	p := testPipeline(f, "capture: {keep_query: values, exclude: [{paths: [/healthz]}]}\n")
	f.Fuzz(func(t *testing.T, host, path, query, agent, cookie, authorization string) {
		x := get(host, path, query)
		x.Header["User-Agent"], x.Header["Cookie"], x.Header["Authorization"] = []string{agent}, []string{cookie}, []string{authorization}
		r, _, err := p.Inspect(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, secret, _ := strings.Cut(cookie, "PHPSESSID="); r.Key == "PHPSESSID" && identity.Opaque(secret) && strings.Contains(r.Endpoint, secret) {
			t.Fatalf("the endpoint %s of %s holds the session's cookie", r.Endpoint, path)
		}
	})
}

func BenchmarkInspect(b *testing.B) {
	p := testPipeline(b, "applications:\n  - {name: shop, hosts: [shop.example.com], paths: [/api, /]}\n")
	header := []string{"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept: application/json",
		"Accept-Language: en-GB,en;q=0.5", "Accept-Encoding: gzip, deflate, br", "Referer: https://shop.example.com/"}
	for name, x := range map[string]*exchange.Exchange{
		"log line": get("", "/presentations/logstash/images/kibana.png", "", header[0]),
		"cookie":   get("shop.example.com", "/api/users/42/orders", "page=2", append(header, "Cookie: lang=en; PHPSESSID=9f8a7b6c5d4e3f2a")...),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				x.Policy = nil
				p.Inspect(x)
			}
		})
	}
}

func TestInspectPlaces(t *testing.T) {
	const dir = "../../../shared/data/geoip/"
	files := []string{dir + "GeoLite2-Country-Test.mmdb", dir + "GeoLite2-ASN-Test.mmdb", dir + "GeoIP2-Anonymous-IP-Test.mmdb"}
	if _, err := os.Stat(files[0]); err != nil {
		t.Skip("the test databases are not here: ", err)
	}
	places, err := geo.Open(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Config{Key: testKey, Geo: places})
	if err != nil {
		t.Fatal(err)
	}
	x := get("h", "/", "")
	x.Client = netip.MustParseAddr("81.2.69.160")
	if r := inspected(t, p, x); r.Country != "GB" {
		t.Errorf("country %q", r.Country)
	}
	x = get("h", "/", "")
	x.Client = netip.MustParseAddr("1.128.0.0")
	if r := inspected(t, p, x); r.Network == "" {
		t.Error("no network")
	}
	if r := inspected(t, testPipeline(t, ""), get("h", "/", "")); r.Country != "" || r.Network != "" || r.Anonymity != "" {
		t.Errorf("without databases: %q, %q, %q", r.Country, r.Network, r.Anonymity)
	}
}
