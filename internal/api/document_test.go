package api

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite openapi.json from the routes and types")

func TestDocument(t *testing.T) {
	const golden = "openapi.json"
	got, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("openapi.json is not what the routes and types say (-file +types); run go test ./internal/api -update\n%s", diff)
	}
}

// documented returns "METHOD path" of every operation in the document.
func documented(t *testing.T, h huma.API) map[string]*huma.Operation {
	t.Helper()
	operations := map[string]*huma.Operation{}
	for path, item := range h.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Patch, item.Head, item.Options, item.Trace} {
			if op != nil {
				operations[op.Method+" "+path] = op
			}
		}
	}
	return operations
}

// TestDocument_Routes fails when a route is missing from the document.
func TestDocument_Routes(t *testing.T) {
	m := &routes{}
	h := newHuma(m)
	(&API{policy: new(PolicyConfig), care: new(CareConfig)}).route(h)
	registered := slices.Sorted(slices.Values(m.patterns))
	described := slices.Sorted(maps.Keys(documented(t, h)))
	if diff := cmp.Diff(registered, described); diff != "" {
		t.Errorf("routes and document differ (-registered +documented):\n%s", diff)
	}
	if len(registered) < 8 {
		t.Errorf("only %d routes", len(registered))
	}
	for name, op := range documented(t, h) {
		if op.Summary == "" || op.OperationID == "" || len(op.Security) == 0 {
			t.Errorf("%s lacks a summary, an id or its security", name)
		}
	}
}

// TestDocument_Answers holds the answer of every route, hostile data in it,
// against its schema in the document.
func TestDocument_Answers(t *testing.T) {
	f := newFixture(t)
	h := newHuma(&routes{})
	f.route(h)
	targets := map[string][]string{}
	for pattern := range documented(t, h) {
		_, target := f.target(pattern)
		targets[pattern] = []string{target}
	}
	targets["GET /api/v1/sessions/{id}"] = append(targets["GET /api/v1/sessions/{id}"], "/api/v1/sessions/"+bobID.String(), "/api/v1/sessions/"+nobodyID.String())
	targets["GET /api/v1/sessions/{id}/requests"] = append(targets["GET /api/v1/sessions/{id}/requests"], "/api/v1/sessions/"+bobID.String()+"/requests", "/api/v1/sessions/x/requests")
	targets["GET /api/v1/requests/{id}"] = append(targets["GET /api/v1/requests/{id}"], "/api/v1/requests/"+f.requests[3].ID.String(), "/api/v1/requests/"+f.requests[4].ID.String())
	targets["GET /api/v1/sessions"] = append(targets["GET /api/v1/sessions"], "/api/v1/sessions?limit=1", "/api/v1/sessions?cursor=x", "/api/v1/sessions?host=nothing")
	targets["GET /api/v1/policy/diff"] = append(targets["GET /api/v1/policy/diff"], "/api/v1/policy/diff?from=0", "/api/v1/policy/diff?from=9")
	for pattern, op := range documented(t, h) {
		for _, target := range targets[pattern] {
			r := f.do(op.Method, target)
			described, ok := op.Responses[strconv.Itoa(r.StatusCode)]
			if !ok {
				t.Errorf("%s %s: status %d is not in the document", op.Method, target, r.StatusCode)
				continue
			}
			if len(described.Content) == 0 {
				continue
			}
			media, ok := described.Content[r.Header.Get("Content-Type")]
			if !ok {
				t.Errorf("%s %s: %q is not in the document", op.Method, target, r.Header.Get("Content-Type"))
				continue
			}
			var body any
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
				t.Errorf("%s %s: %v", op.Method, target, err)
				continue
			}
			var faults huma.ValidateResult
			huma.Validate(h.OpenAPI().Components.Schemas, media.Schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, body, &faults)
			for _, fault := range faults.Errors {
				t.Errorf("%s %s: %v", op.Method, target, fault)
			}
		}
	}
}

func TestDocument_Served(t *testing.T) {
	f := newFixture(t)
	want, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	if got := text200(t, f.do("GET", "/api/v1/openapi.json")); got != string(want) {
		t.Error("the document that is served is not the one that is checked")
	}
}
