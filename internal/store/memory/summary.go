package memory

import (
	"bytes"
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// grouping is how a request found its session.
type grouping struct {
	rung     record.Rung
	strength record.Strength
}

// summarize sums up rows, which come oldest first; their session and day are the
// caller's to fill in.
func summarize(rows []*row) record.Part {
	p := record.Part{Requests: int64(len(rows))}
	if len(rows) > 0 {
		p.Started, p.Ended = rows[0].Started, rows[len(rows)-1].Started
	}
	for _, r := range rows {
		if attacked(r) {
			p.Attacks++
		}
		if failed(r) {
			p.Errors++
		}
		p.Bytes = sum(p.Bytes, sum(int64(max(r.RequestBytes, 0)), int64(max(r.ResponseBytes, 0))))
	}
	addresses := known(tallyOf(rows, func(r *row) netip.Addr { return r.IP }))
	p.IP, p.IPs = most(addresses, compareAddr), int64(len(addresses))
	p.Country = most(known(tallyOf(rows, func(r *row) string {
		if r.IP.IsValid() && r.IP == p.IP {
			return r.Country
		}
		return ""
	})), cmp.Compare)
	users := known(tallyOf(rows, func(r *row) string { return r.User }))
	p.User, p.Users = most(users, cmp.Compare), int64(len(users))
	p.Roles = top(known(tallyOf(rows, func(r *row) string { return r.Role })))
	p.UserAgent = most(tallyOf(rows, func(r *row) string { return r.UserAgent }), cmp.Compare)

	p.Key = most(tallyOf(rows, func(r *row) string { return r.Key }), cmp.Compare)
	of := slices.DeleteFunc(slices.Clone(rows), func(r *row) bool { return r.Key != p.Key })
	g := most(tallyOf(of, func(r *row) grouping { return grouping{r.Rung, r.Strength} }), func(a, b grouping) int {
		return cmp.Or(cmp.Compare(a.rung, b.rung), cmp.Compare(a.strength, b.strength))
	})
	p.Rung, p.Strength = g.rung, g.strength

	hosts := tallyOf(rows, func(r *row) string { return r.Host })
	endpoints := tallyOf(rows, func(r *row) string { return r.Method + " " + r.Endpoint })
	p.Applications = top(tallyOf(rows, func(r *row) string { return r.Application }))
	p.Hosts, p.HostCount = top(hosts), int64(len(hosts))
	p.Endpoints, p.EndpointCount = top(endpoints), int64(len(endpoints))
	return p
}

// sum adds sizes; what is too much for an int64 is its greatest.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// sessionOf sums up the rows of a session; its id and parts are the caller's to
// fill in.
func sessionOf(rows []*row) record.Session {
	p := summarize(rows)
	s := record.Session{
		Started: p.Started, Ended: p.Ended, Requests: p.Requests, Attacks: p.Attacks, Errors: p.Errors, Bytes: p.Bytes,
		Client: most(tallyOf(rows, func(r *row) record.SessionID { return r.Client }), func(a, b record.SessionID) int { return bytes.Compare(a[:], b[:]) }),
		Key:    p.Key, Rung: p.Rung, Strength: p.Strength, IP: p.IP, Country: p.Country, UserAgent: p.UserAgent,
		User: p.User, Users: p.Users, Roles: p.Roles,
	}
	for _, name := range record.FacetNames {
		if f := facetOf(name, rows); f.Told() {
			s.Facets = append(s.Facets, f)
		}
	}
	return s
}

func facetOf(name string, rows []*row) record.Facet {
	field, _, _ := store.FieldOf(name)
	counts := map[string]int64{}
	for _, r := range rows {
		for _, v := range field.Values(&r.Request, "") {
			counts[v]++
		}
	}
	f := record.Facet{Name: name, Distinct: int64(len(counts)), Values: []record.FacetValue{}}
	for _, v := range ranked(counts, valueOrder(field.Kind))[:min(len(counts), record.FacetValues)] {
		f.Values = append(f.Values, record.FacetValue{Value: v, Count: counts[v], Share: float64(counts[v]) / float64(len(rows))})
	}
	return f
}

// valueOrder returns how texts of a kind are ordered: as what they stand for.
func valueOrder(k store.Kind) func(a, b string) int {
	switch k {
	case store.KindNumber:
		return func(a, b string) int {
			x, _ := strconv.ParseInt(a, 10, 64)
			y, _ := strconv.ParseInt(b, 10, 64)
			return cmp.Compare(x, y)
		}
	case store.KindAddress:
		return func(a, b string) int {
			x, _ := netip.ParseAddr(a) // "" is the unknown address
			y, _ := netip.ParseAddr(b)
			return compareAddr(x, y)
		}
	}
	return cmp.Compare
}

func tallyOf[K comparable](rows []*row, key func(*row) K) map[K]int64 {
	t := map[K]int64{}
	for _, r := range rows {
		t[key(r)]++
	}
	return t
}

// known returns t without the zero value, which stands for unknown.
func known[K comparable](t map[K]int64) map[K]int64 {
	var zero K
	delete(t, zero)
	return t
}

// ranked returns the keys of t, most first, equals in the order of compare.
func ranked[K comparable](t map[K]int64, compare func(a, b K) int) []K {
	keys := make([]K, 0, len(t))
	for k := range t {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b K) int { return cmp.Or(cmp.Compare(t[b], t[a]), compare(a, b)) })
	return keys
}

func most[K comparable](t map[K]int64, compare func(a, b K) int) (k K) {
	if keys := ranked(t, compare); len(keys) > 0 {
		k = keys[0]
	}
	return k
}

func top(t map[string]int64) []record.Count {
	counts := []record.Count{}
	for _, k := range ranked(t, cmp.Compare)[:min(len(t), record.TopValues)] {
		counts = append(counts, record.Count{Value: k, Count: t[k]})
	}
	return counts
}

// compareAddr orders the unknown address first, the others by their 16 bytes.
func compareAddr(a, b netip.Addr) int {
	if !a.IsValid() || !b.IsValid() {
		return cmp.Compare(a.BitLen(), b.BitLen())
	}
	a16, b16 := a.As16(), b.As16()
	return bytes.Compare(a16[:], b16[:])
}
