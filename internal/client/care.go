package client

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"sojourn/internal/record"
)

// Saved lists the days that can be copied.
func (c *Client) Saved(ctx context.Context) (s record.Saved, err error) {
	err = c.decode(ctx, http.MethodGet, "backup", nil, &s)
	return s, err
}

// CopyDay writes the file of a day to w as it comes. When it fails, what was
// written is not the whole.
func (c *Client) CopyDay(ctx context.Context, day record.Day, w io.Writer) error {
	return c.Export(ctx, "backup/days/"+day.String(), nil, w)
}

// Erase removes requests. It waits for as long as that takes.
func (c *Client) Erase(ctx context.Context, what record.Erasure) (e record.Erased, err error) {
	body, err := json.Marshal(what)
	if err != nil {
		return e, err
	}
	r, err := c.request(ctx, http.MethodPost, "erase", nil, body)
	if err != nil {
		return e, err
	}
	w, err := c.streams.Do(r)
	if err != nil {
		return e, fmt.Errorf("the server does not answer: %w", err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(io.LimitReader(w.Body, maxAnswer))
	switch {
	case err != nil:
		return e, fmt.Errorf("the answer of %s broke off: %w", c.base, err)
	case w.StatusCode != http.StatusOK:
		return e, problemOf(w, text)
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return e, fmt.Errorf("the answer of %s is not what this version expects: %w", c.base, err)
	}
	return e, nil
}
