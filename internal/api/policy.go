package api

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// PolicyKeeper keeps the policy and its history; see ledger.Policies. Its errors
// are *policy.Error (one or several joined), *policy.ConflictError and
// *policy.NoRevisionError; any other means that it cannot be reached now.
type PolicyKeeper interface {
	Current(ctx context.Context) (record.PolicyRevision, error)
	Get(ctx context.Context, revision uint64) (record.PolicyRevision, error)
	History(ctx context.Context, limit int) ([]record.PolicyRevision, error)
	Put(ctx context.Context, expected uint64, document, author, comment string) (record.PolicyRevision, error)
}

// PolicyConfig says where the policy is kept and what may be changed.
type PolicyConfig struct {
	Keeper PolicyKeeper
	Check  policy.Check // tells problems and warnings of what the rooms compile; nil: there are none
	File   string       // that is the truth, so that nothing can be changed here; empty: there is none
	// AllowRemoteRouting lets callers change what policy.Guarded names.
	AllowRemoteRouting bool
}

// maxRevisions bounds a history; what is kept is less.
const maxRevisions = 1000

// yamlType is the media type of a document as it is (RFC 9512).
const yamlType = "application/yaml"

// policyOutput is the policy in force. Its ETag goes back as If-Match.
type policyOutput struct {
	ETag string `header:"ETag" doc:"The revision, quoted"`
	Body policyBody
}

type policyBody struct {
	record.PolicyInForce
	Policy *policy.Policy `json:"policy,omitempty" doc:"The document as it was understood, with its defaults"`
}

func (a *API) getPolicy(ctx context.Context, in *queryInput) (*policyOutput, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return nil, err
	}
	current, err := a.policy.Keeper.Current(ctx)
	if err != nil {
		return nil, keeperFailed(err)
	}
	return a.policyOutput(current), nil
}

func (a *API) policyOutput(r record.PolicyRevision) *policyOutput {
	out := &policyOutput{ETag: strconv.Quote(strconv.FormatUint(r.Revision, 10))}
	out.Body.PolicyInForce = record.PolicyInForce{PolicyRevision: r, Source: record.PolicyFromAPI}
	if a.policy.File != "" {
		out.Body.Source, out.Body.File = record.PolicyFromFile, a.policy.File
	}
	parsed, warnings, err := policy.Examine("policy", []byte(r.Document), a.policy.Check)
	if err != nil { // saved by a newer version
		out.Body.Problems = problemsOf(err)
	}
	out.Body.Policy, out.Body.Warnings = parsed, warnings
	return out
}

func (a *API) policyHistory(ctx context.Context, in *queryInput) (record.PolicyHistory, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.PolicyHistory{}, err
	}
	revisions, err := a.policy.Keeper.History(ctx, maxRevisions)
	if err != nil {
		return record.PolicyHistory{}, keeperFailed(err)
	}
	return record.PolicyHistory{Revisions: revisions}, nil
}

type revisionInput struct {
	Revision uint64 `path:"revision" doc:"Its number, as the history shows it"`
	query
}

func (a *API) policyRevision(ctx context.Context, in *revisionInput) (record.PolicyRevision, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return record.PolicyRevision{}, err
	}
	r, err := a.policy.Keeper.Get(ctx, in.Revision)
	if err != nil {
		return r, keeperFailed(err)
	}
	return r, nil
}

// diffParams are read by policyDiff itself: they are of no other question.
var diffParams = []param{
	{name: "from", example: "3", doc: "A revision", schema: &huma.Schema{Type: huma.TypeInteger, Minimum: number(0)}},
	{name: "to", example: "5", doc: "Another; the one in force by default", schema: &huma.Schema{Type: huma.TypeInteger, Minimum: number(0)}},
}

func (a *API) policyDiff(ctx context.Context, in *queryInput) (record.PolicyDiff, error) {
	given, err := revisions(in.raw)
	if err != nil {
		return record.PolicyDiff{}, err
	}
	from, before, err := a.parsedRevision(ctx, given["from"])
	if err != nil {
		return record.PolicyDiff{}, err
	}
	to, after, err := a.parsedRevision(ctx, given["to"])
	if err != nil {
		return record.PolicyDiff{}, err
	}
	return record.PolicyDiff{From: from, To: to, Changes: policy.Diff(before, after)}, nil
}

// revisions reads the parameters of a diff.
func revisions(raw string) (map[string]*uint64, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, invalid("", raw, fmt.Errorf("the query string is malformed: %w", err))
	}
	out := map[string]*uint64{}
	for _, name := range sortedNames(values) {
		if name != "from" && name != "to" {
			return nil, unknownParam(name, values.Get(name), diffParams)
		}
		n, err := strconv.ParseUint(values.Get(name), 10, 64)
		if err != nil || len(values[name]) > 1 {
			return nil, invalid(name, values.Get(name), errors.New("is not the number of one revision"))
		}
		out[name] = &n
	}
	if out["from"] == nil {
		return nil, invalid("from", "", errors.New("missing: say which revision to compare"))
	}
	return out, nil
}

// parsedRevision returns a revision, or the one in force for nil.
func (a *API) parsedRevision(ctx context.Context, number *uint64) (uint64, *policy.Policy, error) {
	var r record.PolicyRevision
	var err error
	if number == nil {
		r, err = a.policy.Keeper.Current(ctx)
	} else {
		r, err = a.policy.Keeper.Get(ctx, *number)
	}
	if err != nil {
		return 0, nil, keeperFailed(err)
	}
	p, err := policy.Parse(fmt.Sprintf("revision %d", r.Revision), []byte(r.Document))
	return r.Revision, p, err
}
