package inspect

import (
	"net/netip"
	"strings"
	"testing"

	"sojourn/internal/policy"
)

func TestClientAddress(t *testing.T) {
	f := func(name, header, peer, want string, lines ...string) {
		t.Helper()
		doc := ""
		if header != "" {
			doc = "client_address: {header: " + header + `, trusted_proxies: ["10.0.0.0/8", "2001:db8:ffff::/48"]}`
		}
		x := get("h", "/", "")
		x.Peer = netip.Addr{}
		if peer != "" {
			x.Peer = netip.MustParseAddr(peer)
		}
		for _, line := range lines {
			name, value, _ := strings.Cut(line, ": ")
			x.Header.Add(name, value)
		}
		rules := mustCompile(t, parsePolicy(t, doc))
		got := ""
		if ip := rules.clientAddress(x); ip.IsValid() {
			got = ip.String()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	const xff = "X-Forwarded-For"
	f("no header is configured", "", "203.0.113.7", "203.0.113.7", "X-Forwarded-For: 1.1.1.1", "X-Real-Ip: 2.2.2.2", "Forwarded: for=3.3.3.3")
	f("the connection is not trusted", xff, "203.0.113.7", "203.0.113.7", "X-Forwarded-For: 1.1.1.1")
	f("one proxy", xff, "10.0.0.1", "203.0.113.7", "X-Forwarded-For: 203.0.113.7")
	f("what the client wrote itself does not count", xff, "10.0.0.1", "203.0.113.7", "X-Forwarded-For: 1.1.1.1, 203.0.113.7")
	f("two proxies", xff, "10.0.0.1", "203.0.113.7", "X-Forwarded-For: 1.1.1.1, 203.0.113.7 ,10.0.0.2")
	f("several lines", xff, "10.0.0.1", "203.0.113.7", "X-Forwarded-For: 1.1.1.1", "X-Forwarded-For: 203.0.113.7", "X-Forwarded-For: 10.0.0.3, 10.0.0.2")
	f("all trusted", xff, "10.0.0.1", "10.0.0.9", "X-Forwarded-For: 10.0.0.9, 10.0.0.2")
	f("no header came", xff, "10.0.0.1", "10.0.0.1")
	f("an empty header came", xff, "10.0.0.1", "10.0.0.1", "X-Forwarded-For: ")
	f("rubbish stops the search", xff, "10.0.0.1", "10.0.0.2", "X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.2")
	f("with ports", xff, "10.0.0.1", "203.0.113.7", "X-Forwarded-For: 203.0.113.7:4711, 10.0.0.2:80")
	f("IPv6", xff, "2001:db8:ffff::1", "2001:db8::1", "X-Forwarded-For: 2001:db8::1")
	f("IPv6 with port", xff, "10.0.0.1", "2001:db8::1", "X-Forwarded-For: [2001:db8::1]:4711")
	f("IPv4 in IPv6", xff, "::ffff:10.0.0.1", "203.0.113.7", "X-Forwarded-For: ::ffff:203.0.113.7")
	f("a zone is dropped", xff, "10.0.0.1", "fe80::1", "X-Forwarded-For: fe80::1%eth0")
	f("a single-valued header", "X-Real-IP", "10.0.0.1", "203.0.113.7", "X-Real-Ip: 203.0.113.7")
	f("Forwarded", "Forwarded", "10.0.0.1", "2001:db8::1", `Forwarded: for=1.1.1.1, for="[2001:db8::1]:4711";proto=https;by=10.0.0.1`)
	f("Forwarded, hidden", "Forwarded", "10.0.0.1", "10.0.0.1", `Forwarded: for=1.1.1.1, for=_hidden`)
	f("a file without connections", xff, "", "203.0.113.7", "X-Forwarded-For: 1.1.1.1, 203.0.113.7")
	f("a file without either", xff, "", "")
	f("too many hops", xff, "10.0.0.1", "10.0.0.2", "X-Forwarded-For: 203.0.113.7"+strings.Repeat(", 10.0.0.2", maxHops+10))
}

func TestClientAddressKnown(t *testing.T) {
	rules := mustCompile(t, parsePolicy(t, `client_address: {header: X-Forwarded-For, trusted_proxies: ["0.0.0.0/0"]}`))
	x := get("h", "/", "", "X-Forwarded-For: 1.1.1.1")
	x.Client = netip.MustParseAddr("::ffff:203.0.113.9")
	if got := rules.clientAddress(x); got != netip.MustParseAddr("203.0.113.9") {
		t.Errorf("got %s", got)
	}
}

func FuzzClientAddress(f *testing.F) {
	f.Add("1.1.1.1, [2001:db8::1]:80", `for="1.1.1.1"`)
	xff := mustCompile(f, parsePolicy(f, `client_address: {header: X-Forwarded-For, trusted_proxies: ["203.0.113.0/24"]}`))
	forwarded := mustCompile(f, parsePolicy(f, `client_address: {header: Forwarded, trusted_proxies: ["203.0.113.0/24"]}`))
	f.Fuzz(func(t *testing.T, a, b string) {
		x := get("h", "/", "")
		x.Header["X-Forwarded-For"], x.Header["Forwarded"] = []string{a, b}, []string{b, a}
		for _, r := range []*rules{xff, forwarded} {
			if ip := r.clientAddress(x); !ip.IsValid() || ip.Is4In6() || ip.Zone() != "" {
				t.Fatalf("got %v", ip)
			}
		}
	})
}

func mustCompile(tb testing.TB, p *policy.Policy) *rules {
	tb.Helper()
	r, err := compileRules(p, 0)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}
