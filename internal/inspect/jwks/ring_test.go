package jwks

import (
	"bytes"
	"context"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/record"
)

// issuer is an https:// server of a key set.
type issuer struct {
	*httptest.Server
	mu      sync.Mutex
	answer  http.HandlerFunc
	asked   int
	request *http.Request // the last one
}

func newIssuer(t testing.TB, document []byte) *issuer {
	i := &issuer{}
	i.publish(document)
	i.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		i.mu.Lock()
		i.asked, i.request = i.asked+1, q
		answer := i.answer
		i.mu.Unlock()
		answer(w, q)
	}))
	i.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) answers(answer http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = answer
}

// publish answers with a document and its ETag.
func (i *issuer) publish(document []byte) {
	tag := `"` + string([]byte(digestHex(document))) + `"`
	i.answers(func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("ETag", tag)
		w.Header().Set("Cache-Control", "public, max-age=600")
		if q.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(document)
	})
}

func (i *issuer) last() (asked int, q *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked, i.request
}

func digestHex(document []byte) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(digestOf(document)) {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

func roots(i *issuer) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.Certificate())
	return pool
}

// timed is a Ring whose clock a test sets.
type timed struct {
	*Ring
	time time.Time
}

func newTimed(t testing.TB, c Config) *timed {
	r := &timed{Ring: newRing(t, c), time: noon}
	r.now = func() time.Time { return r.time }
	return r
}

// after goes on by d and reads what is due.
func (r *timed) after(d time.Duration) {
	r.time = r.time.Add(d)
	r.Refresh(context.Background())
}

func (r *timed) failing() []string {
	var out []string
	for _, s := range r.Status() {
		out = append(out, s.Error)
	}
	return out
}

