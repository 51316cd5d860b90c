package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// entry is a HAR entry of a POST with a JSON body and answer.
func entry(url, body, answer string) string {
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	return `{"startedDateTime":"2026-11-21T12:00:00.000Z","time":12,"_clientIPAddress":"203.0.113.7",
		"request":{"method":"POST","url":` + quoted(url) + `,"httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"application/json"}],
			"queryString":[],"cookies":[],"headersSize":-1,"bodySize":-1,"postData":{"mimeType":"application/json","text":` + quoted(body) + `}},
		"response":{"status":200,"statusText":"OK","httpVersion":"HTTP/1.1","headers":[{"name":"Content-Type","value":"application/json"}],"cookies":[],
			"content":{"size":1,"mimeType":"application/json","text":` + quoted(answer) + `},"redirectURL":"","headersSize":-1,"bodySize":-1},
		"cache":{},"timings":{"send":1,"wait":10,"receive":1}}`
}

func TestInspect(t *testing.T) {
	dir := t.TempDir()
	har := `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[` + strings.Join([]string{
		entry("https://api.example.com/login", `{"user":"maria"}`, `{"token":"aaa"}`),
		entry("https://api.example.com/a", `{"token":"aaa"}`, `{}`),
		entry("https://api.example.com/b?token=aaa", `{}`, `{}`),
		`{"startedDateTime":"nonsense"}`,
	}, ",") + `]}}`
	policyFile := filepath.Join(dir, "sojourn.yaml")
	doc := `version: 1
session:
  parameters:
    - {name: token, point: 'response.json["token"]', group: true}
    - {name: token, point: 'request.query["token"]', group: true}
    - {name: token, point: 'request.json["token"]', group: true}
    - {name: user, type: user, point: 'request.json["user"]'}
`
	if err := os.WriteFile(policyFile, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	a := &app{ctx: context.Background(), stdin: strings.NewReader(har), stdout: &out, stderr: &errs}
	if err := run(a, []string{"inspect", "--policy", policyFile, "-"}); err != nil {
		t.Fatal(err, &errs)
	}
	type attempt struct {
		Name, Point string
		Found       bool
	}
	type line struct {
		SessionID string `json:"session_id"`
		Key       struct{ Name, Point, Rung, Strength string }
		Tried     []attempt
		User      string
		Endpoint  string
		Error     string
	}
	var lines []line
	for dec := json.NewDecoder(&out); dec.More(); {
		var l line
		if err := dec.Decode(&l); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, l)
	}
	if len(lines) != 4 {
		t.Fatalf("%d lines for 4 entries", len(lines))
	}
	for i, want := range []struct {
		point string
		tried int
	}{{`response.json["token"]`, 1}, {`request.json["token"]`, 3}, {`request.query["token"]`, 2}} {
		l := lines[i]
		if l.SessionID != lines[0].SessionID || l.Key.Name != "token" || l.Key.Rung != "own" || l.Key.Point != want.point ||
			len(l.Tried) != want.tried || !l.Tried[len(l.Tried)-1].Found {
			t.Errorf("entry %d: %+v", i, l)
		}
	}
	if lines[0].User != "maria" || lines[0].Endpoint != "POST /login" {
		t.Errorf("user %q, endpoint %q", lines[0].User, lines[0].Endpoint)
	}
	if lines[3].Error == "" {
		t.Error("a broken entry is not told")
	}
}

// TestInspect_HeaderOrder: the order of header fields changes nothing.
func TestInspect_HeaderOrder(t *testing.T) {
	fields := []string{
		`{"name":"Cookie","value":"theme=dark; PHPSESSID=26gvl5m0k9v3d8sh2dd0c6i7qm"}`,
		`{"name":"Authorization","value":"Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJpIiwic3ViIjoiNDIifQ."}`,
		`{"name":"X-Api-Key","value":"6f1ed002ab5595859014ebf0951522d9"}`,
		`{"name":"User-Agent","value":"agent/1"}`,
		`{"name":"X-Session-Id","value":"9f86d081884c7d659a2feaa0c55ad015"}`,
	}
	var entries []string
	for turn := range fields {
		turned := append(append([]string{}, fields[turn:]...), fields[:turn]...)
		reversed := slices.Clone(turned)
		slices.Reverse(reversed)
		for _, order := range [][]string{turned, reversed} {
			entries = append(entries, strings.Replace(entry("https://a.example.com/x", `{}`, `{}`), `"headers":[`, `"headers":[`+strings.Join(order, ",")+",", 1))
		}
	}
	var out bytes.Buffer
	har := `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[` + strings.Join(entries, ",") + `]}}`
	a := &app{ctx: t.Context(), stdin: strings.NewReader(har), stdout: &out, stderr: io.Discard}
	if err := run(a, []string{"inspect", "-"}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(entries) || strings.Contains(lines[0], `"error":`) {
		t.Fatalf("%d lines of %d entries: %s", len(lines), len(entries), lines[0])
	}
	for i, line := range lines {
		if line != lines[0] {
			t.Errorf("order %d:\n%s\nthe first:\n%s", i, line, lines[0])
		}
	}
}
