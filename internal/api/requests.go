package api

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/export"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

func (a *API) requests(ctx context.Context, in *itemInput) (record.RequestPage, error) {
	id, err := sessionID(in.ID)
	if err != nil {
		return record.RequestPage{}, err
	}
	q, err := ask(in.raw, requestListParams, a.now())
	if err != nil {
		return record.RequestPage{}, err
	}
	q.Session = &id
	page, err := a.store.Requests(ctx, store.RequestQuery{Filter: q.Filter, Down: q.order == orderDown, Cursor: q.cursor, Limit: q.limit})
	if err == nil && len(page.Requests) == 0 {
		// Nothing matches, or there is no such session: only the latter is an error.
		_, err = a.findSession(ctx, id, q.Filter)
	}
	return record.RequestPage{Requests: page.Requests, Next: page.Next}, err
}

func (a *API) request(ctx context.Context, in *itemInput) (record.RequestDetail, error) {
	id, err := record.ParseRequestID(in.ID)
	if err != nil {
		return record.RequestDetail{}, huma.Error422UnprocessableEntity(clip(err.Error()))
	}
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.RequestDetail{}, err
	}
	r, err := a.store.Request(ctx, id)
	if err != nil {
		return record.RequestDetail{}, fmt.Errorf("request %s: %w", id, err)
	}
	findings, err := a.store.Findings(ctx, id)
	return record.RequestDetail{Request: r, Findings: findings}, err
}

func (a *API) curl(ctx context.Context, in *itemInput) (record.Curl, error) {
	detail, err := a.request(ctx, in)
	if err != nil {
		return record.Curl{}, err
	}
	return export.Curl(&detail.Request), nil
}
