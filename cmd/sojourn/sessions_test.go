package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/api"
	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/duckdb"
)

// showDay is the day of the requests that these tests show.
var showDay = time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)

// showFolder makes a data folder that holds 60 sessions of one request each, the
// newest of them hostile.
func showFolder(t *testing.T) (dir string, requests []record.Request) {
	t.Helper()
	dir = t.TempDir()
	for i := range 60 {
		at := record.TimeOf(showDay.Add(time.Duration(i) * time.Minute))
		requests = append(requests, record.Request{
			ID: record.RequestID{At: at, Node: 5, Seq: uint32(i)}, Session: record.SessionID{5, byte(i)}, Client: record.SessionID{6},
			Started: at, Duration: 2500, FirstByte: record.Unknown, RequestBytes: record.Unknown, ResponseBytes: 512,
			Application: "shop", Host: "shop.example.com", Method: "GET", Path: fmt.Sprintf("/items/%d", i), Endpoint: "/items/{int}",
			Status: 200, IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "curl/8.5.0",
			Key: "PHPSESSID", Point: `request.cookie["PHPSESSID"]`, Rung: record.RungBuiltin, Strength: record.StrengthSecret, Accepted: true,
		})
	}
	last := &requests[len(requests)-1]
	last.UserAgent, last.Path, last.Status = "\x1b[2Jevil\u202e", "/\x1b]0;owned\x07", 500
	withStore(t, dir, func(s *duckdb.Store) {
		batch := store.Batch{Position: store.Position{Log: "show", Seq: 1}, Requests: requests}
		if _, err := s.Write(t.Context(), []store.Batch{batch}); err != nil {
			t.Fatal(err)
		}
	})
	return dir, requests
}

