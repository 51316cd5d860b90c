package storetest

import (
	"cmp"
	"encoding/json"
	"math"
	"math/bits"
	"slices"
	"strings"
	"time"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// table answers q from lists of requests, one for each group.
func (m *model) table(q store.Query) record.Table {
	attacks := m.attacks()
	groups, by := map[string][]record.Request{}, map[string][]string{}
	for _, r := range m.match(q.Filter) {
		texts := m.groupTexts(&q, 0, &r, attacks[r.ID])
		for _, t := range texts {
			if q.Contains == "" || strings.Contains(strings.ToLower(t[0]), strings.ToLower(q.Contains)) {
				k, _ := json.Marshal(t)
				by[string(k)], groups[string(k)] = t, append(groups[string(k)], r)
			}
		}
	}
	if len(q.By) == 0 {
		by["[]"] = []string{}
	}
	t := record.Table{By: append([]string{}, q.By...), Measures: q.Measures, Rows: []record.Group{}, Groups: int64(len(by))}
	for k, texts := range by {
		row := record.Group{By: texts}
		for _, name := range q.Measures {
			row.Values = append(row.Values, record.Amount(amountOf(name, groups[k], attacks)))
		}
		t.Rows = append(t.Rows, row)
	}
	byTime := slices.Index(q.By, "time")
	slices.SortFunc(t.Rows, func(a, b record.Group) int {
		if q.Order == "" && byTime >= 0 {
			return cmp.Or(strings.Compare(a.By[byTime], b.By[byTime]), slices.Compare(a.By, b.By))
		}
		i := slices.Index(q.Measures, cmp.Or(q.Order, q.Measures[0]))
		x, y := float64(a.Values[i]), float64(b.Values[i])
		switch {
		case x > y, math.IsNaN(y) && !math.IsNaN(x):
			return -1
		case x < y, math.IsNaN(x) && !math.IsNaN(y):
			return 1
		}
		return slices.Compare(a.By, b.By)
	})
	limit := q.Limit
	if limit == 0 {
		limit = store.DefaultGroups
	}
	t.Rows = t.Rows[:min(limit, len(t.Rows))]
	return t
}

// groupTexts returns the groups of r, from the i-th of q.By on.
func (m *model) groupTexts(q *store.Query, i int, r *record.Request, attacks []string) (groups [][]string) {
	if i == len(q.By) {
		return [][]string{{}}
	}
	name, parameter, _ := strings.Cut(q.By[i], ".")
	var values []string
	if name == "time" {
		step := int64(q.Step / time.Second)
		values = []string{time.Unix(r.Started.Std().Unix()/step*step, 0).UTC().Format("2006-01-02T15:04:05.000000Z")}
	} else {
		values = texts(name, parameter, r, attacks)
	}
	for _, v := range values {
		for _, rest := range m.groupTexts(q, i+1, r, attacks) {
			groups = append(groups, append([]string{v}, rest...))
		}
	}
	return groups
}

// amountOf measures the requests of one group.
func amountOf(measure string, requests []record.Request, attacks map[record.RequestID][]string) float64 {
	distinct := func(name string) float64 {
		seen := map[string]bool{}
		for _, r := range requests {
			seen[texts(name, "", &r, nil)[0]] = true
		}
		delete(seen, "")
		return float64(len(seen))
	}
	share := func(counts func(r *record.Request) bool) (n float64) {
		for _, r := range requests {
			if counts(&r) {
				n++
			}
		}
		return n
	}
	failed := func(r *record.Request) bool { return r.Status >= 400 && r.Status < 600 }
	switch measure {
	case "requests":
		return float64(len(requests))
	case "sessions":
		seen := map[record.SessionID]bool{}
		for _, r := range requests {
			seen[r.Session] = true
		}
		return float64(len(seen))
	case "users":
		return distinct("user")
	case "ips":
		return distinct("ip")
	case "attacks":
		return share(func(r *record.Request) bool { return attacks[r.ID] != nil })
	case "blocked":
		return share(func(r *record.Request) bool { return slices.Contains(r.Flags, "blocked") })
	case "errors":
		return share(failed)
	case "error_share":
		return share(failed) / float64(len(requests))
	case "p50":
		return percentile(requests, .50)
	case "p95":
		return percentile(requests, .95)
	case "p99":
		return percentile(requests, .99)
	case "bytes":
		var sum float64
		for _, r := range requests {
			sum += max(float64(r.RequestBytes), 0) + max(float64(r.ResponseBytes), 0)
		}
		return sum
	}
	panic("bug: no measure " + measure + " in the model: a new measure needs its meaning here")
}

// percentile takes the duration at that place of them all and rounds it as its
// bucket does: to the middle of those with the same seven highest bits.
func percentile(requests []record.Request, p float64) float64 {
	var all []uint64
	for _, r := range requests {
		if r.Duration >= 0 {
			all = append(all, uint64(r.Duration))
		}
	}
	slices.Sort(all)
	for i, us := range all {
		if float64(i+1) >= p*float64(len(all)) {
			low := max(bits.Len64(us)-7, 0)
			return (float64(us>>low<<low) + float64(us|(1<<low-1))) / 2
		}
	}
	return math.NaN()
}
