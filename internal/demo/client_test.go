package demo

import (
	"net/netip"
	"testing"
)

func TestClients(t *testing.T) {
	const seed = 1
	behind := map[netip.Addr]int{}
	for id := firstCustomer; id < firstCustomer+600; id++ {
		p, _ := personOf(seed, id)
		web := webClient(seed, p)
		if again := webClient(seed, p); again != web {
			t.Fatalf("person %d has two computers: %+v and %+v", id, web, again)
		}
		behind[web.ip]++
		first, second := appClient(seed, p, draw(1, uint64(id))), appClient(seed, p, draw(2, uint64(id)))
		if first.agent != second.agent || first.jar != second.jar {
			t.Errorf("the phone of person %d changes", id)
		}
		if first.jar == web.jar {
			t.Errorf("the devices of person %d share a jar", id)
		}
		if first.ip.Is6() && second.ip.Is6() {
			a, _ := first.ip.Prefix(64)
			if !a.Contains(second.ip) || first.ip == second.ip {
				t.Errorf("carrier addresses %v and %v: want one /64, two addresses", first.ip, second.ip)
			}
		}
	}
	crowded, shared := 0, netip.MustParsePrefix("203.0.113.0/24")
	for ip, n := range behind {
		if shared.Contains(ip) {
			crowded += n
		}
		if n > 30 {
			t.Errorf("%d people behind %v", n, ip)
		}
	}
	if crowded != 120 {
		t.Errorf("%d of 600 people share a NAT, want one in five", crowded)
	}
}

func TestPartnersHaveDifferentKeys(t *testing.T) {
	seen := map[string]bool{}
	for i := range partners {
		seen[keyOf(1, i)] = true
		seen[keyOf(2, i)] = true
	}
	if len(seen) != 2*len(partners) {
		t.Errorf("%d keys for %d partners in two shops", len(seen), len(partners))
	}
}
