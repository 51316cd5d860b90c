package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/api"
	"sojourn/internal/client"
	"sojourn/internal/exchange"
	"sojourn/internal/inspect"
	"sojourn/internal/policy"
	"sojourn/internal/record"
	"sojourn/internal/source/importer"
	"sojourn/internal/store"
	"sojourn/internal/store/memory"
)

const explainedPolicy = `version: 1
session:
  parameters:
    - {name: token, point: 'response.json["token"]', group: true}
    - {name: token, point: 'request.query["token"]', group: true}
    - {name: plan, point: 'request.json["plan"]'}
    - {name: other, point: 'request.json["other"]', group: true, applications: [default]}
mcp:
  - {host: mcp.example.com, path: /mcp, session: 'request.mcp.meta["run"]'}
`

// TestExplain_AsInspected holds what is told of a stored request against what the
// inspection tells of the exchange itself.
func TestExplain_AsInspected(t *testing.T) {
	message := func(meta string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"n","_meta":{` + meta + `}}}`
	}
	const trace = `"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"`
	header := func(entry, name, value string) string {
		return strings.Replace(entry, `"headers":[`, `"headers":[{"name":"`+name+`","value":"`+value+`"},`, 1)
	}
	// {"sub":"maria","client_id":"cli"}, unsigned
	const claims = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYXJpYSIsImNsaWVudF9pZCI6ImNsaSJ9."
	cases := []struct{ key, entry string }{
		{"token", entry("https://a.example.com/login", `{}`, `{"token":"aaa"}`)},
		{"token", entry("https://a.example.com/?token=aaa", `{}`, `{}`)},
		{"other", entry("https://a.example.com/", `{"other":"o-1","plan":"p"}`, `{}`)},
		{"PHPSESSID", header(entry("https://a.example.com/", `{}`, `{}`), "Cookie", "PHPSESSID=26gvl5m0k9v3d8sh2dd0c6i7qm")},
		{"ip", entry("https://a.example.com/", `{}`, `{}`)},
		{record.MCPServerKey, entry("https://mcp.example.com/mcp", message(`"run":"run-77"`), `{}`)},
		{record.MCPTraceKey, entry("https://mcp.example.com/mcp", message(trace), `{}`)},
		{record.MCPTraceKey, header(entry("https://b.example.com/mcp", message(trace), `{}`), "MCP-Protocol-Version", "2025-06-18")},
		{record.MCPSubjectKey, header(entry("https://mcp.example.com/mcp", message(trace), `{}`), "Authorization", claims)},
		{record.MCPSessionKey, header(entry("https://b.example.com/mcp", message(trace), `{}`), "Mcp-Session-Id", "s-1234567890")},
		{"ip", entry("https://mcp.example.com/mcp", message(""), `{}`)},
	}
	pol, err := policy.Parse("test", []byte(explainedPolicy))
	if err != nil {
		t.Fatal(err)
	}
	pipeline, err := inspect.New(inspect.Config{Key: inspectKeyBytes, Policy: pol})
	if err != nil {
		t.Fatal(err)
	}
	if err := pipeline.SetPolicy(pol, 1); err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, c := range cases {
		entries = append(entries, c.entry)
	}
	var inspected []inspect.Explanation
	har := `{"log":{"version":"1.2","creator":{"name":"t","version":"1"},"entries":[` + strings.Join(entries, ",") + `]}}`
	err = importer.ReadHAR(strings.NewReader(har), func(x *exchange.Exchange, reason string) error {
		x.ID = record.RequestID{At: record.TimeOf(x.Started), Seq: uint32(len(inspected))}
		e, _, err := pipeline.Explain(x)
		inspected = append(inspected, e)
		return err
	})
	if err != nil || len(inspected) != len(cases) {
		t.Fatal(err, len(inspected))
	}
	server := explaining(t, inspected)
	for i, e := range inspected {
		got, err := server.Explain(t.Context(), e.Request.ID.String())
		if err != nil {
			t.Fatal(err)
		}
		if got.Key != cases[i].key || got.Note != "" || got.Unlisted+len(got.Tried)-1 != e.Request.Tried {
			t.Errorf("entry %d: %+v of %d tried, want the key %s", i, got, e.Request.Tried, cases[i].key)
		}
		if diff := cmp.Diff(ownOf(e.Tried), ownOf(got.Tried)); diff != "" {
			t.Errorf("entry %d (-inspected +explained):\n%s", i, diff)
		}
	}
}

// explaining returns a client of the API over a store that holds these requests.
func explaining(t *testing.T, inspected []inspect.Explanation) *client.Client {
	t.Helper()
	s := memory.New()
	batch := store.Batch{Position: store.Position{Log: "test", Seq: 1}}
	for _, e := range inspected {
		batch.Requests = append(batch.Requests, e.Request)
	}
	if _, err := s.Write(t.Context(), []store.Batch{batch}); err != nil {
		t.Fatal(err)
	}
	token := strings.Repeat("t", 32)
	handler, err := api.New(api.Config{
		Store: s, System: &folderSystem{started: time.Now()}, Policy: &api.PolicyConfig{Keeper: oneRevision{}},
		Ready: func() error { return nil }, Metrics: http.NotFoundHandler(), Console: http.NotFoundHandler(),
		Listen: "localhost:0", Token: token, Key: make([]byte, 32), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client.InProcess(handler, token)
}

// oneRevision keeps explainedPolicy as revision 1; nothing else is asked of it.
type oneRevision struct{ api.PolicyKeeper }

func (oneRevision) Get(context.Context, uint64) (record.PolicyRevision, error) {
	return record.PolicyRevision{Revision: 1, Document: explainedPolicy}, nil
}

// ownOf are the own keys among attempts, without what only one side tells.
func ownOf(attempts []record.Attempt) (out []record.Attempt) {
	for _, a := range attempts {
		if a.Rung == record.RungOwn {
			out = append(out, record.Attempt{Name: a.Name, Point: a.Point, Found: a.Found})
		}
	}
	return out
}
