package proxy

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/exchange"
)

// secured runs a proxy with TLS for shop.test, and returns a client configuration
// that trusts it.
func secured(t testing.TB, cfg Config) (*Server, *tls.Config) {
	t.Helper()
	if len(cfg.TLS) == 0 {
		files := pairIn(t)
		issue(t, files, "shop.test")
		cfg.TLS = []KeyPair{files}
	}
	return start(t, cfg), &tls.Config{ServerName: "shop.test", RootCAs: rootsOf(t, cfg.TLS...)}
}

func rootsOf(t testing.TB, pairs ...KeyPair) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	for _, p := range pairs {
		text, err := os.ReadFile(p.Cert)
		if err != nil || !roots.AppendCertsFromPEM(text) {
			t.Fatal("no certificate: ", err)
		}
	}
	return roots
}

// fetch gets path over a client of its own, and returns the response and its body.
func fetch(t testing.TB, s *Server, trust *tls.Config, h2 bool, path string) (*http.Response, string) {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: h2}
	defer transport.CloseIdleConnections()
	transport.TLSClientConfig.ClientSessionCache = trust.ClientSessionCache
	client := http.Client{Transport: transport, Timeout: patience}
	res, err := client.Get(s.URL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestTLS(t *testing.T) {
	w := newWatcher()
	s, trust := secured(t, Config{Inspector: w, Upstream: upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Header.Get("X-Forwarded-Proto"), r.Proto, r.RequestURI)
	})})
	if !strings.HasPrefix(s.URL(), "https://") {
		t.Errorf("URL %s", s.URL())
	}
	for proto, h2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2.0": true} {
		res, body := fetch(t, s, trust, h2, "/a%2Fb?q=1")
		if res.Proto != proto || res.StatusCode != 200 || body != "https HTTP/1.1 /a%2Fb?q=1" {
			t.Errorf("%s: %s, %d, %q", proto, res.Proto, res.StatusCode, body)
		}
		x := w.next(t)
		if x.Scheme != "https" || x.Proto != proto || x.Path != "/a%2Fb" || x.Query != "q=1" || x.Peer.String() != "127.0.0.1" || x.Status != 200 || len(x.Flags) > 0 {
			t.Errorf("%s: exchange %+v", proto, x)
		}
		if !strings.HasPrefix(x.JA4, "t13d") || len(x.JA4) != exchange.JA4Bytes || x.Fingerprint == "" {
			t.Fatalf("%s: JA4 %q, fingerprint %q", proto, x.JA4, x.Fingerprint)
		}
		if alpn := x.JA4[8:10]; alpn != map[bool]string{false: "00", true: "h2"}[h2] {
			t.Errorf("%s: ALPN in JA4 is %s", proto, alpn)
		}
	}
}

// TestTLSTogether: requests that run at the same time on one HTTP/2 connection
// have the connection's JA4, and bodies in both directions arrive.
func TestTLSTogether(t *testing.T) {
	const together = 20
	w := newWatcher()
	var gate sync.WaitGroup
	gate.Add(together)
	s, trust := secured(t, Config{Inspector: w, MaxConnections: 1, Upstream: upstreamOf(t, func(w http.ResponseWriter, r *http.Request) {
		gate.Done()
		gate.Wait()
		http.NewResponseController(w).EnableFullDuplex()
		io.Copy(w, r.Body)
	})})
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true, MaxConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: patience}
	var requests sync.WaitGroup
	for i := range together {
		requests.Go(func() {
			text := strings.Repeat(fmt.Sprint(i), 100_000)
			res, err := client.Post(s.URL()+"/", "text/plain", strings.NewReader(text))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if got, err := io.ReadAll(res.Body); err != nil || string(got) != text {
				t.Errorf("%d bytes came back of %d: %v", len(got), len(text), err)
			}
		})
	}
	requests.Wait()
	seen := map[string]bool{}
	for range together {
		seen[w.next(t).JA4] = true
	}
	if len(seen) != 1 || seen[""] {
		t.Errorf("one connection has %d JA4: %v", len(seen), seen)
	}
}

// TestTLSResumed: a client that resumes its TLS session has another JA4 and the
// same fingerprint; another TLS stack has another one. A certificate that was
// replaced does not hinder the resumption.
func TestTLSResumed(t *testing.T) {
	for name, most := range map[string]uint16{"TLS 1.2": tls.VersionTLS12, "TLS 1.3": tls.VersionTLS13} {
		w := newWatcher()
		s, trust := secured(t, Config{Inspector: w, Upstream: upstreamOf(t, hello)})
		trust.MaxVersion, trust.ClientSessionCache = most, tls.NewLRUClientSessionCache(4)
		fresh, _ := fetch(t, s, trust, true, "/")
		resumed, _ := fetch(t, s, trust, true, "/")
		if fresh.TLS.DidResume || !resumed.TLS.DidResume {
			t.Fatalf("%s: resumed %v, then %v", name, fresh.TLS.DidResume, resumed.TLS.DidResume)
		}
		a, b := w.next(t), w.next(t)
		if a.Fingerprint != b.Fingerprint || a.Fingerprint == "" {
			t.Errorf("%s: fingerprint %s, resumed %s", name, a.Fingerprint, b.Fingerprint)
		}
		if most == tls.VersionTLS13 && a.JA4 == b.JA4 {
			t.Errorf("%s: the JA4 %s does not tell a resumption", name, a.JA4)
		}
		other := trust.Clone()
		other.CurvePreferences, other.MaxVersion, other.CipherSuites = []tls.CurveID{tls.CurveP256}, tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384}
		fetch(t, s, other, true, "/")
		if c := w.next(t); c.Fingerprint == a.Fingerprint {
			t.Errorf("%s: another stack has the same fingerprint %s", name, c.Fingerprint)
		}
	}
}

