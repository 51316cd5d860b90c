package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ShopConfig says what shop to open. Its zero value is a shop that answers at
// once, never fails and reads the real clock.
type ShopConfig struct {
	// Seed decides the catalogue, the people and the partners' keys. The traffic
	// must use the same.
	Seed uint64
	// Latency multiplies the time that each call pretends to work; NaturalLatency
	// is what a small shop takes, 0 is none.
	Latency float64
	// Faults is the share of calls that fail with a 5xx; UsualFaults is rare.
	Faults float64
	// Now is the shop's clock; nil: time.Now.
	Now func() time.Time
	// Sleep passes the time that a call pretends to work; nil: real waiting that
	// ends early with the context.
	Sleep func(context.Context, time.Duration)
}

// What a demo runs with unless told otherwise.
const (
	NaturalLatency = 1.0
	UsualFaults    = 0.002
)

// Limits of the shop's memory. Beyond each, the oldest entry is forgotten: its
// holder has to sign in again, or finds the cart empty or the order gone.
const (
	maxCredentials = 40000 // two for each session: cookie and token
	maxAccounts    = 20000 // people whose cart, orders and failed logins are kept
	maxOrders      = 20000
	maxCartItems   = 50  // distinct products in one cart; beyond: 422
	maxOwnOrders   = 20  // orders listed for one person, newest kept
	maxQuantity    = 100 // of one product in a cart; beyond: 422
	maxBody        = 64 << 10
)

// shop is the demo API. One lock guards all that changes: calls do little
// under it, and never sleep or write to the network.
type shop struct {
	cfg      ShopConfig
	products []product
	pages    *pages
	keys     map[string]int // API key: index in partners
	calls    atomic.Uint64

	mu          sync.Mutex
	credentials *bounded[string, *session]
	accounts    *bounded[int, *account]
	orders      *bounded[int, *order]
	lastOrder   int
	stock       map[string]int
	windows     []window // one for each partner
}

// NewShop returns the demo API: a small REST shop with login, catalogue, cart,
// orders, payments, users, administration and partner routes, and the page that
// uses them. It works entirely in memory, within named limits, and is safe for
// concurrent use. Its tokens follow from the seed and the clock, which makes
// runs reproducible and tokens guessable: it is a demo, not a shop.
func NewShop(cfg ShopConfig) http.Handler { return newShop(cfg).routes() }

func newShop(cfg ShopConfig) *shop {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	s := &shop{
		cfg:         cfg,
		products:    catalogue(cfg.Seed),
		keys:        make(map[string]int),
		credentials: newBounded[string, *session](maxCredentials),
		accounts:    newBounded[int, *account](maxAccounts),
		orders:      newBounded[int, *order](maxOrders),
		lastOrder:   48000,
		stock:       make(map[string]int),
		windows:     make([]window, len(partners)),
	}
	for i := range partners {
		s.keys[keyOf(cfg.Seed, i)] = i
	}
	for _, p := range s.products {
		s.stock[p.SKU] = 500
	}
	s.pages = newPages(cfg.Seed, s.products)
	return s
}

