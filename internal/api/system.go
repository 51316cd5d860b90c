package api

import (
	"context"

	"sojourn/internal/record"
)

func (a *API) system(ctx context.Context, in *queryInput) (record.System, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.System{}, err
	}
	return a.hub.System(ctx)
}
