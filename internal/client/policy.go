package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"sojourn/internal/record"
)

// Policy shows the policy in force.
func (c *Client) Policy(ctx context.Context) (p record.PolicyInForce, err error) {
	err = c.decode(ctx, http.MethodGet, "policy", nil, &p)
	return p, err
}

// PutPolicy puts another policy in force. When somebody else was faster, or the
// document is wrong, its error is a *Problem that says so.
func (c *Client) PutPolicy(ctx context.Context, edit record.PolicyEdit) (p record.PolicyInForce, err error) {
	err = c.exchange(ctx, http.MethodPut, "policy", nil, edit, &p)
	return p, err
}

// RollbackPolicy puts an earlier policy in force again.
func (c *Client) RollbackPolicy(ctx context.Context, to record.PolicyRollback) (p record.PolicyInForce, err error) {
	err = c.exchange(ctx, http.MethodPost, "policy/rollback", nil, to, &p)
	return p, err
}

// PolicyHistory lists the policies that were in force.
func (c *Client) PolicyHistory(ctx context.Context) (h record.PolicyHistory, err error) {
	err = c.decode(ctx, http.MethodGet, "policy/revisions", nil, &h)
	return h, err
}

// PolicyRevision shows one of them.
func (c *Client) PolicyRevision(ctx context.Context, revision uint64) (r record.PolicyRevision, err error) {
	err = c.decode(ctx, http.MethodGet, "policy/revisions/"+strconv.FormatUint(revision, 10), nil, &r)
	return r, err
}

// PolicyDiff tells how the policy changed between two revisions; to is the one in
// force when it is nil.
func (c *Client) PolicyDiff(ctx context.Context, from uint64, to *uint64) (d record.PolicyDiff, err error) {
	filters := url.Values{"from": {strconv.FormatUint(from, 10)}}
	if to != nil {
		filters.Set("to", strconv.FormatUint(*to, 10))
	}
	err = c.decode(ctx, http.MethodGet, "policy/diff", filters, &d)
	return d, err
}
