package api

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

func TestNeighbours(t *testing.T) {
	f := newFixture(t)
	carol, carolToo, other := record.SessionID{0xca, 1}, record.SessionID{0xca, 2}, record.SessionID{0x0d}
	var requests []record.Request
	for i, r := range []struct {
		session, client record.SessionID
		user            string
		ago             time.Duration
	}{
		{carol, record.SessionID{2}, "carol", time.Minute}, {carol, record.SessionID{2}, "carol", 25 * time.Hour},
		{carolToo, record.SessionID{3}, "carol", 2 * time.Minute}, {carolToo, record.SessionID{3}, "carol", 49 * time.Hour}, {other, record.SessionID{2}, "dave", 3 * time.Minute},
	} {
		request := f.requests[0]
		request.Started = record.TimeOf(testNow.Add(-r.ago))
		request.ID = record.RequestID{At: request.Started, Node: 2, Seq: uint32(i)}
		request.Session, request.Client, request.User = r.session, r.client, r.user
		requests = append(requests, request)
	}
	if _, err := f.store.Write(t.Context(), []store.Batch{{Position: store.Position{Log: "more", Seq: 1}, Requests: requests}}); err != nil {
		t.Fatal(err)
	}
	names := func(parts []record.Part) (out []string) {
		for _, p := range parts {
			out = append(out, p.ID.String()[:4]+" "+p.Part.String())
		}
		return out
	}
	for _, tt := range []struct {
		query                string
		days, user, browsers []string
	}{
		{"", []string{"ca01 2026-11-21", "ca01 2026-11-20"}, []string{"ca02 2026-11-21", "ca02 2026-11-19"}, []string{"0d00 2026-11-21"}},
		{"?limit=1", []string{"ca01 2026-11-21"}, []string{"ca02 2026-11-21"}, []string{"0d00 2026-11-21"}},
		{"?from=-2h", []string{"ca01 2026-11-21"}, []string{"ca02 2026-11-21"}, []string{"0d00 2026-11-21"}},
	} {
		got := fetch[record.Neighbours](t, f, "/api/v1/sessions/"+carol.String()+"/neighbours"+tt.query, 200)
		for _, list := range []struct {
			name      string
			want, got []string
		}{{"days", tt.days, names(got.Days)}, {"same user", tt.user, names(got.SameUser)}, {"same client", tt.browsers, names(got.SameClient)}} {
			if diff := cmp.Diff(list.want, list.got); diff != "" {
				t.Errorf("%s%s (-want +got):\n%s", list.name, tt.query, diff)
			}
		}
		if got.User != "carol" || got.Client != (record.SessionID{2}) {
			t.Errorf("user %q, client %s", got.User, got.Client)
		}
	}
	got := fetch[record.Neighbours](t, f, "/api/v1/sessions/"+bobID.String()+"/neighbours", 200)
	if got.User != "" || len(got.SameUser) != 0 {
		t.Errorf("a session without a user: %+v", got)
	}
	for path, status := range map[string]int{"x/neighbours": 422, nobodyID.String() + "/neighbours": 404, carol.String() + "/neighbours?limit=101": 422, carol.String() + "/neighbours?user=x": 422} {
		if p := problemIn(t, f.do("GET", "/api/v1/sessions/"+path)); p.Status != status {
			t.Errorf("%s: %+v", path, p)
		}
	}
}
