package test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestErase: a session is removed, while the server runs and when it does not, and
// nothing else is.
func TestErase(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	data := folder(t)
	s := serve(t, data, "--upstream", up.URL)
	for path, cookie := range map[string]string{"/a/1": "aaaaaaaaaaaaaaaa", "/a/2": "aaaaaaaaaaaaaaaa", "/b": "bbbbbbbbbbbbbbbb", "/c": "cccccccccccccccc"} {
		if err := get(http.DefaultClient, "http://"+s.proxy+path, "PHPSESSID="+cookie, path); err != nil {
			t.Fatal(err)
		}
	}
	s.settled(t)
	stored := s.byPath(t)
	session := func(path string) string { return stored[path].Session }
	erase := func(args ...string) (e struct{ Requests int }) {
		t.Helper()
		text := must(t, append([]string{"erase", "--json", "--data", data}, args...)...)
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}
	if e := erase("--session", session("/a/1"), "--dry-run"); e.Requests != 2 {
		t.Errorf("counted %d, want 2", e.Requests)
	}
	if r := sojourn(t, "erase", "--data", data, "--session", session("/a/1")); r.code != 2 || !strings.Contains(r.stderr, "--yes") {
		t.Errorf("unasked: exit code %d, %s", r.code, r.stderr)
	}
	if n := len(s.byPath(t)); n != 4 {
		t.Errorf("%d requests are left, want 4", n)
	}
	if e := erase("--session", session("/a/1"), "--yes"); e.Requests != 2 {
		t.Errorf("erased %d, want 2", e.Requests)
	}
	if !strings.Contains(s.printed(t), "requests were erased") {
		t.Error("the log does not tell")
	}
	if left := s.byPath(t); len(left) != 2 || left["/b"].Session == "" {
		t.Errorf("left: %v", left)
	}
	s.stop(t)
	if e := erase("--session", session("/b"), "--yes"); e.Requests != 1 {
		t.Errorf("erased %d of a folder that is not in use, want 1", e.Requests)
	}
	s = serve(t, data, "--upstream", up.URL)
	if left := s.byPath(t); len(left) != 1 || left["/c"].Session == "" {
		t.Errorf("left: %v", left)
	}
}
