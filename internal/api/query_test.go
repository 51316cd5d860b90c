package api

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// post asks with a JSON document.
func (f *fixture) post(target, body string) *http.Response {
	return f.send("POST", target, "application/json", body)
}

func TestValues(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		query    string
		want     []record.Count
		distinct int64
	}{
		{"field=method", []record.Count{{Value: "GET", Count: 4}, {Value: "POST", Count: 1}}, 2},
		{"field=method&limit=1", []record.Count{{Value: "GET", Count: 4}}, 2},
		{"field=method&contains=OS", []record.Count{{Value: "POST", Count: 1}}, 1},
		{"field=status&not.status=2xx", []record.Count{{Value: "0", Count: 1}, {Value: "404", Count: 1}, {Value: "500", Count: 1}}, 3},
		{"field=ip&from=-3h&to=-90m", []record.Count{{Value: "192.0.2.7", Count: 2}}, 1},
		{"field=host&status=500", []record.Count{{Value: hostile, Count: 1}}, 1},
		{"field=context.tenant", []record.Count{{Count: 5}}, 1},
		{"field=attack&has.status=500", []record.Count{{Count: 1}, {Value: "xss", Count: 1}}, 2},
		{"field=user&status=418", []record.Count{}, 0},
	} {
		got := fetch[record.Values](t, f, "/api/v1/values?"+tt.query, 200)
		if diff := cmp.Diff(tt.want, got.Values); diff != "" || got.Distinct != tt.distinct {
			t.Errorf("%s: %d distinct (-want +got):\n%s", tt.query, got.Distinct, diff)
		}
	}
	for _, query := range []string{"", "field=", "field=nothing", "field=time", "field=duration", "field=context", "field=user&limit=1001", "field=user&cursor=x", "field=user&field=ip"} {
		if p := problemIn(t, f.do("GET", "/api/v1/values?"+query)); p.Status != 422 || len(p.Errors) != 1 {
			t.Errorf("%s: %+v", query, p)
		}
	}
}

func TestQuery(t *testing.T) {
	f := newFixture(t)
	for _, tt := range []struct {
		body string
		want record.Table
	}{
		{`{}`, record.Table{By: []string{}, Measures: []string{"requests"}, Rows: []record.Group{{By: []string{}, Values: []record.Amount{5}}}, Groups: 1}},
		{
			`{"by":["method"],"measures":["requests","sessions","errors"],"where":[{"field":"status","not":true,"values":["0"]}]}`,
			record.Table{By: []string{"method"}, Measures: []string{"requests", "sessions", "errors"}, Groups: 2, Rows: []record.Group{
				{By: []string{"GET"}, Values: []record.Amount{3, 2, 1}}, {By: []string{"POST"}, Values: []record.Amount{1, 1, 1}},
			}},
		},
		{
			`{"by":["time"],"step_s":86400,"session":"` + aliceID.String() + `"}`,
			record.Table{By: []string{"time"}, Measures: []string{"requests"}, Groups: 2, Rows: []record.Group{
				{By: []string{"2026-11-20T00:00:00.000000Z"}, Values: []record.Amount{1}}, {By: []string{"2026-11-21T00:00:00.000000Z"}, Values: []record.Amount{2}},
			}},
		},
		{
			`{"has":[{"field":"attack","values":["xss"]}],"from":"-24h","to":"now","by":["status"],"order":"requests","limit":1}`,
			record.Table{By: []string{"status"}, Measures: []string{"requests"}, Groups: 2, Rows: []record.Group{{By: []string{"0"}, Values: []record.Amount{1}}}},
		},
		{
			`{"request":"` + f.requests[2].ID.String() + `","by":["method"]}`,
			record.Table{By: []string{"method"}, Measures: []string{"requests"}, Groups: 1, Rows: []record.Group{{By: []string{"POST"}, Values: []record.Amount{1}}}},
		},
	} {
		r := f.post("/api/v1/query", tt.body)
		var got record.Table
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || r.StatusCode != 200 {
			t.Errorf("%s: %d, %v", tt.body, r.StatusCode, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.body, diff)
		}
	}
	// Nothing to measure is null, never NaN or 0.
	r := f.post("/api/v1/query", `{"where":[{"field":"status","values":["418"]}],"measures":["p95"]}`)
	if got := text200(t, r); !strings.Contains(got, `"values":[null]`) {
		t.Errorf("p95 of nothing: %s", got)
	}
}

