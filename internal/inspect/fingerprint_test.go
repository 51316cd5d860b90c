package inspect

import (
	"net/netip"
	"strings"
	"testing"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

const (
	chromeJA4  = "t13d1516h2_8daaf6152771_02713d6af862"
	resumedJA4 = "t13d1517h2_8daaf6152771_b0da82dd1658" // the same, resuming a session
	firefoxJA4 = "t13d1715h2_5b57614c22b0_3d5424432f57"
)

// TestJA4Header: only a trusted proxy's word counts, and only a JA4 is one.
func TestJA4Header(t *testing.T) {
	const rules = `client_address: {fingerprint_header: x-ja4, trusted_proxies: ["10.0.0.0/8"]}`
	f := func(name, doc, peer, want string, lines ...string) {
		t.Helper()
		x := get("h", "/", "", lines...)
		x.Peer = netip.Addr{}
		if peer != "" {
			x.Peer = netip.MustParseAddr(peer)
		}
		r := inspected(t, testPipeline(t, doc), x)
		if r.JA4 != want || (x.Fingerprint != "") != (want != "") {
			t.Errorf("%s: JA4 %q, fingerprint %q, want %q", name, r.JA4, x.Fingerprint, want)
		}
	}
	f("a trusted proxy", rules, "10.0.0.1", chromeJA4, "X-Ja4: "+chromeJA4)
	f("a trusted proxy in IPv6 clothes", rules, "::ffff:10.0.0.1", chromeJA4, "X-Ja4:  "+chromeJA4+" ")
	f("the client itself", rules, "203.0.113.7", "", "X-Ja4: "+chromeJA4)
	f("no header is configured", "", "10.0.0.1", "", "X-Ja4: "+chromeJA4)
	f("another header is configured", `client_address: {header: X-Forwarded-For, trusted_proxies: ["10.0.0.0/8"]}`, "10.0.0.1", "", "X-Ja4: "+chromeJA4)
	f("no header came", rules, "10.0.0.1", "")
	f("an empty header came", rules, "10.0.0.1", "", "X-Ja4: ")
	f("what the client wrote itself does not count", rules, "10.0.0.1", firefoxJA4, "X-Ja4: "+chromeJA4, "X-Ja4: "+firefoxJA4)
	f("nor on the same line", rules, "10.0.0.1", firefoxJA4, "X-Ja4: "+chromeJA4+", "+firefoxJA4)
	f("nor before rubbish", rules, "10.0.0.1", "", "X-Ja4: "+chromeJA4+", -")
	f("too long", rules, "10.0.0.1", "", "X-Ja4: "+chromeJA4+strings.Repeat("0", 100_000))
	f("control characters", rules, "10.0.0.1", "", "X-Ja4: t13d1516h2_8daaf6152771_02713d6af86\x1b")
	f("another form", rules, "10.0.0.1", "", "X-Ja4: 579ccef312d18482fc42e2b822ca2430")
	f("a file without connections", rules, "", chromeJA4, "X-Ja4: "+chromeJA4)
}

// TestJA4OfHandshake: what the source saw itself is not replaced by a header.
func TestJA4OfHandshake(t *testing.T) {
	p := testPipeline(t, `client_address: {fingerprint_header: X-JA4, trusted_proxies: ["203.0.113.0/24"]}`)
	x := get("h", "/", "", "X-Ja4: "+chromeJA4)
	x.JA4, x.Fingerprint = firefoxJA4, "own"
	if r := inspected(t, p, x); r.JA4 != firefoxJA4 || x.Fingerprint != "own" {
		t.Errorf("JA4 %q, fingerprint %q", r.JA4, x.Fingerprint)
	}
	x = get("h", "/", "")
	x.JA4 = strings.Repeat("\x00", 10_000) // by a source that does not look
	if r := inspected(t, p, x); len(r.JA4) > exchange.JA4Bytes || strings.Contains(r.JA4, "\x00") {
		t.Errorf("JA4 %q", r.JA4)
	}
}

// TestFingerprint: with session.fingerprint, clients behind one address with one
// User-Agent come apart by their TLS; a resumed TLS session is the same client.
// Without it, nothing changes.
func TestFingerprint(t *testing.T) {
	const on = "session: {fingerprint: true}\n"
	session := func(doc, ja4 string, header ...string) record.Request {
		t.Helper()
		x := get("h", "/", "", append(header, "User-Agent: Mozilla/5.0")...)
		x.SetJA4(ja4)
		return inspected(t, testPipeline(t, doc), x)
	}
	plain, chrome, resumed, firefox := session(on, ""), session(on, chromeJA4), session(on, resumedJA4), session(on, firefoxJA4)
	if chrome.Session != resumed.Session {
		t.Error("a resumed TLS session makes another session")
	}
	if chrome.Session == firefox.Session || chrome.Session == plain.Session {
		t.Error("two TLS stacks make one session")
	}
	if chrome.Client != chrome.Session || chrome.Rung != record.RungNetwork || chrome.Point != `request.ip + request.header["User-Agent"] + request.ja4` {
		t.Errorf("%+v", chrome)
	}
	if off := session("", chromeJA4); off.Session != plain.Session || off.JA4 != chromeJA4 || off.Point != plain.Point {
		t.Errorf("without fingerprint: %+v", off)
	}
	a, b := session(on, chromeJA4, "Cookie: PHPSESSID=abc"), session(on, firefoxJA4, "Cookie: PHPSESSID=abc")
	if a.Session != b.Session || a.Client == b.Client || a.Client != chrome.Client {
		t.Errorf("a cookie over two TLS stacks:\n%+v\n%+v", a, b)
	}
}

// TestFingerprintExplained: the ladder ends with the key that won.
func TestFingerprintExplained(t *testing.T) {
	p := testPipeline(t, "session: {fingerprint: true}\nclient_address: {fingerprint_header: X-JA4, trusted_proxies: [203.0.113.0/24]}\n")
	e, keep, err := p.Explain(get("h", "/", "", "User-Agent: Mozilla/5.0", "X-Ja4: "+chromeJA4))
	if err != nil || !keep || len(e.Tried) == 0 {
		t.Fatal(keep, err, e.Tried)
	}
	if last := e.Tried[len(e.Tried)-1]; !last.Found || last.Name != e.Request.Key || last.Point != e.Request.Point || last.Name != "ip+user_agent+ja4" {
		t.Errorf("the ladder ends with %+v, the request has key %s at %s", last, e.Request.Key, e.Request.Point)
	}
}

// TestJA4Key: the JA4 may be an own key and a context value.
func TestJA4Key(t *testing.T) {
	p := testPipeline(t, "session: {parameters: [{name: ja4, point: request.ja4, group: true, keep: clear}]}\n"+
		"client_address: {fingerprint_header: X-JA4, trusted_proxies: [203.0.113.0/24]}\n")
	r := inspected(t, p, get("h", "/", "", "X-Ja4: "+chromeJA4))
	if r.Key != "ja4" || r.Rung != record.RungOwn || r.Strength != record.StrengthNetwork || len(r.Context) != 1 || r.Context[0].Value != chromeJA4 {
		t.Errorf("%+v", r)
	}
}