// TestTLSReload replaces the certificate under a running server: new connections
// see it, old ones go on.
func TestTLSReload(t *testing.T) {
	files := pairIn(t)
	issue(t, files, "shop.test")
	w := newWatcher()
	s, trust := secured(t, Config{Inspector: w, Upstream: upstreamOf(t, hello), TLS: []KeyPair{files}, CertificateInterval: time.Millisecond})
	trust.ClientSessionCache = tls.NewLRUClientSessionCache(4)
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: patience}
	visit := func() {
		t.Helper()
		res, err := client.Get(s.URL())
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, res.Body)
		res.Body.Close()
	}
	visit()
	before := shown(t, s, "shop.test")
	issue(t, files, "shop.test")
	want := serialOf(t, files.Cert)
	for deadline := time.Now().Add(patience); shown(t, s, "shop.test") != want; {
		if time.Now().After(deadline) {
			t.Fatalf("the certificate is still %s, not %s", before, want)
		}
	}
	visit() // on the connection from before
	res, _ := fetch(t, s, &tls.Config{ServerName: "shop.test", RootCAs: trust.RootCAs, ClientSessionCache: trust.ClientSessionCache}, true, "/")
	if !res.TLS.DidResume {
		t.Error("the session from before the change was not resumed")
	}
}

func TestTLSUpgrade(t *testing.T) {
	w := newWatcher()
	s, trust := secured(t, Config{Inspector: w, Upstream: rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
		readHead(r)
		io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		io.Copy(conn, r)
	})})
	trust.NextProtos = []string{"http/1.1"}
	conn, err := tls.Dial("tcp", s.Addr().String(), trust)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	r := bufio.NewReader(conn)
	io.WriteString(conn, "GET /ws HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	if head := readHead(r); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		t.Fatalf("answered %q", head)
	}
	io.WriteString(conn, "ping")
	conn.CloseWrite()
	if got, err := io.ReadAll(r); string(got) != "ping" || err != nil {
		t.Errorf("echo %q, %v", got, err)
	}
	x := w.next(t)
	if x.Scheme != "https" || x.JA4[8:10] != "h1" || flagsOf(x) != "upgraded" || x.RequestBytes != 4 || x.ResponseBytes != 4 {
		t.Errorf("exchange %+v", x)
	}
}

// TestTLSShutdown: requests on an HTTP/2 connection end well while the server
// stops, and the connection does not hold it up.
func TestTLSShutdown(t *testing.T) {
	w := newWatcher()
	running, release := make(chan bool), make(chan bool)
	s, trust := secured(t, Config{Inspector: w, DrainTimeout: time.Millisecond, Upstream: upstreamOf(t, func(w http.ResponseWriter, _ *http.Request) {
		running <- true
		<-release
		io.WriteString(w, "done")
	})})
	transport := &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	answered := make(chan string, 1)
	go func() {
		res, err := (&http.Client{Transport: transport, Timeout: patience}).Get(s.URL())
		if err != nil {
			answered <- err.Error()
			return
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		answered <- string(body)
	}()
	<-running
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(ctx) }()
	release <- true
	if got := <-answered; got != "done" {
		t.Errorf("the running request got %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// TestTLSFailures: what is no TLS is counted, not logged; it is no exchange, and
// others are served meanwhile.
func TestTLSFailures(t *testing.T) {
	w := newWatcher()
	reg := prometheus.NewRegistry()
	var printed bytes.Buffer
	s, trust := secured(t, Config{Inspector: w, Upstream: upstreamOf(t, hello), Metrics: reg, Log: slog.New(slog.NewTextHandler(&printed, nil))})
	conn, r := dial(t, s)
	io.WriteString(conn, "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n")
	if head := readHead(r); !strings.HasPrefix(head, "HTTP/1.0 400 ") {
		t.Errorf("plain HTTP is answered %q", head)
	}
	garbage, r := dial(t, s)
	garbage.Write(bytes.Repeat([]byte{0x16, 3, 1, 0xff}, 100))
	if _, err := io.Copy(io.Discard, r); err != nil {
		t.Logf("garbage: %v", err) // a reset is as good as an end
	}
	old := trust.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if conn, err := tls.Dial("tcp", s.Addr().String(), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 is spoken")
	}
	preface := trust.Clone()
	preface.NextProtos = []string{"h2"}
	if conn, err := tls.Dial("tcp", s.Addr().String(), preface); err == nil {
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, strings.Repeat("no HTTP/2 at all", 10))
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	fetch(t, s, trust, true, "/good")
	if x := w.next(t); x.Path != "/good" {
		t.Errorf("exchange %+v", x)
	}
	for deadline := time.Now().Add(patience); gather(t, reg)["sojourn_proxy_handshake_failures_total"] < 4; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("failures counted: %v, want 4", gather(t, reg)["sojourn_proxy_handshake_failures_total"])
		}
	}
	s.Close() // nobody writes to the log any more
	if printed.Len() > 0 {
		t.Errorf("logged:\n%s", &printed)
	}
}

// TestWithoutTLS: without TLS there is no fingerprint.
func TestWithoutTLS(t *testing.T) {
	w := newWatcher()
	s := start(t, Config{Inspector: w, Upstream: upstreamOf(t, hello)})
	get(t, s, "/")
	if x := w.next(t); x.JA4+x.Fingerprint != "" || x.Scheme != "http" {
		t.Errorf("exchange %+v", x)
	}
}
