package jwks

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	// fetchTimeout bounds one fetch, with its redirects and the answer's body.
	fetchTimeout = 10 * time.Second
	// maxRedirects is how often a fetch follows to another https:// URL.
	maxRedirects = 3

	// An answer is fresh for as long as its Cache-Control says, within bounds.
	minFresh     = 5 * time.Minute
	maxFresh     = 24 * time.Hour
	defaultFresh = time.Hour

	// missEvery is how soon after a fetch a token with an unknown key may cause
	// the next one.
	missEvery = time.Minute
	// firstRetry is how soon a fetch that failed is tried again; each further time
	// it takes twice as long, up to minFresh.
	firstRetry = 5 * time.Second
)

// fetch asks the URL of s once.
func (r *Ring) fetch(ctx context.Context, s *source) {
	r.mu.Lock()
	etag, modified := s.etag, s.modified
	r.mu.Unlock()
	answer, err := r.get(ctx, s.name, etag, modified)

	r.mu.Lock()
	defer r.mu.Unlock()
	s.fetching = false
	changed := false
	switch {
	case err != nil:
	case answer.unchanged:
		r.succeed(s)
	default:
		if changed, err = r.take(s, answer.document); err == nil {
			s.etag, s.modified = answer.etag, answer.modified
		}
	}
	if err != nil {
		if ctx.Err() == nil {
			r.fail(s, err)
		}
		s.due = r.now().Add(min(firstRetry<<min(max(s.failed-1, 0), 10), minFresh))
		return
	}
	s.due = r.now().Add(answer.fresh)
	if changed {
		r.renew()
	}
}

// answer is what a URL answered.
type answer struct {
	unchanged      bool // the keys are those of the answer before
	document       []byte
	etag, modified string
	fresh          time.Duration
}

func (r *Ring) get(ctx context.Context, address, etag, modified string) (a answer, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return a, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	request.Header.Set("User-Agent", "sojourn")
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	if modified != "" {
		request.Header.Set("If-Modified-Since", modified)
	}
	response, err := r.client.Do(request)
	if err != nil {
		if inner := (*url.Error)(nil); errors.As(err, &inner) {
			err = inner.Err // the address is said already
		}
		return a, err
	}
	defer response.Body.Close()
	a.fresh = freshness(response.Header)
	switch {
	case response.StatusCode == http.StatusNotModified && (etag != "" || modified != ""):
		a.unchanged = true
		return a, nil
	case response.StatusCode != http.StatusOK:
		return a, fmt.Errorf("it answered with status %d", response.StatusCode)
	}
	a.etag, a.modified = response.Header.Get("ETag"), response.Header.Get("Last-Modified")
	a.document, err = readLimited(response.Body)
	return a, err
}

// checkRedirect keeps a fetch from where an answer could be forged.
func checkRedirect(next *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errors.New("it redirects too often")
	case next.URL.Scheme != "https":
		return errors.New("it redirects to an address that is not https://")
	}
	return nil
}

// freshness returns how long an answer may be used (RFC 9111 §4.2.1).
func freshness(h http.Header) time.Duration {
	for _, line := range h.Values("Cache-Control") {
		for directive := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store", "no-cache":
				return minFresh
			case "max-age":
				seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
				if err != nil {
					return minFresh
				}
				return min(max(time.Duration(seconds)*time.Second, minFresh), maxFresh)
			}
		}
	}
	return defaultFresh
}

func digestOf(document []byte) string {
	d := sha256.Sum256(document)
	return string(d[:])
}
