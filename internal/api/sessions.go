package api

import (
	"cmp"
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// query keeps the query string of a request, which ask reads.
type query struct{ raw string }

// Resolve is called by huma before the handler.
func (q *query) Resolve(ctx huma.Context) []error {
	u := ctx.URL()
	q.raw = u.RawQuery
	return nil
}

type queryInput struct{ query }

type itemInput struct {
	ID string `path:"id" doc:"Its id, as lists show it"`
	query
}

func (a *API) sessions(ctx context.Context, in *queryInput) (record.SessionPage, error) {
	q, err := ask(in.raw, sessionListParams, a.now())
	if err != nil {
		return record.SessionPage{}, err
	}
	page, err := a.store.Sessions(ctx, q.sessions())
	return record.SessionPage{Sessions: page.Parts, Next: page.Next, Searched: page.Searched}, err
}

// sessions is the question to the store that asks for a page of parts.
func (q *question) sessions() store.SessionQuery {
	return store.SessionQuery{
		Filter: q.Filter, Sort: q.sort, Up: q.order == orderUp, Cursor: q.cursor, Limit: q.limit,
		Within: cmp.Or(q.within, listWithin),
	}
}

func (a *API) count(ctx context.Context, in *queryInput) (record.Total, error) {
	q, err := ask(in.raw, countParams, a.now())
	if err != nil {
		return record.Total{}, err
	}
	return a.store.Count(ctx, q.Filter, cmp.Or(q.within, countWithin))
}

func (a *API) session(ctx context.Context, in *itemInput) (record.Session, error) {
	id, err := sessionID(in.ID)
	if err != nil {
		return record.Session{}, err
	}
	q, err := ask(in.raw, sessionParams, a.now())
	if err != nil {
		return record.Session{}, err
	}
	return a.findSession(ctx, id, q.Filter)
}

func (a *API) findSession(ctx context.Context, id record.SessionID, f store.Filter) (record.Session, error) {
	s, err := a.store.Session(ctx, id, f)
	if err != nil {
		return record.Session{}, fmt.Errorf("session %s: %w", id, err)
	}
	return s, nil
}

func sessionID(text string) (record.SessionID, error) {
	id, err := record.ParseSessionID(text)
	if err != nil {
		return id, huma.Error422UnprocessableEntity(clip(err.Error()))
	}
	return id, nil
}
