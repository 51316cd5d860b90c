// Package client asks Sojourn's API. The command line is built on it: every
// command that shows something asks the same routes as the console does, be it
// over the network or of a handler in the same process.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sojourn/internal/record"
)

const (
	// timeout bounds one question; it lies above the server's own bound.
	timeout = 70 * time.Second
	// maxAnswer bounds what an answer may hold, in bytes.
	maxAnswer = 64 << 20
	// prefix is where the API lives below a server's address.
	prefix = "/api/v1/"
)

// Client asks one server. It may be used concurrently.
type Client struct {
	base    string
	token   string
	http    *http.Client
	streams *http.Client // without a bound on the whole answer
}

// New returns a client of the server at base, such as http://127.0.0.1:8070.
func New(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("server %q is not an address such as http://127.0.0.1:8070", base)
	}
	if token == "" {
		return nil, fmt.Errorf("server %s needs a token", base)
	}
	return newClient(strings.TrimSuffix(base, "/"), token, nil), nil
}

// InProcess returns a client of a handler in this process.
func InProcess(h http.Handler, token string) *Client {
	return newClient("http://localhost", token, handlerTransport{h})
}

func newClient(base, token string, transport http.RoundTripper) *Client {
	// A redirect would carry the token to who knows where.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		base: base, token: token,
		http:    &http.Client{Transport: transport, Timeout: timeout, CheckRedirect: stay},
		streams: &http.Client{Transport: transport, CheckRedirect: stay},
	}
}

// Sessions lists parts; the filters are those of GET /api/v1/sessions.
func (c *Client) Sessions(ctx context.Context, filters url.Values) (page record.SessionPage, err error) {
	err = c.decode(ctx, http.MethodGet, "sessions", filters, &page)
	return page, err
}

// Count counts what Sessions lists.
func (c *Client) Count(ctx context.Context, filters url.Values) (t record.Total, err error) {
	err = c.decode(ctx, http.MethodGet, "sessions/count", filters, &t)
	return t, err
}

// Neighbours lists what a session has to do with.
func (c *Client) Neighbours(ctx context.Context, id string, filters url.Values) (n record.Neighbours, err error) {
	err = c.decode(ctx, http.MethodGet, "sessions/"+url.PathEscape(id)+"/neighbours", filters, &n)
	return n, err
}

// Values lists the values of the field that filters name.
func (c *Client) Values(ctx context.Context, filters url.Values) (v record.Values, err error) {
	err = c.decode(ctx, http.MethodGet, "values", filters, &v)
	return v, err
}

// Query counts requests by groups.
func (c *Client) Query(ctx context.Context, q record.Query) (t record.Table, err error) {
	err = c.exchange(ctx, http.MethodPost, "query", nil, q, &t)
	return t, err
}

// Session sums up one session.
func (c *Client) Session(ctx context.Context, id string, filters url.Values) (s record.Session, err error) {
	err = c.decode(ctx, http.MethodGet, "sessions/"+url.PathEscape(id), filters, &s)
	return s, err
}

// Requests lists the requests of a session.
func (c *Client) Requests(ctx context.Context, session string, filters url.Values) (record.RequestPage, error) {
	var raw struct {
		Requests []json.RawMessage
		Next     string
	}
	if err := c.decode(ctx, http.MethodGet, "sessions/"+url.PathEscape(session)+"/requests", filters, &raw); err != nil {
		return record.RequestPage{}, err
	}
	page := record.RequestPage{Requests: make([]record.Request, len(raw.Requests)), Next: raw.Next}
	for i, text := range raw.Requests {
		page.Requests[i] = unmeasured()
		if err := json.Unmarshal(text, &page.Requests[i]); err != nil {
			return page, fmt.Errorf("the server's answer: %w", err)
		}
	}
	return page, nil
}

// Request shows one request.
func (c *Client) Request(ctx context.Context, id string) (record.RequestDetail, error) {
	r := record.RequestDetail{Request: unmeasured()}
	err := c.decode(ctx, http.MethodGet, "requests/"+url.PathEscape(id), nil, &r)
	return r, err
}

