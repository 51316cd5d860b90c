package test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	// loadWorkers is how many clients a load has, each with a connection and a
	// session of its own.
	loadWorkers = 8
	// loadPace is how often each of them sends a request at the most.
	loadPace = 8 * time.Millisecond
	// loadMost bounds the requests of one client.
	loadMost = 20_000
)

// load is clients that send requests through the proxy, each under a path that
// is used once.
type load struct {
	proxy   string
	name    string
	forgive bool // clients go on after an error, instead of leaving
	quit    chan struct{}
	workers sync.WaitGroup
	sent    atomic.Int64 // requests that were answered

	mu     sync.Mutex
	done   []string // paths that were answered whole
	failed []error
}

// startLoad sends requests until finish. A forgiving load goes on when requests
// fail; another one stops the client that met an error.
func startLoad(t testing.TB, proxy, name string, forgive bool) *load {
	l := &load{proxy: proxy, name: name, forgive: forgive, quit: make(chan struct{})}
	for i := range loadWorkers {
		l.workers.Go(func() { l.client(i) })
	}
	t.Cleanup(func() { l.finish() })
	return l
}

// finish lets the clients end the request they are at, and returns the paths that
// were answered and the errors that clients saw.
func (l *load) finish() (done []string, failed []error) {
	select {
	case <-l.quit:
	default:
		close(l.quit)
	}
	l.workers.Wait()
	return l.done, l.failed
}

// reach waits until so many more requests were answered.
func (l *load) reach(t testing.TB, more int64) {
	t.Helper()
	from := l.sent.Load()
	eventually(t, fmt.Sprintf("%d more requests are answered", more), func() error {
		if n := l.sent.Load() - from; n < more {
			return fmt.Errorf("%d are", n)
		}
		return nil
	})
}

func (l *load) client(worker int) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	pace := time.NewTicker(loadPace)
	defer pace.Stop()
	for i := range loadMost {
		path := fmt.Sprintf("/load/%s/%d/%d", l.name, worker, i)
		err := get(client, "http://"+l.proxy+path, fmt.Sprintf("PHPSESSID=%s%dxxxxxxxx", l.name, worker), path)
		l.mu.Lock()
		if err == nil {
			l.sent.Add(1)
			l.done = append(l.done, path)
		} else {
			l.failed = append(l.failed, err)
		}
		l.mu.Unlock()
		if err != nil && !l.forgive {
			return
		}
		select {
		case <-pace.C:
		case <-l.quit:
			return
		}
	}
}

// get fetches a URL and demands an answer with status 200 and this body, whole.
func get(client *http.Client, url, cookie, want string) error {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Cookie", cookie)
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || string(body) != want) {
		err = fmt.Errorf("GET %s: %s, %q", url, resp.Status, body)
	}
	return err
}

// onlyRefused returns the errors that are not a refused connection.
func onlyRefused(failed []error) (others []error) {
	for _, err := range failed {
		if !errors.Is(err, syscall.ECONNREFUSED) {
			others = append(others, err)
		}
	}
	return others
}

// paths counts how often each path is stored.
func paths(requests []request) map[string]int {
	n := map[string]int{}
	for _, r := range requests {
		n[r.Path]++
	}
	return n
}

// checkOnce demands that no path is stored twice, and that each of done is stored.
func checkOnce(t testing.TB, stored map[string]int, done []string) {
	t.Helper()
	var missing, twice []string
	for _, path := range done {
		if stored[path] == 0 {
			missing = append(missing, path)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(stored)) {
		if stored[path] > 1 {
			twice = append(twice, path)
		}
	}
	if len(missing) > 0 || len(twice) > 0 {
		t.Errorf("of %d requests that were answered, %d are not stored %v; of %d stored, %d are stored more than once %v",
			len(done), len(missing), first(missing), len(stored), len(twice), first(twice))
	}
}

// first are the first few of many.
func first[T any](all []T) []T { return all[:min(len(all), 10)] }
