package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"sojourn/internal/record"
)

const headerPolicy = `version: 1
session:
  parameters:
    - {name: device, group: true, point: 'request.header["X-Device"]'}
`

// lastKey sends a request with X-Device and returns how it was grouped.
func lastKey(t *testing.T, n *node, h *hub) (key string, revision uint64) {
	t.Helper()
	request, _ := http.NewRequest(http.MethodGet, n.proxy.URL()+"/", nil)
	request.Header.Set("X-Device", "d-1")
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	sent := n.inspector.Stats().Exchanges
	eventually(t, "the request to be stored", func() bool { return h.writer.stored.Load() == sent })
	newest := newestRequest(t, h)
	return newest.Key, newest.Revision
}

func newestRequest(t *testing.T, h *hub) record.Request {
	t.Helper()
	var page struct {
		Sessions []record.Part `json:"sessions"`
	}
	ask(t, h, http.MethodGet, "/api/v1/sessions?limit=1000", "", &page)
	var newest record.Request
	for _, p := range page.Sessions {
		var requests record.RequestPage
		ask(t, h, http.MethodGet, "/api/v1/sessions/"+p.ID.String()+"/requests?limit=1000", "", &requests)
		for _, r := range requests.Requests {
			if r.ID.Compare(newest.ID) > 0 {
				newest = r
			}
		}
	}
	return newest
}

// ask calls the API with the admin token and returns the status.
func ask(t *testing.T, h *hub, method, path, body string, into any) int {
	t.Helper()
	token, err := h.data.adminToken()
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequest(method, h.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatalf("%s %s: %s: %v", method, path, text, err)
		}
	}
	return resp.StatusCode
}

func TestPolicyOverTheAPI(t *testing.T) {
	data := t.TempDir()
	n := runNode(t, data, nil)
	h, _ := runHub(t, data, nil)
	eventually(t, "the hub to be ready", func() bool { return h.ready() == nil })
	if key, revision := lastKey(t, n, h); key == "device" || revision != 0 {
		t.Fatalf("before any policy: key %s, revision %d", key, revision)
	}
	edit, _ := json.Marshal(record.PolicyEdit{Document: headerPolicy, Expected: new(uint64)})
	var saved record.PolicyInForce
	if status := ask(t, h, http.MethodPut, "/api/v1/policy", string(edit), &saved); status != http.StatusOK || saved.Revision == 0 {
		t.Fatalf("PUT: %d, %+v", status, saved)
	}
	eventually(t, "the policy to be in force on the node", func() bool {
		key, revision := lastKey(t, n, h)
		return key == "device" && revision == saved.Revision
	})
	if status := ask(t, h, http.MethodPut, "/api/v1/policy", string(edit), nil); status != http.StatusConflict {
		t.Errorf("a change of an old revision: %d", status)
	}
	bad, _ := json.Marshal(record.PolicyEdit{Document: strings.Replace(headerPolicy, "request.header", "request.nothing", 1), Expected: &saved.Revision})
	if status := ask(t, h, http.MethodPut, "/api/v1/policy", string(bad), nil); status != http.StatusUnprocessableEntity {
		t.Errorf("a point that cannot be: %d", status)
	}
	back, _ := json.Marshal(record.PolicyRollback{Revision: 0, Expected: &saved.Revision})
	if status := ask(t, h, http.MethodPost, "/api/v1/policy/rollback", string(back), nil); status != http.StatusOK {
		t.Errorf("rollback: %d", status)
	}
	eventually(t, "the policy to be rolled back", func() bool {
		key, _ := lastKey(t, n, h)
		return key != "device"
	})
}

func TestPolicyFile(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "sojourn.yaml")
	write := func(doc string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(headerPolicy)
	n := runNode(t, data, func(c *nodeCmd) { c.Policy = file })
	h, _ := runHub(t, data, nil)
	if key, _ := lastKey(t, n, h); key != "device" {
		t.Errorf("the first request is grouped by %s: the file was not in force from the start", key)
	}
	write("version: 1\nsession: {parameters: [{name: broken}]}\n")
	write("version: 1\n")
	eventually(t, "the changed file to be in force", func() bool {
		key, _ := lastKey(t, n, h)
		return key != "device"
	})
	write("version: 2\n") // refused: what is in force stays
	if key, _ := lastKey(t, n, h); key == "device" {
		t.Error("a refused file put an older policy in force")
	}
}

func TestPolicyFileOwnsTheAPI(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "sojourn.yaml")
	if err := os.WriteFile(file, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runNode(t, data, func(c *nodeCmd) { c.Policy = file })
	h, err := openHub(&hubCmd{commonFlags: commonFlags{Data: data, Policy: file}, hubFlags: hubFlags{Console: "127.0.0.1:0", MemoryLimit: "256MB"}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	serveHub(t, h)
	eventually(t, "the hub to be ready", func() bool { return h.ready() == nil })
	edit, _ := json.Marshal(record.PolicyEdit{Document: headerPolicy, Expected: new(uint64)})
	if status := ask(t, h, http.MethodPut, "/api/v1/policy", string(edit), nil); status != http.StatusConflict {
		t.Errorf("PUT beside a policy file: %d", status)
	}
	eventually(t, "the file to be in the ledger", func() bool {
		var p record.PolicyInForce
		ask(t, h, http.MethodGet, "/api/v1/policy", "", &p)
		return p.Source == record.PolicyFromFile && p.File == file && p.Document == "version: 1\n"
	})
}

// TestPolicyFileWarns: what is probably not meant is logged once for each content
// of the file.
func TestPolicyFileWarns(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "sojourn.yaml")
	if err := os.WriteFile(file, []byte("version: 1\nmasks: [{name: '.*'}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := runNode(t, data, nil)
	var log lockedBuffer
	ctx, stop := context.WithCancel(t.Context())
	var publishing sync.WaitGroup
	publishing.Go(func() {
		publishPolicyFile(ctx, n.policies, file, slog.New(slog.NewTextHandler(&log, nil)))
	})
	eventually(t, "the warning", func() bool { return strings.Contains(log.String(), "matches every name") })
	if err := os.WriteFile(file, []byte("version: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the file to be saved", func() bool {
		current, err := n.policies.Current(t.Context())
		return err == nil && current.Document == "version: 1\n"
	})
	stop()
	publishing.Wait()
	if got := strings.Count(log.String(), "level=WARN"); got != 1 {
		t.Errorf("%d warnings:\n%s", got, log.String())
	}
}

// TestPolicyFileOfANode: a hub beside a node of the same supervisor leaves the
// publishing to it.
func TestPolicyFileOfANode(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(t.TempDir(), "sojourn.yaml")
	if err := os.WriteFile(file, []byte(headerPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	runNode(t, data, nil)
	h, err := openHub(&hubCmd{
		commonFlags: commonFlags{Data: data, Policy: file}, hubFlags: hubFlags{Console: "127.0.0.1:0", MemoryLimit: "256MB"}, beside: true,
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 2*policyPoll)
	defer stop()
	h.followPolicy(ctx) // as long as it lasts
	current, err := h.policies.Current(t.Context())
	if err != nil || current.Revision != 0 {
		t.Errorf("revision %d, %v: the hub saved the file", current.Revision, err)
	}
	h.close()
}

// lockedBuffer is a log that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
