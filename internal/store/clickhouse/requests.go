package clickhouse

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// found is a request of which the rest is still to be read.
type found struct {
	id      record.RequestID
	session record.SessionID
}

// Requests implements store.Store. Day after day, it finds the ids of the page by
// the columns that the filter asks for; then it reads their rows.
func (s *Store) Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.RequestPage{}, err
	}
	defer s.leave()
	after, err := q.After()
	if err != nil {
		return store.RequestPage{}, err
	}
	days, err := s.newest(ctx, &q.Filter)
	if err != nil {
		return store.RequestPage{}, err
	}
	limit := store.PageLimit(q.Limit)
	var all []found
	for _, step := range s.steps(days, !q.Down, q.Session == nil && len(q.Has) == 0) {
		if after != nil && len(step) == 1 && (q.Down && step[0] > after.At.Day() || !q.Down && step[0] < after.At.Day()) {
			continue
		}
		more, err := s.find(ctx, &q, step, after, limit+1-len(all))
		if err != nil {
			return store.RequestPage{}, err
		}
		if all = append(all, more...); len(all) > limit {
			break
		}
	}
	var page store.RequestPage
	if len(all) > limit {
		all = all[:limit]
		page.Next = all[limit-1].id.String()
	}
	page.Requests, err = s.read(ctx, all, q.Down)
	return page, err
}

// find finds the first requests of some days that pass the filter, after a place.
func (s *Store) find(ctx context.Context, q *store.RequestQuery, days []record.Day, after *record.RequestID, limit int) ([]found, error) {
	where := []string{onDays(days), compiler{s, &q.Filter}.requests()}
	direction := "ASC"
	if q.Down {
		direction = "DESC"
	}
	switch {
	case after != nil && q.Down:
		where = append(where, fmt.Sprintf("started <= %d AND (started, node, seq) < %s", after.At, requestID(*after)))
	case after != nil:
		where = append(where, fmt.Sprintf("started >= %d AND (started, node, seq) > %s", after.At, requestID(*after)))
	}
	statement := fmt.Sprintf("SELECT started, node, seq, session FROM %s WHERE %s ORDER BY started %[3]s, node %[3]s, seq %[3]s LIMIT %[4]d",
		s.table("requests"), allOf(where...), direction, limit)
	var all []found
	err := s.query(ctx, statement, func(r driver.Rows) error {
		var started int64
		var session string
		var f found
		err := r.Scan(&started, &f.id.Node, &f.id.Seq, &session)
		f.id.At = record.Time(started)
		copy(f.session[:], session)
		all = append(all, f)
		return err
	})
	return all, err
}

// read reads whole requests, oldest first or newest first.
func (s *Store) read(ctx context.Context, all []found, down bool) ([]record.Request, error) {
	requests := []record.Request{}
	if len(all) == 0 {
		return requests, nil
	}
	first, last := all[0].id.At, all[len(all)-1].id.At
	if down {
		first, last = last, first
	}
	var ids, sessions []string
	for _, f := range all {
		ids = append(ids, requestID(f.id))
		sessions = append(sessions, sessionID(f.session))
	}
	statement := fmt.Sprintf("SELECT %s FROM %s WHERE %s AND day BETWEEN %d AND %d AND started BETWEEN %d AND %d AND session IN (%s) AND (started, node, seq) IN (%s)",
		names(s.requestColumns), s.table("requests"), isRequest, first.Day(), last.Day(), first, last, strings.Join(sessions, ", "), strings.Join(ids, ", "))
	err := s.query(ctx, statement, func(r driver.Rows) error {
		var w row
		if err := r.ScanStruct(&w); err != nil {
			return err
		}
		request, err := w.request()
		requests = append(requests, request)
		return err
	})
	slices.SortFunc(requests, func(a, b record.Request) int {
		if down {
			a, b = b, a
		}
		return a.ID.Compare(b.ID)
	})
	return requests, err
}

// Request implements store.Store.
func (s *Store) Request(ctx context.Context, id record.RequestID) (record.Request, error) {
	page, err := s.Requests(ctx, store.RequestQuery{Filter: store.Filter{Request: &id}, Limit: 1})
	if err != nil {
		return record.Request{}, err
	}
	if len(page.Requests) == 0 {
		return record.Request{}, store.ErrNotFound
	}
	return page.Requests[0], nil
}

// Findings implements store.Store.
func (s *Store) Findings(ctx context.Context, id record.RequestID) ([]record.Finding, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	all := []record.Finding{}
	statement := fmt.Sprintf("SELECT id, session, toString(type), attack, detail FROM %s WHERE day = %d AND started = %d AND node = %d AND seq = %d ORDER BY id LIMIT 1 BY id",
		s.table("findings"), id.At.Day(), id.At, id.Node, id.Seq)
	err := s.query(ctx, statement, func(r driver.Rows) error {
		f := record.Finding{Request: id, Started: id.At}
		var session string
		err := r.Scan(&f.ID, &session, &f.Type, &f.Attack, &f.Detail)
		copy(f.Session[:], session)
		all = append(all, f)
		return err
	})
	return all, err
}
