package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// revisionList is a PolicyKeeper in memory: revision n is at n.
type revisionList struct {
	list []record.PolicyRevision
	err  error
}

func newRevisionList() *revisionList {
	return &revisionList{list: []record.PolicyRevision{{Author: "sojourn", Document: string(policy.Format(policy.Default()))}}}
}

func (l *revisionList) Current(context.Context) (record.PolicyRevision, error) {
	return l.list[len(l.list)-1], l.err
}

func (l *revisionList) Get(_ context.Context, revision uint64) (record.PolicyRevision, error) {
	if revision >= uint64(len(l.list)) {
		return record.PolicyRevision{}, &policy.NoRevisionError{Revision: revision}
	}
	return l.list[revision], l.err
}

func (l *revisionList) History(context.Context, int) (out []record.PolicyRevision, err error) {
	for i := len(l.list) - 1; i > 0; i-- {
		r := l.list[i]
		r.Document = ""
		out = append(out, r)
	}
	return out, l.err
}

func (l *revisionList) Put(_ context.Context, expected uint64, document, author, comment string) (record.PolicyRevision, error) {
	if current := uint64(len(l.list) - 1); expected != current {
		return record.PolicyRevision{}, &policy.ConflictError{Expected: expected, Current: current}
	}
	if strings.Contains(document, "not-executed") {
		return record.PolicyRevision{}, errors.Join(policy.Default().Problem("masks", "a"), policy.Default().Problem("mcp", "b"))
	}
	r := record.PolicyRevision{Revision: uint64(len(l.list)), Saved: record.TimeOf(testNow), Author: author, Comment: comment, Document: document}
	l.list = append(l.list, r)
	return r, l.err
}

// send asks with a body.
func (f *fixture) send(method, target, kind, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://"+testListen+target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+testToken)
	r.Header.Set("Content-Type", kind)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r)
	return w.Result()
}

// policyProblem is a problem as the routes of the policy answer it.
type policyProblem struct {
	Status   int
	Detail   string
	Current  *uint64
	Problems []record.PolicyProblem
}

func refusalIn(t *testing.T, r *http.Response, status int) (p policyProblem) {
	t.Helper()
	decodeAs(t, r, status, problemType, &p)
	if p.Status != status || p.Detail == "" {
		t.Errorf("problem %+v of status %d", p, status)
	}
	return p
}

func decodeAs(t *testing.T, r *http.Response, status int, kind string, v any) {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != status || r.Header.Get("Content-Type") != kind {
		t.Fatalf("status %d, %s, want %d, %s: %s", r.StatusCode, r.Header.Get("Content-Type"), status, kind, body)
	}
	if err := json.Unmarshal(body, v); err != nil {
		t.Fatal(err)
	}
}

// saved is a policy as GET and PUT answer it.
type saved struct {
	record.PolicyInForce
	Policy map[string]any
}

func savedIn(t *testing.T, r *http.Response) (p saved) {
	t.Helper()
	decodeAs(t, r, 200, "application/json", &p)
	if want := fmt.Sprintf(`"%d"`, p.Revision); r.Header.Get("ETag") != want {
		t.Errorf("ETag %s, want %s", r.Header.Get("ETag"), want)
	}
	return p
}

const shopPolicy = `version: 1 # shop
applications: [{name: shop}]
session: {parameters: [{name: token, point: request.query.x, group: true}]}
capture: {keep_query: names}
`

