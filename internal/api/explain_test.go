package api

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

const ladderPolicy = `version: 1
applications: [{name: shop}, {name: bank}]
session:
  parameters:
    - {name: device, point: 'request.header["X-Device"]', group: true}
    - {name: plan, point: 'request.query["plan"]'}
    - {name: account, point: 'request.path[1]', group: true, applications: [bank]}
    - {name: pair, points: ['request.query["a"]', 'request.query["b"]'], group: true, applications: [shop]}
mcp:
  - {host: mcp.example.com, path: /mcp, session: 'request.header["X-Run"]'}
`

func TestExplanation(t *testing.T) {
	judged, err := policy.Parse("test", []byte(ladderPolicy))
	if err != nil {
		t.Fatal(err)
	}
	const otherPolicy = "the request does not fit revision 3 of the policy: another policy judged it, which is not in the history"
	device := record.Attempt{Name: "device", Point: `request.header["X-Device"]`, Rung: record.RungOwn, Why: "had no value"}
	account := record.Attempt{Name: "account", Point: `request.path[1]`, Rung: record.RungOwn, Why: "had no value"}
	pair := record.Attempt{Name: "pair", Point: `request.query["a"] + request.query["b"]`, Rung: record.RungOwn, Why: "not all of its points had a value"}
	run := record.Attempt{Name: "mcp_server_session", Point: `request.header["X-Run"]`, Rung: record.RungMCP, Why: "had no value"}
	session := record.Attempt{Name: "mcp_session", Point: `request.header["Mcp-Session-Id"]`, Rung: record.RungMCP, Why: "there was none, or the protocol of this generation has none"}
	subject := record.Attempt{Name: "mcp_subject", Point: `request.header["Authorization"].jwt`, Rung: record.RungMCP, Why: "there was no token that names its subject and its client"}
	trace := record.Attempt{Name: "mcp_trace", Point: `request.mcp.meta["traceparent"]`, Rung: record.RungMCP, Why: "there was none"}
	mcp := &record.MCP{Method: "tools/call"}
	for _, tt := range []struct {
		name     string
		request  record.Request
		unknown  bool // the policy
		tried    []record.Attempt
		unlisted int
		note     string
	}{
		{"FirstOwn", record.Request{Application: "shop", Key: "device", Rung: record.RungOwn}, false, nil, 0, ""},
		{"SecondOwn", record.Request{Application: "shop", Key: "pair", Rung: record.RungOwn, Tried: 1}, false, []record.Attempt{device}, 0, ""},
		{"OtherApplication", record.Request{Application: "bank", Key: "account", Rung: record.RungOwn, Tried: 1}, false, []record.Attempt{device}, 0, ""},
		{"OwnBeforeMCP", record.Request{Application: "shop", Key: "pair", Rung: record.RungOwn, Tried: 1, MCP: mcp}, false, []record.Attempt{device}, 0, ""},
		{"Builtin", record.Request{Application: "bank", Key: "PHPSESSID", Rung: record.RungBuiltin, Tried: 12}, false, []record.Attempt{device, account}, 10, ""},
		{"FirstBuiltin", record.Request{Application: "shop", Key: "x-session-id", Rung: record.RungBuiltin, Tried: 2}, false, []record.Attempt{device, pair}, 0, ""},
		{"Network", record.Request{Application: "default", Key: "network", Rung: record.RungNetwork, Tried: 80}, false, []record.Attempt{device}, 79, ""},
		{"MCPConfigured", record.Request{Application: "default", Host: "mcp.example.com:8443", Path: "/mcp/x", Key: "mcp_server_session", Rung: record.RungMCP, Tried: 1, MCP: mcp}, false, []record.Attempt{device}, 0, ""},
		{"MCPAfterConfigured", record.Request{Application: "default", Host: "mcp.example.com", Path: "/mcp", Key: "mcp_subject", Rung: record.RungMCP, Tried: 3, MCP: mcp}, false, []record.Attempt{device, run, session}, 0, ""},
		{"MCPElsewhere", record.Request{Application: "default", Host: "mcp.example.com", Path: "/mcpx", Key: "mcp_subject", Rung: record.RungMCP, Tried: 2, MCP: mcp}, false, []record.Attempt{device, session}, 0, ""},
		{"NetworkAfterMCP", record.Request{Application: "default", Key: "network", Rung: record.RungNetwork, Tried: 84, MCP: mcp}, false, []record.Attempt{device, session, subject, trace}, 80, ""},

		{"PolicyUnknown", record.Request{Application: "shop", Key: "pair", Rung: record.RungOwn, Tried: 5}, true, nil, 5, "gone"},
		{"OtherKey", record.Request{Application: "shop", Key: "pair", Rung: record.RungOwn, Tried: 0}, false, nil, 0, otherPolicy},
		{"OtherRung", record.Request{Application: "shop", Key: "device", Rung: record.RungMCP, MCP: mcp}, false, nil, 0, otherPolicy},
		{"TooMany", record.Request{Application: "shop", Key: "device", Rung: record.RungOwn, Tried: 9}, false, nil, 9, otherPolicy},
		{"TooFew", record.Request{Application: "shop", Key: "PHPSESSID", Rung: record.RungBuiltin, Tried: 1}, false, nil, 1, otherPolicy},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, p, note := tt.request, judged, ""
			r.ID, r.Session, r.Point, r.Strength, r.Accepted, r.Revision = record.RequestID{Seq: 7}, aliceID, "there", record.StrengthClaimed, true, 3
			if tt.unknown {
				p, note = nil, "gone"
			}
			want := record.Explanation{
				Request: r.ID, Session: aliceID, Revision: 3, Rung: r.Rung, Key: r.Key, Point: "there", Strength: record.StrengthClaimed, Accepted: true,
				Tried:    append(append([]record.Attempt{}, tt.tried...), record.Attempt{Name: r.Key, Point: "there", Rung: r.Rung, Found: true}),
				Unlisted: tt.unlisted, Note: tt.note,
			}
			got := explanation(&r, p, note)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if len(got.Tried)-1+got.Unlisted != r.Tried {
				t.Errorf("%d listed and %d not, of %d tried in vain", len(got.Tried)-1, got.Unlisted, r.Tried)
			}
		})
	}
}

