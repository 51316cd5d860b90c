// Package inspect turns an exchange into the request that is kept: whose
// application it is, who sent it, which session it belongs to, what its endpoint
// is called, with its secrets masked. pipeline.go has the steps in order; Async
// runs them after the response, off the client's way.
package inspect

import (
	"fmt"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"sojourn/internal/exchange"
	"sojourn/internal/geo"
	"sojourn/internal/inspect/endpoint"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/jwks"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// Limits of what is kept of a request, in bytes; beyond them it is cut and flagged.
const (
	MaxPath      = 2 << 10
	MaxQuery     = 2 << 10
	MaxHost      = 255
	MaxUserAgent = 512
	MaxMethod    = 32
)

// Config is what a Pipeline is made of.
type Config struct {
	Key      []byte         // the install key, identity.KeyBytes long
	Policy   *policy.Policy // nil: policy.Default
	Revision uint64         // of Policy; 0 for the built-in one
	Node     uint32         // of the request ids it gives; record.NodeBits wide
	Geo      *geo.Reader    // tells where addresses are; nil: nothing is known
	Keys     *jwks.Ring     // verifies tokens with the key sets of the policy; nil: claims stay claimed
}

// Pipeline inspects exchanges. It may be used by any number of goroutines.
type Pipeline struct {
	rules    atomic.Pointer[rules]
	identity *identity.Identifier
	endpoint *endpoint.Namer
	ids      ids
	geo      *geo.Reader
	keys     *jwks.Ring
	setting  sync.Mutex // of the policy
}

// New compiles a Pipeline.
func New(c Config) (*Pipeline, error) {
	identifier, err := identity.New(c.Key)
	if err != nil {
		return nil, err
	}
	if c.Node >= 1<<record.NodeBits {
		return nil, fmt.Errorf("node number %d is too large: at most %d", c.Node, 1<<record.NodeBits-1)
	}
	if c.Policy == nil {
		c.Policy = policy.Default()
	}
	p := &Pipeline{identity: identifier, endpoint: endpoint.New(), ids: newIDs(c.Node), geo: c.Geo, keys: c.Keys}
	if err := p.SetPolicy(c.Policy, c.Revision); err != nil {
		return nil, err
	}
	return p, nil
}

// SetPolicy puts another policy in force, or changes nothing when Check finds
// fault with it. Exchanges that have begun keep theirs.
func (p *Pipeline) SetPolicy(pol *policy.Policy, revision uint64) error {
	rules, err := compileRules(pol, revision)
	if err != nil {
		return err
	}
	p.setting.Lock()
	defer p.setting.Unlock()
	rules.keys = p.keys.Use(pol.JWKS)
	p.rules.Store(rules)
	return nil
}

// Folded counts the requests whose endpoint was made coarser, because their host
// has too many.
func (p *Pipeline) Folded() uint64 { return p.endpoint.Folded() }

// Begin gives x its id and the policy that it is judged by. It reads only the
// head of the request.
func (p *Pipeline) Begin(x *exchange.Exchange) {
	if x.ID == (record.RequestID{}) {
		x.ID = p.ids.next(x.Started)
	}
	if x.Policy == nil {
		route := p.rules.Load().route(x)
		x.Policy = route
		if !route.excluded {
			x.Capture = route.rules.parameters.wants(x)
		}
	}
}

// Excluded reports whether the policy leaves x out, once it has begun.
func (p *Pipeline) Excluded(x *exchange.Exchange) bool {
	r, ok := x.Policy.(*route)
	return ok && r.excluded
}

// Inspect makes the request that is kept of x; keep is false when the policy
// leaves it out. A panic on the way comes back as a *PanicError. It does not
// change x, except that it begins it where nobody has, and names its client and the
// client's JA4.
func (p *Pipeline) Inspect(x *exchange.Exchange) (r record.Request, keep bool, err error) {
	defer func() {
		if v := recover(); v != nil {
			r, keep, err = record.Request{}, false, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	p.Begin(x)
	route := x.Policy.(*route)
	if route.excluded {
		return record.Request{}, false, nil
	}

	ip := route.rules.clientAddress(x)
	x.Client = ip // for points that ask for it
	route.rules.setJA4(x)
	by := verifier{keys: route.rules.keys, at: x.Started}
	found := p.find(route.rules.parameters, by, x, route.application)
	who := p.identity.Identify(&identity.Request{
		Application: route.application, IP: ip, Header: x.Header, Path: x.Path, Query: x.Query,
		Fingerprint: route.rules.fingerprint(x), First: found.own, Tried: found.tried,
	})
	if who.Token != "" {
		who.Strength = by.strength(who.Token)
	}
	k := keeper{flags: x.Flags}
	host := k.keep(normalHost(x.Host, x.Scheme), MaxHost, plainEscapes)
	path := maskPath(route.rules.parameters.maskSegments(x.Path), who.Secret)
	query := maskQuery(x.Query, who.Secret, route.rules.keepQuery, route.rules.parameters)

	r = record.Request{
		ID: x.ID, Session: who.Session, Client: who.Client,
		Started: record.TimeOf(x.Started), Duration: x.Duration, FirstByte: x.FirstByte,
		Application: route.application,
		Host:        host,
		Method:      k.keep(x.Method, MaxMethod, plainEscapes),
		Path:        k.keep(path, MaxPath, percentEscapes),
		Query:       k.keep(query, MaxQuery, percentEscapes),
		Endpoint:    found.endpointOf(p.endpoint.Name(host, x.Path, path, x.Status), x.Method),
		Status:      x.Status, RequestBytes: x.RequestBytes, ResponseBytes: x.ResponseBytes,
		IP: ip, UserAgent: k.keep(maskAgent(first(x.Header, "User-Agent"), who.Secret), MaxUserAgent, plainEscapes),
		JA4: k.keep(x.JA4, exchange.JA4Bytes, plainEscapes),
		Key: who.Key, Point: who.Point, Rung: who.Rung, Strength: who.Strength, Tried: who.Tried,
		Accepted: x.Status != 0 && x.Status != http.StatusUnauthorized && x.Status != http.StatusForbidden,
		User:     found.user, Role: found.role, Context: found.context, Operation: found.operation, MCP: found.mcp,
		Revision: route.rules.revision,
	}
	if who.Truncated || found.limited {
		k.flag(record.FlagTruncated)
	}
	if found.broken {
		k.flag(record.FlagMalformed)
	}
	if found.cut {
		k.flag(record.FlagValueCut)
	}
	for _, f := range found.findings {
		f.ID, f.Request, f.Session, f.Started = r.ID.String()+"-"+f.ID, r.ID, r.Session, r.Started
		r.Findings = append(r.Findings, f)
	}
	if ip.IsValid() {
		place := p.geo.Lookup(ip)
		r.Country, r.Network, r.Anonymity = place.Country, place.Network, place.Anonymous
	}
	r.Flags = k.flags
	return r, true, nil
}

// PanicError is a panic during an inspection.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("inspection panicked: %v", e.Value) }

func first(h http.Header, name string) string {
	if lines := h[name]; len(lines) > 0 {
		return lines[0]
	}
	return ""
}
