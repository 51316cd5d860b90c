package store

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestKept(t *testing.T) {
	given := record.Request{
		ID: record.RequestID{At: 5}, Started: 9, Host: "a\xff\xfeb", Path: "/ü", Flags: []record.Flag{},
		IP: netip.MustParseAddr("::ffff:10.0.0.1"), Duration: -7, FirstByte: 3,
		User: "m\xff", Role: "\xfe", Country: "D\xff", Operation: "q\xc3",
		MCP:     &record.MCP{Name: "t\xff", Error: -1, More: []record.MCPMessage{{Method: "m\xff", Name: "n\xff", Trace: "t\xff", From: "f\xff", Error: 7}}},
		Context: []record.Value{{Name: "n\xff", Value: "v\xff", Hashed: true}, {}},
	}
	got := Kept(given)
	want := record.Request{
		ID: record.RequestID{At: 5}, Started: 5, Host: "a\uFFFDb", Path: "/ü",
		IP: netip.MustParseAddr("10.0.0.1"), Duration: record.Unknown, FirstByte: 3,
		User: "m\uFFFD", Role: "\uFFFD", Country: "D\uFFFD", Operation: "q\uFFFD",
		MCP: &record.MCP{Name: "t\uFFFD", Error: -1, More: []record.MCPMessage{{
			Method: "m\uFFFD", Name: "n\uFFFD", Trace: "t\uFFFD", From: "f\uFFFD", Error: 7,
		}}},
		Context: []record.Value{{Name: "n\uFFFD", Value: "v\uFFFD", Hashed: true}, {}},
	}
	sameAddr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(want, got, sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, Kept(got), sameAddr); diff != "" {
		t.Errorf("what is kept should stay (-once +twice):\n%s", diff)
	}
	if given.MCP.Name != "t\xff" || given.MCP.More[0].Name != "n\xff" || given.Context[0].Value != "v\xff" {
		t.Errorf("what was given was changed: %+v, %+v", given.MCP, given.Context)
	}
	if got := Kept(record.Request{MCP: &record.MCP{More: []record.MCPMessage{}}, Context: []record.Value{}}); got.MCP != nil || got.Context != nil {
		t.Errorf("nothing is kept as %v and %v, want nil", got.MCP, got.Context)
	}
	if got := KeptAddr(netip.MustParseAddr("fe80::1%eth0")); got != netip.MustParseAddr("fe80::1") {
		t.Errorf("an address with a zone is kept as %s", got)
	}
}