// Curl writes one request as a command.
func (c *Client) Curl(ctx context.Context, id string) (command record.Curl, err error) {
	err = c.decode(ctx, http.MethodGet, "requests/"+url.PathEscape(id)+"/curl", nil, &command)
	return command, err
}

// Explain tells why a request is in its session.
func (c *Client) Explain(ctx context.Context, id string) (e record.Explanation, err error) {
	err = c.decode(ctx, http.MethodGet, "requests/"+url.PathEscape(id)+"/explain", nil, &e)
	return e, err
}

// System shows the state of the installation.
func (c *Client) System(ctx context.Context) (s record.System, err error) {
	err = c.decode(ctx, http.MethodGet, "system", nil, &s)
	return s, err
}

// SignInCode makes a link that signs a browser in, once.
func (c *Client) SignInCode(ctx context.Context) (code record.SignInCode, err error) {
	err = c.decode(ctx, http.MethodPost, "sign-in-codes", nil, &code)
	return code, err
}

// Get returns the JSON document at a path below /api/v1, as the server wrote it.
func (c *Client) Get(ctx context.Context, path string, filters url.Values) (json.RawMessage, error) {
	return c.ask(ctx, http.MethodGet, path, filters, nil)
}

// Post returns the JSON document that a path below /api/v1 answers to another, as
// the server wrote it.
func (c *Client) Post(ctx context.Context, path string, in any) (json.RawMessage, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	return c.ask(ctx, http.MethodPost, path, nil, body)
}

// unmeasured is a request before its measures are read: absent ones stay unknown.
func unmeasured() record.Request {
	return record.Request{Duration: record.Unknown, FirstByte: record.Unknown, RequestBytes: record.Unknown, ResponseBytes: record.Unknown}
}

func (c *Client) decode(ctx context.Context, method, path string, filters url.Values, v any) error {
	return c.exchange(ctx, method, path, filters, nil, v)
}

// exchange sends in as JSON, unless it is nil, and reads the answer into v.
func (c *Client) exchange(ctx context.Context, method, path string, filters url.Values, in, v any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	text, err := c.ask(ctx, method, path, filters, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("the answer of %s is not what this version expects: %w", c.base, err)
	}
	return nil
}

func (c *Client) ask(ctx context.Context, method, path string, filters url.Values, body []byte) ([]byte, error) {
	r, err := c.request(ctx, method, path, filters, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "application/json")
	w, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("the server does not answer: %w", err)
	}
	defer w.Body.Close()
	text, err := io.ReadAll(io.LimitReader(w.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer of %s broke off: %w", c.base, err)
	case len(text) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s is larger than %d MiB: ask for fewer with a lower limit", c.base, maxAnswer>>20)
	case w.StatusCode != http.StatusOK:
		return nil, problemOf(w, text)
	}
	return text, nil
}

func (c *Client) request(ctx context.Context, method, path string, filters url.Values, body []byte) (*http.Request, error) {
	target := c.base + prefix + path
	if len(filters) > 0 {
		target += "?" + filters.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	return r, nil
}

// Problem is an error that the API answered (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`

	// Current is the revision in force, where a change expected another one.
	Current uint64 `json:"current"`
	// Problems are what is wrong with a policy.
	Problems []record.PolicyProblem `json:"problems"`
}

// Error is the detail, which names what to change, or all problems of a policy,
// a line each.
func (p *Problem) Error() string {
	if len(p.Problems) > 0 {
		var lines []string
		for _, problem := range p.Problems {
			lines = append(lines, problem.String())
		}
		return strings.Join(lines, "\n")
	}
	if p.Detail != "" {
		return p.Detail
	}
	return fmt.Sprintf("the server answers %d %s", p.Status, p.Title)
}

// problemOf reads a problem. Whatever else answers with an error, such as a proxy
// in between, is told by its status.
func problemOf(w *http.Response, body []byte) error {
	p := &Problem{}
	kind, _, err := mime.ParseMediaType(w.Header.Get("Content-Type"))
	if err != nil || kind != "application/problem+json" || json.Unmarshal(body, p) != nil {
		p = &Problem{}
	}
	p.Status = w.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(w.StatusCode)
	}
	return p
}
