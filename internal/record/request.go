package record

import "net/netip"

// Request is one HTTP request with what we keep of its response: one row, never
// changed once written. What is learned about it later is a Finding.
type Request struct {
	ID            RequestID  `json:"id" doc:"Request id, sorts by time" example:"01JV3Q7F2M9T4B8X00AB"`
	Session       SessionID  `json:"session" doc:"The session it belongs to" example:"9d71154dadd331c60b2f3a41c1d0e5aa"`
	Client        SessionID  `json:"client" doc:"The client: what the network rung alone would have grouped it by"`
	Started       Time       `json:"started" doc:"When its first byte arrived, UTC"`
	Duration      Measure    `json:"duration_us,omitzero" doc:"Microseconds to the last byte of the response; absent when the source does not tell"`
	FirstByte     Measure    `json:"ttfb_us,omitzero" doc:"Microseconds to the first byte of the response; absent when the source does not tell"`
	Application   string     `json:"application" doc:"The operator's application, or default"`
	Host          string     `json:"host" doc:"Host, lower case, with a port only where it is not the scheme's own; empty when the source does not tell"`
	Method        string     `json:"method" example:"GET"`
	Path          string     `json:"path" doc:"Path as it came, session ids in it masked"`
	Query         string     `json:"query,omitempty" doc:"Query as it came, secret values masked"`
	Endpoint      string     `json:"endpoint" doc:"Path template" example:"/users/{int}/orders"`
	Status        int        `json:"status" doc:"Response status; 0 when there was no response"`
	RequestBytes  Measure    `json:"request_bytes,omitzero" doc:"Size of the request body; absent when the source does not tell"`
	ResponseBytes Measure    `json:"response_bytes,omitzero" doc:"Size of the response body; absent when the source does not tell"`
	IP            netip.Addr `json:"ip" doc:"Client address; empty when the source does not tell"`
	UserAgent     string     `json:"user_agent"`
	Country       string     `json:"country,omitempty" doc:"Country of the address, ISO 3166-1 alpha-2" example:"DE"`
	Network       string     `json:"network,omitempty" doc:"Network of the address: a short tag of a well-known one, else its owner's name" example:"AWS"`
	Anonymity     string     `json:"anonymity,omitempty" doc:"How the address hides who uses it: tor, vpn, proxy, hosting" example:"tor"`
	JA4           string     `json:"ja4,omitempty" doc:"TLS fingerprint of the client" example:"t13d1516h2_8daaf6152771_b186095e22b6"`
	User          string     `json:"user,omitempty" doc:"The user, by the context parameter of that type"`
	Role          string     `json:"role,omitempty" doc:"The user's role, by the context parameter of that type"`
	Key           string     `json:"key" doc:"Name of the grouping key that won" example:"PHPSESSID"`
	Point         string     `json:"point" doc:"Where its value was found" example:"request.cookie[\"PHPSESSID\"]"`
	Rung          Rung       `json:"rung" enum:"own,mcp,builtin,network" doc:"How the request found its session"`
	Strength      Strength   `json:"strength" enum:"secret,claimed,network" doc:"How hard the grouping value is to forge"`
	Accepted      bool       `json:"accepted" doc:"Whether the upstream accepted it: a status other than 401 and 403"`
	Tried         int        `json:"tried" doc:"How many keys were tried before the one that won"`
	Operation     string     `json:"graphql_operation,omitempty" doc:"GraphQL operation" example:"query getUser"`
	MCP           *MCP       `json:"mcp,omitempty" doc:"What it says in MCP: its first message, and the further ones"`
	Context       []Value    `json:"context,omitempty" doc:"Values of the policy's context parameters, in its order"`
	Flags         []Flag     `json:"flags,omitempty" doc:"What was cut, malformed or unusual about it"`
	Revision      uint64     `json:"revision" doc:"Revision of the policy that judged it; 0 for the built-in policy, 9007199254740991 for a policy file that the history does not hold, such as that of an import"`

	// Findings are what inspection found about it at once. They travel with it and
	// are stored as rows of their own; a request that is read has none here.
	Findings []Finding `json:"-"`
}

// Value is what a context parameter yielded.
type Value struct {
	Name   string `json:"name" example:"username"`
	Value  string `json:"value" doc:"The value, or its keyed digest when hashed"`
	Hashed bool   `json:"hashed" doc:"Whether the value is a keyed digest"`
}

// Measure is a size in bytes or a duration in microseconds; Unknown when the
// source does not tell it. An unknown measure is left out of JSON.
type Measure int64

// Unknown is a measure that the source did not tell.
const Unknown Measure = -1

// IsZero reports that m is unknown; encoding/json's omitzero asks it.
func (m Measure) IsZero() bool { return m < 0 }

// Rung says how a request found its session.
type Rung string

// The rungs of the ladder, in the order they are tried.
const (
	RungOwn     Rung = "own"
	RungMCP     Rung = "mcp"
	RungBuiltin Rung = "builtin"
	RungNetwork Rung = "network"
)

// The keys of the MCP rung, in the order they are tried. The first is only there
// where the operator configured a session point for the server.
const (
	MCPServerKey  = "mcp_server_session"
	MCPSessionKey = "mcp_session"
	MCPSubjectKey = "mcp_subject"
	MCPTraceKey   = "mcp_trace"
)

// Strength says how hard the value that grouped a request is to forge.
type Strength string

const (
	// StrengthSecret is an opaque token or cookie that only its holder knows, or a
	// claim of a token that a key of the policy's jwks signed.
	StrengthSecret Strength = "secret"
	// StrengthClaimed is a value that anyone could have written: an unverified
	// claim, a user name, a trace id.
	StrengthClaimed Strength = "claimed"
	// StrengthNetwork is an address and what the client says of itself.
	StrengthNetwork Strength = "network"
)

// Flag marks something cut, malformed or unusual about a request.
type Flag string

const (
	// FlagUnterminated is a log line that ended inside its last quoted field.
	FlagUnterminated Flag = "unterminated"
	// FlagValueCut is a path, query, host or User-Agent over its limit, kept cut.
	FlagValueCut Flag = "value_cut"
	// FlagTruncated is a request with a part over the limit of what is read: the
	// rest of its cookies, query or body was not looked at.
	FlagTruncated Flag = "truncated"
	// FlagUpstreamError is a response that Sojourn made because the upstream gave none.
	FlagUpstreamError Flag = "upstream_error"
	// FlagClientGone is a client that left before its response was complete.
	FlagClientGone Flag = "client_gone"
	// FlagResponseCut is a response that the upstream broke off.
	FlagResponseCut Flag = "response_cut"
	// FlagMalformed is a request with parts that could not be read, such as a
	// request line without a path.
	FlagMalformed Flag = "malformed"
	// FlagUpgraded is an exchange that became another protocol, such as WebSocket.
	FlagUpgraded Flag = "upgraded"
	// FlagBlocked is a request that a verdict refused.
	FlagBlocked Flag = "blocked"
)
