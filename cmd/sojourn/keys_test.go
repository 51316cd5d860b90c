package main

import (
	"encoding/json"
	"strings"
	"testing"

	"sojourn/internal/inspect/identity"
)

func TestKeysCommand(t *testing.T) {
	text, _, err := sojourn(t, "keys")
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, line := range []string{"session_id", `request.cookie["PHPSESSID"]`, `.jwt.payload["sid"]`, `.jwt.payload["sub"]`, "basic.user", "parameter[\"jsessionid\"]", "ip+user_agent"} {
		next := strings.Index(text, line)
		if next <= at {
			t.Errorf("%s does not stand in its place in\n%s", line, text)
		}
		at = next
	}
	out, _, err := sojourn(t, "keys", "--json")
	var doc keysDocument
	if err != nil || json.Unmarshal([]byte(out), &doc) != nil || doc.Version != identity.BuiltinVersion || len(doc.Keys) != len(identity.Keys()) {
		t.Errorf("--json: %v\n%s", err, out)
	}
}
