package test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const fingerprinted = `version: 1
session: {fingerprint: true}
client_address: {fingerprint_header: X-JA4, trusted_proxies: [192.0.2.0/24]}
`

// TestTLS: Sojourn terminates TLS for real clients. Those that look alike come
// apart by their TLS; a client is one session over protocols and resumptions.
func TestTLS(t *testing.T) {
	t.Parallel()
	up := newUpstream(t, "api")
	up.mux.HandleFunc("/scheme", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Forwarded-Proto"))
	})
	cert, key := certificate(t, "shop.test")
	other, otherKey := certificate(t, "crm.test")
	s := serve(t, folder(t), "--upstream", up.URL, "--policy", file(t, "policy.yaml", fingerprinted),
		"--tls-cert", cert, "--tls-key", key, "--tls-cert", other, "--tls-key", otherKey)
	if !strings.Contains(s.printed(t), "https://"+s.proxy) {
		t.Errorf("the greeting names no https address: %s", s.printed(t))
	}
	cache := tls.NewLRUClientSessionCache(4)
	if scheme := visitTLS(t, s, cert, cache, "/scheme", false); scheme != "https" {
		t.Errorf("the upstream is told the scheme %q", scheme)
	}
	visitTLS(t, s, cert, cache, "/go/resumed", true)
	visitTLS(t, s, cert, tls.NewLRUClientSessionCache(4), "/go/fresh", true)
	for _, c := range []struct{ path, flag string }{{"/curl/2", "--http2"}, {"/curl/1", "--http1.1"}} {
		curlTLS(t, s, cert, c.path, c.flag)
	}
	first := filepath.Join(folder(t), "session.pem")
	opensslTLS(t, s, "/openssl/fresh", "-sess_out", first)
	opensslTLS(t, s, "/openssl/resumed", "-sess_in", first)
	s.settled(t)

	groups := map[string]map[string]bool{} // sessions by client
	for path, r := range s.byPath(t) {
		client := strings.Split(path, "/")[1]
		if client == "scheme" {
			client = "go"
		}
		if groups[client] == nil {
			groups[client] = map[string]bool{}
		}
		groups[client][r.Session] = true
		if len(r.JA4) != 36 || r.Key != "ip+user_agent+ja4" || !strings.HasSuffix(r.Point, " + request.ja4") || r.Client != r.Session {
			t.Errorf("%s has JA4 %q, key %s at %s", path, r.JA4, r.Key, r.Point)
		}
	}
	sessions := map[string]string{}
	for client, ids := range groups {
		if len(ids) != 1 {
			t.Errorf("%s is in %d sessions", client, len(ids))
		}
		for id := range ids {
			if sessions[id] != "" {
				t.Errorf("%s and %s are in one session", client, sessions[id])
			}
			sessions[id] = client
		}
	}
	checkReplaced(t, s, cert, key, other)
}

// checkReplaced replaces a certificate under the running server.
func checkReplaced(t *testing.T, s *server, cert, key, other string) {
	t.Helper()
	if got := certificateFor(t, s, "crm.test"); !bytes.Equal(got, derOf(t, other)) {
		t.Error("who asks for crm.test is shown another certificate")
	}
	renewed, renewedKey := certificate(t, "shop.test")
	for from, to := range map[string]string{renewed: cert, renewedKey: key} {
		text, err := os.ReadFile(from)
		if err == nil {
			err = os.WriteFile(to, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the new certificate is shown", func() error {
		if !bytes.Equal(certificateFor(t, s, "shop.test"), derOf(t, renewed)) {
			return errors.New("it is the old one")
		}
		return nil
	})
}

// sameAgent is the User-Agent of every client of TestTLS, and what each of them
// claims its JA4 to be.
const sameAgent, forgedJA4 = "Same/1.0", "t13d1516h2_8daaf6152771_e5627efa2ab1"

// visitTLS fetches path with Go's TLS, on a connection of its own.
func visitTLS(t *testing.T, s *server, cert string, cache tls.ClientSessionCache, path string, h2 bool) string {
	t.Helper()
	text, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	transport := &http.Transport{ForceAttemptHTTP2: h2, TLSClientConfig: &tls.Config{ServerName: "shop.test", RootCAs: roots, ClientSessionCache: cache}}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+s.proxy+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "shop.test"
	req.Header.Set("User-Agent", sameAgent)
	req.Header.Set("X-JA4", forgedJA4)
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || (res.ProtoMajor == 2) != h2 {
		t.Fatalf("%s over %s: %v", path, res.Proto, err)
	}
	if resumed := strings.HasSuffix(path, "/resumed"); res.TLS.DidResume != resumed {
		t.Errorf("%s: resumed a TLS session: %t", path, res.TLS.DidResume)
	}
	return string(body)
}

// curlTLS fetches path with the real curl, where there is one.
func curlTLS(t *testing.T, s *server, cert, path, protocol string) {
	t.Helper()
	program, err := exec.LookPath("curl")
	if err != nil {
		t.Log("curl is not installed: that client is left out")
		return
	}
	_, port, err := net.SplitHostPort(s.proxy)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "--silent", "--show-error", "--noproxy", "*", "--max-time", "60", protocol,
		"--cacert", cert, "--resolve", "shop.test:"+port+":127.0.0.1", "--user-agent", sameAgent, "--header", "X-JA4: "+forgedJA4,
		"https://shop.test:"+port+path).CombinedOutput()
	if err != nil || string(out) != path {
		t.Fatalf("curl %s %s: %v, %s", protocol, path, err, out)
	}
}

// opensslTLS fetches path with openssl s_client, where there is one.
func opensslTLS(t *testing.T, s *server, path string, session ...string) {
	t.Helper()
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Log("openssl is not installed: that client is left out")
		return
	}
	args := append([]string{"s_client", "-quiet", "-no_ign_eof", "-connect", s.proxy, "-servername", "shop.test"}, session...)
	cmd := exec.CommandContext(t.Context(), program, args...)
	feed, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stdout = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(feed, "GET "+path+" HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: "+sameAgent+"\r\nConnection: close\r\n\r\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil || !strings.HasSuffix(out.String(), path) {
		t.Fatalf("openssl %v: %v, %s", session, err, out.String())
	}
	feed.Close()
}

// certificateFor is the certificate that who asks for name is shown.
func certificateFor(t *testing.T, s *server, name string) []byte {
	t.Helper()
	conn, err := tls.Dial("tcp", s.proxy, &tls.Config{ServerName: name, InsecureSkipVerify: true}) //nolint:gosec // which one it is, is the question
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].Raw
}

func derOf(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		t.Fatalf("%s holds no PEM", path)
	}
	return block.Bytes
}

// certificate writes a certificate for name, that signs itself, and its key.
func certificate(t *testing.T, name string) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	secretDER, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))),
		file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secretDER})))
}
