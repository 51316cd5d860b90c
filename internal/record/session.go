package record

import (
	"net/netip"
	"slices"
)

// Part is one UTC day of one session: what lists show and retention drops.
type Part struct {
	ID            SessionID  `json:"id" doc:"Session id" example:"9d71154dadd331c60b2f3a41c1d0e5aa"`
	Part          Day        `json:"part" doc:"UTC day of this part" example:"2026-11-21"`
	Started       Time       `json:"started" doc:"Start of its first request"`
	Ended         Time       `json:"ended" doc:"Start of its last request"`
	Requests      int64      `json:"requests" doc:"Requests in this part"`
	Matched       int64      `json:"matched" doc:"Requests of this part that match the query's filters"`
	Attacks       int64      `json:"attacks" doc:"Requests with at least one attack"`
	Errors        int64      `json:"errors" doc:"Requests with status 4xx or 5xx"`
	Bytes         int64      `json:"bytes" doc:"Bytes of bodies, both ways, as far as known"`
	IP            netip.Addr `json:"ip" doc:"Client address of the most requests; empty when unknown"`
	IPs           int64      `json:"ips" doc:"Distinct client addresses"`
	Country       string     `json:"country,omitempty" doc:"Country of that address, by the most of its requests that tell one"`
	UserAgent     string     `json:"user_agent" doc:"User-Agent of the most requests"`
	User          string     `json:"user,omitempty" doc:"User of the most requests; left out when none has one"`
	Users         int64      `json:"users" doc:"Distinct users"`
	Roles         []Count    `json:"roles" nullable:"false" doc:"Roles by requests, most first, the top TopValues of them; requests without one do not count"`
	Applications  []Count    `json:"applications" nullable:"false" doc:"Applications by requests, most first"`
	Hosts         []Count    `json:"hosts" nullable:"false" doc:"Hosts by requests, most first, the top TopValues of them"`
	HostCount     int64      `json:"host_count" doc:"Distinct hosts"`
	Endpoints     []Count    `json:"endpoints" nullable:"false" doc:"Method and endpoint by requests, most first, the top few"`
	EndpointCount int64      `json:"endpoint_count" doc:"Distinct endpoints"`
	Key           string     `json:"key" doc:"Grouping key of the most requests"`
	Rung          Rung       `json:"rung" enum:"own,mcp,builtin,network" doc:"Rung of that key"`
	Strength      Strength   `json:"strength" enum:"secret,claimed,network" doc:"Strength of that key"`
}

// TopValues is how many values the lists in a Part hold at the most.
const TopValues = 5

// Count is a value and the requests that have it.
type Count struct {
	Value string `json:"value"`
	Count int64  `json:"count"`
}

// Session is a whole session over a time range: its summary and its facets.
type Session struct {
	ID        SessionID  `json:"id"`
	Started   Time       `json:"started" doc:"Start of its first request in the range"`
	Ended     Time       `json:"ended" doc:"Start of its last request in the range"`
	Requests  int64      `json:"requests"`
	Attacks   int64      `json:"attacks"`
	Errors    int64      `json:"errors" doc:"Requests with status 4xx or 5xx"`
	Bytes     int64      `json:"bytes" doc:"Bytes of bodies, both ways, as far as known"`
	Client    SessionID  `json:"client" doc:"Client of the most requests; all zero when there are none"`
	Parts     []PartRef  `json:"parts" nullable:"false" doc:"Its days, newest first, whatever the range"`
	Key       string     `json:"key"`
	Rung      Rung       `json:"rung" enum:"own,mcp,builtin,network"`
	Strength  Strength   `json:"strength" enum:"secret,claimed,network"`
	IP        netip.Addr `json:"ip" doc:"Client address of the most requests; empty when unknown"`
	Country   string     `json:"country,omitempty" doc:"Country of that address, by the most of its requests that tell one"`
	UserAgent string     `json:"user_agent" doc:"User-Agent of the most requests"`
	User      string     `json:"user,omitempty" doc:"User of the most requests; left out when none has one"`
	Users     int64      `json:"users" doc:"Distinct users"`
	Roles     []Count    `json:"roles" nullable:"false" doc:"Roles by requests, most first, the top TopValues of them; requests without one do not count"`
	Facets    []Facet    `json:"facets" nullable:"false" doc:"Its properties. Those that only some traffic has (flow, attack, country, network, user, role, GraphQL, MCP) are left out where no request has a value"`
}

// PartRef is one day of a session, and how many requests it holds.
type PartRef struct {
	Part     Day   `json:"part" example:"2026-11-21"`
	Requests int64 `json:"requests"`
}

// Facet is one property of a session's requests, with its values by count.
type Facet struct {
	Name     string       `json:"name" enum:"application,host,endpoint,method,status,flow,attack,ip,country,network,user_agent,key,user,role,graphql_operation,mcp_server,mcp_method,mcp_name" doc:"The property; also the name of its filter"`
	Distinct int64        `json:"distinct" doc:"Distinct values, as far as they are counted: the 20,000 most frequent ones of each day"`
	Values   []FacetValue `json:"values" nullable:"false" doc:"Values by requests, most first, the top FacetValues of them"`
}

// FacetValue is one value of a facet.
type FacetValue struct {
	Value string  `json:"value"`
	Count int64   `json:"count"`
	Share float64 `json:"share" doc:"Count over the session's requests in the range, 0 to 1"`
}

// FacetValues is how many values a facet holds at the most.
const FacetValues = 50

// FacetNames are the facets of a session, in the order they are shown.
var FacetNames = []string{
	"application", "host", "endpoint", "method", "status", "flow", "attack", "ip", "country", "network",
	"user_agent", "key", "user", "role", "graphql_operation", "mcp_server", "mcp_method", "mcp_name",
}

// Told reports whether f belongs in a session's facets: what only some traffic
// has is left out where no request has a value.
func (f *Facet) Told() bool {
	switch f.Name {
	case "flow", "attack", "country", "network", "user", "role", "graphql_operation", "mcp_server", "mcp_method", "mcp_name":
		return slices.ContainsFunc(f.Values, func(v FacetValue) bool { return v.Value != "" })
	}
	return true
}