func TestQuery_Invalid(t *testing.T) {
	f := newFixture(t)
	for body, want := range map[string]string{
		`{"by":["nothing"]}`:                             `"nothing"`,
		`{"by":["time"]}`:                                "step",
		`{"by":["ip","ip"]}`:                             "twice",
		`{"measures":["p100"]}`:                          `"p100"`,
		`{"order":"p95"}`:                                `"p95"`,
		`{"limit":10001}`:                                "",
		`{"contains":"x"}`:                               "contains",
		`{"from":"yesterday"}`:                           "yesterday",
		`{"from":"now","to":"-1h"}`:                      "from",
		`{"session":"x"}`:                                "session",
		`{"request":"x"}`:                                "request",
		`{"where":[{"field":"nothing","values":["x"]}]}`: "nothing",
		`{"where":[{"field":"status","values":["x"]}]}`:  "where: status",
		`{"has":[{"field":"ip","values":[]}]}`:           "",
		`{"has":[{"field":"ip","values":["x"]}]}`:        "has: ip",
		`{"groups":[]}`:                                  "",
		`[]`:                                             "",
		`{"where":` + strings.Repeat(`[`, 2000):          "",
		`{"by":["` + strings.Repeat("x", 9000) + `"]}`:   "xxx",
	} {
		r := f.post("/api/v1/query", body)
		p := problemIn(t, r)
		if p.Status != 422 && p.Status != 400 || !strings.Contains(p.Detail, want) || len(p.Detail) > 4*maxQuoted {
			t.Errorf("%.60s: %+v", body, p)
		}
	}
	if p := problemIn(t, f.post("/api/v1/query?user=maria", `{}`)); p.Status != 422 {
		t.Errorf("a filter in the query string: %+v", p)
	}
	if p := problemIn(t, f.post("/api/v1/query", `{"contains":"`+strings.Repeat("x", maxBodyBytes)+`"}`)); p.Status != 413 {
		t.Errorf("a body over the limit: %+v", p)
	}
}

// TestSchema: what the schema names can be asked.
func TestSchema(t *testing.T) {
	f := newFixture(t)
	s := fetch[record.Schema](t, f, "/api/v1/schema", 200)
	if len(s.Fields) != len(store.Fields) || len(s.Measures) != len(store.Measures) || len(s.Sorts) != len(store.Sorts) || s.Limits.Page != store.MaxLimit {
		t.Errorf("schema %+v", s)
	}
	for _, field := range s.Fields {
		for _, prefix := range append(s.Prefixes, record.SchemaPrefix{}) {
			for _, v := range append(field.Values, field.Example) {
				fetch[record.Total](t, f, "/api/v1/sessions/count?"+url.Values{prefix.Prefix + field.Name: {v}}.Encode(), 200)
			}
		}
		name := field.Name
		if field.Kind == string(store.KindContext) {
			name += ".tenant"
		}
		status := map[bool]int{true: 200, false: 422}[field.Group]
		if r := f.do("GET", "/api/v1/values?field="+name); r.StatusCode != status {
			t.Errorf("values of %s: status %d, want %d", name, r.StatusCode, status)
		}
	}
	for _, sort := range s.Sorts {
		fetch[record.SessionPage](t, f, "/api/v1/sessions?sort="+sort, 200)
	}
	for _, m := range s.Measures {
		if r := f.post("/api/v1/query", `{"measures":["`+m.Name+`"]}`); r.StatusCode != 200 {
			t.Errorf("measure %s: status %d", m.Name, r.StatusCode)
		}
	}
}

// FuzzQueryOf checks that no query panics, and that what is read passes the store's check.
func FuzzQueryOf(f *testing.F) {
	f.Add([]byte(`{"by":["time","context.a"],"step_s":60,"where":[{"field":"context.a","not":true,"values":["b"]}],"has":[{"field":"ip","values":["::/0"]}]}`))
	f.Add([]byte(`{"measures":["p95"],"order":"p95","limit":-1,"step_s":9223372036854775807}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var in record.Query
		if json.Unmarshal(body, &in) != nil {
			return
		}
		q, err := queryOf(&in, testNow)
		if err == nil && q.Check() != nil {
			t.Errorf("%s: %v", body, q.Check())
		}
	})
}
