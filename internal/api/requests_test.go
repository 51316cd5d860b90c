package api

import (
	"net/netip"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

var compareAddrs = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

func TestRequests(t *testing.T) {
	f := newFixture(t)
	base := "/api/v1/sessions/" + aliceID.String() + "/requests"
	for _, tt := range []struct {
		query string
		want  []record.Request
	}{
		{"", f.requests[:3]},
		{"part=2026-11-20", f.requests[:1]},
		{"part=2026-11-21&status=4xx", f.requests[2:3]},
		{"status=500", nil},
		{"part=2026-11-01", nil},
	} {
		var got []record.Request
		cursor := ""
		for range 10 {
			page := fetch[record.RequestPage](t, f, base+"?limit=2&"+tt.query+cursor, 200)
			got = append(got, page.Requests...)
			if page.Next == "" {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(page.Next)
		}
		if diff := cmp.Diff(tt.want, got, compareAddrs, unknownMeasures); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
	for query, status := range map[string]int{"": 404, "?status=500": 404} {
		if p := problemIn(t, f.do("GET", "/api/v1/sessions/"+nobodyID.String()+"/requests"+query)); p.Status != status {
			t.Errorf("unknown session%s: %+v", query, p)
		}
	}
	if p := problemIn(t, f.do("GET", base+"?cursor=x")); p.Status != 400 {
		t.Errorf("bad cursor: %+v", p)
	}
}

// unknownMeasures takes an absent measure, which JSON decodes as 0, for unknown.
var unknownMeasures = cmp.Comparer(func(a, b record.Measure) bool { return max(a, 0) == max(b, 0) })

func TestRequest(t *testing.T) {
	f := newFixture(t)
	for i, want := range f.requests {
		got := fetch[record.RequestDetail](t, f, "/api/v1/requests/"+want.ID.String(), 200)
		if diff := cmp.Diff(want, got.Request, compareAddrs, unknownMeasures); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
		if hit := len(got.Findings) == 1; hit != (i == 3) {
			t.Errorf("request %d: findings %+v", i, got.Findings)
		}
	}
	raw := fetch[map[string]any](t, f, "/api/v1/requests/"+f.requests[0].ID.String(), 200)
	if _, told := raw["ttfb_us"]; told {
		t.Error("an unknown measure is told")
	}
	if raw["request_bytes"] != 0.0 {
		t.Errorf("request_bytes %v, want 0: known, and nothing", raw["request_bytes"])
	}
	if diff := cmp.Diff([]any{}, raw["findings"]); diff != "" {
		t.Errorf("findings: %s", diff)
	}
	unknown := record.RequestID{At: f.requests[0].ID.At, Node: 9}
	if p := problemIn(t, f.do("GET", "/api/v1/requests/"+unknown.String())); p.Status != 404 {
		t.Errorf("unknown request: %+v", p)
	}
}
