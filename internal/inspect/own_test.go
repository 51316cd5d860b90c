package inspect

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/record"
)

// tokenKeys is the example of the issue: one name, three places.
const tokenKeys = `session:
  parameters:
    - {name: token, group: true, point: 'response.json["token"]'}
    - {name: token, group: true, point: 'request.query["token"]'}
    - {name: token, group: true, point: 'request.json["token"]'}
`

func withBody(x *exchange.Exchange, body string) *exchange.Exchange {
	x.Header.Set("Content-Type", "application/json")
	x.RequestBody = exchange.Body{Bytes: []byte(body), Limit: 64 << 10}
	return x
}

func withAnswer(x *exchange.Exchange, body string) *exchange.Exchange {
	x.ResponseHeader = map[string][]string{"Content-Type": {"application/json"}}
	x.ResponseBody = exchange.Body{Bytes: []byte(body), Limit: 64 << 10}
	return x
}

func inspected(t *testing.T, p *Pipeline, x *exchange.Exchange) record.Request {
	t.Helper()
	r, keep, err := p.Inspect(x)
	if err != nil || !keep {
		t.Fatalf("kept %v, %v", keep, err)
	}
	return r
}

func TestOwnKeysMeet(t *testing.T) {
	p := testPipeline(t, tokenKeys)
	login := inspected(t, p, withAnswer(get("h", "/login", ""), `{"token":"aaa"}`))
	body := inspected(t, p, withBody(get("h", "/a", ""), `{"token":"aaa"}`))
	query := inspected(t, p, get("h", "/b", "token=aaa"))
	for _, c := range []struct {
		name  string
		r     record.Request
		point string
		tried int
	}{
		{"login", login, `response.json["token"]`, 0},
		{"body", body, `request.json["token"]`, 2},
		{"query", query, `request.query["token"]`, 1},
	} {
		if c.r.Session != login.Session || c.r.Key != "token" || c.r.Rung != record.RungOwn || c.r.Point != c.point || c.r.Tried != c.tried {
			t.Errorf("%s: session %s (login's %s), key %s, rung %s, point %s, tried %d", c.name, c.r.Session, login.Session, c.r.Key, c.r.Rung, c.r.Point, c.r.Tried)
		}
	}
	if other := inspected(t, p, get("h", "/b", "token=aab")); other.Session == login.Session {
		t.Error("another token is the same session")
	}
	if query.Query != "token=[masked]" {
		t.Errorf("the token is kept: %s", query.Query)
	}
	without := inspected(t, p, get("h", "/b", "", "Cookie: PHPSESSID=abc"))
	if without.Key != "PHPSESSID" || without.Rung != record.RungBuiltin || without.Tried < 3 {
		t.Errorf("without a token: %s, %s, tried %d", without.Key, without.Rung, without.Tried)
	}
}

func TestOwnKeyRanksFirst(t *testing.T) {
	p := testPipeline(t, `session: {parameters: [{name: device, group: true, point: 'request.header["X-Device"]'}]}`+"\n")
	r := inspected(t, p, get("h", "/", "", "X-Device: d-1", "Cookie: PHPSESSID=abc"))
	if r.Key != "device" || r.Rung != record.RungOwn || r.Client == r.Session {
		t.Errorf("key %s, rung %s", r.Key, r.Rung)
	}
	for _, none := range []string{"null", "undefined", "0", ""} {
		if r := inspected(t, p, get("h", "/", "", "X-Device: "+none, "Cookie: PHPSESSID=abc")); r.Key != "PHPSESSID" {
			t.Errorf("X-Device: %s groups by %s", none, r.Key)
		}
	}
}

// TestAddingAParameter: a later key never changes the session of a request that
// an earlier one grouped.
func TestAddingAParameter(t *testing.T) {
	later := "    - {name: other, group: true, point: 'request.header[\"X-Other\"]'}\n"
	before, after := testPipeline(t, tokenKeys), testPipeline(t, tokenKeys+later)
	x := func() *exchange.Exchange { return get("h", "/b", "token=aaa", "X-Other: o") }
	if inspected(t, before, x()).Session != inspected(t, after, x()).Session {
		t.Error("the session changed")
	}
}

