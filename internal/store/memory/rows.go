package memory

import (
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// row is a request with the findings that are known of it.
type row struct {
	record.Request
	passes bool // the filter that was asked with
}

// part is one UTC day of one session.
type part struct {
	day record.Day
	id  record.SessionID
}

func (r *row) part() part { return part{r.Started.Day(), r.Session} }

// rows returns everything the store holds, oldest first, held against f.
func (s *Store) rows(f *store.Filter) []*row {
	var all []*row
	sessions := map[record.SessionID][]*record.Request{} // what of them is in the range
	for _, d := range s.days {
		findings := map[record.RequestID][]record.Finding{}
		for _, f := range d.findings {
			findings[f.Request] = append(findings[f.Request], f)
		}
		for _, r := range d.requests {
			r.Findings = findings[r.ID]
			all = append(all, &row{Request: r})
			if joined := &all[len(all)-1].Request; f.InRange(joined) {
				sessions[r.Session] = append(sessions[r.Session], joined)
			}
		}
	}
	passes := map[record.SessionID]bool{}
	for id, requests := range sessions {
		passes[id] = f.MatchSession(requests)
	}
	for _, r := range all {
		r.passes = f.Match(&r.Request) && passes[r.Session]
	}
	slices.SortFunc(all, func(a, b *row) int { return a.ID.Compare(b.ID) })
	return all
}

// passing returns the rows that pass f, oldest first.
func (s *Store) passing(f *store.Filter) []*row {
	return slices.DeleteFunc(s.rows(f), func(r *row) bool { return !r.passes })
}

// attacked reports whether r has at least one attack.
func attacked(r *row) bool {
	return slices.ContainsFunc(r.Findings, func(f record.Finding) bool { return f.Attack })
}

// failed reports whether r counts as an error.
func failed(r *row) bool { return 400 <= r.Status && r.Status <= 599 }
