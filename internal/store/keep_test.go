package store

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

func TestKept(t *testing.T) {
	got := Kept(record.Request{
		ID: record.RequestID{At: 5}, Started: 9, Host: "a\xff\xfeb", Path: "/ü", Flags: []record.Flag{},
		IP: netip.MustParseAddr("::ffff:10.0.0.1"), Duration: -7, FirstByte: 3,
	})
	want := record.Request{
		ID: record.RequestID{At: 5}, Started: 5, Host: "a\uFFFDb", Path: "/ü",
		IP: netip.MustParseAddr("10.0.0.1"), Duration: record.Unknown, FirstByte: 3,
	}
	sameAddr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })
	if diff := cmp.Diff(want, got, sameAddr); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(got, Kept(got), sameAddr); diff != "" {
		t.Errorf("what is kept should stay (-once +twice):\n%s", diff)
	}
	if got := KeptAddr(netip.MustParseAddr("fe80::1%eth0")); got != netip.MustParseAddr("fe80::1") {
		t.Errorf("an address with a zone is kept as %s", got)
	}
}