func TestCompositeKey(t *testing.T) {
	p := testPipeline(t, `session:
  parameters:
    - {name: device, group: true, points: ['request.header["X-Device"]', 'request.cookie["install"]']}
`)
	both := inspected(t, p, get("h", "/", "", "X-Device: d", "Cookie: install=i"))
	if both.Key != "device" || both.Point != `request.header["X-Device"] + request.cookie["install"]` {
		t.Errorf("key %s at %s", both.Key, both.Point)
	}
	if one := inspected(t, p, get("h", "/", "", "X-Device: d")); one.Rung == record.RungOwn {
		t.Error("one of two points is enough")
	}
	// The parts do not run into each other.
	a := inspected(t, p, get("h", "/", "", "X-Device: ab", "Cookie: install=c"))
	b := inspected(t, p, get("h", "/", "", "X-Device: a", "Cookie: install=bc"))
	if a.Session == b.Session {
		t.Error("ab+c and a+bc are one session")
	}
}

func TestOwnKeyOfAnApplication(t *testing.T) {
	p := testPipeline(t, `applications: [{name: shop, hosts: [shop]}, {name: crm, hosts: [crm]}]
session: {parameters: [{name: k, group: true, applications: [shop], point: 'request.header["X-K"]'}]}
`)
	if r := inspected(t, p, get("shop", "/", "", "X-K: v")); r.Key != "k" {
		t.Errorf("shop: %s", r.Key)
	}
	if r := inspected(t, p, get("crm", "/", "", "X-K: v")); r.Key == "k" {
		t.Error("the key counts in another application")
	}
}

func TestContext(t *testing.T) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"details":{"username":"maria"},"role":"buyer"}`))
	jwt := "eyJhbGciOiJub25lIn0." + claims + ".c2ln"
	p := testPipeline(t, `session:
  parameters:
    - {name: username, type: user, point: 'request.header["Authorization"].jwt.payload["details"]["username"]'}
    - {name: role, type: role, point: 'request.header["Authorization"].jwt.payload["role"]'}
    - {name: card, hash: true, point: 'request.json["card"]["number"]'}
    - {name: pin, point: 'request.json["pin"]'}
    - {name: password, point: 'request.json["password"]'}
    - {name: plain, keep: clear, point: 'request.json["api_key"]'}
    - {name: item, point: 'request.json["items"][*]["id"]'}
