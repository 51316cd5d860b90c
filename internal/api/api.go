// Package api serves everything on the console's address: the REST API under
// /api/v1 with its OpenAPI document, signing in, health and metrics, and in front
// of the console the checks that all of them share.
//
// All routes of the API stand in routes.go. It knows the store by the questions
// it asks of it, and is handed everything else by the binary.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

const (
	// maxBodyBytes bounds what a caller may send.
	maxBodyBytes = 1 << 20
	// maxHeaderBytes bounds the request line and the header.
	maxHeaderBytes = 64 << 10
	// headerTimeout, bodyTimeout, answerTimeout and idleTimeout bound how long a
	// caller may hold a connection. An answer may take as long as a query, and then
	// some to be sent. An export has no such bound: it goes on for as long as what it
	// sends is taken.
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	answerTimeout = queryTimeout + 30*time.Second
	idleTimeout   = 2 * time.Minute

	// minTokenLen and installKeyLen refuse credentials that are missing or too weak.
	minTokenLen   = 20
	installKeyLen = 32
)

// Reader is what the API asks of the store; see store.Store.
type Reader interface {
	Sessions(ctx context.Context, q store.SessionQuery) (store.SessionPage, error)
	Count(ctx context.Context, f store.Filter, within time.Duration) (record.Total, error)
	Query(ctx context.Context, q store.Query) (record.Table, error)
	Session(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error)
	Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error)
	Request(ctx context.Context, id record.RequestID) (record.Request, error)
	Findings(ctx context.Context, id record.RequestID) ([]record.Finding, error)
}

// SystemReader tells the state of the installation.
type SystemReader interface {
	System(ctx context.Context) (record.System, error)
}

// Config is what an API needs. Everything without a default is required.
type Config struct {
	Store   Reader
	System  SystemReader
	Ready   func() error  // why the hub cannot answer yet; nil error when it can
	Policy  *PolicyConfig // nil: the API has no routes of the policy
	Care    *CareConfig   // nil: the API does nothing to the store but ask it
	Metrics http.Handler  // serves /metrics
	Console http.Handler  // serves everything that is not the API's

	Listen string   // host:port that the console listens on
	Hosts  []string // further names under which it may be addressed
	Token  string   // the admin token
	Key    []byte   // the install key, 32 bytes

	Now    func() time.Time // time.Now by default
	Logger *slog.Logger     // slog.Default() by default
}

// API is the http.Handler of the console's address.
type API struct {
	store   Reader
	hub     SystemReader
	policy  *PolicyConfig
	care    *CareConfig
	ready   func() error
	metrics http.Handler

	token    string
	loopback bool // listening for this machine alone
	cookies  *cookies
	codes    codes
	queries  *queries
	exports  chan struct{} // holds one for each export that runs
	copying  chan struct{} // holds one while a day is being copied
	document []byte

	now     func() time.Time
	log     *slog.Logger
	handler http.Handler
}

// New composes the API. It fails on a configuration that it cannot serve safely.
func New(c Config) (*API, error) {
	if c.Store == nil || c.System == nil || c.Ready == nil || c.Metrics == nil || c.Console == nil {
		return nil, errors.New("bug: the API needs a store, a system, readiness, metrics and a console")
	}
	if len(c.Token) < minTokenLen {
		return nil, fmt.Errorf("the admin token has %d characters, fewer than %d", len(c.Token), minTokenLen)
	}
	if len(c.Key) != installKeyLen {
		return nil, fmt.Errorf("the install key has %d bytes, not %d", len(c.Key), installKeyLen)
	}
	allowed, err := newHosts(c.Listen, c.Hosts)
	if err != nil {
		return nil, err
	}
	cookies, err := newCookies(c.Key, c.Token)
	if err != nil {
		return nil, err
	}
	a := &API{
		store: c.Store, hub: c.System, policy: c.Policy, care: c.Care, ready: c.Ready, metrics: c.Metrics,
		token: c.Token, loopback: listensLocally(c.Listen), cookies: cookies,
		queries: newQueries(maxQueries, queryWait), exports: make(chan struct{}, maxExports), copying: make(chan struct{}, 1),
		now: c.Now, log: c.Logger,
	}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.Default()
	}
	routes := &routes{}
	h := newHuma(routes)
	a.route(h)
	if a.document, err = marshalDocument(h); err != nil {
		return nil, err
	}
	a.handler = recovering(a.log, allowed.guard(a.addresses(routes, c.Console)))
	return a, nil
}

// addresses says who answers which path on the console's address.
func (a *API) addresses(routes, console http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", a.healthz)
	mux.HandleFunc("GET /readyz", a.readyz)
	mux.HandleFunc("GET /metrics", a.guardMetrics)
	mux.HandleFunc("GET "+signInPath, a.signIn)
	mux.Handle("/api/", a.authenticate(routes))
	mux.Handle("/", console)
	return mux
}

// inertPolicy lets what we send do nothing at all, should a browser show it as a
// page. The console's pages have a policy of their own.
const inertPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP answers everything on the console's address.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Content-Security-Policy", inertPolicy)
	h.Set("Cache-Control", "no-store") // the console's assets say otherwise
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	a.handler.ServeHTTP(w, r)
}

// Server returns an HTTP server of a with every limit and timeout set.
func (a *API) Server() *http.Server {
	return &http.Server{
		Handler:           a,
		MaxHeaderBytes:    maxHeaderBytes,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
}

func listensLocally(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && (host == "localhost" || isLoopback(net.JoinHostPort(host, "0")))
}
