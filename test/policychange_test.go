package test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// policyDelay is within what a change is in force on every node.
const policyDelay = time.Second

// policyState is GET /api/v1/policy, and what a refused change is told.
type policyState struct {
	Revision uint64
	Saved    time.Time
	Source   string
	File     string
	Document string

	Current  *uint64
	Detail   string
	Problems []policyProblem
}

type policyProblem struct {
	Line           int
	Field, Problem string
}

// put asks for another policy, and returns the status and the answer.
func (s *server) put(t testing.TB, ifMatch, document string) (int, policyState) {
	t.Helper()
	return s.change(t, http.MethodPut, "policy", "application/yaml", ifMatch, document)
}

// change sends a body to the API, and returns the status and the answer.
func (s *server) change(t testing.TB, method, path, kind, ifMatch, body string) (int, policyState) {
	t.Helper()
	console, err := s.console()
	if err != nil {
		t.Fatal(err)
	}
	token, err := s.token()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), method, console+"/api/v1/"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", kind)
	if ifMatch != "" {
		r.Header.Set("If-Match", ifMatch)
	}
	resp, err := asking.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var state policyState
	decode(t, string(text), &state)
	return resp.StatusCode, state
}

// policy is the policy in force, once the hub can tell it.
func (s *server) policy(t testing.TB) (state policyState) {
	t.Helper()
	eventually(t, "the hub tells the policy", func() error {
		state = policyState{}
		return s.read("policy", nil, &state)
	})
	return state
}

// judgedBy sends requests until one is judged by a policy of this document, and
// returns the first that was, and how long after the change it started.
func (s *server) judgedBy(t testing.TB, document string) (first request, delay time.Duration) {
	t.Helper()
	state := s.policy(t)
	eventually(t, "the hub has the document", func() error {
		if state = s.policy(t); state.Document != document {
			return fmt.Errorf("it has %q", state.Document)
		}
		return nil
	})
	eventually(t, "the node judges by it", func() error {
		fetch(t, "http://"+s.proxy+"/judged", map[string]string{"X-Device": "d-41", "X-Install": "i-1"})
		var all []request
		for _, p := range s.parts(t, url.Values{"endpoint": {"/judged"}}) {
			all = append(all, s.requestsOf(t, p.ID)...)
		}
		all = slices.DeleteFunc(all, func(r request) bool { return r.Revision != state.Revision })
		if len(all) == 0 {
			return errors.New("no request is")
		}
		first = slices.MinFunc(all, func(a, b request) int { return a.Started.Compare(b.Started) })
		return nil
	})
	return first, first.Started.Sub(state.Saved)
}

func groupedBy(name, point string) string {
	return fmt.Sprintf("version: 1\nsession:\n  parameters:\n    - name: %s\n      point: %s\n      group: true\n", name, point)
}

const deviceHeader, installHeader = `request.header["X-Device"]`, `request.header["X-Install"]`