masks: [{name: "(?i)^pin$"}, {name: "^hush"}]
`)
	const body = `{"card":{"number":"4111111111111111"},"pin":"4711","password":"hunter2","api_key":"k-1","items":[{"id":1},{"id":2}]}`
	r := inspected(t, p, withBody(get("h", "/", "hushed=1&q=2", "Authorization: Bearer "+jwt), body))
	if r.User != "maria" || r.Role != "buyer" {
		t.Errorf("user %q, role %q", r.User, r.Role)
	}
	want := []record.Value{
		{Name: "username", Value: "maria"}, {Name: "role", Value: "buyer"},
		{Name: "card", Value: p.identity.Digest("card", []byte("4111111111111111")), Hashed: true},
		{Name: "pin", Value: "[masked]"},
		{Name: "password", Value: p.identity.Digest("password", []byte("hunter2")), Hashed: true},
		{Name: "plain", Value: "k-1"},
		{Name: "item", Value: "1"}, {Name: "item", Value: "2"},
	}
	if d := cmp.Diff(want, r.Context); d != "" {
		t.Errorf("context (-want +got):\n%s", d)
	}
	if r.Query != "hushed=[masked]&q=2" {
		t.Errorf("query %q", r.Query)
	}
	if all := fmt.Sprintf("%+v", r); strings.Contains(all, "4111") || strings.Contains(all, "hunter2") || strings.Contains(all, "4711") {
		t.Errorf("a secret is kept: %s", all)
	}
}

func TestContextLimits(t *testing.T) {
	p := testPipeline(t, `session: {parameters: [{name: long, point: 'request.json["v"]'}, {name: many, point: 'request.json["a"][*]'}]}`+"\n")
	x := withBody(get("h", "/", ""), `{"v":"`+strings.Repeat("x", 3*MaxContextValue)+`","a":[`+strings.Repeat("1,", 2*MaxContextValues)+`1]}`)
	r := inspected(t, p, x)
	if len(r.Context) != MaxContextValues || len(r.Context[0].Value) > MaxContextValue {
		t.Errorf("%d values, the first of %d bytes", len(r.Context), len(r.Context[0].Value))
	}
	if !slices.Contains(r.Flags, record.FlagValueCut) {
		t.Errorf("flags %v", r.Flags)
	}
	broken := inspected(t, p, withBody(get("h", "/", ""), `{"v":"seen","a":[1,`))
	if len(broken.Context) == 0 || broken.Context[0].Value != "seen" || !slices.Contains(broken.Flags, record.FlagMalformed) {
		t.Errorf("of a broken body: %+v, flags %v", broken.Context, broken.Flags)
	}
}

// TestCaptureOnlyWhatIsAsked: no body is kept in memory when no point asks for it.
func TestCaptureOnlyWhatIsAsked(t *testing.T) {
	for doc, want := range map[string][2]bool{
		"":        {false, false},
		tokenKeys: {true, true},
		`session: {parameters: [{name: a, point: 'request.header["A"]'}]}` + "\n": {false, false},
	} {
		x := get("h", "/", "")
		testPipeline(t, doc).Begin(x)
		if got := [2]bool{x.Capture.Request > 0, x.Capture.Response > 0}; got != want {
			t.Errorf("%s: captures %v, want %v", doc, got, want)
		}
	}
}

func TestMaskedPathSegment(t *testing.T) {
	p := testPipeline(t, `session: {parameters: [{name: k, group: true, point: 'request.path[1]'}]}`+"\n")
	r := inspected(t, p, get("h", "/carts/maria-7/items", ""))
	if r.Key != "k" || r.Path != "/carts/[masked]/items" {
		t.Errorf("key %s, path %s", r.Key, r.Path)
	}
}

func TestStrength(t *testing.T) {
	p := testPipeline(t, `session:
  parameters:
    - {name: user_id, group: true, type: user, point: 'request.header["X-User-Id"]'}
    - {name: opaque, group: true, point: 'request.header["X-Opaque"]'}
    - {name: where, group: true, point: request.ip}
`)
	for header, want := range map[string]record.Strength{
		"X-User-Id: 9f86d081884c7d659a2feaa0c55ad015": record.StrengthClaimed,
		"X-Opaque: 9f86d081884c7d659a2feaa0c55ad015":  record.StrengthSecret,
		"X-Opaque: maria": record.StrengthClaimed,
		"X-Other: 1":      record.StrengthNetwork,
	} {
		if r := inspected(t, p, get("h", "/", "", header)); r.Strength != want || r.Rung != record.RungOwn {
			t.Errorf("%s: %s by %s", header, r.Strength, r.Key)
		}
	}
}

func TestOwnKeyOverTheLimit(t *testing.T) {
	p := testPipeline(t, tokenKeys)
	long := strings.Repeat("x", 40<<10)
	a := inspected(t, p, withBody(get("h", "/", ""), `{"token":"`+long+`a"}`))
	if a.Rung == record.RungOwn {
		t.Error("the start of a value groups")
	}
}

// TestPointOfTheClient: request.ip is the client's address, not the proxy's in front.
func TestPointOfTheClient(t *testing.T) {
	p := testPipeline(t, `client_address: {header: X-Forwarded-For, trusted_proxies: ["203.0.113.0/24"]}
session: {parameters: [{name: where, point: request.ip}]}
`)
	r := inspected(t, p, get("h", "/", "", "X-Forwarded-For: 198.51.100.9"))
	if len(r.Context) != 1 || r.Context[0].Value != "198.51.100.9" || r.IP.String() != "198.51.100.9" {
		t.Errorf("context %+v, ip %s", r.Context, r.IP)
	}
}

func TestExplain(t *testing.T) {
	p := testPipeline(t, tokenKeys)
	explain := func(x *exchange.Exchange) []identity.Attempt {
		t.Helper()
		e, keep, err := p.Explain(x)
		if err != nil || !keep {
			t.Fatal(keep, err)
		}
		last := e.Tried[len(e.Tried)-1]
		if !last.Found || last.Name != e.Request.Key || last.Rung != e.Request.Rung || last.Point != e.Request.Point {
			t.Errorf("the ladder ends at %+v, the request has %s at %s", last, e.Request.Key, e.Request.Point)
		}
		return e.Tried
	}
	missing := func(point string) identity.Attempt {
		return identity.Attempt{Name: "token", Point: point, Rung: record.RungOwn, Why: point + " is not there"}
	}
	own := []identity.Attempt{missing(`response.json["token"]`), missing(`request.query["token"]`), missing(`request.json["token"]`)}
	if d := cmp.Diff(append(own[:1:1], identity.Attempt{Name: "token", Point: `request.query["token"]`, Rung: record.RungOwn, Found: true}),
		explain(get("h", "/", "token=aaa"))); d != "" {
		t.Errorf("by an own key:\n%s", d)
	}
	got := explain(get("h", "/", "", "Cookie: PHPSESSID=abc"))
	if d := cmp.Diff(append(own[:3:3], identity.Attempt{Name: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Found: true}), got); d != "" {
		t.Errorf("by a built-in key:\n%s", d)
	}
	if got := explain(get("h", "/", "", "User-Agent: x")); got[len(got)-1].Rung != record.RungNetwork || len(got) != 4 {
		t.Errorf("by the network: %+v", got)
	}
}

func BenchmarkInspectOwnKeys(b *testing.B) {
	claims := base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"https://id.example.com","sub":"maria","role":"buyer"}`))
	p, err := New(Config{Key: testKey, Policy: parsePolicy(b, `session:
  parameters:
    - {name: token, group: true, point: 'response.json["token"]'}
    - {name: token, group: true, point: 'request.json["token"]'}
    - {name: user, type: user, point: 'request.header["Authorization"].jwt.payload["sub"]'}
    - {name: role, type: role, point: 'request.header["Authorization"].jwt.payload["role"]'}
    - {name: order, point: 'request.json["order"]["id"]'}
    - {name: total, point: 'response.json["total"]'}
`)})
	if err != nil {
		b.Fatal(err)
	}
	filler := strings.Repeat(`{"sku":"a-1","name":"a thing","count":2},`, 23)
	x := withAnswer(withBody(get("h", "/orders", "", "Authorization: Bearer eyJhbGciOiJub25lIn0."+claims+".c2ln", "User-Agent: bench"),
		`{"order":{"id":4711},"items":[`+filler+`{}]}`), `{"total":12.5,"items":[`+filler+filler+`{}]}`)
	b.ReportAllocs()
	for b.Loop() {
		y := *x
		if _, _, err := p.Inspect(&y); err != nil {
			b.Fatal(err)
		}
	}
}

