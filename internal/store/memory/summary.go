package memory

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"strconv"

	"sojourn/internal/record"
)

// grouping is how a request found its session.
type grouping struct {
	key      string
	rung     record.Rung
	strength record.Strength
}

// summarize sums up requests; their session and day are the caller's to fill in.
func summarize(requests []*record.Request, attacked map[record.RequestID]bool) record.Part {
	p := record.Part{Requests: int64(len(requests))}
	for i, r := range requests {
		if i == 0 || r.Started < p.Started {
			p.Started = r.Started
		}
		if i == 0 || r.Started > p.Ended {
			p.Ended = r.Started
		}
		if attacked[r.ID] {
			p.Attacks++
		}
		if 400 <= r.Status && r.Status <= 599 {
			p.Errors++
		}
	}
	addresses := known(tallyOf(requests, func(r *record.Request) netip.Addr { return r.IP }))
	p.IPs = int64(len(addresses))
	p.IP = most(addresses, compareAddr)
	p.Country = most(known(tallyOf(requests, func(r *record.Request) string {
		if r.IP.IsValid() && r.IP == p.IP {
			return r.Country
		}
		return ""
	})), cmp.Compare)
	users := known(tallyOf(requests, func(r *record.Request) string { return r.User }))
	p.User, p.Users = most(users, cmp.Compare), int64(len(users))
	p.Roles = top(known(tallyOf(requests, func(r *record.Request) string { return r.Role })))
	p.UserAgent = most(tallyOf(requests, func(r *record.Request) string { return r.UserAgent }), cmp.Compare)

	p.Key = most(tallyOf(requests, func(r *record.Request) string { return r.Key }), cmp.Compare)
	groupings := tallyOf(requests, func(r *record.Request) grouping { return grouping{r.Key, r.Rung, r.Strength} })
	for g := range groupings {
		if g.key != p.Key {
			delete(groupings, g)
		}
	}
	g := most(groupings, func(a, b grouping) int {
		return cmp.Or(cmp.Compare(a.rung, b.rung), cmp.Compare(a.strength, b.strength))
	})
	p.Rung, p.Strength = g.rung, g.strength

	hosts := tallyOf(requests, func(r *record.Request) string { return r.Host })
	endpoints := tallyOf(requests, endpointOf)
	p.Applications = top(tallyOf(requests, func(r *record.Request) string { return r.Application }))
	p.Hosts, p.HostCount = top(hosts), int64(len(hosts))
	p.Endpoints, p.EndpointCount = top(endpoints), int64(len(endpoints))
	return p
}

// facets counts the values of every facet.
func facets(requests []*record.Request) []record.Facet {
	text := func(value func(*record.Request) string) func(string) record.Facet {
		return func(name string) record.Facet {
			return facet(name, len(requests), tallyOf(requests, value), cmp.Compare, func(s string) string { return s })
		}
	}
	texts := func(values func(*record.Request) []string) func(string) record.Facet {
		return func(name string) record.Facet {
			t := map[string]int64{}
			for _, r := range requests {
				for _, v := range values(r) {
					t[v]++
				}
			}
			return facet(name, len(requests), t, cmp.Compare, func(s string) string { return s })
		}
	}
	facets := map[string]func(name string) record.Facet{
		"application": text(func(r *record.Request) string { return r.Application }),
		"host":        text(func(r *record.Request) string { return r.Host }),
		"endpoint":    text(endpointOf),
		"method":      text(func(r *record.Request) string { return r.Method }),
		"user_agent":  text(func(r *record.Request) string { return r.UserAgent }),
		"key":         text(func(r *record.Request) string { return r.Key }),
		"country":     text(func(r *record.Request) string { return r.Country }),
		"user":        text(func(r *record.Request) string { return r.User }),
		"role":        text(func(r *record.Request) string { return r.Role }),

		"graphql_operation": text(func(r *record.Request) string { return r.Operation }),
		"mcp_method":        texts(func(r *record.Request) []string { return r.MCP.Methods() }),
		"mcp_name":          texts(func(r *record.Request) []string { return r.MCP.Names() }),
		"status": func(name string) record.Facet {
			return facet(name, len(requests), tallyOf(requests, func(r *record.Request) int { return r.Status }), cmp.Compare, strconv.Itoa)
		},
		"ip": func(name string) record.Facet {
			return facet(name, len(requests), tallyOf(requests, func(r *record.Request) netip.Addr { return r.IP }), compareAddr, addrText)
		},
	}
	var out []record.Facet
	for _, name := range record.FacetNames {
		if f := facets[name](name); f.Told() {
			out = append(out, f)
		}
	}
	return out
}

// facet makes a facet of the counts of values over a number of requests.
func facet[K comparable](name string, requests int, t map[K]int64, compare func(a, b K) int, print func(K) string) record.Facet {
	f := record.Facet{Name: name, Distinct: int64(len(t)), Values: []record.FacetValue{}}
	for _, k := range ranked(t, compare)[:min(len(t), record.FacetValues)] {
		f.Values = append(f.Values, record.FacetValue{Value: print(k), Count: t[k], Share: float64(t[k]) / float64(requests)})
	}
	return f
}

func tallyOf[K comparable](requests []*record.Request, key func(*record.Request) K) map[K]int64 {
	t := map[K]int64{}
	for _, r := range requests {
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

func endpointOf(r *record.Request) string { return r.Method + " " + r.Endpoint }

// compareAddr orders the unknown address first, the others by their 16 bytes.
func compareAddr(a, b netip.Addr) int {
	if !a.IsValid() || !b.IsValid() {
		return cmp.Compare(a.BitLen(), b.BitLen())
	}
	a16, b16 := a.As16(), b.As16()
	return bytes.Compare(a16[:], b16[:])
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}
