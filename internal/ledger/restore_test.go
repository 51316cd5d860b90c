package ledger

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"sojourn/internal/record"
)

func TestRestore(t *testing.T) {
	p := openPolicies(t)
	if all, err := p.All(t.Context()); len(all) > 0 || err != nil {
		t.Fatalf("before the first: %v, %v", all, err)
	}
	var last uint64
	for i := range MaxPolicyRevisions + 3 {
		r, err := p.Put(t.Context(), last, document(string(rune('a'+i%26))), "maria", "why")
		if err != nil {
			t.Fatal(err)
		}
		last = r.Revision
	}
	all, err := p.All(t.Context())
	if err != nil || len(all) != MaxPolicyRevisions || all[len(all)-1].Revision != last {
		t.Fatalf("%d revisions, %v", len(all), err)
	}
	other := openPolicies(t)
	if err := other.Restore(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	again, err := other.All(t.Context())
	if diff := cmp.Diff(all, again, cmpopts.IgnoreFields(record.PolicyRevision{}, "Saved")); diff != "" || err != nil {
		t.Errorf("(-want +got):\n%s%v", diff, err)
	}
	if err := other.Restore(t.Context(), all); err == nil {
		t.Error("restored over what is there")
	}
}
