package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// requestsSQL reads whole rows; where, order and limit pick them before their
// texts are looked up.
const (
	requestsSQL = `
SELECT r.started, node, seq, session, client, a.application, h.host, e.method, e.endpoint, u.user_agent,
	g.key, g.point, g.rung, g.strength, f.flags, path, query, status, ip,
	coalesce(duration, -1), coalesce(first_byte, -1), coalesce(request_bytes, -1), coalesce(response_bytes, -1),
	tried, accepted, revision,
	u.ja4, p.country, p.network, p.anonymity, w.user_name, w.role, c.context,
	m.graphql_operation, m.mcp_server, m.mcp_method, m.mcp_name, m.mcp_client, m.mcp_generation, trace, mcp_error
FROM (SELECT * FROM requests WHERE `
	requestsOrder = ` ORDER BY started, node, seq LIMIT ?) r
JOIN dict_application a ON a.code = r.application
JOIN dict_host h ON h.code = r.host
JOIN dict_endpoint e ON e.code = r.endpoint
JOIN dict_user_agent u ON u.code = r.user_agent
JOIN dict_grouping g ON g.code = r.grouping_key
JOIN dict_flags f ON f.code = r.flags
JOIN dict_place p ON p.code = r.place
JOIN dict_person w ON w.code = r.person
JOIN dict_message m ON m.code = r.message
JOIN dict_context c ON c.code = r.context
ORDER BY r.started, node, seq`
)

// Requests implements store.Store.
func (s *Store) Requests(ctx context.Context, q store.RequestQuery) (store.RequestPage, error) {
	if err := s.enter(ctx); err != nil {
		return store.RequestPage{}, err
	}
	defer s.leave()
	var after *record.RequestID
	if q.Cursor != "" {
		id, err := store.ParseRequestCursor(q.Cursor)
		if err != nil {
			return store.RequestPage{}, err
		}
		after = &id
	}
	limit := store.PageLimit(q.Limit)
	page := store.RequestPage{Requests: []record.Request{}}
	days := s.newestFirst()
	slices.Reverse(days)
	for _, d := range days {
		if !concerns(&q.Filter, d.date) || after != nil && d.date < after.At.Day() {
			continue
		}
		var requests []record.Request
		err := s.view(ctx, d, func(tx *sql.Tx) (err error) {
			requests, err = d.readRequests(ctx, tx, &q.Filter, after, limit+1-len(page.Requests))
			return err
		})
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

// readRequests returns up to limit requests of a day that come after an id.
func (d *day) readRequests(ctx context.Context, tx *sql.Tx, f *store.Filter, after *record.RequestID, limit int) ([]record.Request, error) {
	where, err := compile(ctx, tx, d.date, f)
	if err != nil || where.nothing {
		return nil, err
	}
	if after != nil {
		where.and("started >= ?", int64(after.At)) // lets DuckDB skip what is older
		where.and("started > ? OR node > ? OR (node = ? AND seq > ?)", int64(after.At), after.Node, after.Node, after.Seq)
	}
	rows, err := tx.QueryContext(ctx, requestsSQL+where.where()+requestsOrder, append(where.args, int64(limit))...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var requests []record.Request
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, err
		}
		requests = append(requests, r)
	}
	return requests, rows.Err()
}

func scanRequest(rows *sql.Rows) (r record.Request, err error) {
	var ip []byte
	var flags, context string
	var mcp record.MCP
	err = rows.Scan(&r.Started, &r.ID.Node, &r.ID.Seq, (*uuid)(&r.Session), (*uuid)(&r.Client),
		&r.Application, &r.Host, &r.Method, &r.Endpoint, &r.UserAgent,
		&r.Key, &r.Point, &r.Rung, &r.Strength, &flags, &r.Path, &r.Query, &r.Status, &ip,
		&r.Duration, &r.FirstByte, &r.RequestBytes, &r.ResponseBytes,
		&r.Tried, &r.Accepted, &r.Revision,
		&r.JA4, &r.Country, &r.Network, &r.Anonymity, &r.User, &r.Role, &context,
		&r.Operation, &mcp.Server, &mcp.Method, &mcp.Name, &mcp.Client, &mcp.Generation, &mcp.Trace, &mcp.Error)
	if err != nil {
		return r, err
	}
	r.ID.At = r.Started
	if len(ip) == 16 {
		r.IP = netip.AddrFrom16([16]byte(ip)).Unmap()
	}
	if flags != "" {
		for _, f := range strings.Split(flags, flagSeparator) {
			r.Flags = append(r.Flags, record.Flag(f))
		}
	}
	if mcp != (record.MCP{}) {
		r.MCP = &mcp
	}
	r.Context, err = parseContext(context)
	return r, err
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
