package api

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

var compareQuestions = cmp.Options{
	cmp.AllowUnexported(question{}),
	cmpopts.IgnoreFields(question{}, "now"),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func at(t testing.TB, s string) record.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return record.TimeOf(v)
}

func TestAsk(t *testing.T) {
	prefix := netip.MustParsePrefix
	request := record.RequestID{At: record.TimeOf(testNow), Node: 1, Seq: 2}
	for _, tt := range []struct {
		query string
		want  question
	}{
		{"", question{}},
		{"from=2026-11-20T10:00:00Z&to=2026-11-20T13:00:00%2B02:00", question{Filter: store.Filter{From: at(t, "2026-11-20T10:00:00Z"), To: at(t, "2026-11-20T11:00:00Z")}}},
		{"from=-15m&to=now", question{Filter: store.Filter{From: at(t, "2026-11-21T11:45:00Z"), To: at(t, "2026-11-21T12:00:00Z")}}},
		{"from=-7d&to=-24h", question{Filter: store.Filter{From: at(t, "2026-11-14T12:00:00Z"), To: at(t, "2026-11-20T12:00:00Z")}}},
		{"from=-90s", question{Filter: store.Filter{From: at(t, "2026-11-21T11:58:30Z")}}},
		{"application=shop&application=crm", question{Filter: store.Filter{Applications: []string{"shop", "crm"}}}},
		{"host=*.example.com&host=", question{Filter: store.Filter{Hosts: []string{"*.example.com", ""}}}},
		{"endpoint=GET+/users/{int}", question{Filter: store.Filter{Endpoints: []string{"GET /users/{int}"}}}},
		{"method=GET&user_agent=a,b&key=PHPSESSID", question{Filter: store.Filter{Methods: []string{"GET"}, UserAgents: []string{"a,b"}, Keys: []string{"PHPSESSID"}}}},
		{"status=200&status=4xx&status=500-503&status=0&status=5XX", question{Filter: store.Filter{Statuses: []store.StatusRange{{Low: 200, High: 200}, {Low: 400, High: 499}, {Low: 500, High: 503}, {}, {Low: 500, High: 599}}}}},
		{"ip=192.0.2.7&ip=192.0.2.99/24&ip=2001:db8::1&ip=2001:db8::1/32&ip=::ffff:192.0.2.7&ip=::ffff:192.0.2.0/120", question{Filter: store.Filter{IPs: []netip.Prefix{
			prefix("192.0.2.7/32"), prefix("192.0.2.0/24"), prefix("2001:db8::1/128"), prefix("2001:db8::/32"), prefix("192.0.2.7/32"), prefix("192.0.2.0/24"),
		}}}},
		{"user=maria&user=&role=admin&country=DE&network=AWS", question{Filter: store.Filter{Users: []string{"maria", ""}, Roles: []string{"admin"}, Countries: []string{"DE"}, Networks: []string{"AWS"}}}},
		{"context=tenant=7&context=q%3Da%3Db&context=empty=", question{Filter: store.Filter{Context: []store.ContextValue{{Name: "tenant", Value: "7"}, {Name: "q", Value: "a=b"}, {Name: "empty"}}}}},
		{"graphql_operation=query+getUser&mcp_server=a/mcp&mcp_method=tools/call&mcp_name=search", question{Filter: store.Filter{
			Operations: []string{"query getUser"}, MCPServers: []string{"a/mcp"}, MCPMethods: []string{"tools/call"}, MCPNames: []string{"search"},
		}}},
		{"session=" + aliceID.String() + "&request=" + request.String(), question{Filter: store.Filter{Session: &aliceID, Request: &request}}},
		{"cursor=abc&limit=1000", question{cursor: "abc", limit: 1000}},
		{"user_agent=" + url.QueryEscape(hostile), question{Filter: store.Filter{UserAgents: []string{hostile}}}},
	} {
		got, err := ask(tt.query, sessionListParams, testNow)
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got, compareQuestions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
}

func TestAsk_Part(t *testing.T) {
	for query, want := range map[string][2]string{
		"part=2026-11-20": {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		"part=2026-11-20&from=2026-11-20T10:00:00Z":   {"2026-11-20T10:00:00Z", "2026-11-21T00:00:00Z"},
		"to=2026-11-20T10:00:00Z&part=2026-11-20":     {"2026-11-20T00:00:00Z", "2026-11-20T10:00:00Z"},
		"part=2026-11-20&from=2026-11-19T10:00:00Z":   {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		"part=2026-11-20&to=2026-11-29T10:00:00Z":     {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
		"from=-36h&to=now&part=2026-11-20&status=2xx": {"2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z"},
	} {
		q, err := ask(query, sessionParams, testNow)
		if err != nil || q.From != at(t, want[0]) || q.To != at(t, want[1]) {
			t.Errorf("%s: %s to %s, %v; want %s", query, q.From, q.To, err, want)
		}
	}
}

func TestAsk_Invalid(t *testing.T) {
	f := newFixture(t)
	for query, location := range map[string]string{
		"from=yesterday":                     "from",
		"from=2026-11-20":                    "from",
		"from=-7y":                           "from",
		"from=-":                             "from",
		"from=-h":                            "from",
		"from=--1h":                          "from",
		"from=-99999999999999999999d":        "from",
		"from=-9999999d":                     "from",
		"from=1970-01-01T00:00:00Z":          "from",
		"from=1&from=2":                      "from",
		"from=now&to=-1h":                    "from",
		"from=now&to=now":                    "from",
		"to=":                                "to",
		"ip=":                                "ip",
		"ip=300.1.1.1":                       "ip",
		"ip=10.0.0.0/33":                     "ip",
		"ip=fe80::1%25eth0":                  "ip",
		"ip=example.com":                     "ip",
		"status=":                            "status",
		"status=4":                           "status",
		"status=0404":                        "status",
		"status=9999":                        "status",
		"status=-5":                          "status",
		"status=499-400":                     "status",
		"status=xx":                          "status",
		"status=axx":                         "status",
		"status=4x":                          "status",
		"status=%2B400":                      "status",
		"session=1":                          "session",
		"session=" + strings.Repeat("g", 32): "session",
		"session=" + aliceID.String() + "&session=1": "session",
		"request=UUUUUUUUUUUUUUUUUUUU":               "request",
		"context=tenant":                             "context",
		"context==7":                                 "context",
		"limit=0":                                    "limit",
		"limit=1001":                                 "limit",
		"limit=ten":                                  "limit",
		"limit=":                                     "limit",
		"hosts=x":                                    "hosts",
		"Host=x":                                     "Host",
		"part=2026-11-20":                            "part", // not of this list
		"user_agent=%ff":                             "user_agent",
		"key=" + strings.Repeat("k", maxValueBytes+1): "key",
		strings.Repeat("host=a&", maxValues+1):        "host",
	} {
		p := problemIn(t, f.do("GET", "/api/v1/sessions?"+query))
		if p.Status != 422 || len(p.Errors) != 1 || p.Errors[0].Location != "query."+location || !strings.HasPrefix(p.Detail, location+": ") {
			t.Errorf("%.60s: %+v", query, p)
		}
		if len(p.Detail) > 2*maxQuoted {
			t.Errorf("%.60s: the problem repeats %d bytes", query, len(p.Detail))
		}
	}
	for _, query := range []string{"host=%zz", "a;b"} {
		if p := problemIn(t, f.do("GET", "/api/v1/sessions?"+query)); p.Status != 422 || !strings.Contains(p.Detail, "malformed") {
			t.Errorf("%s: %+v", query, p)
		}
	}
	for _, path := range []string{"/api/v1/sessions/1", "/api/v1/sessions/" + url.PathEscape(hostile), "/api/v1/sessions/x/requests", "/api/v1/requests/x"} {
		if p := problemIn(t, f.do("GET", path)); p.Status != 422 {
			t.Errorf("%s: %+v", path, p)
		}
	}
	for _, path := range []string{
		"/api/v1/sessions/" + aliceID.String() + "?session=" + bobID.String(),
		"/api/v1/sessions/" + aliceID.String() + "?cursor=x",
		"/api/v1/sessions/" + aliceID.String() + "?part=yesterday",
		"/api/v1/sessions/" + aliceID.String() + "?part=1969-12-31",
		"/api/v1/sessions/" + aliceID.String() + "?part=1960-01-01",
		"/api/v1/requests/" + f.requests[0].ID.String() + "?from=now",
		"/api/v1/system?x=1",
		"/api/v1/me?x=1",
	} {
		if p := problemIn(t, f.do("GET", path)); p.Status != 422 || len(p.Errors) != 1 {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

// FuzzAsk checks that no query string panics, and that what is read can be used:
// an ordered range, a page in bounds, statuses in order.
func FuzzAsk(f *testing.F) {
	f.Add("from=-24h&to=now&host=*&ip=::/0&status=4xx&limit=5&part=2026-11-20")
	f.Add("part=9999-12-31&from=-1s")
	f.Add("ip=::ffff:1.2.3.4/96&status=0-999")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := ask(query, slices.Concat(sessionListParams, []param{partParam}), testNow)
		if err != nil {
			return
		}
		if q.To != 0 && q.From >= q.To || q.limit < 0 || q.limit > store.MaxLimit {
			t.Errorf("%q: %+v", query, q)
		}
		for _, s := range q.Statuses {
			if s.Low < 0 || s.Low > s.High || s.High > 999 {
				t.Errorf("%q: %+v", query, s)
			}
		}
		for _, p := range q.IPs {
			if !p.IsValid() || p.Addr().Is4In6() && p.Bits() >= 96 || p != p.Masked() {
				t.Errorf("%q: %v", query, p)
			}
		}
	})
}
