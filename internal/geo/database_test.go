package geo

import (
	"net/netip"
	"sync/atomic"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// small is a database with a record of each kind, short enough to damage it
// everywhere.
func small(t testing.TB) []byte {
	return build(t, 6, networks{
		"192.0.0.0/3":   isoCountry("DE"),
		"64.0.0.0/3":    asn(16509, "Amazon.com, Inc."),
		"2000::/3":      mmdbtype.Map{"is_tor_exit_node": mmdbtype.Bool(true), "is_anonymous": mmdbtype.Bool(true)},
		"2001:db8::/32": mmdbtype.Map{"traits": mmdbtype.Map{"is_hosting_provider": mmdbtype.Bool(true)}},
	})
}

var probes = []netip.Addr{
	netip.MustParseAddr("0.0.0.0"), netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("65.0.0.1"),
	netip.MustParseAddr("255.255.255.255"), netip.MustParseAddr("::"), netip.MustParseAddr("2001:db8::1"),
	netip.MustParseAddr("2600::1"), netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
}

// survive looks probes up in content if it is taken at all, and checks what must
// hold of any content.
func survive(t *testing.T, content []byte) {
	t.Helper()
	var unreadable atomic.Int64
	d, err := newDatabase(content, &unreadable)
	if err != nil {
		return
	}
	if d.holds == "" {
		t.Error("taken, and holds nothing")
	}
	for _, addr := range probes {
		p := d.lookup(addr)
		if len(p.country) != 0 && len(p.country) != 2 {
			t.Errorf("%s: country %q", addr, p.country)
		}
		if p.network != printable(p.network) {
			t.Errorf("%s: network %q", addr, p.network)
		}
		if again := d.lookup(addr); *again != *p {
			t.Errorf("%s: %+v, then %+v", addr, p, again)
		}
	}
}

func TestDamagedFilesDoNotHarm(t *testing.T) {
	sound := small(t)
	survive(t, sound)
	content := make([]byte, len(sound))
	for i := range sound {
		for _, damage := range []byte{0x00, 0xff, sound[i] ^ 0x01, sound[i] ^ 0x80, sound[i] + 1} {
			copy(content, sound)
			content[i] = damage
			survive(t, content)
		}
		survive(t, sound[:i])
		survive(t, sound[i:])
	}
}

// TestHostileTreeEnds opens a tree whose nodes all lead to the next one on both
// sides: few bytes, and more paths than can be walked.
func TestHostileTreeEnds(t *testing.T) {
	sound := small(t)
	d, err := newDatabase(sound, new(atomic.Int64))
	if err != nil {
		t.Fatal(err)
	}
	nodes := d.mmdb.Metadata.NodeCount
	if nodes < 128 || d.mmdb.Metadata.RecordSize != 24 {
		t.Fatalf("%d nodes of %d bits do not make the tree", nodes, d.mmdb.Metadata.RecordSize)
	}
	f := func(name string, last uint) {
		content := append([]byte(nil), sound...)
		for i := range nodes {
			next := i + 1
			if i >= 127 {
				next = last
			}
			for side := range uint(2) {
				at := i*6 + side*3
				content[at], content[at+1], content[at+2] = byte(next>>16), byte(next>>8), byte(next)
			}
		}
		if _, err := newDatabase(content, new(atomic.Int64)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	f("every path ends in nothing", nodes)
	f("every path is a loop", 0)
	f("every path leads to the IPv4 part", 96)
}

func FuzzDatabase(f *testing.F) {
	f.Add(small(f))
	f.Add(build(f, 4, networks{"192.0.2.0/24": isoCountry("DE")}))
	f.Add(build(f, 6, networks{"::/0": mmdbtype.Map{"asn": mmdbtype.String("AS64496"), "vpn": mmdbtype.String("true")}}))
	f.Fuzz(survive)
}

func TestSlotOf(t *testing.T) {
	used := map[uint64]bool{}
	for i := range recordSlots {
		slot := slotOf(uintptr(i) * 64)
		if slot >= recordSlots {
			t.Fatalf("slot %d of %d", slot, recordSlots)
		}
		used[slot] = true
	}
	if len(used) < recordSlots/2 {
		t.Errorf("%d records of 64 bytes share %d slots", recordSlots, len(used))
	}
}
