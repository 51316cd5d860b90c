package generate

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"

	"sojourn/internal/record"
)

// session is who makes requests, and what is the same in all of them. Only the
// crowd changes it, and only left.
type session struct {
	left int // requests until it ends

	kind     kind
	id       record.SessionID
	client   record.SessionID
	ip       netip.Addr
	place    *place
	agent    string
	print    string // TLS fingerprint
	user     string
	role     string
	grouping *grouping
	context  []record.Value
	homes    [2]*host // the one that it is mostly on, and another
	trace    string
	mcp      string // what it says that it is
	since    string // revision of MCP
}

// kind is what sort of client a session is of.
type kind uint8

const (
	browser kind = iota
	app          // on a telephone
	program      // of a customer
	graph        // a page that asks GraphQL
	agent        // speaks MCP
	crawler
	attacker
)

// kinds are drawn from: shares of sessions in a thousand.
var kinds = []struct {
	kind  kind
	share int
}{{browser, 560}, {app, 193}, {program, 90}, {graph, 80}, {agent, 40}, {crawler, 30}, {attacker, 7}}

// grouping is how a request found its session.
type grouping struct {
	key, point string
	rung       record.Rung
	strength   record.Strength
	tried      int
	lasting    bool // the value is the person's, not one visit's
}

var (
	cookies = []grouping{
		{"PHPSESSID", `request.cookie["PHPSESSID"]`, record.RungBuiltin, record.StrengthSecret, 17, false},
		{"JSESSIONID", `request.cookie["JSESSIONID"]`, record.RungBuiltin, record.StrengthSecret, 18, false},
		{"connect.sid", `request.cookie["connect.sid"]`, record.RungBuiltin, record.StrengthSecret, 27, false},
		{"laravel_session", `request.cookie["laravel_session"]`, record.RungBuiltin, record.StrengthSecret, 36, false},
		{"next-auth.session-token", `request.cookie["next-auth.session-token"]`, record.RungBuiltin, record.StrengthSecret, 58, false},
		{"token", `request.query["token"]`, record.RungOwn, record.StrengthSecret, 1, false},
	}
	tokens = []grouping{
		{"jwt.sid", `request.header["Authorization"].jwt.payload["sid"]`, record.RungBuiltin, record.StrengthClaimed, 157, false},
		{"jwt.sub", `request.header["Authorization"].jwt.payload["sub"]`, record.RungBuiltin, record.StrengthClaimed, 190, true},
		{"session_id", `request.header["X-Session-Id"]`, record.RungBuiltin, record.StrengthSecret, 0, false},
	}
	apiKeys = []grouping{
		{"api_key", `request.header["X-Api-Key"]`, record.RungBuiltin, record.StrengthSecret, 230, true},
		{"basic.user", `request.header["Authorization"]`, record.RungBuiltin, record.StrengthClaimed, 260, true},
	}
	mcpKeys = []grouping{
		{record.MCPSessionKey, `request.header["Mcp-Session-Id"]`, record.RungMCP, record.StrengthSecret, 1, false},
		{record.MCPTraceKey, `request.mcp.meta["traceparent"]`, record.RungMCP, record.StrengthClaimed, 3, false},
	}
	byNetwork = grouping{"network", "request.ip", record.RungNetwork, record.StrengthNetwork, 300, true}
)

// How long sessions are, in requests: log-normal, up to longest.
const (
	medianLength = 19
	lengthSigma  = 1.293
	longest      = 20_000

	signedIn = 0.65 // of browsers and pages
	ofIPv6   = 0.25
	noCookie = 0.2 // of browsers
)

// sessions makes sessions up.
type sessions struct {
	seed  uint64
	sites *sites
	made  uint64
}

func newSessions(seed uint64, s *sites) *sessions { return &sessions{seed: seed, sites: s} }

