package identity

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/record"
)

// TestLadder checks what the text of the ladder promises of itself.
func TestLadder(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range ladder {
		at := s.key + " " + s.points[networkAddressAgent]
		if seen[at] {
			t.Errorf("%s stands twice", at)
		}
		seen[at] = true
		if s.key == "" || strings.Count(s.name, "*") > 1 || s.glob != strings.Contains(s.name, "*") {
			t.Errorf("%s is not well formed", at)
		}
		if (s.place == inQuery || s.place == inPath) && len(s.name) > maxParameterName {
			t.Errorf("%s: the name is longer than maxParameterName", at)
		}
		if s.place == inHeader && s.points[networkAddressAgent] != "" && !strings.Contains(s.points[networkAddressAgent], `"`+s.name+`"`) {
			t.Errorf("%s: %s is not the canonical name of a header", at, s.name)
		}
		if _, _, split := chunkOf(s.name); split && s.chunked {
			t.Errorf("%s: a name that ends like a part cannot be split", at)
		}
	}
	if len(slots.globs) > maxGlobs || slots.count > maxSlots {
		t.Errorf("%d globs and %d slots are more than maxGlobs and maxSlots", len(slots.globs), slots.count)
	}
	for n := range nones {
		if len(n) > maxNone || strings.ToLower(n) != n {
			t.Errorf("%q is not found among nones", n)
		}
	}
}

// TestGroups: the groups of the built-in set stand in the order of the design.
func TestGroups(t *testing.T) {
	var got []string
	for _, s := range ladder {
		group := map[place]string{inHeader: "header", inCookie: "cookie", inQuery: "query or path", inPath: "query or path"}[s.place]
		switch s.read {
		case readClaim:
			group = "jwt " + s.claim
		case readCredentials, readToken:
			group = "token"
		case readAPIKey, readAPIKeyScheme:
			group = "api key"
		case readBasicUser:
			group = "basic"
		}
		if len(got) == 0 || got[len(got)-1] != group {
			got = append(got, group)
		}
	}
	want := []string{"header", "cookie", "jwt sid", "jwt sub", "token", "api key", "basic", "query or path"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestKeys(t *testing.T) {
	keys := Keys()
	if len(keys) != len(ladder)+int(networkKinds) {
		t.Fatalf("%d keys", len(keys))
	}
	identifier := testIdentifier(t)
	// A request's Tried is the rank of its key.
	for _, line := range []string{"Cookie: PHPSESSID=abc", "X-Session-Id: s", "Authorization: Basic YW5uOjE=", "X-Api-Key: k1"} {
		id := identifier.Identify(request("203.0.113.7", "User-Agent: x", line))
		if k := keys[id.Tried]; k.Rank != id.Tried || k.Key != id.Key || k.Point != id.Point || k.Strength != id.Strength || k.Rung != id.Rung {
			t.Errorf("%s: rank %d is %+v, identified as %+v", line, id.Tried, k, id)
		}
	}
	if last := keys[len(keys)-1]; last.Rung != record.RungNetwork || last.Rank != len(ladder) {
		t.Errorf("the ladder ends with %+v", last)
	}
}

func TestChunkOf(t *testing.T) {
	f := func(name, base string, n int, ok bool) {
		t.Helper()
		if b, m, k := chunkOf(name); b != base || m != n || k != ok {
			t.Errorf("chunkOf(%q) = %q, %d, %v", name, b, m, k)
		}
	}
	f("appSession.0", "appSession", 0, true)
	f("_oauth2_proxy_1", "_oauth2_proxy", 1, true)
	f("AWSELBAuthSessionCookie-0", "AWSELBAuthSessionCookie", 0, true)
	f(".AspNetCore.CookiesC15", ".AspNetCore.Cookies", 15, true)
	f(".AspNetCore.CookiesC16", "", 0, false)
	f("sid", "", 0, false)
	f("sid1", "", 0, false)
	f("1", "", 0, false)
	f(".1", "", 0, false)
	f("", "", 0, false)
	f("a.1234", "", 0, false)
}
