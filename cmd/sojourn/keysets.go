package main

import (
	"context"
	"log/slog"

	"sojourn/internal/inspect"
	"sojourn/internal/inspect/jwks"
)

// newPipeline is the inspection of a command that reads what was recorded: it has
// the key sets of the policy as they are now, before the first exchange. One that
// cannot be had is logged.
func newPipeline(ctx context.Context, c inspect.Config, logger *slog.Logger) (*inspect.Pipeline, error) {
	c.Keys = jwks.New(jwks.Config{Logger: logger})
	defer c.Keys.Close()
	pipeline, err := inspect.New(c)
	if err != nil {
		return nil, err
	}
	c.Keys.Refresh(ctx)
	return pipeline, nil
}
