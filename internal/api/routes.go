package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sojourn/internal/export"
	"sojourn/internal/record"
)

const prefix = "/api/v1"

// route lists every route of the API: this is the whole of it, with routePolicy
// and routeCare.
func (a *API) route(h huma.API) {
	get(a, h, "/sessions", "listSessions", "List sessions, a row for each UTC day of one", sessionListParams, inTurn(a, a.sessions))
	get(a, h, "/sessions/count", "countSessions", "Count what the list of sessions holds, and the requests that match", countParams, inTurn(a, a.count))
	get(a, h, "/sessions/{id}", "getSession", "Sum up one session", sessionParams, inTurn(a, a.session))
	get(a, h, "/sessions/{id}/requests", "listRequests", "List the requests of one session", requestListParams, inTurn(a, a.requests))
	get(a, h, "/sessions/{id}/neighbours", "listNeighbours", "List the days of one session, and other sessions of its user and its client", neighbourParams, inTurn(a, a.neighbours))
	get(a, h, "/values", "listValues", "List the values of one field, for those who choose one", valueParams, inTurn(a, a.values))
	get(a, h, "/schema", "getSchema", "Tell what can be asked: fields, measures, orders, limits", nil, a.schema)
	post(a, h, "/query", "query", "Count requests by groups: top lists, time series, aggregates", inTurn(a, a.query))
	get(a, h, "/requests/{id}", "getRequest", "Show one request", nil, inTurn(a, a.request))
	get(a, h, "/requests/{id}/explain", "explainRequest", "Tell why one request is in its session", nil, inTurn(a, a.explain))
	get(a, h, "/requests/{id}/curl", "getCurl", "Write one request as a curl command, as far as it is known", nil, inTurn(a, a.curl))
	stream(a, h, "/export", "exportRequests", "Write all requests that match, oldest first", exportParams, export.RequestFormats, a.exportRequests)
	stream(a, h, "/sessions/{id}/export", "exportSession", "Write all requests of one session, oldest first", exportSessionParams, export.RequestFormats, a.exportSession)
	stream(a, h, "/sessions/export", "exportSessions", "Write all sessions that match", exportPartParams, export.PartFormats, a.exportParts)
	get(a, h, "/system", "getSystem", "Show the state of the installation", nil, a.system)
	if a.policy != nil {
		a.routePolicy(h)
	}
	if a.care != nil {
		a.routeCare(h)
	}
	get(a, h, "/me", "getMe", "Tell the caller who it is", nil, a.me)

	huma.Register(h, operation(http.MethodPost, "/sign-in-codes", "createSignInCode", "Make a link that signs a browser in, once", nil), a.createSignInCode)
	huma.Register(h, operation(http.MethodPost, "/sign-out", "signOut", "Sign this browser out", nil), a.signOut)

	document := operation(http.MethodGet, "/openapi.json", "getDocument", "This document", nil)
	document.Responses = map[string]*huma.Response{"200": {
		Description: "OK",
		Content:     map[string]*huma.MediaType{documentType: {Schema: &huma.Schema{Type: huma.TypeObject}}},
	}}
	h.OpenAPI().AddOperation(&document)
	h.Adapter().Handle(&document, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		a.serveDocument(w, r)
	})
	neverNull(h.OpenAPI().Components.Schemas)
}

// routePolicy lists the routes of the policy.
func (a *API) routePolicy(h huma.API) {
	get(a, h, "/policy/revisions", "listPolicyRevisions", "List the policies that were in force", nil, inTurn(a, a.policyHistory))
	get(a, h, "/policy/revisions/{revision}", "getPolicyRevision", "Show a policy that was in force", nil, inTurn(a, a.policyRevision))
	get(a, h, "/policy/diff", "diffPolicy", "Tell how one policy differs from another", diffParams, inTurn(a, a.policyDiff))
	policyRoute(a, h, operation(http.MethodGet, "/policy", "getPolicy", "Show the policy in force", nil), a.getPolicy)

	put := operation(http.MethodPut, "/policy", "putPolicy", "Put another policy in force, as a whole or not at all", nil)
	put.MaxBodyBytes = maxBodyBytes
	put.SkipValidateBody = true // putPolicy reads what it is sent
	put.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{
		"application/json": {Schema: schemaOf[record.PolicyEdit](h)},
	}}
	put.Errors = append(put.Errors, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge)
	policyRoute(a, h, put, a.putPolicy)
	policyRoute(a, h, operation(http.MethodPost, "/policy/rollback", "rollbackPolicy", "Put an earlier policy in force again", nil), a.rollbackPolicy)

	paths := h.OpenAPI().Paths
	for _, op := range []*huma.Operation{paths[prefix+"/policy"].Put, paths[prefix+"/policy/rollback"].Post, paths[prefix+"/policy/diff"].Get} {
		for _, status := range []int{http.StatusConflict, http.StatusUnprocessableEntity} {
			op.Responses[strconv.Itoa(status)] = &huma.Response{
				Description: http.StatusText(status),
				Content:     map[string]*huma.MediaType{problemType: {Schema: schemaOf[policyRefusal](h)}},
			}
		}
	}
	paths[prefix+"/policy"].Put.RequestBody.Content[yamlType].Schema.Format = "" // it is text
}

