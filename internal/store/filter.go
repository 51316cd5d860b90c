package store

import (
	"sojourn/internal/record"
)

// Filter says which requests a query is about. All of Where must hold on the same
// request. Each of Has asks of the request's session alone that it has a request
// in the time range, on whichever day, that has one of the values; with Not, that
// it has none such. The zero Filter matches everything.
type Filter struct {
	From, To record.Time // half-open [From, To); 0 means open
	Session  *record.SessionID
	Request  *record.RequestID
	Where    []Condition
	Has      []Condition
}

// Match reports whether r alone passes the filter: everything but Has. It is the
// definition of a filter; stores that compile filters are tested against it.
func (f *Filter) Match(r *record.Request) bool {
	if !f.InRange(r) || f.Session != nil && r.Session != *f.Session || f.Request != nil && r.ID != *f.Request {
		return false
	}
	for i := range f.Where {
		if !f.Where[i].Match(r) {
			return false
		}
	}
	return true
}

// InRange reports whether r started in the time range.
func (f *Filter) InRange(r *record.Request) bool {
	return (f.From == 0 || r.Started >= f.From) && (f.To == 0 || r.Started < f.To)
}

// MatchSession reports whether a session of which requests holds all that started
// in the time range passes Has.
func (f *Filter) MatchSession(requests []*record.Request) bool {
	for i := range f.Has {
		c := f.Has[i]
		c.Not = false
		found := false
		for _, r := range requests {
			found = found || c.Match(r)
		}
		if found == f.Has[i].Not {
			return false
		}
	}
	return true
}