// next makes up somebody's next session.
func (m *sessions) next(rng *rand.Rand) *session {
	m.made++
	s := &session{kind: drawKind(rng), left: length(rng)}
	person := rng // of whom nothing is known: other properties each time
	known := s.kind == app || s.kind == program || s.kind == agent || s.kind <= graph && rng.Float64() < signedIn
	if known {
		n := uint64(skewed(rng, userCount))
		person = rand.New(rand.NewPCG(m.seed, personStream+n))
		s.user = fmt.Sprintf("user%d@example.com", n)
		s.role = []string{"buyer", "buyer", "buyer", "buyer", "buyer", "buyer", "seller", "seller", "support", "admin"}[person.IntN(10)]
		s.context = append(s.context, record.Value{Name: "tenant", Value: fmt.Sprint("t", skewed(person, tenantCount))})
		if s.kind == app || person.IntN(4) == 0 {
			device := m.digest("device", n, nil)
			s.context = append(s.context, record.Value{Name: "device", Value: fmt.Sprintf("%x", device[:16]), Hashed: true})
		}
	}
	m.settle(s, person)
	switch s.kind {
	case browser, graph:
		s.grouping = &cookies[skewed(person, len(cookies))]
		if !known && rng.Float64() < noCookie {
			s.grouping = &byNetwork
		}
	case app:
		s.grouping = &tokens[skewed(person, len(tokens))]
	case program:
		s.grouping = &apiKeys[skewed(person, len(apiKeys))]
	case agent:
		s.speak(rng)
		s.grouping = &mcpKeys[skewed(rng, len(mcpKeys))]
	case crawler:
		s.left *= 4
		s.agent, s.grouping = crawlers[rng.IntN(3)], &byNetwork
	case attacker:
		s.grouping = &byNetwork
		if rng.IntN(2) == 0 {
			s.agent = crawlers[3+rng.IntN(2)]
		}
	}
	m.identify(s, m.made)
	return s
}

// machine makes up a session that never ends.
func (m *sessions) machine(n uint64) *session {
	person := rand.New(rand.NewPCG(m.seed, personStream+userCount+n))
	s := &session{kind: program, left: math.MaxInt, user: fmt.Sprintf("service-%d", n), role: "service", grouping: &apiKeys[0]}
	s.context = []record.Value{{Name: "tenant", Value: fmt.Sprint("t", n)}}
	m.settle(s, person)
	s.agent = fmt.Sprintf("warehouse-sync/3.%d", n)
	m.identify(s, n)
	return s
}

// settle gives s what a person, or nobody in particular, has.
func (m *sessions) settle(s *session, person *rand.Rand) {
	s.place = &m.sites.places[skewed(person, networkCount)]
	s.ip = s.place.address(person, person.Float64() < ofIPv6)
	agent := skewed(person, agentCount)
	s.agent = m.sites.agents[agent]
	s.print = m.sites.prints[agent%printCount]
	s.homes = [2]*host{m.sites.draw(person), m.sites.draw(person)}
	if s.kind == graph {
		s.homes[0] = m.sites.graph
	}
}

// speak makes s one that speaks MCP.
func (s *session) speak(rng *rand.Rand) {
	s.mcp = mcpClients[skewed(rng, len(mcpClients))]
	s.since = []string{"2025-06-18", "2025-11-25", "2026-07-28"}[rng.IntN(3)]
	s.trace = fmt.Sprintf("%016x%016x", rng.Uint64(), rng.Uint64())
	s.agent = s.mcp
}

// identify gives s its ids: digests of what groups it.
func (m *sessions) identify(s *session, visit uint64) {
	ip := s.ip.AsSlice()
	if s.ip.Is6() {
		ip = ip[:8] // a household
	}
	client := m.digest("client", 0, append(ip, s.agent...))
	s.client = record.SessionID(client[:16])
	switch {
	case s.grouping == &byNetwork:
		s.id = s.client
	case s.grouping.lasting:
		id := m.digest(s.grouping.key, 0, []byte(s.user))
		s.id = record.SessionID(id[:16])
	default:
		id := m.digest(s.grouping.key, visit, nil)
		s.id = record.SessionID(id[:16])
	}
}

func (m *sessions) digest(what string, n uint64, value []byte) [32]byte {
	var buf [128]byte
	b := binary.BigEndian.AppendUint64(buf[:0], m.seed)
	b = binary.BigEndian.AppendUint64(append(b, what...), n)
	return sha256.Sum256(append(b, value...))
}

func drawKind(rng *rand.Rand) kind {
	n := rng.IntN(1000)
	for _, k := range kinds {
		if n -= k.share; n < 0 {
			return k.kind
		}
	}
	panic("bug: the shares of kinds do not make a thousand")
}

func length(rng *rand.Rand) int {
	return min(longest, 1+int(medianLength*math.Exp(lengthSigma*rng.NormFloat64())))
}