func (s *shop) routes() http.Handler {
	mux := http.NewServeMux()
	const quick, usual, slow = 3 * time.Millisecond, 14 * time.Millisecond, 60 * time.Millisecond

	s.call(mux, "POST /v2/login", 85*time.Millisecond, s.login) // as slow as hashing a password is
	s.call(mux, "POST /v2/logout", quick, s.logout)
	s.call(mux, "POST /v2/password-reset", slow, s.passwordReset)

	s.call(mux, "GET /v2/products", usual, s.listProducts)
	s.call(mux, "GET /v2/products/{id}", quick, s.showProduct)
	s.call(mux, "GET /v2/cart", quick, s.showCart)
	s.call(mux, "POST /v2/cart/items", usual, s.addItem)
	s.call(mux, "DELETE /v2/cart/items/{id}", usual, s.removeItem)
	s.call(mux, "POST /v2/orders", slow, s.placeOrder)
	s.call(mux, "GET /v2/orders", usual, s.listOrders)
	s.call(mux, "GET /v2/orders/{id}", quick, s.showOrder)
	s.call(mux, "POST /v2/payments", 180*time.Millisecond, s.pay)

	s.call(mux, "GET /v2/me", quick, s.me)
	s.call(mux, "GET /v2/users/{id}", quick, s.showUser)
	s.call(mux, "GET /v2/admin/stats", slow, s.adminStats)
	s.call(mux, "GET /v2/admin/orders", slow, s.adminOrders)
	s.call(mux, "GET /v2/admin/{rest...}", quick, s.adminUnknown)
	s.call(mux, "GET /v2/stock/{sku}", usual, s.showStock)
	s.call(mux, "PUT /v2/stock/{sku}", usual, s.setStock)

	s.call(mux, "GET /healthz", 0, func(*http.Request) (reply, error) { return reply{body: message{"ok"}}, nil })
	s.call(mux, "GET /v2/", quick, func(*http.Request) (reply, error) { return reply{}, errNotFound })
	mux.Handle("GET /v1/", s.work(quick, http.HandlerFunc(oldVersion)))
	mux.Handle("GET /", s.work(quick, s.pages))
	return mux
}

// reply is what a call answers: 200 unless status says otherwise.
type reply struct {
	status int
	header http.Header
	body   any // as JSON; nil: no body
}

type message struct {
	Status string `json:"status"`
}

// refusal is an error that the caller is told, by status and code.
type refusal struct {
	status int
	code   string
	retry  string // Retry-After in seconds
}

func (r *refusal) Error() string { return r.code }

var (
	errNotFound     = &refusal{status: http.StatusNotFound, code: "not_found"}
	errUnauthorized = &refusal{status: http.StatusUnauthorized, code: "sign_in_first"}
	errForbidden    = &refusal{status: http.StatusForbidden, code: "not_yours"}
	errBroken       = &refusal{status: http.StatusInternalServerError, code: "internal_error"}
	errBusy         = &refusal{status: http.StatusServiceUnavailable, code: "try_again", retry: "2"}
)

// call routes pattern to do, which answers or refuses; it works for about cost.
func (s *shop) call(mux *http.ServeMux, pattern string, cost time.Duration, do func(*http.Request) (reply, error)) {
	mux.Handle(pattern, s.work(cost, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		answer, err := do(r)
		if err != nil {
			refuse(w, err)
			return
		}
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		if answer.status == 0 {
			answer.status = http.StatusOK
		}
		writeJSON(w, answer.status, answer.body)
	})))
}

// work passes the time that a call takes, and fails it now and then.
func (s *shop) work(cost time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		luck := draw(s.cfg.Seed, placeWork, s.calls.Add(1))
		took := around(luck, time.Duration(s.cfg.Latency*float64(cost)))
		if chance(luck, 0.01) { // a cold cache, a long pause
			took *= 8
		}
		if took > 0 {
			s.cfg.Sleep(r.Context(), took)
		}
		if cost > 0 && chance(luck, s.cfg.Faults) {
			refuse(w, pick(luck, []error{errBroken, errBusy}))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuse(w http.ResponseWriter, err error) {
	var why *refusal
	if !errors.As(err, &why) {
		why = errBroken
	}
	if why.retry != "" {
		w.Header().Set("Retry-After", why.retry)
	}
	if why.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="shop"`)
	}
	writeJSON(w, why.status, map[string]string{"error": why.code})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	if body == nil {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // the client left; there is nobody to tell
}

// read decodes a JSON body into v, and refuses what is not one.
func read(r *http.Request, v any) error {
	err := json.NewDecoder(r.Body).Decode(v)
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return &refusal{status: http.StatusRequestEntityTooLarge, code: "body_too_large"}
	case err != nil:
		return &refusal{status: http.StatusBadRequest, code: "not_json"}
	}
	return nil
}

func invalid(code string) error { return &refusal{status: http.StatusUnprocessableEntity, code: code} }

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
