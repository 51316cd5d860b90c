package api

import (
	"context"

	"sojourn/internal/record"
)

func (a *API) system(ctx context.Context, _ *struct{}) (record.System, error) {
	return a.hub.System(ctx)
}
