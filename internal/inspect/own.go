package inspect

import (
	"slices"
	"strings"
	"sync"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// MaxContextValue is the length of a context value that is kept, in bytes;
// beyond it the value is cut and flagged.
const MaxContextValue = 1 << 10

// MaxContextValues is how many context values of one request are kept: a point
// with [*] may yield many.
const MaxContextValues = 200

// results are kept for reuse: what an exchange's points found is large and short-lived.
var results = sync.Pool{New: func() any { return new(point.Result) }}

// found is what the parameters of a policy found in one exchange.
type found struct {
	own     *identity.Candidate // what an own key or the MCP rung yielded; nil: nothing
	tried   int                 // keys of those rungs without a value before it
	context []record.Value
	user    string
	role    string

	operation string // GraphQL
	mcp       *record.MCP
	findings  []record.Finding
	cut       bool // a value or the number of values was over its limit
	broken    bool // a body or value was malformed where a point asked
	limited   bool // a limit ended the reading
}

// find reads the exchange once for all parameters, chooses the first grouping key
// with a value, and takes what is kept.
func (p *Pipeline) find(c *parameters, by verifier, x *exchange.Exchange, application string) (f found) {
	server := c.server(x)
	mcp, graphql := server != nil || point.MayBeMCP(x), point.MayBeGraphQL(x)
	if !c.asks && !mcp && !graphql {
		return f
	}
	result := results.Get().(*point.Result)
	defer func() {
		result.Reset()
		results.Put(result)
	}()
	c.extractor.Request(x, result)
	c.extractor.Response(x, result)
	for _, n := range result.Notes {
		f.broken = f.broken || n.Kind != point.LimitHit
	}
	for i := range c.list {
		q := &c.list[i]
		if !q.holds(application) {
			continue
		}
		if q.Group && f.own == nil {
			if f.own = q.key(result, by); f.own == nil {
				f.tried++
			}
		}
		p.keep(q, result, &f)
	}
	if graphql {
		f.readGraphQL(c.extractor, x, result)
	}
	if mcp {
		f.readMCP(c, by, x, result, server)
	}
	for _, n := range result.Notes { // those of the protocols too
		f.limited = f.limited || n.Kind == point.LimitHit
	}
	return f
}

// key returns q as the grouping key of an exchange; nil when one of its points
// has no value, or one over the limit.
func (q *parameter) key(result *point.Result, by verifier) *identity.Candidate {
	own := &identity.Candidate{Rung: record.RungOwn, Key: q.Name, Point: q.point, Strength: q.strength(nil)}
	for _, place := range q.places {
		v, ok := result.First(place)
		if !ok || v.Cut || identity.None(string(v.Text)) { // the start of a value would group what differs behind it
			return nil
		}
		own.Parts = append(own.Parts, string(v.Text))
		if q.strength(v.Text) == record.StrengthSecret {
			own.Strength = record.StrengthSecret
		}
	}
	if own.Strength == record.StrengthClaimed && q.verified(result, by) {
		own.Strength = record.StrengthSecret
	}
	return own
}

// strength says how hard a value of q is to forge. What looks like a random id
// is a secret that only its holder knows, unless it stands where anyone can
// write it; a short or speaking value can be guessed, so it is only claimed.
func (q *parameter) strength(value []byte) record.Strength {
	switch {
	case q.network && !q.claimed:
		return record.StrengthNetwork
	case q.claimed || !identity.Opaque(string(value)):
		return record.StrengthClaimed
	}
	return record.StrengthSecret
}

// keep adds what is kept of q's values to f. Of parameters with the same name
// the first that found something counts.
func (p *Pipeline) keep(q *parameter, result *point.Result, f *found) {
	if q.Composite() {
		return // it only groups; each part may be a parameter of its own
	}
	for i := range f.context {
		if f.context[i].Name == q.Name {
			return
		}
	}
	for v := range result.Values(q.places[0]) {
		if len(f.context) == MaxContextValues {
			f.cut = true
			return
		}
		kept := p.value(q, v, f)
		f.context = append(f.context, kept)
		switch {
		case q.Type == policy.TypeUser && f.user == "":
			f.user = kept.Value
		case q.Type == policy.TypeRole && f.role == "":
			f.role = kept.Value
		}
	}
}

// value is what is kept of one value of q.
func (p *Pipeline) value(q *parameter, v point.Value, f *found) record.Value {
	switch {
	case q.masked:
		return record.Value{Name: q.Name, Value: point.Masked}
	case q.hashed:
		return record.Value{Name: q.Name, Value: p.identity.Digest(q.Name, v.Text), Hashed: true}
	}
	k := keeper{}
	text := k.keep(string(v.Text), MaxContextValue, plainEscapes)
	f.cut = f.cut || v.Cut || slices.Contains(k.flags, record.FlagValueCut)
	f.broken = f.broken || slices.Contains(k.flags, record.FlagMalformed)
	return record.Value{Name: q.Name, Value: strings.Clone(text)}
}
