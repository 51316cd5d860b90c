package store

import (
	"testing"

	"sojourn/internal/record"
)

func TestBatchOf(t *testing.T) {
	f := record.Finding{ID: "f", Type: "protocol_smuggling"}
	at := Position{Log: "bus:1", Seq: 7}
	b := BatchOf(at, []record.Request{{Path: "/a"}, {Path: "/b", Findings: []record.Finding{f}}})
	if b.Position != at || len(b.Requests) != 2 || len(b.Findings) != 1 || b.Findings[0] != f {
		t.Errorf("%+v", b)
	}
	if b.Requests[1].Findings != nil {
		t.Error("a finding is left in its request")
	}
}
