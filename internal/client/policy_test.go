package client

import (
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestPolicy(t *testing.T) {
	var asked string
	clients := answering(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked = r.Method + " " + r.URL.RequestURI() + " " + r.Header.Get("Content-Type") + " " + string(body)
		io.WriteString(w, `{"revision":3,"source":"file","file":"p.yml","document":"version: 1","revisions":[{"revision":3}],"from":1,"to":3,"changes":[{"path":"jwks"}]}`)
	})
	two := uint64(2)
	current := record.PolicyInForce{PolicyRevision: record.PolicyRevision{Revision: 3, Document: "version: 1"}, Source: record.PolicyFromFile, File: "p.yml"}
	for name, c := range clients {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			check := func(wantAsked string, got, want any, err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(wantAsked, asked) + cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			}
			p, err := c.Policy(ctx)
			check("GET /api/v1/policy  ", p, current, err)
			p, err = c.PutPolicy(ctx, record.PolicyEdit{Document: "version: 1", Expected: &two, Comment: "c"})
			check(`PUT /api/v1/policy application/json {"document":"version: 1","expected":2,"comment":"c"}`, p, current, err)
			p, err = c.RollbackPolicy(ctx, record.PolicyRollback{Revision: 1})
			check(`POST /api/v1/policy/rollback application/json {"revision":1}`, p, current, err)
			h, err := c.PolicyHistory(ctx)
			check("GET /api/v1/policy/revisions  ", h, record.PolicyHistory{Revisions: []record.PolicyRevision{{Revision: 3}}}, err)
			r, err := c.PolicyRevision(ctx, 3)
			check("GET /api/v1/policy/revisions/3  ", r, current.PolicyRevision, err)
			want := record.PolicyDiff{From: 1, To: 3, Changes: []record.PolicyChange{{Path: "jwks"}}}
			d, err := c.PolicyDiff(ctx, 1, &two)
			check("GET /api/v1/policy/diff?from=1&to=2  ", d, want, err)
			d, err = c.PolicyDiff(ctx, 1, nil)
			check("GET /api/v1/policy/diff?from=1  ", d, want, err)
		})
	}
}

func TestPolicy_Refused(t *testing.T) {
	for _, tt := range []struct {
		body, want string
		current    uint64
	}{
		{`{"status":409,"detail":"somebody else","current":7}`, "somebody else", 7},
		{`{"status":422,"detail":"and 1 more","problems":[{"line":2,"field":"a.b","problem":"x"},{"field":"c","problem":"y"},{"problem":"z"}]}`, "line 2: a.b: x\nc: y\nz", 0},
	} {
		for name, c := range answering(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(422)
			io.WriteString(w, tt.body)
		}) {
			_, err := c.PutPolicy(t.Context(), record.PolicyEdit{})
			problem := new(Problem)
			if !errors.As(err, &problem) || err.Error() != tt.want || problem.Current != tt.current {
				t.Errorf("%s: %v, want %s", name, err, tt.want)
			}
		}
	}
}
