package record

// SessionPage is one page of a list of parts, as GET /api/v1/sessions answers it.
type SessionPage struct {
	Sessions []Part `json:"sessions" nullable:"false" doc:"Parts, in the order that was asked for"`
	Next     string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
	Searched Time   `json:"searched,omitzero" doc:"Start of the oldest part that was looked at, where the time was up before the page was full: next goes on from there. Else absent"`
}

// RequestPage is one page of a list of requests.
type RequestPage struct {
	Requests []Request `json:"requests" nullable:"false" doc:"Requests by time, oldest first unless the newest were asked for"`
	Next     string    `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
}

// RequestDetail is one request with what was learned about it since.
type RequestDetail struct {
	Request
	Findings []Finding `json:"findings" nullable:"false" doc:"What was learned about it later"`
}

// Explanation tells the ladder of keys that led a request to its session. Values
// are not kept, so it is told from what the request stores and from the policy
// that judged it.
type Explanation struct {
	Request  RequestID `json:"request"`
	Session  SessionID `json:"session"`
	Revision uint64    `json:"revision" doc:"Revision of the policy that judged it; 0 for the built-in policy, 9007199254740991 for a policy file that the history does not hold"`
	Rung     Rung      `json:"rung" enum:"own,mcp,builtin,network" doc:"How the request found its session"`
	Key      string    `json:"key" doc:"Name of the grouping key that won" example:"PHPSESSID"`
	Point    string    `json:"point" doc:"Where its value was found" example:"request.cookie[\"PHPSESSID\"]"`
	Strength Strength  `json:"strength" enum:"secret,claimed,network" doc:"How hard the grouping value is to forge"`
	Verified bool      `json:"verified" doc:"Whether it is a claim of a token that a key of the policy's jwks signed"`
	Accepted bool      `json:"accepted" doc:"Whether the upstream accepted it: a status other than 401 and 403"`
	Tried    []Attempt `json:"tried" nullable:"false" doc:"The keys in the order they were tried; the last one won"`
	Unlisted int       `json:"unlisted" doc:"How many keys more were tried in vain before the one that won: those of the built-in set or, where the note says that the policy is not known, of any rung"`
	Note     string    `json:"note,omitempty" doc:"Why the ladder is not told in full; absent when it is"`
}

// Attempt is a key that was tried for a request.
type Attempt struct {
	Name  string `json:"name" example:"device"`
	Point string `json:"point" doc:"Where it looked; several points are joined by +" example:"request.header[\"X-Device\"]"`
	Rung  Rung   `json:"rung" enum:"own,mcp,builtin,network"`
	Found bool   `json:"found"`
	Why   string `json:"why,omitempty" doc:"Why it was not found"`
}

// SignInCode is a way into the console that works once.
type SignInCode struct {
	Link    string `json:"link" doc:"Open it in a browser to sign in" example:"http://127.0.0.1:8070/sign-in?code=…"`
	Code    string `json:"code" doc:"The one-time code in the link"`
	Expires Time   `json:"expires" doc:"When the code stops working"`
}

// Credential says how a caller of the API proved who it is.
type Credential string

const (
	// CredentialToken is the admin token in an Authorization header.
	CredentialToken Credential = "token"
	// CredentialCookie is the cookie of a browser that signed in.
	CredentialCookie Credential = "cookie"
)

// Me is the caller of the API, as the API sees it.
type Me struct {
	Credential Credential `json:"credential" enum:"token,cookie" doc:"How the caller is signed in"`
	Expires    Time       `json:"expires,omitzero" doc:"When the sign-in ends; absent for a token"`
}