func withStore(t *testing.T, dir string, do func(*duckdb.Store)) {
	t.Helper()
	data, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := duckdb.Open(t.Context(), duckdb.Config{Dir: data.daysDir()})
	if err != nil {
		t.Fatal(err)
	}
	do(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// sojourn runs a command line in this process.
func sojourn(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	err = run(&app{ctx: t.Context(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}, args)
	return out.String(), errs.String(), err
}

// served makes the folder look, and answer, as if a server ran on it.
func served(t *testing.T, dir string, s *duckdb.Store) (url, token string) {
	t.Helper()
	data, err := openData(dir)
	if err != nil {
		t.Fatal(err)
	}
	unlock, err := data.lock("hub")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(unlock)
	token, err = data.adminToken()
	if err != nil {
		t.Fatal(err)
	}
	handler, err := api.New(api.Config{
		Store: s, System: &folderSystem{days: s, data: data, started: showDay}, Ready: func() error { return nil },
		Metrics: http.NotFoundHandler(), Console: http.NotFoundHandler(), Listen: "127.0.0.1:0", Token: token, Key: make([]byte, 32),
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	if err := data.writeJSON("hub.json", hubAddress{URL: server.URL}); err != nil {
		t.Fatal(err)
	}
	return server.URL, token
}

// TestShow_SameEverywhere asks the folder itself, the server that runs on it, and
// that server by its address: all tell the same.
func TestShow_SameEverywhere(t *testing.T) {
	dir, requests := showFolder(t)
	last := requests[len(requests)-1]
	commands := [][]string{
		{"sessions", "list"}, {"sessions", "list", "--json"}, {"sessions", "list", "--all", "--json"},
		{"sessions", "list", "--status", "5xx", "--host", "shop.*", "--from", "2026-11-20T00:00:00Z"},
		{"sessions", "show", last.Session.String()}, {"sessions", "show", last.Session.String(), "--json", "--part", "2026-11-20"},
		{"sessions", "requests", last.Session.String()}, {"sessions", "requests", last.Session.String(), "--json"},
		{"requests", "show", last.ID.String()}, {"requests", "show", last.ID.String(), "--json"},
	}
	answers := func(flags ...string) (all []string) {
		t.Helper()
		for _, command := range commands {
			out, _, err := sojourn(t, append(command, flags...)...)
			if err != nil || out == "" {
				t.Fatalf("sojourn %v: %v, output %q", command, err, out)
			}
			for _, r := range out {
				if r < ' ' && r != '\n' || r == '\u202e' && !strings.Contains(strings.Join(command, " "), "--json") {
					t.Errorf("sojourn %v prints %q", command, r)
				}
			}
			all = append(all, out)
		}
		return all
	}
	own := answers("--data", dir)
	withStore(t, dir, func(s *duckdb.Store) {
		url, token := served(t, dir, s)
		if diff := cmp.Diff(own, answers("--data", dir)); diff != "" {
			t.Errorf("the running server tells something else:\n%s", diff)
		}
		if diff := cmp.Diff(own, answers("--server", url, "--token", token)); diff != "" {
			t.Errorf("the server by its address tells something else:\n%s", diff)
		}
		t.Setenv("SOJOURN_TOKEN", token)
		if diff := cmp.Diff(own, answers("--server", url)); diff != "" {
			t.Errorf("the server by its address, token from the environment, tells something else:\n%s", diff)
		}
		if _, _, err := sojourn(t, "system", "--server", url, "--token", "wrong"); err == nil || !strings.Contains(err.Error(), "token") {
			t.Errorf("a wrong token: %v", err)
		}
		out, _, err := sojourn(t, "sign-in", "--data", dir)
		if err != nil || !strings.HasPrefix(out, url+"/sign-in?code=") {
			t.Errorf("sign-in: %q, %v", out, err)
		}
	})
}

func TestSessionsList_Pages(t *testing.T) {
	dir, requests := showFolder(t)
	out, errs, err := sojourn(t, "sessions", "list", "--data", dir)
	if err != nil || strings.Count(out, "\n") != 51 || !strings.Contains(errs, "--cursor") {
		t.Errorf("first page: %v, %d lines, %q", err, strings.Count(out, "\n"), errs)
	}
	out, errs, err = sojourn(t, "sessions", "list", "--data", dir, "--all", "--limit", "7")
	if err != nil || strings.Count(out, "\n") != 61 || errs != "" {
		t.Errorf("all pages: %v, %d lines, %q", err, strings.Count(out, "\n"), errs)
	}
	out, _, err = sojourn(t, "sessions", "list", "--data", dir, "--all", "--limit", "7", "--json")
	var page record.SessionPage
	if err := errors.Join(err, json.Unmarshal([]byte(out), &page)); err != nil || len(page.Sessions) != len(requests) || page.Next != "" {
		t.Errorf("all pages as JSON: %v, %d sessions, next %q", err, len(page.Sessions), page.Next)
	}
	out, errs, err = sojourn(t, "sessions", "list", "--data", dir, "--host", "nothing")
	if err != nil || out != "" || errs != "nothing matches\n" {
		t.Errorf("nothing: %v, %q, %q", err, out, errs)
	}
	out, _, err = sojourn(t, "sessions", "list", "--data", dir, "--host", "nothing", "--all", "--json")
	if err != nil || out != `{"sessions":[]}`+"\n" {
		t.Errorf("nothing as JSON: %v, %q", err, out)
	}
}

func TestShow_Errors(t *testing.T) {
	dir, requests := showFolder(t)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"sessions", "list", "--data", dir + "-none"}, "--data"},
		{[]string{"sessions", "list", "--data", dir, "--status", "nine"}, "status"},
		{[]string{"sessions", "list", "--data", dir, "--from", "-7y"}, "-7y"},
		{[]string{"sessions", "list", "--data", dir, "--cursor", "x"}, "cursor"},
		{[]string{"sessions", "list", "--data", dir, "--limit", "5000"}, "5000"},
		{[]string{"sessions", "list", "--data", dir, "--limit", "0"}, `limit: "0" is not a number from 1`},
		{[]string{"sessions", "list", "--data", dir, "--limit", "0", "--all", "--json"}, `limit: "0" is not a number from 1`},
		{[]string{"sessions", "show", "--data", dir, "nonsense"}, "nonsense"},
		{[]string{"sessions", "show", "--data", dir, record.SessionID{9}.String()}, "not found"},
		{[]string{"sessions", "requests", "--data", dir, record.SessionID{9}.String()}, "not found"},
		{[]string{"requests", "show", "--data", dir, record.RequestID{At: requests[0].ID.At}.String()}, "not found"},
		{[]string{"sessions", "list", "--server", "http://127.0.0.1:1"}, "SOJOURN_TOKEN"},
		{[]string{"sessions", "list", "--server", "nowhere", "--token", "t"}, "nowhere"},
		{[]string{"sign-in", "--data", dir}, "sojourn serve"},
	} {
		if _, _, err := sojourn(t, tt.args...); err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("sojourn %v: %v, want one line with %q", tt.args, err, tt.want)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	out, _, err := sojourn(t, "openapi")
	want, docErr := api.Document()
	if err != nil || docErr != nil || out != string(want) {
		t.Errorf("sojourn openapi: %v, %v, %d bytes", err, docErr, len(out))
	}
}
