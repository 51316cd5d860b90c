package generate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"sojourn/internal/record"
)

// sites are all that requests can be made to, and who they can come from.
type sites struct {
	hosts  []*host
	graph  *host
	mcp    []*host
	places []place
	agents []string
	prints []string
	spread []float32 // factors of durations and sizes, one as likely as the other
	seed   uint64
}

// host is one host of an application.
type host struct {
	name        string
	application string
	endpoints   []endpoint
	drawn       [256]uint8 // numbers of endpoints, each as often as it is asked for
}

// endpoint is one of a host's.
type endpoint struct {
	method, template string
	parts            []string // of the path; between them stand values
	uuid             bool     // they are UUIDs, not numbers
	paged            bool     // asked for page by page
	duration         float32  // usual, microseconds
	size             float32  // usual, bytes
	sent             float32  // usual, bytes of the request's body
}

const (
	hostCount     = 20
	nounsOfHost   = 3
	maxIntegerID  = 20_000_000
	spreadCount   = 4096
	spreadSigma   = 0.8
	dayMicros     = record.Time(24 * 60 * minuteMicros)
	incidentShare = 0.35 // of a host's requests fail while it has an incident
)

var hostNames = [hostCount]struct{ name, application string }{
	{"shop.example.com", "shop"}, {"api.example.com", "api"}, {"www.example.com", "shop"}, {"mobile.example.com", "api"},
	{"auth.example.com", "accounts"}, {"accounts.example.com", "accounts"}, {"pay.example.com", "billing"}, {"search.example.com", "shop"},
	{"media.example.com", "shop"}, {"partners.example.com", "partners"}, {"stock.example.com", "partners"}, {"crm.example.com", "crm"},
	{"support.example.com", "crm"}, {"admin.example.com", "default"}, {"chat.example.com", "default"}, {"events.example.com", "default"},
	{"reports.example.com", "default"}, {"eu.api.example.com", "api"}, {"graph.example.com", "graph"}, {"mcp.example.com", "agents"},
}

var nouns = [hostCount * nounsOfHost]string{
	"products", "carts", "orders", "users", "items", "subscriptions", "pages", "categories", "reviews", "feeds", "notifications", "devices",
	"tokens", "login", "passkeys", "accounts", "profile", "addresses", "payments", "invoices", "refunds", "queries", "suggestions", "filters",
	"images", "videos", "thumbnails", "offers", "contracts", "shipments", "warehouses", "batches", "prices", "contacts", "opportunities", "notes",
	"tickets", "messages", "articles", "admin", "settings", "audit", "chat", "completions", "prompts", "events", "hooks", "deliveries",
	"reports", "exports", "dashboards", "quotes", "bookings", "sms", "schemas", "fragments", "snapshots", "tools", "resources", "runs",
}

// shapes are the endpoints of a noun: what they are asked, of a hundred requests.
var shapes = []struct {
	method, path string
	share        int
	uuid, paged  bool
}{
	{"GET", "/v1/%s", 15, false, true},
	{"GET", "/v1/%s/{}", 43, false, false},
	{"GET", "/v1/%s/{}/items", 23, false, true},
	{"POST", "/v1/%s/{}/comments", 13, false, false},
	{"PUT", "/v2/%s/{}", 6, true, false},
}

// nounShares are what is asked of the nouns of a host, of a hundred requests.
var nounShares = [nounsOfHost]int{60, 28, 12}

func newSites(seed uint64) *sites {
	rng := rand.New(rand.NewPCG(seed, siteStream))
	s := &sites{seed: seed, places: newPlaces(rng), agents: newAgents(rng)}
	for range printCount {
		s.prints = append(s.prints, fmt.Sprintf("t13d%04dh2_%012x_%012x", 1500+rng.IntN(20), rng.Uint64()>>16, rng.Uint64()>>16))
	}
	for range spreadCount {
		s.spread = append(s.spread, float32(math.Exp(spreadSigma*rng.NormFloat64())))
	}
	for i, n := range hostNames {
		h := &host{name: n.name, application: n.application}
		h.open(rng, nouns[nounsOfHost*i:])
		s.hosts = append(s.hosts, h)
	}
	s.graph = s.hosts[18]
	s.mcp = []*host{s.hosts[19], s.hosts[11]}
	return s
}

// open makes the endpoints of h.
func (h *host) open(rng *rand.Rand, nouns []string) {
	var bounds []int // of each endpoint, in 10,000
	sum := 0
	for n, share := range nounShares {
		for _, shape := range shapes {
			path := fmt.Sprintf(shape.path, nouns[n])
			value := "{int}"
			if shape.uuid {
				value = "{uuid}"
			}
			e := endpoint{
				method: shape.method, template: strings.ReplaceAll(path, "{}", value), parts: strings.Split(path, "{}"),
				uuid: shape.uuid, paged: shape.paged,
				duration: float32(2_000 * math.Exp(1.2*rng.Float64()*2)), size: float32(300 * math.Exp(rng.Float64()*4)),
			}
			if shape.method != "GET" {
				e.sent = float32(100 * math.Exp(rng.Float64()*3))
			}
			h.endpoints = append(h.endpoints, e)
			sum += share * shape.share
			bounds = append(bounds, sum)
		}
	}
	e := 0
	for i := range h.drawn {
		for e < len(bounds)-1 && bounds[e]*len(h.drawn) <= i*sum {
			e++
		}
		h.drawn[i] = uint8(e)
	}
}

// draw draws one of the hosts that people go to.
func (s *sites) draw(rng *rand.Rand) *host { return s.hosts[skewed(rng, hostCount-2)] }

// failing tells which host has an incident at t: one each day, for half an hour.
func (s *sites) failing(t record.Time) *host {
	day := uint64(t.Day())
	draw := (day*2654435761 + s.seed*40503) >> 8
	const halfHours = 48
	if uint64(t-t.Day().Start())/(30*uint64(minuteMicros)) != draw%halfHours {
		return nil
	}
	return s.hosts[draw/halfHours%hostCount]
}