// TestContextValueCleaned: a value that was cleaned is malformed, as a path is;
// cut is only what is not there any more.
func TestContextValueCleaned(t *testing.T) {
	p := testPipeline(t, `session: {parameters: [{name: note, point: 'request.header["X-Note"]'}]}`+"\n")
	for _, c := range []struct {
		value, kept string
		flags       []record.Flag
	}{
		{"plain, caf\u00e9", "plain, caf\u00e9", nil},
		{"a\x00b\x1b[2J", `a\x00b\x1B[2J`, []record.Flag{record.FlagMalformed}},
		{"caf\xe9", `caf\xE9`, []record.Flag{record.FlagMalformed}},
		{strings.Repeat("a", MaxContextValue+1), strings.Repeat("a", MaxContextValue), []record.Flag{record.FlagValueCut}},
		{"\x01" + strings.Repeat("a", MaxContextValue), `\x01` + strings.Repeat("a", MaxContextValue-4), []record.Flag{record.FlagMalformed, record.FlagValueCut}},
	} {
		r := inspected(t, p, get("h", "/", "", "X-Note: "+c.value))
		want := []record.Value{{Name: "note", Value: c.kept}}
		if diff := cmp.Diff(want, r.Context) + cmp.Diff(c.flags, r.Flags); diff != "" {
			t.Errorf("%.20q: %s", c.value, diff)
		}
	}
}
