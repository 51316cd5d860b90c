package geo

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

func TestLayouts(t *testing.T) {
	const yes, no = mmdbtype.Bool(true), mmdbtype.Bool(false)
	known := isoCountry("CH") // in another network, so that the file is usable
	f := func(name string, record mmdbtype.DataType, want Place) {
		t.Helper()
		r := open(t, write(t, build(t, 6, networks{"192.0.2.0/24": record, "198.51.100.0/24": known})))
		if diff := cmp.Diff(want, r.Lookup(netip.MustParseAddr("192.0.2.1"))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if n := r.Unreadable(); n != 0 {
			t.Errorf("%s: %d records unreadable", name, n)
		}
	}

	f("MaxMind country", isoCountry("DE"), Place{Country: "DE"})
	f("only the country where the network is registered",
		mmdbtype.Map{"registered_country": mmdbtype.Map{"iso_code": mmdbtype.String("AU")}}, Place{})
	f("sapics country", mmdbtype.Map{"country_code": mmdbtype.String("DE")}, Place{Country: "DE"})
	f("IPinfo country", mmdbtype.Map{"country": mmdbtype.String("DE")}, Place{Country: "DE"})
	f("IPinfo lite", mmdbtype.Map{"country": mmdbtype.String("Germany"), "country_code": mmdbtype.String("DE"),
		"asn": mmdbtype.String("AS64496"), "as_name": mmdbtype.String("Example"), "as_domain": mmdbtype.String("example.com")},
		Place{Country: "DE", ASN: 64496, Network: "Example"})
	f("IPinfo ASN", mmdbtype.Map{"asn": mmdbtype.String("AS64496"), "name": mmdbtype.String("Example")},
		Place{ASN: 64496, Network: "Example"})
	f("lower case", mmdbtype.Map{"country_code": mmdbtype.String("de")}, Place{Country: "DE"})
	f("unknown countries", mmdbtype.Map{"country": mmdbtype.String("-"), "country_code": mmdbtype.String("ZZ")}, Place{})

	f("number alone", mmdbtype.Map{"asn": mmdbtype.Uint32(64496)}, Place{ASN: 64496, Network: "AS64496"})
	f("number in 16 bits", mmdbtype.Map{"asn": mmdbtype.Uint16(13335)}, Place{ASN: 13335, Network: "Cloudflare"})
	f("number over 32 bits", mmdbtype.Map{"asn": mmdbtype.Uint64(1 << 32), "as_name": mmdbtype.String("Big")},
		Place{Network: "Big"})
	f("no number", mmdbtype.Map{"asn": mmdbtype.String("AS none")}, Place{})
	f("name of something else", mmdbtype.Map{"name": mmdbtype.String("A city")}, Place{})
	f("name with controls", asn(64496, "Ex\x1b[31mam\u202eple\x00 \n"), Place{ASN: 64496, Network: "Ex[31mample"})
	f("name of nothing but controls", asn(64496, "\x01\x02"), Place{ASN: 64496, Network: "AS64496"})
	f("long name", asn(64496, strings.Repeat("é", 100)), Place{ASN: 64496, Network: strings.Repeat("é", maxNameBytes/2)})
	f("long name, cut inside a rune", asn(64496, "x"+strings.Repeat("é", 100)),
		Place{ASN: 64496, Network: "x" + strings.Repeat("é", maxNameBytes/2-1)})

	f("any anonymity", mmdbtype.Map{"is_anonymous": yes}, Place{Anonymous: Anonymous})
	f("VPN", mmdbtype.Map{"is_anonymous": yes, "is_anonymous_vpn": yes, "is_hosting_provider": yes}, Place{Anonymous: VPN})
	f("public proxy", mmdbtype.Map{"is_anonymous": yes, "is_public_proxy": yes}, Place{Anonymous: Proxy})
	f("residential proxy", mmdbtype.Map{"is_residential_proxy": yes, "is_public_proxy": yes}, Place{Anonymous: ResidentialProxy})
	f("Tor", mmdbtype.Map{"is_tor_exit_node": yes, "is_anonymous_vpn": yes}, Place{Anonymous: Tor})
	f("IPinfo privacy", mmdbtype.Map{"hosting": no, "proxy": no, "relay": yes, "tor": no, "vpn": no,
		"service": mmdbtype.String("")}, Place{Anonymous: Relay})
	f("IPinfo privacy as text", mmdbtype.Map{"hosting": mmdbtype.String("true"), "tor": mmdbtype.String("")},
		Place{Anonymous: Hosting})
	f("nothing applies", mmdbtype.Map{"is_anonymous": no, "vpn": no}, Place{})
	f("traits", mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.String("DE")}, "traits": mmdbtype.Map{
		"autonomous_system_number": mmdbtype.Uint32(16276), "is_anonymous_proxy": yes}},
		Place{Country: "DE", ASN: 16276, Network: "OVH", Anonymous: Anonymous})

	f("fields of other kinds", mmdbtype.Map{
		"country":                  mmdbtype.Slice{mmdbtype.String("DE")},
		"country_code":             mmdbtype.Uint32(276),
		"autonomous_system_number": mmdbtype.Float64(64496),
		"as_name":                  mmdbtype.Map{"en": mmdbtype.String("Example")},
		"is_anonymous":             mmdbtype.Slice{yes},
	}, Place{})
	f("country in other kinds", mmdbtype.Map{"country": mmdbtype.Map{"iso_code": mmdbtype.Uint32(276)}}, Place{})
	f("empty", mmdbtype.Map{}, Place{})
}

func TestDamagedRecordsAreCounted(t *testing.T) {
	many := mmdbtype.Map{}
	for i := range maxMembers + 1 {
		many[mmdbtype.String(strings.Repeat("x", i+1))] = mmdbtype.Bool(true)
	}
	all := networks{}
	// Enough sound networks come first for the file to be taken; neighbours differ,
	// or they would be joined.
	for i := range sampleNetworks {
		all[netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 0}), 24).String()] = isoCountry([]string{"DE", "FR"}[i%2])
	}
	all["192.0.2.0/24"] = mmdbtype.Map{"country": many}
	all["198.51.100.0/24"] = asn(64496, strings.Repeat("x", maxTextBytes+1))
	r := open(t, write(t, build(t, 6, all)))

	for range 2 {
		for _, addr := range []string{"192.0.2.1", "198.51.100.1"} {
			if got := r.Lookup(netip.MustParseAddr(addr)); got != (Place{}) {
				t.Errorf("%s: %+v of a damaged record", addr, got)
			}
		}
	}
	if n := r.Unreadable(); n != 2 {
		t.Errorf("Unreadable() = %d, want one for each record", n)
	}
	if got := r.Lookup(netip.MustParseAddr("10.0.0.1")); got.Country != "DE" {
		t.Errorf("a sound record beside them: %+v", got)
	}
}
