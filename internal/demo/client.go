package demo

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// kind is what sort of client makes a visit.
type kind string

const (
	kindWeb     kind = "web"     // a customer in a browser: cookie
	kindApp     kind = "app"     // a customer in the phone app: bearer token
	kindGuest   kind = "guest"   // a browser that never signs in
	kindStaff   kind = "staff"   // runs the shop from the office: cookie
	kindPartner kind = "partner" // a program with an API key
	kindCrawler kind = "crawler" // a search engine: no cookie, no key
)

// client is one device or program, as the shop sees it during one visit.
type client struct {
	kind     kind
	jar      uint64 // devices with the same number share a jar
	person   person // zero for guests and programs
	ip       netip.Addr
	agent    string
	language string
	apiKey   string
}

// Places of draw: each names one independent stream of random numbers.
const (
	placePerson = iota
	placeDevice
	placeMinute
	placeVisit
	placeCatalogue
	placeWork
	placeToken
	placeKey
)

// webClient is a customer's own computer; one in five sits behind an office or
// campus NAT together with others. It never changes.
func webClient(seed uint64, p person) client {
	r := draw(seed, placeDevice, uint64(p.id), 0)
	c := client{kind: kindWeb, jar: uint64(p.id) << 1, person: p, ip: homeOf(seed, p.id)}
	c.agent, c.language = pick(r, desktopAgents), pick(r, languages)
	if chance(r, 0.25) {
		c.agent = pick(r, mobileAgents)
	}
	return c
}

// appClient is a customer's phone: on the network at home, or on the carrier's,
// where its address changes from visit to visit and is shared in IPv4.
func appClient(seed uint64, p person, visit *rand.Rand) client {
	r := draw(seed, placeDevice, uint64(p.id), 1)
	c := client{kind: kindApp, jar: uint64(p.id)<<1 | 1, person: p, ip: homeOf(seed, p.id)}
	c.agent, c.language = pick(r, appAgents), pick(r, languages)
	carrierV6 := chance(r, 0.5)
	prefix := r.Uint32()
	if chance(visit, 0.45) {
		c.ip = addr4(198, 19, 0, byte(visit.IntN(12)))
		if carrierV6 {
			c.ip = addr6(prefix, visit.Uint64())
		}
	}
	return c
}

// guestClient is somebody who comes once and is not known.
func guestClient(seed uint64, visit *rand.Rand) client {
	n := visit.Uint32()
	c := client{kind: kindGuest, jar: 1<<40 | uint64(n), ip: homeOf(seed, int(n))}
	c.agent, c.language = pick(visit, desktopAgents), pick(visit, languages)
	if chance(visit, 0.6) {
		c.agent = pick(visit, mobileAgents)
	}
	return c
}

// staffClient is one of the shop's own people, all behind the office's address.
func staffClient(seed uint64, visit *rand.Rand) client {
	p, _ := personOf(seed, 1+visit.IntN(staffCount))
	c := webClient(seed, p)
	c.kind, c.ip = kindStaff, addr4(192, 0, 2, 10)
	c.agent = desktopAgents[p.id%len(desktopAgents)]
	return c
}

// partner is a company that reads and writes our stock with a program.
type partner struct {
	name  string
	agent string
	hosts int // machines that use the key, each with its own address
}

var partners = []partner{
	{"erp-north", "Apache-HttpClient/5.5 (Java/21.0.9)", 1},
	{"warehouse-lisboa", "python-requests/2.32.5", 1},
	{"pricewatch", "Go-http-client/1.1", 2},
	{"marketplace-sync", "axios/1.13.2", 1},
}

// keyOf is the API key of partner i.
func keyOf(seed uint64, i int) string {
	r := draw(seed, placeKey, uint64(i))
	return fmt.Sprintf("pk_live_%016x%016x", r.Uint64(), r.Uint64())
}

func partnerClient(seed uint64, visit *rand.Rand) client {
	i := visit.IntN(len(partners))
	host := visit.IntN(partners[i].hosts)
	return client{
		kind: kindPartner, jar: 1<<41 | uint64(i)<<8 | uint64(host),
		ip:    addr4(198, 51, 100, byte(20+10*i+host)),
		agent: partners[i].agent, apiKey: keyOf(seed, i),
	}
}

func crawlerClient(visit *rand.Rand) client {
	return client{kind: kindCrawler, jar: 1 << 42, ip: addr4(66, 249, 66, byte(1+visit.IntN(4))), agent: crawlerAgent}
}

// homeOf is where person id connects from: a home of their own, or, for one in
// five, a NAT that some thirty people share. The addresses are set aside for
// documentation (RFC 5737) and benchmarks (RFC 2544), so they are nobody's.
func homeOf(seed uint64, id int) netip.Addr {
	if id%5 == 0 {
		return addr4(203, 0, 113, byte(1+id/150%250))
	}
	h := mix(seed ^ mix(uint64(id)))
	return addr4(198, 18, byte(h>>8), byte(h))
}

func addr4(a, b, c, d byte) netip.Addr { return netip.AddrFrom4([4]byte{a, b, c, d}) }

// addr6 is a phone in the documentation prefix (RFC 3849): its carrier gives it
// the /64, and it makes up the rest anew for each visit (RFC 8981).
func addr6(prefix uint32, host uint64) netip.Addr {
	a := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	binary.BigEndian.PutUint32(a[4:], prefix)
	binary.BigEndian.PutUint64(a[8:], host)
	return netip.AddrFrom16(a)
}
