package record

// SessionPage is one page of a list of parts, as GET /api/v1/sessions answers it.
type SessionPage struct {
	Sessions []Part `json:"sessions" nullable:"false" doc:"Parts, newest start first"`
	Next     string `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
}

// RequestPage is one page of a list of requests.
type RequestPage struct {
	Requests []Request `json:"requests" nullable:"false" doc:"Requests, oldest first"`
	Next     string    `json:"next,omitempty" doc:"Cursor of the next page; absent on the last one"`
}

// RequestDetail is one request with what was learned about it since.
type RequestDetail struct {
	Request
	Findings []Finding `json:"findings" nullable:"false" doc:"What was learned about it later"`
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
