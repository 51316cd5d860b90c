package test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPolicy routes by host and path, leaves out what the policy says, and counts it.
func TestPolicy(t *testing.T) {
	t.Parallel()
	shop, admin, rest := newUpstream(t, "shop"), newUpstream(t, "admin"), newUpstream(t, "rest")
	rules := file(t, "policy.yaml", fmt.Sprintf(`version: 1
applications:
  - name: shop
    hosts: ["shop.test", "*.shop.test"]
    upstream: %[1]s
  - name: admin
    hosts: ["shop.test"]
    paths: ["/admin"]
    upstream: %[2]s
  - name: quiet
    hosts: ["quiet.test"]
    upstream: %[2]s
    mode: "off"
capture:
  exclude:
    - {paths: ["/healthz", "/static/*"]}
    - {hosts: ["shop.test"], methods: [OPTIONS]}
`, shop.URL, admin.URL))
	s := serve(t, folder(t), "--policy", rules, "--upstream", rest.URL)

	type outcome struct{ Upstream, Application string } // no application: not recorded
	cases := []struct {
		method, host, path string
		outcome
	}{
		{"GET", "shop.test", "/1", outcome{"shop", "shop"}},
		{"GET", "SHOP.test:8080", "/2", outcome{"shop", "shop"}},
		{"GET", "eu.shop.test", "/3", outcome{"shop", "shop"}},
		{"GET", "eu.shop.test", "/admin/4", outcome{"shop", "shop"}},
		{"GET", "shop.test", "/admin/5", outcome{"admin", "admin"}},
		{"GET", "shop.test", "/administrator/6", outcome{"shop", "shop"}},
		{"GET", "notshop.test", "/7", outcome{"rest", "default"}},
		{"GET", "quiet.test", "/8", outcome{Upstream: "admin"}},
		{"GET", "shop.test", "/healthz", outcome{Upstream: "shop"}},
		{"GET", "elsewhere.test", "/static/css/9", outcome{Upstream: "rest"}},
		{"OPTIONS", "shop.test", "/10", outcome{Upstream: "shop"}},
		{"OPTIONS", "elsewhere.test", "/11", outcome{"rest", "default"}},
		{"GET", "shop.test", "/healthz/12", outcome{"shop", "shop"}},
	}
	want, got := map[string]outcome{}, map[string]outcome{}
	excluded := 0
	for _, c := range cases {
		want[c.path] = c.outcome
		if c.Application == "" {
			excluded++
		}
		resp, body := send(t, c.method, "http://"+s.proxy+c.path, map[string]string{"Host": c.host})
		if resp.StatusCode != http.StatusOK || body != c.path {
			t.Errorf("%s %s: %s %q", c.host, c.path, resp.Status, body)
		}
		got[c.path] = outcome{Upstream: resp.Header.Get("X-Upstream")}
	}
	sys := s.settled(t)
	for path, r := range s.byPath(t) {
		got[path] = outcome{got[path].Upstream, r.Application}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("upstreams and applications:\n%s", diff)
	}
	if n := sys.Nodes[0]; n.Excluded != excluded || n.Recorded != len(cases)-excluded {
		t.Errorf("%d are counted as excluded and %d as recorded, want %d and %d", n.Excluded, n.Recorded, excluded, len(cases)-excluded)
	}
}

// TestClientAddress: a forwarding header counts only when a trusted proxy sent it.
func TestClientAddress(t *testing.T) {
	t.Parallel()
	type addresses map[string]string // by path
	chains := map[string]map[string]string{
		"/none":      nil,
		"/one":       {"X-Forwarded-For": "203.0.113.7"},
		"/forged":    {"X-Forwarded-For": "198.51.100.66, 203.0.113.7"},
		"/hops":      {"X-Forwarded-For": "203.0.113.7, 10.1.2.3, 127.0.0.8"},
		"/rubbish":   {"X-Forwarded-For": "203.0.113.7, what, 10.1.2.3"},
		"/six":       {"X-Forwarded-For": "2001:db8::7"},
		"/other":     {"X-Real-Ip": "203.0.113.7", "Forwarded": "for=203.0.113.7", "Client-Ip": "203.0.113.7"},
		"/all-known": {"X-Forwarded-For": "10.9.9.9, 10.1.2.3"},
	}
	nobody := addresses{}
	for path := range chains {
		nobody[path] = loopback
	}
	for _, c := range []struct {
		name, trusted string
		want          addresses
	}{
		{"trusted", `["127.0.0.0/8", "10.0.0.0/8"]`, addresses{
			"/none": loopback, "/one": "203.0.113.7", "/forged": "203.0.113.7", "/hops": "203.0.113.7", "/rubbish": "10.1.2.3",
			"/six": "2001:db8::7", "/other": loopback, "/all-known": "10.9.9.9",
		}},
		{"untrusted", `["192.0.2.0/24"]`, nobody},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			up := newUpstream(t, "api")
			seen := make(chan http.Header, len(chains))
			up.mux.HandleFunc("/six", func(w http.ResponseWriter, r *http.Request) { seen <- r.Header })
			rules := file(t, "policy.yaml", "version: 1\nclient_address: {header: X-Forwarded-For, trusted_proxies: "+c.trusted+"}\n")
			s := serve(t, folder(t), "--policy", rules, "--upstream", up.URL)
			for path, header := range chains {
				fetch(t, "http://"+s.proxy+path, header)
			}
			s.settled(t)
			got := addresses{}
			clients := map[string][]string{}
			for path, r := range s.byPath(t) {
				got[path] = r.IP
				clients[r.IP] = append(clients[r.IP], r.Session)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("addresses:\n%s", diff)
			}
			// All have one User-Agent, so an address is a session.
			for ip, sessions := range clients {
				slices.Sort(sessions)
				if n := len(slices.Compact(sessions)); n != 1 {
					t.Errorf("%s has %d sessions", ip, n)
				}
			}
			if n := len(sessionIDs(s.parts(t, nil))); n != len(clients) {
				t.Errorf("%d sessions of %d addresses", n, len(clients))
			}
			// The upstream is told all of it, and whom the proxy had on the line.
			want := []string{"2001:db8::7, " + loopback}
			if diff := cmp.Diff(want, (<-seen).Values("X-Forwarded-For")); diff != "" {
				t.Errorf("the upstream is told:\n%s", diff)
			}
		})
	}
}