func TestExplanationOfClaim(t *testing.T) {
	r := record.Request{Application: "shop", Key: "jwt.sub", Rung: record.RungBuiltin, Point: `request.header["Authorization"].jwt.payload["sub"]`}
	for strength, want := range map[record.Strength]bool{record.StrengthSecret: true, record.StrengthClaimed: false} {
		r.Strength = strength
		if got := explanation(&r, nil, "gone"); got.Verified != want {
			t.Errorf("%s: verified %v", strength, got.Verified)
		}
	}
}

func TestExplain(t *testing.T) {
	f := newFixture(t)
	path := "/api/v1/requests/" + f.requests[0].ID.String() + "/explain"
	got := fetch[record.Explanation](t, f, path, 200)
	want := record.Explanation{
		Request: f.requests[0].ID, Session: aliceID, Rung: record.RungBuiltin, Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`,
		Strength: record.StrengthSecret, Accepted: true,
		Tried: []record.Attempt{{Name: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Found: true}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for target, status := range map[string]int{
		path + "?x=1":                       422,
		"/api/v1/requests/nonsense/explain": 422,
		"/api/v1/requests/" + record.RequestID{Seq: 99}.String() + "/explain": 404,
	} {
		if p := problemIn(t, f.do("GET", target)); p.Status != status {
			t.Errorf("%s: %+v", target, p)
		}
	}
}

func TestJudgedBy(t *testing.T) {
	keeper := newRevisionList()
	keeper.list = append(keeper.list, record.PolicyRevision{Revision: 1, Document: ladderPolicy}, record.PolicyRevision{Revision: 2, Document: "version: 99"})
	f := newFixture(t, func(c *Config) { c.Policy = &PolicyConfig{Keeper: keeper} })
	folder := newFixture(t, func(c *Config) { c.Policy = nil })
	for _, tt := range []struct {
		name     string
		f        *fixture
		revision uint64
		keys     int
		note     string
	}{
		{"Builtin", f, 0, 0, ""},
		{"Kept", f, 1, 4, ""},
		{"NotUnderstood", f, 2, 0, "does not understand revision 2"},
		{"NotKept", f, 9, 0, "revision 9 of the policy is not kept any more"},
		{"File", f, record.FileRevision, 0, "a policy file judged it"},
		{"FolderBuiltin", folder, 0, 0, ""},
		{"FolderFile", folder, record.FileRevision, 0, "a policy file judged it"},
		{"Folder", folder, 1, 0, "only a running server knows revision 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, note, err := tt.f.judgedBy(t.Context(), tt.revision)
			if err != nil || !strings.Contains(note, tt.note) || (p == nil) != (note != "") || p != nil && len(p.Session.Parameters) != tt.keys {
				t.Errorf("%+v, %q, %v", p, note, err)
			}
		})
	}
	keeper.err = errors.New("no route")
	if _, _, err := f.judgedBy(t.Context(), 1); !errors.Is(err, errPolicyAway) {
		t.Errorf("a keeper that is away: %v", err)
	}
}