func TestPolicy(t *testing.T) {
	f := newFixture(t)
	before := savedIn(t, f.do("GET", "/api/v1/policy"))
	if before.Revision != 0 || before.Source != record.PolicyFromAPI || before.Policy["version"] != 1.0 {
		t.Errorf("before anything was saved: %+v", before)
	}

	first := savedIn(t, f.send("PUT", "/api/v1/policy", yamlType, shopPolicy, "If-Match", `"0"`))
	want := saved{
		PolicyInForce: record.PolicyInForce{
			PolicyRevision: record.PolicyRevision{Revision: 1, Saved: record.TimeOf(testNow), Author: "admin (token)", Document: shopPolicy},
			Source:         record.PolicyFromAPI,
		},
		Policy: map[string]any{
			"version":      1.0,
			"applications": []any{map[string]any{"name": "shop", "mode": "monitor", "on_failure": "pass"}},
			"capture":      map[string]any{"keep_query": "names"},
			"session":      map[string]any{"parameters": []any{map[string]any{"name": "token", "point": "request.query.x", "group": true}}},
		},
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first, savedIn(t, f.do("GET", "/api/v1/policy"))); diff != "" {
		t.Error(diff)
	}

	second := savedIn(t, f.send("PUT", "/api/v1/policy", "application/json; charset=utf-8", `{"document": "version: 1", "expected": 1, "comment": "less"}`))
	if second.Revision != 2 || second.Comment != "less" || second.Document != "version: 1" {
		t.Errorf("saved in JSON: %+v", second)
	}
	back := savedIn(t, f.send("POST", "/api/v1/policy/rollback", "application/json", `{"revision": 1}`, "If-Match", "*"))
	if back.Revision != 3 || back.Document != shopPolicy || back.Comment != "back to revision 1" {
		t.Errorf("rolled back: %+v", back)
	}

	history := fetch[record.PolicyHistory](t, f, "/api/v1/policy/revisions", 200)
	if len(history.Revisions) != 3 || history.Revisions[0].Revision != 3 || history.Revisions[1].Comment != "less" || history.Revisions[2].Document != "" {
		t.Errorf("history: %+v", history)
	}
	if r := fetch[record.PolicyRevision](t, f, "/api/v1/policy/revisions/1", 200); r != first.PolicyRevision {
		t.Errorf("revision 1: %+v", r)
	}
	diff := fetch[record.PolicyDiff](t, f, "/api/v1/policy/diff?from=2", 200)
	changes := record.PolicyDiff{From: 2, To: 3, Changes: []record.PolicyChange{
		{Path: "applications[shop]", After: "{name: shop, mode: monitor, on_failure: pass}"},
		{Path: "capture.keep_query", Before: "values", After: "names"},
		{Path: "session.parameters[token at request.query.x]", After: "{name: token, point: request.query.x, group: true}"},
	}}
	if d := cmp.Diff(changes, diff); d != "" {
		t.Error(d)
	}
	if same := fetch[map[string]any](t, f, "/api/v1/policy/diff?from=1&to=3", 200); same["changes"] == nil {
		t.Errorf("changes must be an empty list, never null: %v", same)
	}
}

