package ledger

import (
	"context"
	"encoding/json"

	"sojourn/internal/bus"
	"sojourn/internal/record"
)

// All returns the revisions that are kept with their documents, oldest first, but
// for those that this version does not understand, and what is before them.
func (p *Policies) All(ctx context.Context) ([]record.PolicyRevision, error) {
	entries, err := p.kv.History(ctx, policyKey)
	if err != nil {
		return nil, err
	}
	var all []record.PolicyRevision
	for i := len(entries) - 1; i >= 0; i-- {
		r, err := revisionOf(entries[i])
		if err != nil {
			all = nil
			continue
		}
		all = append(all, r)
	}
	return all, nil
}

// Restore saves what All returned elsewhere under the same revisions, which
// requests name. It fails where a policy was saved before.
func (p *Policies) Restore(ctx context.Context, all []record.PolicyRevision) error {
	entries := make([]bus.Entry, len(all))
	for i, r := range all {
		value, err := json.Marshal(storedPolicy{[]byte(r.Document), r.Author, r.Comment})
		if err != nil {
			return err
		}
		entries[i] = bus.Entry{Value: value, Revision: r.Revision}
	}
	return p.kv.Restore(ctx, policyKey, entries)
}
