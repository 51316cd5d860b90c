package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// HARConfig says which past to write.
type HARConfig struct {
	Traffic
	From, To time.Time
}

// HARStats counts what was written.
type HARStats struct {
	Requests int
	ByKind   map[string]int // web, app, guest, staff, partner, crawler
	ByStatus map[int]int
}

// HistoryPerSecond is the rate of the past that a demo starts with: some 4,500
// requests a day.
const HistoryPerSecond = 4500.0 / (24 * 60 * 60)

// maxHARBody is how much of a response's text an entry holds: more than any JSON
// of the shop. Pictures, scripts and pages are written as their size alone.
const maxHARBody = 64 << 10

// WriteHAR writes the traffic of [From, To) as one HTTP Archive 1.2
// (http://www.softwareishard.com/blog/har-12-spec/), in the order of time, with
// the client's address in each entry's _clientIPAddress. The requests really run
// against a shop of its own, on a clock that follows the schedule, so a week
// takes about a second. Equal configurations write equal bytes. It ends early
// with ctx's error, leaving w incomplete.
func WriteHAR(ctx context.Context, w io.Writer, cfg HARConfig) (HARStats, error) {
	stats := HARStats{ByKind: make(map[string]int), ByStatus: make(map[int]int)}
	if err := cfg.check(); err != nil {
		return stats, err
	}
	var now time.Time
	shop := NewShop(ShopConfig{
		Seed: cfg.Seed, Latency: NaturalLatency, Faults: UsualFaults,
		Now:   func() time.Time { return now },
		Sleep: func(_ context.Context, d time.Duration) { now = now.Add(d) },
	})
	out := bufio.NewWriterSize(w, 256<<10)
	fmt.Fprintf(out, `{"log":{"version":"1.2","creator":{"name":"sojourn demo","version":"1"},"entries":[`)
	enc := json.NewEncoder(out) // ends each entry with a line break
	enc.SetEscapeHTML(false)
	known := newJars(maxJars)
	for s := range schedule(cfg.Traffic, cfg.From, cfg.To) {
		if err := ctx.Err(); err != nil {
			return stats, err
		}
		j := known.of(s.client)
		if !s.happens(j) {
			continue
		}
		now = s.at
		req, err := s.request(ctx, "http://"+Host, j)
		if err != nil {
			return stats, fmt.Errorf("demo request %s %s: %w", s.method, s.path, err)
		}
		req.RemoteAddr = netip.AddrPortFrom(s.client.ip, 40000).String()
		sent, _ := io.ReadAll(req.Body) // a strings.Reader does not fail
		req.Body = io.NopCloser(bytes.NewReader(sent))
		got := recorder{header: make(http.Header)}
		shop.ServeHTTP(&got, req)
		s.learn(j, got.status, got.header, got.body.Bytes())

		if stats.Requests > 0 {
			out.WriteByte(',')
		}
		if err := enc.Encode(entryOf(&s, req, sent, &got, now.Sub(s.at))); err != nil {
			return stats, fmt.Errorf("write the demo's HAR: %w", err)
		}
		stats.Requests++
		stats.ByKind[string(s.client.kind)]++
		stats.ByStatus[got.status]++
	}
	out.WriteString("]}}\n")
	if err := out.Flush(); err != nil {
		return stats, fmt.Errorf("write the demo's HAR: %w", err)
	}
	return stats, nil
}

// recorder is a ResponseWriter that keeps the start of the body and its size.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
	size   int
}

func (r *recorder) Header() http.Header { return r.header }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.size += len(b)
	r.body.Write(b[:min(len(b), maxHARBody-r.body.Len())])
	return len(b), nil
}

// The members of HAR 1.2 that an entry needs.
type (
	harEntry struct {
		Started  string      `json:"startedDateTime"`
		Time     float64     `json:"time"` // milliseconds
		Request  harRequest  `json:"request"`
		Response harResponse `json:"response"`
		Cache    struct{}    `json:"cache"`
		Timings  harTimings  `json:"timings"`
		Client   string      `json:"_clientIPAddress"`
	}
	harRequest struct {
		Method      string       `json:"method"`
		URL         string       `json:"url"`
		HTTPVersion string       `json:"httpVersion"`
		Cookies     []harPair    `json:"cookies"`
		Headers     []harPair    `json:"headers"`
		QueryString []harPair    `json:"queryString"`
		PostData    *harPostData `json:"postData,omitempty"`
		HeadersSize int          `json:"headersSize"`
		BodySize    int          `json:"bodySize"`
	}
	harResponse struct {
		Status      int        `json:"status"`
		StatusText  string     `json:"statusText"`
		HTTPVersion string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		RedirectURL string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int        `json:"bodySize"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harPostData struct {
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text,omitempty"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
)

const harTime = "2006-01-02T15:04:05.000000Z"

func entryOf(s *step, req *http.Request, sent []byte, got *recorder, took time.Duration) harEntry {
	ms := float64(took.Microseconds()) / 1000
	e := harEntry{
		Started: s.at.UTC().Format(harTime),
		Time:    ms,
		Request: harRequest{
			Method: req.Method, URL: req.URL.String(), HTTPVersion: "HTTP/1.1",
			Cookies: []harPair{}, Headers: append([]harPair{{"Host", Host}}, pairsOf(req.Header)...),
			QueryString: pairsOf(req.URL.Query()), HeadersSize: -1, BodySize: len(sent),
		},
		Response: harResponse{
			Status: got.status, StatusText: http.StatusText(got.status), HTTPVersion: "HTTP/1.1",
			Cookies: []harPair{}, Headers: pairsOf(got.header), RedirectURL: got.header.Get("Location"),
			Content:     harContent{Size: got.size, MimeType: got.header.Get("Content-Type")},
			HeadersSize: -1, BodySize: got.size,
		},
		Timings: harTimings{Wait: ms},
		Client:  s.client.ip.String(),
	}
	for _, c := range req.Cookies() {
		e.Request.Cookies = append(e.Request.Cookies, harPair{c.Name, c.Value})
	}
	for _, line := range got.header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil {
			e.Response.Cookies = append(e.Response.Cookies, harPair{c.Name, c.Value})
		}
	}
	if len(sent) > 0 {
		e.Request.PostData = &harPostData{MimeType: req.Header.Get("Content-Type"), Text: string(sent)}
	}
	if strings.HasPrefix(e.Response.Content.MimeType, "application/json") {
		e.Response.Content.Text = got.body.String()
	}
	return e
}

// pairsOf lists headers or query parameters by name.
func pairsOf[M http.Header | url.Values](m M) []harPair {
	pairs := make([]harPair, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		for _, value := range m[name] {
			pairs = append(pairs, harPair{name, value})
		}
	}
	return pairs
}
