package storetest

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// model is a store in its plainest form: everything it was given, in a list.
type model struct {
	requests  []record.Request
	findings  map[string]record.Finding
	positions map[dayLog]uint64
}

type dayLog struct {
	day record.Day
	log string
}

func newModel() *model {
	return &model{findings: map[string]record.Finding{}, positions: map[dayLog]uint64{}}
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
	return w
}

// drop forgets a day.
func (m *model) drop(d record.Day) {
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

// match returns the requests that pass f, oldest first.
func (m *model) match(f store.Filter) []record.Request {
	found := []record.Request{}
	for _, r := range m.requests {
		if f.Match(&r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b record.Request) int { return a.ID.Compare(b.ID) })
	return found
}

// parts returns the whole list of parts that f finds.
func (m *model) parts(f store.Filter) []record.Part {
	type partKey struct {
		id  record.SessionID
		day record.Day
	}
	all, matched := map[partKey][]record.Request{}, map[partKey]int64{}
	for _, r := range m.match(store.Filter{}) {
		k := partKey{r.Session, r.Started.Day()}
		all[k] = append(all[k], r)
		if f.Match(&r) {
			matched[k]++
		}
	}
	parts := []record.Part{}
	for k, n := range matched {
		sum := m.sum(all[k])
		parts = append(parts, record.Part{
			ID: k.id, Part: k.day, Started: sum.Started, Ended: sum.Ended, Requests: sum.Requests, Matched: n,
			Attacks: sum.Attacks, Errors: sum.Errors, IP: sum.IP, IPs: distinctAddrs(all[k]), Country: sum.Country, UserAgent: sum.UserAgent,
			User: sum.User, Users: sum.Users, Roles: sum.Roles,
			Applications: top(sum.Facets, "application"), Hosts: top(sum.Facets, "host"), Endpoints: top(sum.Facets, "endpoint"),
			HostCount: distinct(sum.Facets, "host"), EndpointCount: distinct(sum.Facets, "endpoint"),
			Key: sum.Key, Rung: sum.Rung, Strength: sum.Strength,
		})
	}
	slices.SortFunc(parts, func(a, b record.Part) int {
		return -cmp.Or(cmp.Compare(a.Started, b.Started), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return parts
}

// session sums up one session; ok is false when there is none.
func (m *model) session(id record.SessionID, f store.Filter) (s record.Session, ok bool) {
	var in []record.Request
	days := map[record.Day]int64{}
	for _, r := range m.match(store.Filter{Session: &id}) {
		days[r.Started.Day()]++
		if f.Match(&r) {
			in = append(in, r)
		}
	}
	s = m.sum(in)
	s.ID, s.Parts = id, []record.PartRef{}
	for d, n := range days {
		s.Parts = append(s.Parts, record.PartRef{Part: d, Requests: n})
	}
	slices.SortFunc(s.Parts, func(a, b record.PartRef) int { return cmp.Compare(b.Part, a.Part) })
	return s, len(days) > 0
}

// sum sums up requests, which come oldest first.
func (m *model) sum(requests []record.Request) record.Session {
	s := record.Session{Requests: int64(len(requests)), Roles: []record.Count{}}
	attacked := map[record.RequestID]bool{}
	for _, f := range m.findings {
		attacked[f.Request] = attacked[f.Request] || f.Attack
	}
	addrs, groupings := map[[16]byte]int{}, map[string]int{}
	for _, r := range requests {
		if attacked[r.ID] {
			s.Attacks++
		}
		if r.Status >= 400 && r.Status < 600 {
			s.Errors++
		}
		if r.IP.IsValid() {
			addrs[r.IP.As16()]++
		}
	}
	for _, name := range record.FacetNames {
		if f := facetOf(name, requests); !slices.Contains(optional, name) || f.Distinct > 1 || f.Distinct == 1 && f.Values[0].Value != "" {
			s.Facets = append(s.Facets, f)
		}
	}
	if len(requests) == 0 {
		return s
	}
	s.Started, s.Ended = requests[0].Started, requests[len(requests)-1].Started
	var most int
	for a, n := range addrs {
		if n > most || n == most && string(a[:]) < string(as16(s.IP)) {
			s.IP, most = netip.AddrFrom16(a).Unmap(), n
		}
	}
	of := func(name string, keep func(*record.Request) bool) []record.FacetValue {
		return facetOf(name, slices.DeleteFunc(slices.Clone(requests), func(r record.Request) bool { return !keep(&r) })).Values
	}
	for _, v := range of("country", func(r *record.Request) bool { return r.Country != "" && r.IP.IsValid() && r.IP == s.IP }) {
		s.Country = cmp.Or(s.Country, v.Value)
	}
	for _, v := range of("user", func(r *record.Request) bool { return r.User != "" }) {
		s.User = cmp.Or(s.User, v.Value)
	}
	s.Users = facetOf("user", slices.DeleteFunc(slices.Clone(requests), func(r record.Request) bool { return r.User == "" })).Distinct
	for _, v := range of("role", func(r *record.Request) bool { return r.Role != "" }) {
		if len(s.Roles) < record.TopValues {
			s.Roles = append(s.Roles, record.Count{Value: v.Value, Count: v.Count})
		}
	}
	s.UserAgent = value(s.Facets, "user_agent")
	s.Key = value(s.Facets, "key")
	for _, r := range requests {
		if r.Key == s.Key {
			groupings[string(r.Rung)+"\x00"+string(r.Strength)]++
		}
	}
	var best string
	for g, n := range groupings {
		if n > groupings[best] || n == groupings[best] && g < best {
			best = g
		}
	}
	for _, r := range requests {
		if string(r.Rung)+"\x00"+string(r.Strength) == best {
			s.Rung, s.Strength = r.Rung, r.Strength
		}
	}
	return s
}

// optional are the facets that are left out where no request has a value.
var optional = []string{"country", "user", "role", "graphql_operation", "mcp_method", "mcp_name"}

// facetOf counts one facet: most first, equals by value; numbers and addresses
// by what they are, the unknown address first.
func facetOf(name string, requests []record.Request) record.Facet {
	counts, sortKey := map[string]int64{}, map[string]string{}
	for _, r := range requests {
		if name == "mcp_method" || name == "mcp_name" {
			for _, v := range messageValues(name, r.MCP) {
				counts[v]++
				sortKey[v] = v
			}
			continue
		}
		v, key := facetValue(name, &r)
		counts[v]++
		sortKey[v] = key
	}
	f := record.Facet{Name: name, Distinct: int64(len(counts)), Values: []record.FacetValue{}}
	for v, n := range counts {
		f.Values = append(f.Values, record.FacetValue{Value: v, Count: n, Share: float64(n) / float64(len(requests))})
	}
	slices.SortFunc(f.Values, func(a, b record.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(sortKey[a.Value], sortKey[b.Value]))
	})
	f.Values = f.Values[:min(len(f.Values), record.FacetValues)]
	return f
}

func facetValue(name string, r *record.Request) (value, sortKey string) {
	switch name {
	case "application":
		value = r.Application
	case "host":
		value = r.Host
	case "endpoint":
		value = r.Method + " " + r.Endpoint
	case "method":
		value = r.Method
	case "user_agent":
		value = r.UserAgent
	case "key":
		value = r.Key
	case "country":
		value = r.Country
	case "user":
		value = r.User
	case "role":
		value = r.Role
	case "graphql_operation":
		value = r.Operation
	case "status":
		// Shifted so that text sorts like the numbers, negative ones too.
		return strconv.Itoa(r.Status), strconv.FormatUint(uint64(r.Status)+1<<63, 10)
	case "ip":
		if r.IP.IsValid() {
			return r.IP.String(), string(as16(r.IP))
		}
	default:
		panic("bug: no facet " + name)
	}
	return value, value
}

// messageValues returns what the messages of a request say, each value once; only
// "" when they say nothing.
func messageValues(name string, m *record.MCP) []string {
	if m == nil {
		return []string{""}
	}
	all := []string{m.Method}
	if name == "mcp_name" {
		all[0] = m.Name
	}
	for _, n := range m.More {
		if name == "mcp_name" {
			all = append(all, n.Name)
		} else {
			all = append(all, n.Method)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > 1 && all[0] == "" {
		all = all[1:]
	}
	return all
}

func as16(a netip.Addr) []byte {
	b := a.As16()
	return b[:]
}

func distinctAddrs(requests []record.Request) int64 {
	seen := map[netip.Addr]bool{}
	for _, r := range requests {
		if r.IP.IsValid() {
			seen[r.IP] = true
		}
	}
	return int64(len(seen))
}

func named(facets []record.Facet, name string) record.Facet {
	return facets[slices.IndexFunc(facets, func(f record.Facet) bool { return f.Name == name })]
}

func distinct(facets []record.Facet, name string) int64 { return named(facets, name).Distinct }

func value(facets []record.Facet, name string) string { return named(facets, name).Values[0].Value }

func top(facets []record.Facet, name string) []record.Count {
	counts := []record.Count{}
	for _, v := range named(facets, name).Values[:min(distinct(facets, name), record.TopValues)] {
		counts = append(counts, record.Count{Value: v.Value, Count: v.Count})
	}
	return counts
}
