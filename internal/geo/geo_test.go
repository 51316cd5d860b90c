package geo

import (
	"bytes"
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// networks are the records of a database to be, by network.
type networks map[string]mmdbtype.DataType

// build returns an MMDB of the IP version given, with these networks.
func build(t testing.TB, ipVersion int, all networks) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: "Test", IPVersion: ipVersion, RecordSize: 24, BuildEpoch: 1,
		IncludeReservedNetworks: true, DisableIPv4Aliasing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	var prefixes []netip.Prefix
	for cidr := range all {
		prefixes = append(prefixes, netip.MustParsePrefix(cidr))
	}
	// The wide ones first: a network replaces those inside it. And in one order, so
	// that the same networks make the same file.
	slices.SortFunc(prefixes, func(a, b netip.Prefix) int {
		return cmp.Or(a.Bits()-b.Bits(), a.Addr().Compare(b.Addr()))
	})
	for _, p := range prefixes {
		network := &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
		if err := tree.Insert(network, all[p.String()]); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if _, err := tree.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// write puts content into a new file and returns its path.
func write(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func open(t testing.TB, paths ...string) *Reader {
	t.Helper()
	r, err := Open(paths, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// isoCountry is MaxMind's record of a country.
func isoCountry(code string) mmdbtype.Map {
	return mmdbtype.Map{"country": mmdbtype.Map{
		"geoname_id": mmdbtype.Uint32(1), "iso_code": mmdbtype.String(code),
		"names": mmdbtype.Map{"en": mmdbtype.String("A country"), "de": mmdbtype.String("Ein Land")},
	}}
}

func asn(number uint32, name string) mmdbtype.Map {
	return mmdbtype.Map{
		"autonomous_system_number":       mmdbtype.Uint32(number),
		"autonomous_system_organization": mmdbtype.String(name),
	}
}

func TestLookupJoinsFiles(t *testing.T) {
	countries := write(t, build(t, 6, networks{
		"192.0.2.0/24":   isoCountry("DE"),
		"198.51.0.0/16":  isoCountry("FR"),
		"2001:db8::/32":  isoCountry("JP"),
		"203.0.113.0/24": mmdbtype.Map{"country_code": mmdbtype.String("BR")},
	}))
	numbers := write(t, build(t, 6, networks{
		"192.0.2.0/25":    asn(24940, "Hetzner Online GmbH"),
		"198.51.100.0/24": asn(64500, "Example Net"),
		"203.0.113.0/24":  mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64501)},
	}))
	hosting := write(t, build(t, 6, networks{
		"192.0.2.0/24": mmdbtype.Map{"is_anonymous": mmdbtype.Bool(true), "is_hosting_provider": mmdbtype.Bool(true)},
	}))
	tor := write(t, build(t, 4, networks{
		"192.0.2.7/32": mmdbtype.Map{"tor": mmdbtype.Bool(true)},
	}))
	second := write(t, build(t, 6, networks{
		"192.0.2.0/24": isoCountry("AT"),
		"10.0.0.0/8":   mmdbtype.Map{"as_name": mmdbtype.String("Office")},
	}))
	r := open(t, countries, numbers, hosting, tor, second)

	f := func(addr string, want Place) {
		t.Helper()
		a, _ := netip.ParseAddr(addr)
		for range 2 { // the second time from the kept records
			if diff := gocmp.Diff(want, r.Lookup(a)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", addr, diff)
			}
		}
	}
	f("192.0.2.1", Place{Country: "DE", ASN: 24940, Network: "Hetzner", Anonymous: Hosting})
	f("::ffff:192.0.2.1", Place{Country: "DE", ASN: 24940, Network: "Hetzner", Anonymous: Hosting})
	f("192.0.2.7", Place{Country: "DE", ASN: 24940, Network: "Hetzner", Anonymous: Tor})
	f("192.0.2.200", Place{Country: "DE", Anonymous: Hosting})
	f("198.51.100.1", Place{Country: "FR", ASN: 64500, Network: "Example Net"})
	f("198.51.1.1", Place{Country: "FR"})
	f("203.0.113.9", Place{Country: "BR", ASN: 64501, Network: "AS64501"})
	f("2001:db8::1", Place{Country: "JP"})
	f("2001:db8::1%eth0", Place{Country: "JP"})
	f("10.1.2.3", Place{Network: "Office"})
	f("127.0.0.1", Place{})
	f("fe80::1%eth0", Place{})
	f("::", Place{})
	f("not an address", Place{})
	if n := r.Unreadable(); n != 0 {
		t.Errorf("Unreadable() = %d of sound files", n)
	}
}

func TestLookupWithoutFiles(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	if got := open(t).Lookup(addr); got != (Place{}) {
		t.Errorf("no files: %+v", got)
	}
	var r *Reader
	if got := r.Lookup(addr); got != (Place{}) {
		t.Errorf("a nil Reader: %+v", got)
	}
	if n := r.Unreadable(); n != 0 {
		t.Errorf("a nil Reader: Unreadable() = %d", n)
	}
}

// maxMindTests is where MaxMind's public test databases are found, when they are.
const maxMindTests = "../../../shared/data/geoip"

func TestLookupMaxMindTestDatabases(t *testing.T) {
	r := open(t, maxMindFiles(t)...)
	f := func(addr string, want Place) {
		t.Helper()
		if diff := gocmp.Diff(want, r.Lookup(netip.MustParseAddr(addr))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", addr, diff)
		}
	}
	f("81.2.69.142", Place{Country: "GB", Anonymous: Tor})
	f("89.160.20.112", Place{Country: "SE", ASN: 29518, Network: "Bredband2 AB"})
	f("1.0.0.1", Place{ASN: 15169, Network: "Google"})
	f("1.128.0.0", Place{ASN: 1221, Network: "Telstra Pty Ltd"})
	f("12.81.96.1", Place{ASN: 7018, Network: "AS7018"})
	f("1.2.3.4", Place{Anonymous: VPN})
	f("71.160.223.7", Place{Anonymous: Hosting})
	f("186.30.236.1", Place{Anonymous: Proxy})
	f("2001:240::1", Place{Country: "JP"})
	f("10.0.0.1", Place{})
}

func maxMindFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(maxMindTests, "*.mmdb"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("no databases in %s: put MaxMind's MaxMind-DB/test-data/*.mmdb there", maxMindTests)
	}
	return files
}

func TestOpenNamesTheUnusableFile(t *testing.T) {
	sound := build(t, 6, networks{"192.0.2.0/24": isoCountry("DE")})
	f := func(path, want string) {
		t.Helper()
		_, err := Open([]string{write(t, sound), path}, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%s: no error, want %q", path, want)
			return
		}
		for _, part := range []string{fmt.Sprintf("geoip file %q", path), want, "expected an MMDB file"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("error %q does not say %q", err, part)
			}
		}
		if strings.Contains(err.Error(), "\n") {
			t.Errorf("more than one line: %q", err)
		}
	}
	f(filepath.Join(t.TempDir(), "absent.mmdb"), "no such file")
	f(t.TempDir(), "not a file")
	f(write(t, nil), "invalid MaxMind DB")
	f(write(t, []byte("country,code\n")), "invalid MaxMind DB")
	f(write(t, sound[:len(sound)/2]), "invalid MaxMind DB")
	f(write(t, build(t, 6, nil)), "the first 0 of its records")
	f(write(t, build(t, 6, networks{"192.0.2.0/24": mmdbtype.Map{"domain": mmdbtype.String("example.com")}})),
		`of type "Test", with nothing we know in the first 1 of its records`)
	f(write(t, build(t, 6, networks{"192.0.2.0/24": mmdbtype.String("DE")})), "expected an MMDB file")

	large := write(t, nil)
	if err := os.Truncate(large, maxFileBytes+1); err != nil {
		t.Fatal(err)
	}
	f(large, "more than the 1073741824 that are read")
}

// BenchmarkLookup looks up addresses spread over the test databases: one address
// again and again, and many whose records fit into the kept ones or do not.
func BenchmarkLookup(b *testing.B) {
	all := networks{}
	for i := range 1 << 14 {
		cidr := fmt.Sprintf("%d.%d.%d.0/24", 20+i>>14, i>>8&0xff, i&0xff)
		all[cidr] = asn(uint32(100_000+i), fmt.Sprintf("Organisation number %d", i))
	}
	numbers := write(b, build(b, 6, all))
	bench := func(name string, addresses int, files ...string) {
		b.Run(name, func(b *testing.B) {
			r := open(b, files...)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n++
				i := n % addresses
				r.Lookup(netip.AddrFrom4([4]byte{20, byte(i >> 8), byte(i), byte(n)}))
			}
		})
	}
	bench("one", 1, numbers)
	bench("kept", 1<<10, numbers)
	bench("decoded", 1<<14, numbers)

	files := maxMindFiles(b)
	b.Run("maxmind", func(b *testing.B) {
		r := open(b, files...)
		addr := netip.MustParseAddr("89.160.20.112")
		b.ReportAllocs()
		for b.Loop() {
			r.Lookup(addr)
		}
	})
}
