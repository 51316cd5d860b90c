package api

import (
	"fmt"
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
	cmp.Comparer(func(a, b *store.Field) bool { return a == b }),
}

// is is a condition; a field that begins with ! has none of the values.
func is(t testing.TB, field string, values ...string) store.Condition {
	t.Helper()
	field, not := strings.CutPrefix(field, "!")
	c, err := store.NewCondition(field, not, values...)
	if err != nil {
		t.Fatal(err)
	}
	return c
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
	request := record.RequestID{At: record.TimeOf(testNow), Node: 1, Seq: 2}
	where := func(c ...store.Condition) question { return question{Filter: store.Filter{Where: c}} }
	has := func(c ...store.Condition) question { return question{Filter: store.Filter{Has: c}} }
	for _, tt := range []struct {
		query string
		want  question
	}{
		{"", question{}},
		{"from=2026-11-20T10:00:00Z&to=2026-11-20T13:00:00%2B02:00", question{Filter: store.Filter{From: at(t, "2026-11-20T10:00:00Z"), To: at(t, "2026-11-20T11:00:00Z")}}},
		{"from=-15m&to=now", question{Filter: store.Filter{From: at(t, "2026-11-21T11:45:00Z"), To: at(t, "2026-11-21T12:00:00Z")}}},
		{"from=-7d&to=-24h", question{Filter: store.Filter{From: at(t, "2026-11-14T12:00:00Z"), To: at(t, "2026-11-20T12:00:00Z")}}},
		{"from=-90s", question{Filter: store.Filter{From: at(t, "2026-11-21T11:58:30Z")}}},
		{"application=shop&application=crm", where(is(t, "application", "shop", "crm"))},
		{"user=maria&user=", where(is(t, "user", "maria", ""))},
		{"status=5XX&host=*.example.com&host=", where(is(t, "host", "*.example.com", ""), is(t, "status", "5xx"))}, // in the order of the fields
		{"ip=192.0.2.99/24&ip=::1", where(is(t, "ip", "192.0.2.0/24", "::1"))},
		{"duration=%3E500ms&response_bytes=%3C1MiB", where(is(t, "duration", ">500ms"), is(t, "response_bytes", "<1MiB"))},
		{"not.user=", where(is(t, "!user", ""))},
		{"user=maria&not.method=GET&not.method=HEAD", where(is(t, "user", "maria"), is(t, "!method", "GET", "HEAD"))},
		{"has.attack=sqli&not.has.status=5xx", has(is(t, "attack", "sqli"), is(t, "!status", "5xx"))},
		{"has.role=admin&role=buyer", question{Filter: store.Filter{Where: []store.Condition{is(t, "role", "buyer")}, Has: []store.Condition{is(t, "role", "admin")}}}},
		{"context=tenant=7&context=q%3Da%3Db&context=empty=", where(is(t, "context.empty", ""), is(t, "context.q", "a=b"), is(t, "context.tenant", "7"))},
		{"context.tenant=7&context=tenant=8&context.tenant=9", where(is(t, "context.tenant", "7", "9", "8"))},
		{"context.a.b=7", where(is(t, "context.a.b", "7"))},
		{"not.context=tenant=7&not.context.org=1", where(is(t, "!context.org", "1"), is(t, "!context.tenant", "7"))},
		{"has.context.tenant=7&not.has.context=tenant=8", has(is(t, "context.tenant", "7"), is(t, "!context.tenant", "8"))},
		{"session=" + aliceID.String() + "&request=" + request.String(), question{Filter: store.Filter{Session: &aliceID, Request: &request}}},
		{"cursor=abc&limit=1000", question{cursor: "abc", limit: 1000}},
		{"sort=bytes&order=asc&within_ms=250", question{sort: store.SortBytes, order: orderUp, within: 250 * time.Millisecond}},
		{"user_agent=" + url.QueryEscape(hostile), where(is(t, "user_agent", hostile))},
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
		"context.=7":                                 "context.",
		"contexts.a=7":                               "contexts.a",
		"not.context=tenant":                         "not.context",
		"not.status=nine":                            "not.status",
		"has.ip=x":                                   "has.ip",
		"not.has.duration=fast":                      "not.has.duration",
		"has.not.user=x":                             "has.not.user",
		"not.from=-1h":                               "not.from",
		"blocked=yes":                                "blocked",
		"request_bytes=-1":                           "request_bytes",
		"sort=users":                                 "sort",
		"order=up":                                   "order",
		"within_ms=0":                                "within_ms",
		"within_ms=99999999":                         "within_ms",
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
		if len(p.Detail) > 2*maxQuoted && !strings.Contains(p.Detail, "known are ") {
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

// TestAsk_Unknown: the problem names all that there is, each field once.
func TestAsk_Unknown(t *testing.T) {
	f := newFixture(t)
	p := problemIn(t, f.do("GET", "/api/v1/sessions?not.nothing=1"))
	if !strings.Contains(p.Detail, "not.FIELD, has.FIELD and not.has.FIELD") || strings.Contains(p.Detail, "not.user") {
		t.Errorf("problem %q", p.Detail)
	}
	for i := range store.Fields {
		if strings.Count(p.Detail, " "+store.Fields[i].Name+",") != 1 {
			t.Errorf("problem %q does not name %s once", p.Detail, store.Fields[i].Name)
		}
	}
}

func TestAsk_TooMany(t *testing.T) {
	f := newFixture(t)
	var query strings.Builder
	for i := range maxConditions + 1 {
		fmt.Fprintf(&query, "context.p%d=1&", i)
	}
	p := problemIn(t, f.do("GET", "/api/v1/sessions?"+query.String()))
	if p.Status != 422 || !strings.Contains(p.Detail, "at most 100") {
		t.Errorf("problem %+v", p)
	}
}

// FuzzAsk checks that no query string panics, and that what is read can be used:
// an ordered range, a page in bounds, conditions of which each has values.
func FuzzAsk(f *testing.F) {
	f.Add("from=-24h&to=now&host=*&ip=::/0&status=4xx&limit=5&part=2026-11-20")
	f.Add("part=9999-12-31&from=-1s")
	f.Add("ip=::ffff:1.2.3.4/96&status=0-999")
	f.Add("not.has.context.a=b&context=a=b&has.duration=%3E1s&not.request_bytes=1KB-2KB")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := ask(query, slices.Concat(sessionListParams, []param{partParam}), testNow)
		if err != nil {
			return
		}
		if q.To != 0 && q.From >= q.To || q.limit < 0 || q.limit > store.MaxLimit || q.within < 0 || q.within > listWithin {
			t.Errorf("%q: %+v", query, q)
		}
		if len(q.Where)+len(q.Has) > maxConditions {
			t.Errorf("%q: %d and %d conditions", query, len(q.Where), len(q.Has))
		}
		for _, c := range slices.Concat(q.Where, q.Has) {
			if n := len(c.Texts) + len(c.Ranges) + len(c.Addresses); n == 0 || n > store.MaxConditionValues || c.Field == nil {
				t.Errorf("%q: %+v", query, c)
			}
		}
	})
}
