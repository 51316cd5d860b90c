package api

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// policyInput is a new policy: a document as it is, or a record.PolicyEdit.
type policyInput struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	IfMatch     string `header:"If-Match" doc:"The ETag of the policy that the change was made from; * for whichever is in force" example:"\"12\""`
	RawBody     []byte `contentType:"application/yaml"`
	query
}

func (a *API) putPolicy(ctx context.Context, in *policyInput) (*policyOutput, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return nil, err
	}
	edit := record.PolicyEdit{Document: string(in.RawBody)}
	switch kind, _, _ := mime.ParseMediaType(in.ContentType); kind {
	case "application/json":
		edit = record.PolicyEdit{}
		if err := json.Unmarshal(in.RawBody, &edit, json.RejectUnknownMembers(true)); err != nil {
			return nil, huma.Error400BadRequest("the body: " + clip(err.Error()))
		}
	case yamlType, "application/x-yaml", "text/yaml", "text/plain":
	default:
		return nil, huma.Error415UnsupportedMediaType(fmt.Sprintf("send the document as %s, or in JSON as the document member", yamlType))
	}
	return a.change(ctx, in.IfMatch, edit)
}

type rollbackInput struct {
	IfMatch string `header:"If-Match" doc:"The ETag of the policy in force; * for whichever is" example:"\"12\""`
	Body    record.PolicyRollback
	query
}

func (a *API) rollbackPolicy(ctx context.Context, in *rollbackInput) (*policyOutput, error) {
	if _, err := ask(in.raw, nil, a.now()); err != nil {
		return nil, err
	}
	old, err := a.policy.Keeper.Get(ctx, in.Body.Revision)
	if err != nil {
		return nil, keeperFailed(err)
	}
	return a.change(ctx, in.IfMatch, record.PolicyEdit{
		Document: old.Document, Expected: in.Body.Expected, Comment: fmt.Sprintf("back to revision %d", old.Revision),
	})
}

// change saves a new policy, if it may be changed here, from that revision, in
// those parts.
func (a *API) change(ctx context.Context, ifMatch string, edit record.PolicyEdit) (*policyOutput, error) {
	if a.policy.File != "" {
		return nil, huma.Error409Conflict(fmt.Sprintf("the policy is the file %s (--policy): change that; or start without --policy to change it here", a.policy.File))
	}
	wanted, _, err := policy.Examine("policy", []byte(edit.Document), a.policy.Check)
	if err != nil {
		return nil, err
	}
	current, err := a.policy.Keeper.Current(ctx)
	if err != nil {
		return nil, keeperFailed(err)
	}
	expected, err := expectedRevision(ifMatch, edit.Expected, current.Revision)
	switch {
	case err != nil:
		return nil, err
	case expected != current.Revision:
		return nil, &policy.ConflictError{Expected: expected, Current: current.Revision}
	}
	if err := a.mayChange(current.Document, wanted); err != nil {
		return nil, err
	}
	saved, err := a.policy.Keeper.Put(ctx, expected, edit.Document, "admin ("+string(callerOf(ctx).credential)+")", edit.Comment)
	if err != nil {
		return nil, keeperFailed(err)
	}
	return a.policyOutput(saved), nil
}

// expectedRevision returns the revision that a change was made from.
func expectedRevision(ifMatch string, given *uint64, current uint64) (uint64, error) {
	switch ifMatch = strings.TrimSpace(ifMatch); {
	case ifMatch == "" && given == nil:
		return 0, huma.NewError(http.StatusPreconditionRequired, "say which revision the change was made from: its ETag as If-Match, or its number as expected")
	case ifMatch == "":
		return *given, nil
	case ifMatch == "*":
		return current, nil
	}
	text, err := strconv.Unquote(ifMatch)
	if err != nil {
		text = ifMatch
	}
	revision, err := strconv.ParseUint(text, 10, 64)
	if err != nil || given != nil && *given != revision {
		return 0, huma.Error400BadRequest(fmt.Sprintf("If-Match: %s is not the ETag of a policy, or not of the expected one", clip(ifMatch)))
	}
	return revision, nil
}

// mayChange refuses a change of the guarded parts, where they are.
func (a *API) mayChange(before string, wanted *policy.Policy) error {
	if a.policy.AllowRemoteRouting {
		return nil
	}
	current, err := policy.Parse("policy", []byte(before))
	if err != nil {
		return huma.Error403Forbidden("the policy in force is of a version that this one does not understand, so it cannot tell whether routing changes: start with --allow-remote-routing to replace it")
	}
	if parts := policy.Guarded(current, wanted); len(parts) > 0 {
		return huma.Error403Forbidden(fmt.Sprintf("this changes %s: that is done in a file (--policy), or here when started with --allow-remote-routing", strings.Join(parts, ", ")))
	}
	return nil
}
