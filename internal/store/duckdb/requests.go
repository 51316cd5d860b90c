package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// requestsSQL reads rows, with the codes of each dictionary; the texts behind them
// are looked up after.
const requestsSQL = `
SELECT started, node, seq, session, client, %s,
	path, query, status, ip,
	coalesce(duration, -1), coalesce(first_byte, -1), coalesce(request_bytes, -1), coalesce(response_bytes, -1),
	tried, accepted, revision, trace, mcp_error
FROM requests WHERE %s ORDER BY started %[3]s, node %[3]s, seq %[3]s LIMIT ?`

// Requests implements store.Store.
func (s *Store) Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.RequestPage{}, err
	}
	defer s.leave()
	after, err := q.After()
	if err != nil {
		return store.RequestPage{}, err
	}
	h, err := s.newHas(ctx, &q.Filter)
	if err != nil {
		return store.RequestPage{}, err
	}
	limit := store.PageLimit(q.Limit)
	page := store.RequestPage{Requests: []record.Request{}}
	days := s.newestFirst()
	if !q.Down {
		slices.Reverse(days)
	}
	for _, d := range days {
		if !concerns(&q.Filter, d.date) || after != nil && (d.date < after.At.Day() && !q.Down || d.date > after.At.Day() && q.Down) {
			continue
		}
		requests, err := s.passingRequests(ctx, d, &q, h, after, limit+1-len(page.Requests))
		if err != nil && !errors.Is(err, errGone) {
			return store.RequestPage{}, err
		}
		if err == nil {
			page.Requests = append(page.Requests, requests...)
		}
		if len(page.Requests) > limit {
			page.Requests = page.Requests[:limit]
			page.Next = page.Requests[limit-1].ID.String()
			break
		}
	}
	return page, nil
}

// passingRequests returns up to wanted requests of a day that come after an id.
func (s *Store) passingRequests(ctx context.Context, d *day, q *store.RequestQuery, h *has, after *record.RequestID, wanted int) (passed []record.Request, err error) {
	for n := wanted; ; n *= 2 {
		var requests []record.Request
		err := s.view(ctx, d, func(tx *sql.Tx) (err error) {
			requests, err = d.readRequests(ctx, tx, q, h, after, n)
			return err
		})
		if err != nil || !h.asks() {
			return requests, err
		}
		var ids []record.SessionID
		for i := range requests {
			ids = append(ids, requests[i].Session)
		}
		passes, err := h.pass(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range requests {
			if passes[r.Session] {
				passed = append(passed, r)
			}
		}
		if len(passed) >= wanted || len(requests) < n {
			return passed[:min(len(passed), wanted)], nil
		}
		after = &requests[len(requests)-1].ID
		n = min(n, maxCandidates/2)
	}
}

// maxCandidates bounds how many requests are read at once to find those of
// sessions that pass.
const maxCandidates = 4 * store.MaxLimit

// readRequests returns up to limit requests of a day that come after an id.
func (d *day) readRequests(ctx context.Context, tx *sql.Tx, q *store.RequestQuery, h *has, after *record.RequestID, limit int) ([]record.Request, error) {
	where, err := compile(ctx, tx, d.date, &q.Filter)
	if err != nil {
		return nil, err
	}
	if h.narrow(where); where.nothing {
		return nil, nil
	}
	direction, beyond := "ASC", ">"
	if q.Down {
		direction, beyond = "DESC", "<"
	}
	if after != nil {
		where.and("started "+beyond+"= ?", int64(after.At)) // lets DuckDB skip what lies before
		where.and(fmt.Sprintf("started %[1]s ? OR node %[1]s ? OR (node = ? AND seq %[1]s ?)", beyond), int64(after.At), after.Node, after.Node, after.Seq)
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf(requestsSQL, codeColumns(), where.where(), direction), append(where.args, int64(limit))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var requests []record.Request
	var codes []rowCodes
	for rows.Next() {
		r, c, err := scanRequest(rows)
		if err != nil {
			return nil, err
		}
		requests, codes = append(requests, r), append(codes, c)
	}
	if err := rows.Err(); err != nil || len(requests) == 0 {
		return nil, err
	}
	return requests, setTexts(ctx, tx, requests, codes)
}

func scanRequest(rows *sql.Rows) (r record.Request, codes rowCodes, err error) {
	var ip []byte
	var mcp record.MCP
	to := []any{&r.Started, &r.ID.Node, &r.ID.Seq, (*uuid)(&r.Session), (*uuid)(&r.Client)}
	for dict := range codes {
		to = append(to, &codes[dict])
	}
	err = rows.Scan(append(to, &r.Path, &r.Query, &r.Status, &ip,
		&r.Duration, &r.FirstByte, &r.RequestBytes, &r.ResponseBytes,
		&r.Tried, &r.Accepted, &r.Revision, &mcp.Trace, &mcp.Error)...)
	if err != nil {
		return r, codes, err
	}
	r.ID.At = r.Started
	if len(ip) == 16 {
		r.IP = netip.AddrFrom16([16]byte(ip)).Unmap()
	}
	r.MCP = &mcp // until its texts tell whether there is one
	return r, codes, nil
}

// Request implements store.Store. The day and the rows to look at follow from the
// id, which begins with the time.
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
	found := []record.Finding{}
	d := s.dayOf(id.At.Day(), false)
	if d == nil {
		return found, nil
	}
	err := s.view(ctx, d, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT id, session, type, attack, detail FROM findings
			WHERE started = ? AND node = ? AND seq = ? ORDER BY id`, int64(id.At), id.Node, id.Seq)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			f := record.Finding{Request: id, Started: id.At}
			if err := rows.Scan(&f.ID, (*uuid)(&f.Session), &f.Type, &f.Attack, &f.Detail); err != nil {
				return err
			}
			found = append(found, f)
		}
		return rows.Err()
	})
	if errors.Is(err, errGone) {
		return []record.Finding{}, nil
	}
	return found, err
}
