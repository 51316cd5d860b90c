package storetest

import (
	"cmp"
	"regexp"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// model is a store in its plainest form: everything it was given, in a list.
type model struct {
	requests  []record.Request // oldest first
	findings  map[string]record.Finding
	positions map[dayLog]uint64
	globs     map[string]*regexp.Regexp
	summed    map[partKey]record.Part // nil when something changed since
}

type dayLog struct {
	day record.Day
	log string
}

func newModel() *model {
	return &model{findings: map[string]record.Finding{}, positions: map[dayLog]uint64{}, globs: map[string]*regexp.Regexp{}}
}

func (m *model) write(batches []store.Batch) (w store.Written) {
	for _, b := range batches {
		fresh := map[record.Day]bool{}
		take := func(d record.Day) bool {
			if _, decided := fresh[d]; !decided {
				at := dayLog{d, b.Log}
				seq, ok := m.positions[at]
				fresh[d] = !ok || b.Seq > seq
				m.positions[at] = max(seq, b.Seq)
			}
			return fresh[d]
		}
		for _, r := range b.Requests {
			if take(r.ID.At.Day()) {
				m.requests = append(m.requests, store.Kept(r))
				w.Stored++
			} else {
				w.Skipped++
			}
		}
		for _, f := range b.Findings {
			if _, known := m.findings[f.ID]; take(f.Request.At.Day()) && !known {
				m.findings[f.ID] = store.KeptFinding(f)
			}
		}
	}
	slices.SortFunc(m.requests, func(a, b record.Request) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	m.summed = nil
	return w
}

// drop forgets a day.
func (m *model) drop(d record.Day) {
	m.summed = nil
	m.requests = slices.DeleteFunc(m.requests, func(r record.Request) bool { return r.Started.Day() == d })
	for id, f := range m.findings {
		if f.Request.At.Day() == d {
			delete(m.findings, id)
		}
	}
	for at := range m.positions {
		if at.day == d {
			delete(m.positions, at)
		}
	}
}

// erase forgets what passes f and tells what each day lost.
func (m *model) erase(f store.Filter) []record.PartRef {
	m.summed = nil
	gone, lost := map[record.RequestID]bool{}, map[record.Day]int64{}
	for _, r := range m.match(f) {
		gone[r.ID] = true
		lost[r.Started.Day()]++
	}
	m.requests = slices.DeleteFunc(m.requests, func(r record.Request) bool { return gone[r.ID] })
	for id, f := range m.findings {
		if gone[f.Request] {
			delete(m.findings, id)
		}
	}
	return refs(lost)
}

func refs(days map[record.Day]int64) []record.PartRef {
	list := []record.PartRef{}
	for d, n := range days {
		list = append(list, record.PartRef{Part: d, Requests: n})
	}
	slices.SortFunc(list, func(a, b record.PartRef) int { return cmp.Compare(b.Part, a.Part) })
	return list
}

// attacks returns the types of the attacks that were found in each request.
func (m *model) attacks() map[record.RequestID][]string {
	found := map[record.RequestID][]string{}
	for _, f := range m.findings {
		if f.Attack {
			found[f.Request] = append(found[f.Request], f.Type)
		}
	}
	return found
}

// match returns the requests that pass f, oldest first.
func (m *model) match(f store.Filter) []record.Request {
	attacks := m.attacks()
	within := func(r *record.Request) bool {
		return (f.From == 0 || r.ID.At >= f.From) && (f.To == 0 || r.ID.At < f.To)
	}
	found := []record.Request{}
	for i := range m.requests {
		r := &m.requests[i]
		pass := within(r) && (f.Session == nil || *f.Session == r.Session) && (f.Request == nil || *f.Request == r.ID)
		for _, c := range f.Where {
			pass = pass && m.holds(c, r, attacks[r.ID])
		}
		if pass {
			found = append(found, *r)
		}
	}
	for _, c := range f.Has {
		sessions := map[record.SessionID]bool{}
		for i := range m.requests {
			if r := &m.requests[i]; within(r) && m.finds(c, r, attacks[r.ID]) {
				sessions[r.Session] = true
			}
		}
		found = slices.DeleteFunc(found, func(r record.Request) bool { return sessions[r.Session] == c.Not })
	}
	return found
}

// count counts what f finds.
func (m *model) count(f store.Filter) record.Total {
	parts, found := map[partKey]bool{}, m.match(f)
	for _, r := range found {
		parts[partKey{r.Session, r.Started.Day()}] = true
	}
	return record.Total{Parts: int64(len(parts)), Requests: int64(len(found)), Complete: true}
}

func reversed[T any](list []T) []T {
	slices.Reverse(list)
	return list
}

// partKey names a part.
type partKey struct {
	id  record.SessionID
	day record.Day
}

// parts returns the whole list of parts that f finds, in an order.
func (m *model) parts(f store.Filter, sort store.Sort, up bool) []record.Part {
	matched := map[partKey]int64{}
	for _, r := range m.match(f) {
		matched[partKey{r.Session, r.Started.Day()}]++
	}
	parts := []record.Part{}
	for k, n := range matched {
		p := m.summaries()[k]
		p.Matched = n
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b record.Part) int {
		order := cmp.Or(cmp.Compare(weight(sort, &a), weight(sort, &b)), cmp.Compare(a.Part, b.Part), cmp.Compare(a.ID.String(), b.ID.String()))
		if up {
			return order
		}
		return -order
	})
	return parts
}

// summaries sums up every part.
func (m *model) summaries() map[partKey]record.Part {
	if m.summed != nil {
		return m.summed
	}
	all := map[partKey][]record.Request{}
	for _, r := range m.requests {
		k := partKey{r.Session, r.Started.Day()}
		all[k] = append(all[k], r)
	}
	m.summed = map[partKey]record.Part{}
	for k, requests := range all {
		sum := m.sum(requests)
		m.summed[k] = record.Part{
			ID: k.id, Part: k.day, Started: sum.Started, Ended: sum.Ended, Requests: sum.Requests,
			Attacks: sum.Attacks, Errors: sum.Errors, Bytes: sum.Bytes, IP: sum.IP, IPs: distinctAddrs(requests), Country: sum.Country, UserAgent: sum.UserAgent,
			User: sum.User, Users: sum.Users, Roles: sum.Roles,
			Applications: top(sum.Facets, "application"), Hosts: top(sum.Facets, "host"), Endpoints: top(sum.Facets, "endpoint"),
			HostCount: distinct(sum.Facets, "host"), EndpointCount: distinct(sum.Facets, "endpoint"),
			Key: sum.Key, Rung: sum.Rung, Strength: sum.Strength,
		}
	}
	return m.summed
}

// weight is what a list of parts is ordered by.
func weight(sort store.Sort, p *record.Part) int64 {
	switch sort {
	case "", "started":
		return int64(p.Started)
	case "ended":
		return int64(p.Ended)
	case "duration":
		return int64(p.Ended) - int64(p.Started)
	case "requests":
		return p.Requests
	case "attacks":
		return p.Attacks
	case "bytes":
		return p.Bytes
	}
	panic("bug: no sort " + sort)
}

// session sums up one session; ok is false when there is none.
func (m *model) session(id record.SessionID, f store.Filter) (s record.Session, ok bool) {
	days := map[record.Day]int64{}
	for _, r := range m.match(store.Filter{Session: &id}) {
		days[r.Started.Day()]++
	}
	s = m.sum(slices.DeleteFunc(m.match(f), func(r record.Request) bool { return r.Session != id }))
	s.ID, s.Parts = id, refs(days)
	return s, len(days) > 0
}
