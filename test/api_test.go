package test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// count is a value and how many requests have it.
type count struct {
	Value string
	Count int
}

// part is a row of GET /api/v1/sessions, as far as tests look at it.
type part struct {
	ID        string
	Part      string
	Started   time.Time
	Ended     time.Time
	Requests  int
	Matched   int
	Attacks   int
	IP        string
	UserAgent string `json:"user_agent"`
	Hosts     []count
	Endpoints []count
	Key       string
	Rung      string
	Strength  string
}

// request is a row of GET /api/v1/sessions/{id}/requests.
type request struct {
	ID            string
	Session       string
	Client        string
	Started       time.Time
	Duration      *int `json:"duration_us"`
	FirstByte     *int `json:"ttfb_us"`
	Application   string
	Host          string
	Method        string
	Path          string
	Query         string
	Endpoint      string
	Status        int
	RequestBytes  *int `json:"request_bytes"`
	ResponseBytes *int `json:"response_bytes"`
	IP            string
	UserAgent     string `json:"user_agent"`
	JA4           string
	Key           string
	Point         string
	Rung          string
	Strength      string
	Accepted      bool
	Flags         []string
	User, Role    string
	Operation     string `json:"graphql_operation"`
	MCP           *mcpMessage
	Context       []value
	Revision      uint64
}

// value is what a context parameter yielded.
type value struct {
	Name, Value string
	Hashed      bool
}

// mcpMessage is what is kept of an MCP message.
type mcpMessage struct {
	Server, Method, Name, Client, Generation, Trace string
	Error                                           int
}

// node is a node's own account.
type node struct {
	Exchanges, Recorded, Excluded, Waiting int
	Lost                                   map[string]int
}

// system is GET /api/v1/system.
type system struct {
	Nodes []node
	Bus   struct {
		Connected bool
		Messages  int
	}
	Writer struct{ Stored, Skipped, Errors int }
	Days   []struct {
		Day      string
		Requests int
		Sealed   bool
	}
	SetAside []struct{ File, Reason string } `json:"set_aside"`
}

// requests is how many requests all days hold.
func (s *system) requests() (n int) {
	for _, d := range s.Days {
		n += d.Requests
	}
	return n
}

// asking bounds one question to the API.
var asking = &http.Client{Timeout: 30 * time.Second}

// console is the address of the console and the API at the moment.
func (s *server) console() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.data, "hub.json"))
	if err != nil {
		return "", err
	}
	var at struct{ URL string }
	err = json.Unmarshal(text, &at)
	return at.URL, err
}

// token is the admin token.
func (s *server) token() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.data, "admin-token"))
	return strings.TrimSpace(string(text)), err
}

// ask gets a document of the API, such as "sessions", with the admin token.
func (s *server) ask(path string, query url.Values) ([]byte, error) {
	at, err := s.console()
	if err != nil {
		return nil, err
	}
	token, err := s.token()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodGet, at+"/api/v1/"+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := asking.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", r.URL, resp.Status, body)
	}
	return body, err
}

// read gets a document of the API, and decodes it.
func (s *server) read(path string, query url.Values, v any) error {
	body, err := s.ask(path, query)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

// system asks for the state of the installation; it is an error while a node does
// not answer.
func (s *server) system() (sys system, err error) {
	if err = s.read("system", nil, &sys); err == nil && len(sys.Nodes) != 1 {
		err = fmt.Errorf("%d nodes answer", len(sys.Nodes))
	}
	return sys, err
}

// settled waits until everything that came in is stored, and returns the state then.
func (s *server) settled(t testing.TB) (sys system) {
	t.Helper()
	eventually(t, "the bus has all that came in", func() (err error) {
		if sys, err = s.system(); err != nil {
			return err
		}
		n := sys.Nodes[0]
		open := n.Exchanges - n.Recorded - n.Excluded
		for _, lost := range n.Lost {
			open -= lost
		}
		if open != 0 || n.Waiting != 0 {
			return fmt.Errorf("%d exchanges are on their way: %+v", open, n)
		}
		return nil
	})
	// Asked again: the answer before may have looked at the bus first.
	eventually(t, "the bus is empty", func() (err error) {
		if sys, err = s.system(); err == nil && (!sys.Bus.Connected || sys.Bus.Messages != 0) {
			err = fmt.Errorf("it is not: %+v", sys.Bus)
		}
		return err
	})
	return sys
}

// parts lists all parts that match.
func (s *server) parts(t testing.TB, query url.Values) (all []part) {
	t.Helper()
	err := pages(query, func(q url.Values) (next string, err error) {
		var page struct {
			Sessions []part
			Next     string
		}
		err = s.read("sessions", q, &page)
		all = append(all, page.Sessions...)
		return page.Next, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// requestsOf lists all requests of one session.
func (s *server) requestsOf(t testing.TB, session string) (all []request) {
	t.Helper()
	err := pages(nil, func(q url.Values) (next string, err error) {
		var page struct {
			Requests []request
			Next     string
		}
		err = s.read("sessions/"+session+"/requests", q, &page)
		all = append(all, page.Requests...)
		return page.Next, err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// requests lists all requests of all sessions.
func (s *server) requests(t testing.TB) (all []request) {
	t.Helper()
	for _, id := range sessionIDs(s.parts(t, nil)) {
		all = append(all, s.requestsOf(t, id)...)
	}
	return all
}

// byPath lists all requests, which must each have a path of their own.
func (s *server) byPath(t testing.TB) map[string]request {
	t.Helper()
	all := map[string]request{}
	for _, r := range s.requests(t) {
		if _, twice := all[r.Path]; twice {
			t.Fatalf("%s is stored twice", r.Path)
		}
		all[r.Path] = r
	}
	return all
}

// maxPages bounds how long a list may be; one that is longer has a cursor that
// goes round in circles.
const maxPages = 10_000

// pages asks for page after page.
func pages(query url.Values, page func(url.Values) (next string, err error)) error {
	q := url.Values{"limit": {"1000"}}
	for name, values := range query {
		q[name] = values
	}
	for range maxPages {
		next, err := page(q)
		if err != nil || next == "" {
			return err
		}
		q.Set("cursor", next)
	}
	return fmt.Errorf("the list has more than %d pages", maxPages)
}

// sessionIDs are the sessions that parts belong to.
func sessionIDs(parts []part) (ids []string) {
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
