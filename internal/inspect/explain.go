package inspect

import (
	"bytes"
	"runtime/debug"
	"slices"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
	"sojourn/internal/record"
)

// Explanation is the request that is kept of an exchange, and the ladder that
// led to its session: each key that was tried, in order, up to the one that won.
type Explanation struct {
	Request record.Request
	Tried   []identity.Attempt

	Operations []point.Operation // of GraphQL; several of a batch
	// Arguments are those of the MCP messages that Request.MCP tells of, the first and
	// the further ones, in JSON, as they came and unmasked: they are shown, never kept.
	Arguments [][]byte
}

// Explain inspects x as Inspect does, and tells the ladder.
func (p *Pipeline) Explain(x *exchange.Exchange) (e Explanation, keep bool, err error) {
	e.Request, keep, err = p.Inspect(x)
	if err != nil || !keep {
		return e, keep, err
	}
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	route := x.Policy.(*route)
	route.rules.parameters.explainProtocols(x, &e)
	e.Tried = route.rules.parameters.explain(x, route.application)
	if n := len(e.Tried); n > 0 && e.Tried[n-1].Found {
		return e, true, nil
	}
	if r := &e.Request; r.Rung == record.RungMCP {
		e.Tried = append(e.Tried, identity.Attempt{Name: r.Key, Point: r.Point, Rung: r.Rung, Found: true})
		return e, true, nil
	}
	e.Tried = append(e.Tried, p.identity.Explain(&identity.Request{
		Application: route.application, IP: e.Request.IP, Header: x.Header, Path: x.Path, Query: x.Query,
		Fingerprint: route.rules.fingerprint(x),
	})...)
	return e, true, nil
}

// explainProtocols tells what is read of a GraphQL or MCP message and not kept.
func (c *parameters) explainProtocols(x *exchange.Exchange, e *Explanation) {
	var result point.Result
	if e.Request.Operation != "" {
		for _, op := range c.extractor.GraphQL(x, &result) {
			op.Fields = slices.Clone(op.Fields)
			e.Operations = append(e.Operations, op)
		}
	}
	if e.Request.MCP == nil {
		return
	}
	m := c.extractor.MCP(x, &result)
	if m == nil {
		return
	}
	kept := messagesOf(m)
	e.Arguments = make([][]byte, kept.n)
	for i, place := range kept.places[:kept.n] {
		if place != nobody {
			e.Arguments[i] = bytes.Clone(m.Messages[place].Arguments)
		}
	}
}

// explain tells which own keys were tried.
func (c *parameters) explain(x *exchange.Exchange, application string) (out []identity.Attempt) {
	if !c.asks {
		return nil
	}
	var result point.Result
	c.extractor.Request(x, &result)
	c.extractor.Response(x, &result)
	for i := range c.list {
		q := &c.list[i]
		if !q.Group || !q.holds(application) {
			continue
		}
		a := identity.Attempt{Name: q.Name, Point: q.point, Rung: record.RungOwn, Found: q.key(&result, verifier{}) != nil}
		if a.Found {
			return append(out, a)
		}
		a.Why = q.missing(&result)
		out = append(out, a)
	}
	return out
}

// missing says which of q's points had no value.
func (q *parameter) missing(result *point.Result) string {
	points := q.AllPoints()
	for i, place := range q.places {
		v, ok := result.First(place)
		switch {
		case !ok:
			return points[i] + " is not there"
		case v.Cut:
			return points[i] + " is longer than a grouping value may be"
		case identity.None(string(v.Text)):
			return points[i] + " stands for no value, such as null or deleted"
		}
	}
	return ""
}
