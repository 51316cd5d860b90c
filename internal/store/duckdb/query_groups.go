package duckdb

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// groups are the groups of a query, over all days.
type groups struct {
	q          *store.Query
	dimensions []dimension
	most       int // groups
	index      map[groupKey]uint32
	all        []group
	last       groupKey // of the most recent lookup: neighbours are often alike
	lastGroup  uint32

	distinct  *distinct        // see setOf
	seed      maphash.Seed     // of hashes that nobody outside can foresee
	durations map[uint32]int64 // requests by group and bucket, see cellOf
	quantiles []quantile
}

// groupKey is a word of each dimension.
type groupKey [store.MaxBy]uint32

// group is what is known of the requests of one group.
type group struct {
	key                                groupKey
	requests, attacks, blocked, errors int64
	bytes                              float64
}

// quantile is the percentiles of one group.
type quantile struct{ p50, p95, p99 float64 }

// setOf numbers the sets of distinct values: some for each group.
func setOf(group uint32, kind distinctKind) uint32 { return group*uint32(distinctKinds) + uint32(kind) }

type distinctKind int

const (
	distinctSessions distinctKind = iota
	distinctUsers
	distinctIPs
	distinctKinds
)

// bucketBits is how many bits a store.DurationBucket has.
const bucketBits = 12

// maxCells bounds how many pairs of a group and a bucket are counted.
const maxCells = 4_000_000

func newGroups(q *store.Query, l limits) *groups {
	g := &groups{q: q, most: l.groups, index: map[groupKey]uint32{}, distinct: newDistinct(l.distinct), seed: maphash.MakeSeed(), durations: map[uint32]int64{}}
	for i, name := range q.By {
		w := &words{numbers: map[string]uint32{}}
		if i == 0 {
			w.contains = q.Contains
		}
		g.dimensions = append(g.dimensions, newDimension(name, w))
	}
	if len(q.By) == 0 {
		g.index[groupKey{}] = 0
		g.all = make([]group, 1)
	}
	return g
}

// of returns the number of a group.
func (g *groups) of(key groupKey) (uint32, error) {
	if key == g.last && len(g.all) > 0 {
		if g.all[g.lastGroup].key == key {
			return g.lastGroup, nil
		}
	}
	n, ok := g.index[key]
	if !ok {
		if len(g.all) >= g.most {
			return 0, store.ErrTooMany
		}
		n = uint32(len(g.all))
		g.index[key] = n
		g.all = append(g.all, group{key: key})
	}
	g.last, g.lastGroup = key, n
	return n, nil
}

// took counts requests of a group whose durations are in a bucket.
func (g *groups) took(group uint32, bucket uint16, requests int64) error {
	g.durations[group<<bucketBits|uint32(bucket)] += requests
	if len(g.durations) > maxCells {
		return store.ErrTooMany
	}
	return nil
}

// table orders the groups and returns the first of them.
func (g *groups) table() record.Table {
	g.measureDurations()
	t := record.Table{
		By: append([]string{}, g.q.By...), Measures: append([]string{}, g.q.Measures...), Rows: []record.Group{},
		Groups: int64(len(g.all)), Approximate: g.distinct.approximate(),
	}
	for _, n := range g.first(g.q.GroupLimit()) {
		row := record.Group{By: g.texts(n)}
		for _, m := range g.q.Measures {
			row.Values = append(row.Values, record.Amount(g.measure(n, m)))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// first returns up to limit groups in order.
func (g *groups) first(limit int) []uint32 {
	order := cmp.Or(g.q.Order, g.q.Measures[0])
	amounts := make([]float64, len(g.all))
	if !g.q.ByStart() {
		for i := range amounts {
			amounts[i] = g.measure(uint32(i), order)
		}
	}
	time := slices.Index(g.q.By, store.ByTime)
	compare := func(a, b uint32) int {
		if g.q.ByStart() {
			if c := cmp.Compare(g.text(a, time), g.text(b, time)); c != 0 {
				return c
			}
		} else if c := cmp.Compare(amounts[b], amounts[a]); c != 0 { // which takes NaN as the least
			return c
		}
		return slices.Compare(g.texts(a), g.texts(b))
	}
	// Now and then the best are sorted out, so that few are sorted at all.
	var best []uint32
	for i := range uint32(len(g.all)) {
		if len(best) >= 2*limit {
			slices.SortFunc(best, compare)
			best = best[:limit]
		}
		best = append(best, i)
	}
	slices.SortFunc(best, compare)
	return best[:min(len(best), limit)]
}

func (g *groups) text(n uint32, dimension int) string {
	return g.dimensions[dimension].texts[g.all[n].key[dimension]]
}

func (g *groups) texts(n uint32) []string {
	texts := make([]string, len(g.dimensions))
	for i := range texts {
		texts[i] = g.text(n, i)
	}
	return texts
}

func (g *groups) measure(n uint32, name string) float64 {
	of := &g.all[n]
	switch name {
	case "requests":
		return float64(of.requests)
	case "sessions":
		return g.distinct.count(setOf(n, distinctSessions))
	case "users":
		return g.distinct.count(setOf(n, distinctUsers))
	case "ips":
		return g.distinct.count(setOf(n, distinctIPs))
	case "attacks":
		return float64(of.attacks)
	case "blocked":
		return float64(of.blocked)
	case "errors":
		return float64(of.errors)
	case "error_share":
		return float64(of.errors) / float64(of.requests) // NaN where there are no requests
	case "p50":
		return g.quantiles[n].p50
	case "p95":
		return g.quantiles[n].p95
	case "p99":
		return g.quantiles[n].p99
	case "bytes":
		return of.bytes
	}
	panic("bug: no measure " + name)
}

// measureDurations reads the percentiles of all groups from what was counted.
func (g *groups) measureDurations() {
	if !asks(g.q, "p50", "p95", "p99") {
		return
	}
	g.quantiles = make([]quantile, len(g.all))
	for i := range g.quantiles {
		g.quantiles[i] = quantile{math.NaN(), math.NaN(), math.NaN()}
	}
	cells := make([]uint32, 0, len(g.durations))
	for cell := range g.durations {
		cells = append(cells, cell)
	}
	slices.Sort(cells)
	counts := map[int64]int64{} // of one group, by bucket
	for i, cell := range cells {
		counts[int64(cell&(1<<bucketBits-1))] = g.durations[cell]
		if group := cell >> bucketBits; i == len(cells)-1 || cells[i+1]>>bucketBits != group {
			of := &g.quantiles[group]
			for _, p := range []struct {
				measure string
				part    float64
				is      *float64
			}{{"p50", .50, &of.p50}, {"p95", .95, &of.p95}, {"p99", .99, &of.p99}} {
				if asks(g.q, p.measure) {
					*p.is, _ = store.Percentile(counts, p.part)
				}
			}
			clear(counts)
		}
	}
}

// asks reports whether q has one of some measures.
func asks(q *store.Query, measures ...string) bool {
	return slices.ContainsFunc(measures, func(m string) bool { return slices.Contains(q.Measures, m) })
}