func TestFileRotation(t *testing.T) {
	var log bytes.Buffer
	old, next := pairs()[2], pairs()[5]
	name := filepath.Join(t.TempDir(), "keys.json")
	r := newTimed(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	set := r.Use([]string{name})
	f := func(step string, oldHolds, nextHolds bool, failure string) {
		t.Helper()
		for range 2 { // what two looks saw alike is read
			r.after(lookEvery)
		}
		if got := set.Verify(old.sign(t, claims{}), noon); got != oldHolds {
			t.Errorf("%s: the old key: %v", step, got)
		}
		if got := set.Verify(next.sign(t, claims{}), noon); got != nextHolds {
			t.Errorf("%s: the new key: %v", step, got)
		}
		if got := r.failing()[0]; !strings.Contains(got, failure) || (failure == "") != (got == "") {
			t.Errorf("%s: failure %q, want %q", step, got, failure)
		}
	}
	f("no file", false, false, "no such file")
	writeFile(t, name, document(t, publicOf(old)...))
	f("written", true, false, "")
	writeFile(t, name, document(t, publicOf(old, next)...))
	f("both", true, true, "")
	known := set.snapshot.Load()
	f("nothing new", true, true, "")
	if set.snapshot.Load() != known {
		t.Error("tokens were forgotten though no key changed")
	}
	writeFile(t, name, []byte("top secret: hunter2"))
	f("broken", true, true, "not a JSON Web Key Set")
	f("still broken", true, true, "not a JSON Web Key Set")
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	f("gone", true, true, "no such file")
	writeFile(t, name, document(t, publicOf(next)...))
	f("rotated", false, true, "")
	writeFile(t, name, document(t))
	f("withdrawn", false, false, "")
	writeFile(t, name, bytes.Repeat([]byte(" "), MaxSetBytes+1))
	f("too large", false, false, "too large")
	if got := strings.Count(log.String(), "level=ERROR"); got != 4 || strings.Contains(log.String(), "hunter2") {
		t.Errorf("%d errors in the log:\n%s", got, &log)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	f("a folder", false, false, "is not a file")
}

// TestUnsettledFile: a file that is being written is left alone.
func TestUnsettledFile(t *testing.T) {
	p := pairs()[2]
	text := document(t, p.public())
	name := writeFile(t, filepath.Join(t.TempDir(), "keys.json"), text)
	r := newTimed(t, Config{})
	set := r.Use([]string{name})
	for n := range 20 {
		writeFile(t, name, text[:n])
		r.after(lookEvery)
		if r.failing()[0] != "" || !set.Verify(p.sign(t, claims{}), noon) {
			t.Fatalf("%d bytes: %q", n, r.failing())
		}
	}
}

func TestURL(t *testing.T) {
	old, next := pairs()[0], pairs()[3]
	server := newIssuer(t, document(t, publicOf(old)...))
	metrics := prometheus.NewRegistry()
	var log bytes.Buffer
	r := newTimed(t, Config{Roots: roots(server), Metrics: metrics, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	set := r.Use([]string{server.URL})
	holds := func(p pair) bool { return set.Verify(p.sign(t, claims{}), noon) }
	f := func(step string, after time.Duration, asked int, oldHolds, nextHolds bool) {
		t.Helper()
		r.after(after)
		if n, _ := server.last(); n != asked {
			t.Errorf("%s: asked %d times, want %d", step, n, asked)
		}
		if holds(old) != oldHolds || holds(next) != nextHolds {
			t.Errorf("%s: the old key %v, the new one %v", step, holds(old), holds(next))
		}
	}
	if holds(old) {
		t.Fatal("a token is believed before the keys are there")
	}
	f("first", 0, 1, true, false)
	f("a new key is not known", missEvery-1, 1, true, false)
	f("after a minute it is looked for", 1, 2, true, false)
	if _, q := server.last(); q.Header.Get("If-None-Match") == "" {
		t.Error("the keys were fetched anew though they could be confirmed")
	}
	server.publish(document(t, publicOf(old, next)...))
	f("at most once a minute", missEvery-1, 2, true, false)
	f("published", 1, 3, true, true)
	f("fresh", 10*time.Minute-1, 3, true, true)
	f("not fresh any more", 1, 4, true, true)

	server.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	f("failing", 10*time.Minute, 5, true, true)
	f("waits", firstRetry-1, 5, true, true)
	f("tries again", 1, 6, true, true)
	f("waits longer", 2*firstRetry-1, 6, true, true)
	f("and again", 1, 7, true, true)
	for range 10 {
		r.after(minFresh)
	}
	f("but not for ever", minFresh-1, 17, true, true)
	if want := []string{"it answered with status 502"}; !cmp.Equal(r.failing(), want) {
		t.Errorf("failing: %q", r.failing())
	}
	server.publish(document(t, publicOf(next)...))
	f("back", 1, 18, false, true)
	want := []record.KeySetStatus{{Source: server.URL, Keys: 1, Read: record.TimeOf(r.time)}}
	if diff := cmp.Diff(want, r.Status()); diff != "" {
		t.Error(diff)
	}
	if got := strings.Count(log.String(), "level=ERROR"); got != 1 {
		t.Errorf("%d errors in the log:\n%s", got, &log)
	}
	got := map[string]float64{}
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		m := family.Metric[0]
		got[family.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
	}
	counted := map[string]float64{"sojourn_jwks_failures_total": 13, "sojourn_jwks_keys": 1, "sojourn_jwks_evicted_total": 0}
	if diff := cmp.Diff(counted, got); diff != "" {
		t.Error(diff)
	}
}

// TestURLFailures: nothing that could be forged or could harm is taken.
func TestURLFailures(t *testing.T) {
	p, shared := pairs()[2], pair{"hs", "HS256", []byte(strings.Repeat("k", 32))}
	good := document(t, publicOf(p)...)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(good) }))
	defer plain.Close()
	redirect := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, to, http.StatusFound) }
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		failure string
	}{
		"no keys":        {func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>")) }, "not a JSON Web Key Set"},
		"too large":      {func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, MaxSetBytes+1)) }, "too large"},
		"cut":            {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "9999"); w.Write(good) }, "unexpected EOF"},
		"not there":      {http.NotFound, "status 404"},
		"unasked 304":    {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) }, "status 304"},
		"plain redirect": {redirect(plain.URL), "not https"},
		"a loop":         {redirect("/"), "too often"},
		"gone":           {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			server := newIssuer(t, nil)
			server.answers(c.answer)
			r := newTimed(t, Config{Roots: roots(server)})
			set := r.Use([]string{server.URL})
			r.after(0)
			if got := r.failing()[0]; !strings.Contains(got, c.failure) || len(got) > maxReason {
				t.Errorf("failure %q, want %q", got, c.failure)
			}
			if set.Verify(p.sign(t, claims{}), noon) {
				t.Error("a token is believed")
			}
		})
	}
	t.Run("unknown authority", func(t *testing.T) {
		r := newTimed(t, Config{})
		r.Use([]string{newIssuer(t, good).URL})
		r.after(0)
		if got := r.failing()[0]; !strings.Contains(got, "unknown authority") {
			t.Errorf("failure %q", got)
		}
	})
	t.Run("a shared secret", func(t *testing.T) {
		server := newIssuer(t, document(t, p.public(), shared.public()))
		r := newTimed(t, Config{Roots: roots(server)})
		set := r.Use([]string{server.URL})
		r.after(0)
		if set.Verify(shared.sign(t, claims{}), noon) || !set.Verify(p.sign(t, claims{}), noon) {
			t.Error("a published secret is believed, or a public key is not")
		}
		want := []record.KeySetStatus{{Keys: 1, Ignored: 1, Read: record.TimeOf(noon)}}
		if diff := cmp.Diff(want, r.Status(), cmpopts.IgnoreFields(record.KeySetStatus{}, "Source")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFreshness(t *testing.T) {
	for line, want := range map[string]time.Duration{
		"":                           defaultFresh,
		"public":                     defaultFresh,
		"max-age=3600":               time.Hour,
		`private, MAX-AGE="7200"`:    2 * time.Hour,
		"max-age=1":                  minFresh,
		"max-age=-1":                 minFresh,
		"max-age=x":                  minFresh,
		"max-age=999999999":          maxFresh,
		"max-age=99999999999999999":  minFresh,
		"no-cache, max-age=3600":     minFresh,
		"no-store":                   minFresh,
		"must-revalidate,max-age=86": minFresh,
	} {
		if got := freshness(http.Header{"Cache-Control": {line}}); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

// TestUse: another policy trusts other keys, at once; what both name stays.
func TestUse(t *testing.T) {
	a, b := pairs()[2], pairs()[3]
	dir := t.TempDir()
	fileA := writeFile(t, filepath.Join(dir, "a.json"), document(t, publicOf(a)...))
	fileB := writeFile(t, filepath.Join(dir, "b.json"), document(t, publicOf(b)...))
	server := newIssuer(t, document(t, publicOf(a)...))
	r := newTimed(t, Config{Roots: roots(server)})
	holds := func(s *Set, p pair) bool { return s.Verify(p.sign(t, claims{}), noon) }

	first := r.Use([]string{fileA})
	if !holds(first, a) || holds(first, b) {
		t.Error("first: not the keys of the policy")
	}
	if r.Use([]string{fileA}) != first {
		t.Error("tokens are forgotten though the policy names the same")
	}
	second := r.Use([]string{fileB, server.URL})
	if holds(second, a) || !holds(second, b) {
		t.Error("second: not the keys of the policy")
	}
	if !holds(first, a) || holds(first, b) {
		t.Error("an exchange that began under the policy before is judged by the next")
	}
	r.after(0)
	if !holds(second, a) {
		t.Error("second: the URL was not fetched")
	}
	third := r.Use([]string{server.URL, fileB, fileB})
	if !holds(third, a) || !holds(third, b) {
		t.Error("third: what was known of a source is forgotten")
	}
	r.after(0)
	if asked, _ := server.last(); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	if r.Use(nil) != nil || r.Status() != nil || r.keys() != 0 {
		t.Error("a policy without key sets leaves some")
	}
	r.after(time.Hour)
	if asked, _ := server.last(); asked != 1 {
		t.Error("a source that no policy names is fetched")
	}
}

// TestRun: Run fetches by itself, also what a later policy names, and ends.
func TestRun(t *testing.T) {
	p := pairs()[2]
	server := newIssuer(t, nil)
	fetched, stuck := make(chan struct{}), make(chan struct{})
	server.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Write(document(t, publicOf(p)...))
		close(fetched)
	})
	r := newRing(t, Config{Roots: roots(server)})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(t.Context())
	}()
	set := r.Use([]string{server.URL})
	<-fetched
	for !set.Verify(p.sign(t, claims{}), noon) { // the answer is on its way
		if t.Context().Err() != nil {
			t.Fatal("never verified")
		}
	}

	// A server that does not answer does not keep it.
	slow := newIssuer(t, nil)
	slow.answers(func(_ http.ResponseWriter, q *http.Request) {
		close(stuck)
		<-q.Context().Done()
	})
	r.mu.Lock()
	r.client.Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(slow.Certificate())
	r.mu.Unlock()
	r.Use([]string{server.URL, slow.URL + "/slow"})
	<-stuck
	r.Close()
	<-ended
	r.Close()
	r.Run(t.Context()) // returns: it is closed
	if s := r.Status(); s[1].Error != "" {
		t.Errorf("stopping counts as a failure: %s", s[1].Error)
	}
}
