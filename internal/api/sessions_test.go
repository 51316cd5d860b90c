package api

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

// list walks through all pages and returns "session day matched" of each part.
func list(t *testing.T, f *fixture, query string) (parts []string) {
	t.Helper()
	cursor := ""
	for page := 0; ; page++ {
		if page > 20 {
			t.Fatal("the pages do not end")
		}
		got := fetch[record.SessionPage](t, f, "/api/v1/sessions?limit=1&"+query+cursor, 200)
		for _, p := range got.Sessions {
			parts = append(parts, strings.Join([]string{p.ID.String()[:2], p.Part.String(), string('0' + rune(p.Matched))}, " "))
		}
		if got.Next == "" {
			return parts
		}
		cursor = "&cursor=" + url.QueryEscape(got.Next)
	}
}

func TestSessions(t *testing.T) {
	f := newFixture(t)
	const bob, alice, before = "b0 2026-11-21 ", "a1 2026-11-21 ", "a1 2026-11-20 "
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{"", []string{bob + "2", alice + "2", before + "1"}},
		{"from=-24h", []string{bob + "2", alice + "2"}},
		{"to=-24h", []string{before + "1"}},
		{"status=404", []string{alice + "1"}},
		{"status=4xx&method=GET", nil}, // not on the same request
		{"status=404&status=500", []string{bob + "1", alice + "1"}},
		{"ip=192.0.2.0/24", []string{alice + "2", before + "1"}},
		{"ip=2001:db8::/32", []string{bob + "1"}},
		{"host=", []string{bob + "1"}},
		{"host=shop.*&host=nothing", []string{alice + "2", before + "1"}},
		{"host=" + url.QueryEscape(hostile), []string{bob + "1"}},
		{"user_agent=" + url.QueryEscape(hostile), []string{bob + "1"}},
		{"key=network", []string{bob + "1"}},
		{"endpoint=POST+/orders/{int}", []string{alice + "1"}},
		{"session=" + aliceID.String(), []string{alice + "2", before + "1"}},
		{"request=" + f.requests[0].ID.String(), []string{before + "1"}},
		{"application=" + url.QueryEscape("' OR 1=1 --"), nil},
	} {
		if diff := cmp.Diff(tt.want, list(t, f, tt.query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
}

func TestSessions_Cursor(t *testing.T) {
	f := newFixture(t)
	for _, cursor := range []string{"x", "%00", url.QueryEscape(hostile), strings.Repeat("A", 5000)} {
		p := problemIn(t, f.do("GET", "/api/v1/sessions?cursor="+cursor))
		if p.Status != 400 || !strings.HasPrefix(p.Detail, "cursor: ") || len(p.Detail) > 2*maxQuoted {
			t.Errorf("%.20s: %+v", cursor, p)
		}
	}
}

func TestSession(t *testing.T) {
	f := newFixture(t)
	all := fetch[record.Session](t, f, "/api/v1/sessions/"+aliceID.String(), 200)
	if all.Requests != 3 || len(all.Parts) != 2 || all.Errors != 1 {
		t.Errorf("whole session: %+v", all)
	}
	day := fetch[record.Session](t, f, "/api/v1/sessions/"+aliceID.String()+"?part=2026-11-20", 200)
	if day.Requests != 1 || len(day.Parts) != 2 {
		t.Errorf("one day of it: %d requests, parts %v", day.Requests, day.Parts)
	}
	none := fetch[record.Session](t, f, "/api/v1/sessions/"+aliceID.String()+"?status=500", 200)
	if none.Requests != 0 || len(none.Parts) != 2 {
		t.Errorf("nothing of it: %d requests, parts %v", none.Requests, none.Parts)
	}
	p := problemIn(t, f.do("GET", "/api/v1/sessions/"+nobodyID.String()))
	if p.Status != 404 || !strings.Contains(p.Detail, nobodyID.String()) {
		t.Errorf("unknown session: %+v", p)
	}
}
