package store

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFlows(t *testing.T) {
	for endpoint, want := range map[string][]string{
		"/":                          nil,
		"/users/{int}":               nil,
		"/Login":                     {"auth"},
		"/api/sign_in":               {"auth"},
		"/authors":                   nil, // a word, not its beginning
		"/oauth2/token":              {"auth"},
		"/password":                  {"auth", "account_manage"},
		"/users/{int}/orders":        {"billing"},
		"/v1/otp.json":               {"auth", "sms"},
		"/admin/chat-completions":    {"admin", "ai"},
		"/register":                  {"account_create"},
		"/über/me":                   {"account_manage"},
		"POST crm.example.com/mcp x": {"ai"},
	} {
		var got []string
		flowsOf(endpoint, func(name string) { got = append(got, name) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", endpoint, diff)
		}
	}
}
