package ledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"sojourn/internal/bus"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

const (
	// MaxPolicyRevisions is how many revisions of the policy are kept, the current
	// one included.
	MaxPolicyRevisions = bus.MaxHistory
	// MaxAuthor and MaxComment bound what is said about a change, in bytes.
	MaxAuthor  = 200
	MaxComment = 2000

	// maxPolicyValue holds a document as JSON keeps bytes, and what is said about it.
	maxPolicyValue = policy.MaxDocument/3*4 + 6*(MaxAuthor+MaxComment) + 1<<10
	policyMap      = "sojourn-policy"
	policyKey      = "policy"
)

// Policies is the policy and its history, shared by all nodes. It may be used by
// any number of goroutines.
type Policies struct {
	kv     *bus.KV
	check  policy.Check
	logger *slog.Logger
}

// NewPolicies returns the policies on the bus. check tells what of a policy
// cannot be executed; its warnings are for those who save one.
func NewPolicies(conn *bus.Conn, check policy.Check, logger *slog.Logger) *Policies {
	return &Policies{check: check, logger: logger, kv: conn.KV(bus.KVConfig{
		Name: policyMap, History: MaxPolicyRevisions, MaxValue: maxPolicyValue,
		// Room for one more: a new value is stored before the oldest goes.
		MaxBytes: (MaxPolicyRevisions + 1) * (maxPolicyValue + 2<<10),
		Logger:   logger,
	})}
}

// storedPolicy is a value of the map. Fields may be added, never given another
// meaning: nodes of several versions read it.
type storedPolicy struct {
	Document []byte `json:"document"`
	Author   string `json:"author"`
	Comment  string `json:"comment"`
}

// Current returns the policy in force. Before anybody saved one, that is the
// built-in policy as revision 0.
func (p *Policies) Current(ctx context.Context) (record.PolicyRevision, error) {
	e, err := p.kv.Get(ctx, policyKey)
	if errors.Is(err, bus.ErrNotFound) {
		return builtin(), nil
	}
	if err != nil {
		return record.PolicyRevision{}, err
	}
	return revisionOf(e)
}

// Get returns one revision, or a *policy.NoRevisionError when it is not kept.
func (p *Policies) Get(ctx context.Context, revision uint64) (record.PolicyRevision, error) {
	if revision == 0 {
		return builtin(), nil
	}
	e, err := p.kv.GetRevision(ctx, policyKey, revision)
	if errors.Is(err, bus.ErrNotFound) {
		return record.PolicyRevision{}, &policy.NoRevisionError{Revision: revision}
	}
	if err != nil {
		return record.PolicyRevision{}, err
	}
	return revisionOf(e)
}

// History returns up to limit revisions without their documents, newest first.
func (p *Policies) History(ctx context.Context, limit int) ([]record.PolicyRevision, error) {
	entries, err := p.kv.History(ctx, policyKey)
	if err != nil {
		return nil, err
	}
	out := make([]record.PolicyRevision, min(limit, len(entries)))
	for i := range out {
		// What a newer version wrote in another form still has its place here.
		r, err := revisionOf(entries[i])
		if err != nil {
			r = record.PolicyRevision{Revision: entries[i].Revision, Saved: entries[i].Saved}
		}
		r.Document = ""
		out[i] = r
	}
	return out, nil
}

// Put validates a document and saves it as the policy in force, if that has still
// the revision expected; else the error is a *policy.ConflictError. Any problem of
// the document is told as policy.Parse tells it, and nothing is saved.
func (p *Policies) Put(ctx context.Context, expected uint64, document, author, comment string) (record.PolicyRevision, error) {
	if len(author) > MaxAuthor || len(comment) > MaxComment {
		return record.PolicyRevision{}, &policy.Error{File: "change", Field: "comment", Problem: fmt.Sprintf(
			"an author has at most %d bytes and a comment %d", MaxAuthor, MaxComment)}
	}
	if _, _, err := policy.Examine("policy", []byte(document), p.check); err != nil {
		return record.PolicyRevision{}, err
	}
	value, err := json.Marshal(storedPolicy{[]byte(document), author, comment})
	if err != nil {
		return record.PolicyRevision{}, err
	}
	revision, err := p.kv.Put(ctx, policyKey, value, expected)
	if errors.Is(err, bus.ErrConflict) {
		return record.PolicyRevision{}, p.conflict(ctx, expected)
	}
	if err != nil {
		return record.PolicyRevision{}, err
	}
	return p.Get(ctx, revision)
}

func (p *Policies) conflict(ctx context.Context, expected uint64) error {
	e, err := p.kv.Get(ctx, policyKey)
	if err != nil && !errors.Is(err, bus.ErrNotFound) {
		return err
	}
	return &policy.ConflictError{Expected: expected, Current: e.Revision}
}

// Rollback saves the document of an earlier revision as a new one.
func (p *Policies) Rollback(ctx context.Context, expected, to uint64, author string) (record.PolicyRevision, error) {
	old, err := p.Get(ctx, to)
	if err != nil {
		return record.PolicyRevision{}, err
	}
	return p.Put(ctx, expected, old.Document, author, fmt.Sprintf("back to revision %d", to))
}

// Watch calls deliver with the policy in force, and then with every new one,
// until ctx is done; see bus.KV.Watch. A document that this version does not
// understand is logged and not delivered: the policy before it stays in force
// here until another one comes.
func (p *Policies) Watch(ctx context.Context, deliver func(revision uint64, pol *policy.Policy)) {
	p.kv.Watch(ctx, policyKey, func(e bus.Entry) {
		if e.Revision == 0 {
			deliver(0, policy.Default())
			return
		}
		r, err := revisionOf(e)
		if err == nil {
			var parsed *policy.Policy
			if parsed, _, err = policy.Examine("policy", []byte(r.Document), p.check); err == nil {
				deliver(e.Revision, parsed)
				return
			}
		}
		p.logger.Error("this version does not understand the new policy; the one before stays in force", "revision", e.Revision, "error", err)
	})
}

func builtin() record.PolicyRevision {
	return record.PolicyRevision{Author: "sojourn", Comment: "built in", Document: string(policy.Format(policy.Default()))}
}

func revisionOf(e bus.Entry) (record.PolicyRevision, error) {
	var s storedPolicy
	if err := json.Unmarshal(e.Value, &s); err != nil {
		return record.PolicyRevision{}, fmt.Errorf("revision %d of the policy was saved by a version that this one does not understand: %w", e.Revision, err)
	}
	return record.PolicyRevision{Revision: e.Revision, Saved: e.Saved, Author: s.Author, Comment: s.Comment, Document: string(s.Document)}, nil
}