// TestPolicyPut changes the grouping while the server runs, and refuses what is
// wrong or stale as a whole.
func TestPolicyPut(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	s := serve(t, folder(t), "--upstream", up.URL)
	if state := s.policy(t); state.Revision != 0 || state.Source != "api" {
		t.Fatalf("the policy at the start is %+v", state)
	}
	byDevice, byInstall := groupedBy("device", deviceHeader), groupedBy("install", installHeader)

	var delays []time.Duration
	for revision, c := range []struct{ document, key, point string }{
		{byDevice, "device", deviceHeader}, {byInstall, "install", installHeader}, {byDevice + "# again\n", "device", deviceHeader},
	} {
		status, state := s.put(t, fmt.Sprintf("%q", fmt.Sprint(revision)), c.document)
		if status != http.StatusOK || state.Revision != uint64(revision+1) {
			t.Fatalf("PUT: %d %+v", status, state)
		}
		r, delay := s.judgedBy(t, c.document)
		if r.Key != c.key || r.Point != c.point || r.Rung != "own" {
			t.Errorf("after revision %d a request is %+v", state.Revision, r)
		}
		delays = append(delays, delay)
	}
	// A busy machine may hold one up, not every one.
	if slices.Min(delays) > policyDelay {
		t.Errorf("changes were in force after %v", delays)
	}

	for _, c := range []struct {
		name, ifMatch, document string
		status                  int
		problems                []policyProblem // their texts are not compared
	}{
		{"wrong step", "*", groupedBy("device", `request.jsn["x"]`), 422, []policyProblem{{Line: 5, Field: "session.parameters[0].point"}}},
		{"two problems", "*", "version: 1\nsession:\n  parameters:\n    - name: a b\n      point: request.host\n      type: boss\n", 422,
			[]policyProblem{{Line: 4, Field: "session.parameters[0].name"}, {Line: 6, Field: "session.parameters[0].type"}}},
		{"stale", `"1"`, byInstall, 409, nil},
		{"blind", "", byInstall, 428, nil},
	} {
		status, state := s.put(t, c.ifMatch, c.document)
		for i := range state.Problems {
			if state.Problems[i].Problem == "" {
				t.Errorf("%s: nothing says what is wrong with %s", c.name, state.Problems[i].Field)
			}
			state.Problems[i].Problem = ""
		}
		slices.SortFunc(state.Problems, func(a, b policyProblem) int { return a.Line - b.Line })
		if diff := cmp.Diff(c.problems, state.Problems); status != c.status || diff != "" {
			t.Errorf("%s: %d %s; problems:\n%s", c.name, status, state.Detail, diff)
		}
		if c.status == http.StatusConflict && (state.Current == nil || *state.Current != 3) {
			t.Errorf("%s is not told which revision is in force: %+v", c.name, state)
		}
	}
	if state := s.policy(t); state.Revision != 3 || state.Document != byDevice+"# again\n" {
		t.Errorf("refused changes left %+v", state)
	}

	status, state := s.change(t, http.MethodPost, "policy/rollback", "application/json", "*", `{"revision":2}`)
	if status != http.StatusOK || state.Revision != 4 {
		t.Fatalf("rollback: %d %+v", status, state)
	}
	if r, _ := s.judgedBy(t, byInstall); r.Key != "install" {
		t.Errorf("after the rollback a request is %+v", r)
	}
}

// TestPolicyFile: the file is the truth, picked up when it changes, never while
// it is wrong, and not to be changed elsewhere.
func TestPolicyFile(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	byDevice, byInstall := groupedBy("device", deviceHeader), groupedBy("install", installHeader)
	path := file(t, "policy.yaml", byDevice)
	s := serve(t, folder(t), "--upstream", up.URL, "--policy", path)
	if r, _ := s.judgedBy(t, byDevice); r.Key != "device" {
		t.Errorf("with the first file a request is %+v", r)
	}
	if state := s.policy(t); state.Source != "file" || state.File != path {
		t.Errorf("the policy comes from %s %s", state.Source, state.File)
	}
	if status, state := s.put(t, "*", byInstall); status != http.StatusConflict || !strings.Contains(state.Detail, path) {
		t.Errorf("PUT beside a file: %d %s", status, state.Detail)
	}

	replace(t, path, groupedBy("wrong", `request.nowhere["x"]`))
	eventually(t, "the file is refused", func() error {
		if printed := s.printed(t); !strings.Contains(printed, "the policy file is refused") || !strings.Contains(printed, "session.parameters[0].point") {
			return errors.New("the log does not say so")
		}
		return nil
	})
	if r, _ := s.judgedBy(t, byDevice); r.Key != "device" {
		t.Errorf("with a wrong file a request is %+v", r)
	}
	replace(t, path, byInstall)
	if r, _ := s.judgedBy(t, byInstall); r.Key != "install" {
		t.Errorf("with the new file a request is %+v", r)
	}
}

// replace puts a new file in the place of another, as editors do.
func replace(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}
