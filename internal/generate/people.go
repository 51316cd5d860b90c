package generate

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// How many there are of each; most are met rarely, see skewed.
const (
	userCount    = 400_000
	agentCount   = 2_000
	networkCount = 500
	tenantCount  = 2_000
	printCount   = 60 // TLS fingerprints
)

// Streams of random numbers that must not be the same.
const (
	crowdStream = iota << 32
	siteStream
	personStream
)

// skewed draws a number below n of which the first come up most: half of the draws
// are of the first eighth.
func skewed(rng *rand.Rand, n int) int {
	f := rng.Float64()
	return int(f * f * f * float64(n))
}

// place is where an address is.
type place struct {
	network, country, anonymity string
	v4                          [2]byte // its addresses begin with it
	v6                          uint32
}

var countries = []string{
	"US", "DE", "GB", "FR", "IN", "BR", "NL", "JP", "CA", "ES", "IT", "PL", "AU", "SE", "CN", "RU", "MX", "KR", "CH", "AT",
	"BE", "TR", "ID", "VN", "UA", "SG", "ZA", "AR", "DK", "FI", "NO", "CZ", "PT", "RO", "IE", "IL", "GR", "HU", "TH", "PH",
	"CO", "CL", "MY", "NZ", "EG", "NG", "PK", "BD", "SA", "AE", "HK", "TW", "SK", "BG", "HR", "LT", "EE", "LV", "SI", "IS",
}

var networkNames = []string{"AWS", "GCP", "Azure", "Hetzner", "OVH", "DigitalOcean", "Cloudflare", "Tor exits", "North VPN", "Open Proxies"}

func newPlaces(rng *rand.Rand) []place {
	places := make([]place, networkCount)
	for i := range places {
		p := &places[i]
		p.country = countries[skewed(rng, len(countries))]
		p.network = fmt.Sprintf("%s Telecom %d", p.country, i)
		p.v4 = [2]byte{byte(1 + rng.IntN(9)), byte(rng.IntN(256))} // below 10.0.0.0/8
		p.v6 = 0x2a000000 | uint32(rng.IntN(1<<20))
	}
	// The well-known ones are data centres, in the middle of the popularity.
	for i, name := range networkNames {
		p := &places[20+9*i]
		p.network, p.anonymity = name, "hosting"
		switch name {
		case "Tor exits":
			p.anonymity = "tor"
		case "North VPN":
			p.anonymity = "vpn"
		case "Open Proxies":
			p.anonymity = "proxy"
		}
	}
	return places
}

// address returns an address of p; the lower bits tell whose.
func (p *place) address(rng *rand.Rand, v6 bool) netip.Addr {
	if !v6 {
		return netip.AddrFrom4([4]byte{p.v4[0], p.v4[1], byte(rng.IntN(256)), byte(1 + rng.IntN(254))})
	}
	var a [16]byte
	binary.BigEndian.PutUint32(a[:], p.v6)
	binary.BigEndian.PutUint32(a[4:], rng.Uint32())
	binary.BigEndian.PutUint64(a[8:], rng.Uint64())
	return netip.AddrFrom16(a)
}

// newAgents makes up User-Agents: browsers by version and system, then programs.
func newAgents(rng *rand.Rand) []string {
	systems := []string{"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 14; Pixel 8", "iPhone; CPU iPhone OS 18_1 like Mac OS X"}
	programs := []string{"okhttp/4.%d.%d", "python-requests/2.%d.%d", "Go-http-client/1.%d.%d", "curl/8.%d.%d", "shop-ios/7.%d.%d", "shop-android/7.%d.%d", "axios/1.%d.%d"}
	agents := make([]string, agentCount)
	for i := range agents {
		system := systems[i%len(systems)]
		switch i % 8 {
		case 0:
			agents[i] = fmt.Sprintf(programs[i/8%len(programs)], i/200, i%200)
		case 1:
			agents[i] = fmt.Sprintf("Mozilla/5.0 (%s; rv:%d.0) Gecko/20100101 Firefox/%[2]d.%d", system, 100+i%45, i/100)
		default:
			agents[i] = fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36", system, 100+i%43, 4000+i, rng.IntN(200))
		}
	}
	return agents
}

var crawlers = []string{
	"Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
	"Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
	"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
	"sqlmap/1.8.4#stable (https://sqlmap.org)",
	"Mozilla/5.00 (Nikto/2.5.0)",
}

var mcpClients = []string{"claude-code 2.1", "claude-desktop 1.4", "cursor 2.0", "zed 0.210", "agent-sdk 0.9", "inspector 0.17"}
