package demo

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// step is one request of one visit.
type step struct {
	at         time.Time
	client     *client
	need       need
	method     string
	path       string // with the query
	body       string // JSON; empty: none
	referer    string
	revalidate bool // the browser has it and asks whether it changed
}

// need says what the client's jar must hold for a step to happen.
type need int

const (
	always need = iota
	signedIn
	signedOut
	hasOrder
)

// orderMark stands for the order number of the jar, in a path or a body.
const orderMark = "{order}"

// jar is what a client keeps of the responses it got.
type jar struct {
	credential string            // cookie or token, as the client uses
	order      int               // the one placed last
	etags      map[string]string // of the page's few files
}

// maxEtags bounds what one jar keeps; the page has fewer files.
const maxEtags = 8

// maxJars bounds how many jars are kept. A client whose jar was forgotten signs
// in again.
const maxJars = 16384

// happens says whether s takes place for a client with this jar.
func (s *step) happens(j *jar) bool {
	switch s.need {
	case signedIn:
		return j.credential != ""
	case signedOut:
		return j.credential == ""
	case hasOrder:
		return j.order != 0
	}
	return true
}

// request builds the request of s to base, such as http://127.0.0.1:8080.
func (s *step) request(ctx context.Context, base string, j *jar) (*http.Request, error) {
	order := strconv.Itoa(j.order)
	path, body := strings.ReplaceAll(s.path, orderMark, order), strings.ReplaceAll(s.body, orderMark, order)
	req, err := http.NewRequestWithContext(ctx, s.method, base+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Host = Host
	h := req.Header
	set := func(name, value string) {
		if value != "" {
			h.Set(name, value)
		}
	}
	set("User-Agent", s.client.agent)
	set("Accept", s.accept())
	set("Accept-Language", s.client.language)
	set("Accept-Encoding", "gzip, deflate, br")
	set("X-Api-Key", s.client.apiKey)
	if body != "" {
		set("Content-Type", "application/json")
	}
	switch s.client.kind {
	case kindApp:
		if j.credential != "" {
			set("Authorization", "Bearer "+j.credential)
		}
		return req, nil
	case kindWeb, kindStaff, kindGuest:
		set("Referer", s.referer)
		if s.method != http.MethodGet {
			set("Origin", "http://"+Host)
		}
	}
	if j.credential != "" {
		set("Cookie", cookieName+"="+j.credential)
	}
	if s.revalidate {
		set("If-None-Match", j.etags[s.path])
	}
	return req, nil
}

func (s *step) accept() string {
	switch {
	case s.client.kind == kindPartner || strings.HasPrefix(s.path, "/v2/"):
		return "application/json"
	case strings.HasPrefix(s.path, "/static/img/"):
		return "image/avif,image/webp,image/svg+xml,*/*;q=0.8"
	case strings.HasPrefix(s.path, "/static/"):
		return "*/*"
	}
	return "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
}

// learn takes from a response what the client keeps: a login, its end, an order.
func (s *step) learn(j *jar, status int, header http.Header, body []byte) {
	known := s.client.kind == kindWeb || s.client.kind == kindApp || s.client.kind == kindStaff
	switch {
	case known && status == http.StatusUnauthorized && s.path != "/v2/login":
		j.credential = ""
	case s.path == "/v2/logout" && status < 300:
		j.credential = ""
	case s.path == "/v2/login" && status == http.StatusOK:
		j.credential = credentialOf(s.client.kind, header, body)
	case s.path == "/v2/orders" && status == http.StatusCreated:
		var order struct {
			ID int `json:"id"`
		}
		if json.Unmarshal(body, &order) == nil && order.ID > 0 {
			j.order = order.ID
		}
	case strings.HasPrefix(s.path, "/static/app.") && status == http.StatusOK && known && len(j.etags) < maxEtags:
		if j.etags == nil {
			j.etags = make(map[string]string)
		}
		j.etags[s.path] = header.Get("ETag")
	}
}

func credentialOf(k kind, header http.Header, body []byte) string {
	if k == kindApp {
		var login struct {
			Token string `json:"token"`
		}
		if json.Unmarshal(body, &login) != nil {
			return ""
		}
		return login.Token
	}
	for _, line := range header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil && c.Name == cookieName && c.MaxAge >= 0 {
			return c.Value
		}
	}
	return ""
}

// jars finds the jar of each client.
type jars struct{ *bounded[uint64, *jar] }

func newJars(limit int) jars { return jars{newBounded[uint64, *jar](limit)} }

func (js jars) of(c *client) *jar {
	j, ok := js.get(c.jar)
	if !ok {
		j = &jar{}
		js.put(c.jar, j)
	}
	return j
}
