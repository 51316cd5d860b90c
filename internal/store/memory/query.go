package memory

import (
	"cmp"
	"context"
	"math"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// group is what is known of the requests of one group.
type group struct {
	by                                 []string
	requests, attacks, blocked, errors int64
	bytes                              float64
	sessions                           map[record.SessionID]bool
	users, ips                         map[string]bool
	durations                          map[int64]int64 // by store.DurationBucket
}

// Query implements store.Store. Its distinct counts are exact.
func (s *Store) Query(ctx context.Context, q store.Query) (record.Table, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return record.Table{}, err
	}
	if err := q.Check(); err != nil {
		return record.Table{}, err
	}
	groups, err := s.groups(&q)
	if err != nil {
		return record.Table{}, err
	}
	table := record.Table{By: append([]string{}, q.By...), Measures: append([]string{}, q.Measures...), Rows: []record.Group{}}
	for _, g := range groups {
		if q.Contains == "" || store.ContainsFold(g.by[0], q.Contains) {
			row := record.Group{By: g.by}
			for _, m := range q.Measures {
				row.Values = append(row.Values, record.Amount(g.measure(m)))
			}
			table.Rows = append(table.Rows, row)
		}
	}
	table.Groups = int64(len(table.Rows))
	slices.SortFunc(table.Rows, func(a, b record.Group) int { return cmp.Or(compareRows(&q, a, b), slices.Compare(a.By, b.By)) })
	table.Rows = table.Rows[:min(len(table.Rows), q.GroupLimit())]
	return table, nil
}

// groups counts the requests that pass q's filter, by the texts of their group.
func (s *Store) groups(q *store.Query) (map[string]*group, error) {
	groups := map[string]*group{}
	add := func(by []string) *group {
		k := key(by)
		if groups[k] == nil {
			groups[k] = &group{by: by, sessions: map[record.SessionID]bool{}, users: map[string]bool{}, ips: map[string]bool{}, durations: map[int64]int64{}}
		}
		return groups[k]
	}
	if len(q.By) == 0 {
		add([]string{})
	}
	for _, r := range s.passing(&q.Filter) {
		for _, by := range combinations(q, r) {
			add(by).count(r)
		}
		if len(groups) > s.maxGroups {
			return nil, store.ErrTooMany
		}
	}
	return groups, nil
}

// key joins texts so that no two lists of as many give the same key.
func key(texts []string) string {
	var k []byte
	for _, t := range texts {
		for _, c := range []byte(t) {
			if c == 0 || c == 1 {
				k = append(k, 1)
			}
			k = append(k, c)
		}
		k = append(k, 0)
	}
	return string(k)
}

// combinations returns the groups that r counts under.
func combinations(q *store.Query, r *row) [][]string {
	all := [][]string{{}}
	for _, name := range q.By {
		var values []string
		if name == store.ByTime {
			values = []string{q.TimeGroup(r.Started)}
		} else {
			f, parameter, _ := store.FieldOf(name)
			values = f.Values(&r.Request, parameter)
		}
		var longer [][]string
		for _, by := range all {
			for _, v := range values {
				longer = append(longer, append(slices.Clone(by), v))
			}
		}
		all = longer
	}
	return all
}

func (g *group) count(r *row) {
	g.requests++
	g.sessions[r.Session] = true
	if r.User != "" {
		g.users[r.User] = true
	}
	if r.IP.IsValid() {
		g.ips[r.IP.String()] = true
	}
	if attacked(r) {
		g.attacks++
	}
	if slices.Contains(r.Flags, record.FlagBlocked) {
		g.blocked++
	}
	if failed(r) {
		g.errors++
	}
	if r.Duration >= 0 {
		g.durations[store.DurationBucket(int64(r.Duration))]++
	}
	g.bytes += float64(max(r.RequestBytes, 0)) + float64(max(r.ResponseBytes, 0))
}

func (g *group) measure(name string) float64 {
	percentile := func(p float64) float64 {
		if us, ok := store.Percentile(g.durations, p); ok {
			return us
		}
		return math.NaN()
	}
	switch name {
	case "requests":
		return float64(g.requests)
	case "sessions":
		return float64(len(g.sessions))
	case "users":
		return float64(len(g.users))
	case "ips":
		return float64(len(g.ips))
	case "attacks":
		return float64(g.attacks)
	case "blocked":
		return float64(g.blocked)
	case "errors":
		return float64(g.errors)
	case "error_share":
		return float64(g.errors) / float64(g.requests) // NaN where there are no requests
	case "p50":
		return percentile(.50)
	case "p95":
		return percentile(.95)
	case "p99":
		return percentile(.99)
	case "bytes":
		return g.bytes
	}
	panic("bug: no measure " + name)
}

// compareRows orders rows as q says.
func compareRows(q *store.Query, a, b record.Group) int {
	if q.ByStart() {
		i := slices.Index(q.By, store.ByTime)
		return cmp.Compare(a.By[i], b.By[i])
	}
	i := max(slices.Index(q.Measures, q.Order), 0)
	return cmp.Compare(b.Values[i], a.Values[i]) // which takes NaN as the least
}