// answer is what huma writes: a status of 200 and a body.
type answer[T any] struct{ Body T }

// handler answers one route.
type handler[I, T any] func(context.Context, *I) (T, error)

// get registers a route that reads.
func get[I, T any](a *API, h huma.API, path, id, summary string, params []param, handle handler[I, T]) {
	answering(a, h, operation(http.MethodGet, path, id, summary, params), handle)
}

// post registers a route that reads what its body asks for.
func post[I, T any](a *API, h huma.API, path, id, summary string, handle handler[I, T]) {
	op := operation(http.MethodPost, path, id, summary, nil)
	op.MaxBodyBytes = maxBodyBytes
	op.Errors = append(op.Errors, http.StatusUnsupportedMediaType, http.StatusRequestEntityTooLarge)
	answering(a, h, op, handle)
}

// answering registers an operation. Its time is bounded and its errors are mapped
// here.
func answering[I, T any](a *API, h huma.API, op huma.Operation, handle handler[I, T]) {
	huma.Register(h, op, func(ctx context.Context, in *I) (*answer[T], error) {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		defer cancel()
		body, err := handle(ctx, in)
		if err != nil {
			return nil, problemOf(err, a.log)
		}
		return &answer[T]{body}, nil
	})
}

// stream registers a route that writes an answer of any length itself.
func stream(a *API, h huma.API, path, id, summary string, params []param, formats []export.Format, handle func(http.ResponseWriter, *http.Request) error) {
	op := operation(http.MethodGet, path, id, summary, params)
	if strings.Contains(path, "{id}") {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
	}
	content := map[string]*huma.MediaType{}
	for _, f := range formats {
		content[f.MediaType()] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	}
	streaming(a, h, op, content, handle)
}

// streaming registers an operation that writes its answer itself.
func streaming(a *API, h huma.API, op huma.Operation, content map[string]*huma.MediaType, handle func(http.ResponseWriter, *http.Request) error) {
	op.Responses = map[string]*huma.Response{"200": {Description: "Whole, or the connection breaks", Content: content}}
	for _, status := range op.Errors {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{problemType: {Schema: schemaOf[huma.ErrorModel](h)}}}
	}
	h.OpenAPI().AddOperation(&op)
	h.Adapter().Handle(&op, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		if err := handle(w, r); err != nil {
			a.refuse(w, problemOf(err, a.log))
		}
	})
}

// policyRoute registers a route that answers with the policy in force.
func policyRoute[I any](a *API, h huma.API, op huma.Operation, handle handler[I, *policyOutput]) {
	if op.Method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusConflict, http.StatusPreconditionRequired)
	}
	turn := inTurn(a, handle)
	huma.Register(h, op, func(ctx context.Context, in *I) (*policyOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, queryTimeout)
		defer cancel()
		out, err := turn(ctx, in)
		if err != nil {
			return nil, problemOf(err, a.log)
		}
		return out, nil
	})
}

// schemaOf returns a reference to the schema of T in the document.
func schemaOf[T any](h huma.API) *huma.Schema {
	return h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, "")
}

// inTurn makes a handler that asks the store wait for its turn.
func inTurn[I, T any](a *API, handle handler[I, T]) handler[I, T] {
	return func(ctx context.Context, in *I) (T, error) {
		leave, err := a.queries.enter(ctx)
		if err != nil {
			var none T
			return none, err
		}
		defer leave()
		return handle(ctx, in)
	}
}

func operation(method, path, id, summary string, params []param) huma.Operation {
	return huma.Operation{
		Method: method, Path: prefix + path, OperationID: id, Summary: summary,
		Parameters: document(params),
		Errors:     []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
		Security:   []map[string][]string{{"token": {}}, {"cookie": {}}},
	}
}

// routes is the mux of the API. It remembers its patterns, so that a test can hold
// them against the document, and refuses in the API's shape what none matches.
type routes struct {
	mux      http.ServeMux
	patterns []string
}

// HandleFunc registers a route; huma calls it.
func (m *routes) HandleFunc(pattern string, handle func(http.ResponseWriter, *http.Request)) {
	m.patterns = append(m.patterns, pattern)
	m.mux.HandleFunc(pattern, handle)
}

func (m *routes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	unknown, pattern := m.mux.Handler(r)
	if pattern != "" {
		m.mux.ServeHTTP(w, r)
		return
	}
	said := refusal{header: http.Header{}}
	unknown.ServeHTTP(&said, r)
	if said.status == http.StatusMethodNotAllowed {
		allow := said.header.Get("Allow")
		w.Header().Set("Allow", allow)
		writeProblem(w, said.status, fmt.Sprintf("%s does not take %s, only %s", clip(r.URL.Path), clip(r.Method), allow))
		return
	}
	writeProblem(w, http.StatusNotFound, fmt.Sprintf("there is no %s; %s/openapi.json lists what there is", clip(r.URL.Path), prefix))
}

// refusal keeps what a mux says of a request that it does not route.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }
func (r *refusal) WriteHeader(status int)      { r.status = status }
