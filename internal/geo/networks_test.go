package geo

import "testing"

func TestNetworkTag(t *testing.T) {
	f := func(asn uint32, want string) {
		t.Helper()
		if got := networkTag(asn); got != want {
			t.Errorf("networkTag(%d) = %q, want %q", asn, got, want)
		}
	}
	f(14618, "AWS")
	f(16509, "AWS")
	f(15169, "Google")
	f(396982, "Google")
	f(8075, "Azure")
	f(24940, "Hetzner")
	f(16276, "OVH")
	f(14061, "DigitalOcean")
	f(13335, "Cloudflare")
	f(0, "")
	f(3320, "")
	f(1<<32-1, "")
}

// TestNetworkTagsFit walks all numbers that are assigned today.
func TestNetworkTagsFit(t *testing.T) {
	seen := map[string]bool{}
	for asn := range uint32(500_000) {
		tag := networkTag(asn)
		if tag != printable(tag) {
			t.Errorf("AS%d: tag %q would not fit the name of a network", asn, tag)
		}
		seen[tag] = true
	}
	if len(seen) < 40 {
		t.Errorf("%d tags", len(seen))
	}
}
