package storetest

import (
	"cmp"
	"math"
	"math/big"
	"net/netip"
	"slices"
	"strconv"

	"sojourn/internal/record"
)

// sum sums up requests, which come oldest first.
func (m *model) sum(requests []record.Request) record.Session {
	s := record.Session{Requests: int64(len(requests)), Roles: []record.Count{}}
	attacks, bytes := m.attacks(), new(big.Int)
	addrs, groupings := map[[16]byte]int{}, map[string]int{}
	for _, r := range requests {
		if attacks[r.ID] != nil {
			s.Attacks++
		}
		for _, size := range []string{"request_bytes", "response_bytes"} {
			if n, known := amount(size, &r); known {
				bytes.Add(bytes, big.NewInt(n))
			}
		}
		if r.Status >= 400 && r.Status < 600 {
			s.Errors++
		}
		if r.IP.IsValid() {
			addrs[r.IP.As16()]++
		}
	}
	for _, name := range record.FacetNames {
		if f := facetOf(name, requests, attacks); !slices.Contains(optional, name) || f.Distinct > 1 || f.Distinct == 1 && f.Values[0].Value != "" {
			s.Facets = append(s.Facets, f)
		}
	}
	if s.Bytes = math.MaxInt64; bytes.IsInt64() {
		s.Bytes = bytes.Int64()
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
		return facetOf(name, slices.DeleteFunc(slices.Clone(requests), func(r record.Request) bool { return !keep(&r) }), nil).Values
	}
	for _, v := range of("country", func(r *record.Request) bool { return r.Country != "" && r.IP.IsValid() && r.IP == s.IP }) {
		s.Country = cmp.Or(s.Country, v.Value)
	}
	for _, v := range of("user", func(r *record.Request) bool { return r.User != "" }) {
		s.User = cmp.Or(s.User, v.Value)
	}
	s.Users = facetOf("user", slices.DeleteFunc(slices.Clone(requests), func(r record.Request) bool { return r.User == "" }), nil).Distinct
	for _, v := range of("role", func(r *record.Request) bool { return r.Role != "" }) {
		if len(s.Roles) < record.TopValues {
			s.Roles = append(s.Roles, record.Count{Value: v.Value, Count: v.Count})
		}
	}
	s.UserAgent = value(s.Facets, "user_agent")
	s.Key = value(s.Facets, "key")
	s.Client, _ = record.ParseSessionID(facetOf("client", requests, nil).Values[0].Value)
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
var optional = []string{"flow", "attack", "country", "network", "user", "role", "graphql_operation", "mcp_server", "mcp_method", "mcp_name"}

// facetOf counts one facet: most first, equals by value; numbers and addresses
// by what they are, the unknown address first.
func facetOf(name string, requests []record.Request, attacks map[record.RequestID][]string) record.Facet {
	counts, sortKey := map[string]int64{}, map[string]string{}
	for _, r := range requests {
		for _, v := range texts(name, "", &r, attacks[r.ID]) {
			counts[v]++
			switch sortKey[v] = v; name {
			case "status": // shifted so that text sorts like the numbers, negative ones too
				sortKey[v] = strconv.FormatUint(uint64(r.Status)+1<<63, 10)
			case "ip":
				if sortKey[v] = ""; r.IP.IsValid() {
					sortKey[v] = string(as16(r.IP))
				}
			}
		}
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
