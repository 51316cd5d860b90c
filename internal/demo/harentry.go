package demo

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

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

func entryOf(s *step, req *http.Request, sent []byte, got *recorder, took time.Duration) *harEntry {
	ms := float64(took.Microseconds()) / 1000
	e := &harEntry{
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
