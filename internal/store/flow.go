package store

import "regexp"

// Flow is a business flow and the endpoints that belong to it, told by the words
// in their paths. It is a mapping that is applied when requests are read: stores
// keep endpoints only.
type Flow struct {
	Name    string
	Pattern string // RE2, held against the endpoint in lower case
}

// Flows are the built-in business flows. An endpoint may belong to several.
var Flows = []Flow{
	{"auth", words("auth|oauth2?|login|log_in|signin|sign_in|logout|signout|sign_out|token|tokens|sso|saml|mfa|2fa|otp|password|passkeys?|webauthn")},
	{"account_create", words("register|registration|signup|sign_up|join|onboarding")},
	{"account_manage", words("account|accounts|profile|me|settings|preferences|password|addresses")},
	{"admin", words("admin|administration|backoffice|manage|management|console|internal")},
	{"billing", words("billing|payments?|pay|checkout|invoices?|cards?|subscriptions?|refunds?|charges?|orders?")},
	{"sms", words("sms|otp|verification_code|phone|whatsapp")},
	{"ai", words("ai|llm|chat|completions?|embeddings|prompts?|assistants?|mcp|inference")},
}

// words is a pattern that finds one of some words as a whole one.
func words(alternatives string) string { return `(^|[^a-z0-9])(` + alternatives + `)([^a-z0-9]|$)` }

var flowPatterns = func() []*regexp.Regexp {
	compiled := make([]*regexp.Regexp, len(Flows))
	for i, f := range Flows {
		compiled[i] = regexp.MustCompile(f.Pattern)
	}
	return compiled
}()

// flowsOf yields the flows that an endpoint belongs to.
func flowsOf(endpoint string, yield func(string)) {
	lower := lowerASCII(endpoint)
	for i, p := range flowPatterns {
		if p.MatchString(lower) {
			yield(Flows[i].Name)
		}
	}
}

// lowerASCII lowers A to Z alone, as every SQL engine does alike.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
