package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// explain tells why a request is in its session.
func (a *API) explain(ctx context.Context, in *itemInput) (record.Explanation, error) {
	detail, err := a.request(ctx, in)
	if err != nil {
		return record.Explanation{}, err
	}
	judged, note, err := a.judgedBy(ctx, detail.Revision)
	if err != nil {
		return record.Explanation{}, err
	}
	return explanation(&detail.Request, judged, note), nil
}

// judgedBy returns the policy of a revision; nil, and why, when nobody knows it
// any more.
func (a *API) judgedBy(ctx context.Context, revision uint64) (p *policy.Policy, note string, err error) {
	if revision == 0 {
		return policy.Default(), "", nil
	}
	if revision == record.FileRevision {
		return nil, "a policy file judged it, such as one that an import was given; the history does not hold it", nil
	}
	if a.policy == nil {
		return nil, fmt.Sprintf("only a running server knows revision %d of the policy", revision), nil
	}
	r, err := a.policy.Keeper.Get(ctx, revision)
	if none := new(policy.NoRevisionError); errors.As(err, &none) {
		return nil, none.Error() + " any more", nil
	}
	if err != nil {
		return nil, "", keeperFailed(err)
	}
	p, err = policy.Parse("policy", []byte(r.Document))
	if err != nil {
		return nil, fmt.Sprintf("this version does not understand revision %d of the policy", revision), nil
	}
	return p, "", nil
}

// explanation tells the ladder that r climbed under a policy; nil when that is not
// known, as the note says.
func explanation(r *record.Request, judged *policy.Policy, note string) record.Explanation {
	e := record.Explanation{
		Request: r.ID, Session: r.Session, Revision: r.Revision, Rung: r.Rung, Key: r.Key, Point: r.Point,
		Strength: r.Strength, Verified: record.Verified(r.Point, r.Strength), Accepted: r.Accepted, Note: note,
	}
	if judged != nil {
		var fits bool
		if e.Tried, fits = triedBefore(r, judged); !fits {
			// Such as the file that an import was given, which is nobody's revision.
			e.Note = fmt.Sprintf("the request does not fit revision %d of the policy: another policy judged it, which is not in the history", r.Revision)
		}
	}
	e.Unlisted = r.Tried - len(e.Tried)
	e.Tried = append(e.Tried, record.Attempt{Name: r.Key, Point: r.Point, Rung: r.Rung, Found: true})
	return e
}

// triedBefore lists the keys of the own rung and the MCP rung that r had no value
// for before it found one. It is false, with none, when the policy cannot have
// judged r: one of these keys won, or r tried fewer than there are.
func triedBefore(r *record.Request, p *policy.Policy) (tried []record.Attempt, fits bool) {
	ladder := ownLadder(p, r.Application)
	if r.Rung != record.RungOwn && r.MCP != nil {
		ladder = append(ladder, mcpLadder(p, r)...)
	}
	if r.Rung != record.RungOwn && r.Rung != record.RungMCP {
		if r.Tried < len(ladder) {
			return nil, false
		}
		return ladder, true
	}
	if r.Tried < 0 || r.Tried >= len(ladder) || ladder[r.Tried].Name != r.Key || ladder[r.Tried].Rung != r.Rung {
		return nil, false
	}
	return ladder[:r.Tried], true
}

// ownLadder lists the operator's keys for an application, in their order, as not
// found.
func ownLadder(p *policy.Policy, application string) (out []record.Attempt) {
	for i := range p.Session.Parameters {
		q := &p.Session.Parameters[i]
		if !q.Group || len(q.Applications) > 0 && !slices.Contains(q.Applications, application) {
			continue
		}
		why := "had no value"
		if q.Composite() {
			why = "not all of its points had a value"
		}
		out = append(out, record.Attempt{Name: q.Name, Point: strings.Join(q.AllPoints(), " + "), Rung: record.RungOwn, Why: why})
	}
	return out
}

// mcpLadder lists the keys of the MCP rung for r, in their order, as not found.
func mcpLadder(p *policy.Policy, r *record.Request) []record.Attempt {
	var out []record.Attempt
	if i := policy.NewMCPMatcher(p.MCP).Match(r.Host, r.Path); i >= 0 && p.MCP[i].Session != "" {
		out = append(out, record.Attempt{Name: record.MCPServerKey, Point: p.MCP[i].Session, Rung: record.RungMCP, Why: "had no value"})
	}
	for _, k := range []record.Attempt{
		{Name: record.MCPSessionKey, Point: `request.header["Mcp-Session-Id"]`, Why: "there was none, or the protocol of this generation has none"},
		{Name: record.MCPSubjectKey, Point: `request.header["Authorization"].jwt`, Why: "there was no token that names its subject and its client"},
		{Name: record.MCPTraceKey, Point: `request.mcp.meta["traceparent"]`, Why: "there was none"},
	} {
		k.Rung = record.RungMCP
		out = append(out, k)
	}
	return out
}