func TestPolicyConflict(t *testing.T) {
	f := newFixture(t)
	savedIn(t, f.send("PUT", "/api/v1/policy", yamlType, shopPolicy, "If-Match", `"0"`))
	for name, r := range map[string]*http.Response{
		"IfMatch":  f.send("PUT", "/api/v1/policy", yamlType, "version: 1", "If-Match", `"0"`),
		"Expected": f.send("PUT", "/api/v1/policy", "application/json", `{"document":"version: 1","expected":7}`),
		"Rollback": f.send("POST", "/api/v1/policy/rollback", "application/json", `{"revision":0,"expected":0}`),
	} {
		t.Run(name, func(t *testing.T) {
			if p := refusalIn(t, r, http.StatusConflict); p.Current == nil || *p.Current != 1 {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func TestPolicyRefuses(t *testing.T) {
	f := newFixture(t)
	p := refusalIn(t, f.send("PUT", "/api/v1/policy", yamlType, "version: 1\nretention: {days: x}\nbad: 1\n", "If-Match", "*"), 422)
	want := []record.PolicyProblem{
		{Line: 2, Field: "retention.days", Problem: `"x" is not a whole number`},
		{Line: 3, Field: "bad", Problem: "unknown field; this version knows version, applications, capture, client_address, session, masks, mcp, jwks, retention here"},
	}
	if diff := cmp.Diff(want, p.Problems); diff != "" || !strings.Contains(p.Detail, "and 1 more") {
		t.Error(diff, p.Detail)
	}
	if p := refusalIn(t, f.send("PUT", "/api/v1/policy", yamlType, "version: 1 # not-executed", "If-Match", "*"), 422); len(p.Problems) != 2 {
		t.Errorf("what a room does not execute: %+v", p)
	}
	for _, tt := range []struct {
		name, method, target, kind, body, ifMatch string
		status                                    int
	}{
		{"NoRevision", "PUT", "/api/v1/policy", yamlType, "version: 1", "", 428},
		{"NoRevisionInJSON", "PUT", "/api/v1/policy", "application/json", `{"document":"version: 1"}`, "", 428},
		{"TwoRevisions", "PUT", "/api/v1/policy", "application/json", `{"document":"version: 1","expected":0}`, `"1"`, 400},
		{"StrangeETag", "PUT", "/api/v1/policy", yamlType, "version: 1", `W/"0"`, 400},
		{"NoJSON", "PUT", "/api/v1/policy", "application/json", `version: 1`, "*", 400},
		{"UnknownMember", "PUT", "/api/v1/policy", "application/json", `{"document":"version: 1","extra":1}`, "*", 400},
		{"Kind", "PUT", "/api/v1/policy", "image/png", "version: 1", "*", 415},
		{"StrayParameter", "PUT", "/api/v1/policy?force=1", yamlType, "version: 1", "*", 422},
		{"Empty", "PUT", "/api/v1/policy", yamlType, "", "*", 400},
		{"TooLarge", "PUT", "/api/v1/policy", yamlType, "version: 1 #" + strings.Repeat("x", maxBodyBytes), "*", 413},
		{"RollbackToNothing", "POST", "/api/v1/policy/rollback", "application/json", `{"revision":9}`, "*", 404},
		{"RollbackUnknown", "POST", "/api/v1/policy/rollback", "application/json", `{"rev":0}`, "*", 422},
		{"NoSuchRevision", "GET", "/api/v1/policy/revisions/9", "", "", "", 404},
		{"StrangeRevision", "GET", "/api/v1/policy/revisions/x", "", "", "", 422},
		{"DiffOfNothing", "GET", "/api/v1/policy/diff?from=0&to=9", "", "", "", 404},
		{"DiffWithout", "GET", "/api/v1/policy/diff", "", "", "", 422},
		{"DiffStray", "GET", "/api/v1/policy/diff?from=0&limit=1", "", "", "", 422},
		{"DiffTwice", "GET", "/api/v1/policy/diff?from=0&from=0", "", "", "", 422},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := []string{}
			if tt.ifMatch != "" {
				header = []string{"If-Match", tt.ifMatch}
			}
			refusalIn(t, f.send(tt.method, tt.target, tt.kind, tt.body, header...), tt.status)
		})
	}
	if got := savedIn(t, f.do("GET", "/api/v1/policy")); got.Revision != 0 {
		t.Errorf("something was saved: %+v", got)
	}
}

func TestPolicyGuarded(t *testing.T) {
	const routing = "version: 1\napplications: [{name: a, upstream: 'http://a.test'}]\nretention: {days: 1}\n"
	f := newFixture(t)
	p := refusalIn(t, f.send("PUT", "/api/v1/policy", yamlType, routing, "If-Match", "*"), 403)
	for _, word := range []string{"applications", "retention", "--allow-remote-routing"} {
		if !strings.Contains(p.Detail, word) {
			t.Errorf("the detail lacks %s: %s", word, p.Detail)
		}
	}
	f = newFixture(t, func(c *Config) { c.Policy.AllowRemoteRouting = true })
	savedIn(t, f.send("PUT", "/api/v1/policy", yamlType, routing, "If-Match", "*"))
}

func TestPolicyFile(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.Policy.File = "/etc/sojourn.yml" })
	if got := savedIn(t, f.do("GET", "/api/v1/policy")); got.Source != record.PolicyFromFile || got.File != "/etc/sojourn.yml" {
		t.Errorf("got %+v", got)
	}
	for _, r := range []*http.Response{
		f.send("PUT", "/api/v1/policy", yamlType, shopPolicy, "If-Match", "*"),
		f.send("POST", "/api/v1/policy/rollback", "application/json", `{"revision":0}`, "If-Match", "*"),
	} {
		if p := refusalIn(t, r, 409); !strings.Contains(p.Detail, "/etc/sojourn.yml") {
			t.Errorf("got %+v", p)
		}
	}
}

// TestPolicyOfANewerVersion: what this version does not understand is shown, can
// be replaced by whoever may replace everything, and breaks nothing.
func TestPolicyOfANewerVersion(t *testing.T) {
	keeper := newRevisionList()
	keeper.list = append(keeper.list, record.PolicyRevision{Revision: 1, Document: "version: 2"})
	f := newFixture(t, func(c *Config) { c.Policy.Keeper = keeper })
	got := savedIn(t, f.do("GET", "/api/v1/policy"))
	if got.Policy != nil || len(got.Problems) != 1 || got.Problems[0].Line != 1 {
		t.Errorf("got %+v", got)
	}
	refusalIn(t, f.do("GET", "/api/v1/policy/diff?from=0"), 422)
	refusalIn(t, f.send("PUT", "/api/v1/policy", yamlType, shopPolicy, "If-Match", "*"), 403)
	f = newFixture(t, func(c *Config) { c.Policy = &PolicyConfig{Keeper: keeper, AllowRemoteRouting: true} })
	savedIn(t, f.send("PUT", "/api/v1/policy", yamlType, shopPolicy, "If-Match", "*"))
}

func TestPolicyAway(t *testing.T) {
	keeper := newRevisionList()
	keeper.err = errors.New("inside")
	f := newFixture(t, func(c *Config) { c.Policy.Keeper = keeper })
	for _, target := range []string{"/api/v1/policy", "/api/v1/policy/revisions", "/api/v1/policy/revisions/0", "/api/v1/policy/diff?from=0"} {
		if p := refusalIn(t, f.do("GET", target), 503); strings.Contains(p.Detail, "inside") {
			t.Errorf("%s: the inside shows: %s", target, p.Detail)
		}
	}
	if !strings.Contains(f.log.String(), "inside") {
		t.Error("the fault was not logged")
	}
}

// TestPolicyWarnings: what is probably not meant is saved, and told wherever the
// policy is; what the rooms cannot execute is refused with all else.
func TestPolicyWarnings(t *testing.T) {
	check := func(p *policy.Policy) ([]policy.Warning, error) {
		switch {
		case len(p.Masks) == 0:
			return nil, nil
		case p.Masks[0].Point == "nowhere":
			return nil, p.Problem("masks[0].point", "no point")
		}
		return []policy.Warning{p.Warning("masks[0]", "rarely")}, nil
	}
	f := newFixture(t, func(c *Config) { c.Policy.Check = check })
	put := func(document string) *http.Response {
		return f.send("PUT", "/api/v1/policy", yamlType, document, "If-Match", "*")
	}
	p := refusalIn(t, put("version: 1\nmasks: [{point: nowhere}]\nextra: 1\n"), 422)
	if len(p.Problems) != 2 || p.Problems[0].Field != "masks[0].point" || p.Problems[1].Field != "extra" {
		t.Errorf("refused for %+v", p.Problems)
	}
	want := []policy.Warning{{Line: 2, Field: "masks[0]", Reason: "rarely"}}
	warned := func(name string, r *http.Response) {
		t.Helper()
		if diff := cmp.Diff(want, savedIn(t, r).Warnings); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	warned("PUT", put("version: 1\nmasks: [{point: there}]\n"))
	warned("GET", f.do("GET", "/api/v1/policy"))
	if w := savedIn(t, put("version: 1\n")).Warnings; w != nil {
		t.Errorf("warned of nothing: %+v", w)
	}
	warned("rollback", f.send("POST", "/api/v1/policy/rollback", "application/json", `{"revision":1}`, "If-Match", "*"))
}
