package proxy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// issue writes a new certificate for names, that signs itself, into the files.
func issue(t testing.TB, files KeyPair, names ...string) {
	t.Helper()
	cert, key := certificateFor(t, names...)
	write(t, files.Cert, cert)
	write(t, files.Key, key)
}

func certificateFor(t testing.TB, names ...string) (cert, key []byte) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: serial, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &secret.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

func write(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func pairIn(t testing.TB) KeyPair {
	dir := t.TempDir()
	return KeyPair{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")}
}

// shown connects and returns the serial number of the certificate that s shows to
// who asks for name.
func shown(t testing.TB, s *Server, name string) string {
	t.Helper()
	conn, err := tls.Dial("tcp", s.Addr().String(), &tls.Config{ServerName: name, InsecureSkipVerify: true}) //nolint:gosec // which one it is, is the question
	if err != nil {
		t.Fatalf("%q: %v", name, err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// serialOf is the serial number of the certificate in a file.
func serialOf(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert.SerialNumber.String()
}

func TestCertificateByName(t *testing.T) {
	first, wild, exact := pairIn(t), pairIn(t), pairIn(t)
	issue(t, first, "first.test")
	issue(t, wild, "*.shop.test")
	issue(t, exact, "shop.test", "crm.test")
	s := start(t, Config{Inspector: newWatcher(), Upstream: upstreamOf(t, hello), TLS: []KeyPair{first, wild, exact}})
	for name, want := range map[string]KeyPair{
		"first.test": first, "api.shop.test": wild, "shop.test": exact, "CRM.test": exact,
		"other.test": first, "a.b.shop.test": first, "": first,
	} {
		if got := shown(t, s, name); got != serialOf(t, want.Cert) {
			t.Errorf("%q is shown another certificate than %s", name, want.Cert)
		}
	}
}

func TestCertificateReload(t *testing.T) {
	files, other := pairIn(t), pairIn(t)
	issue(t, files, "shop.test")
	issue(t, other, "other.test")
	var printed bytes.Buffer
	c, err := openCertificates([]KeyPair{other, files}, slog.New(slog.NewTextHandler(&printed, nil)))
	if err != nil {
		t.Fatal(err)
	}
	inUse := func() string { return (*c.inUse.Load())[1].Leaf.SerialNumber.String() }
	errors := func() int { return strings.Count(printed.String(), "level=ERROR") }
	polls := func(n int) {
		for range n {
			c.poll()
		}
	}
	before := inUse()
	polls(3)
	if inUse() != before || printed.Len() > 0 {
		t.Errorf("files that did not change: %s", &printed)
	}

	cert, key := certificateFor(t, "shop.test")
	write(t, files.Cert, cert)
	c.poll()
	if errors() > 0 || inUse() != before {
		t.Errorf("a half-written pair was loaded: %s", &printed)
	}
	write(t, files.Key, key)
	c.poll()
	if errors() > 0 || inUse() != before {
		t.Errorf("a pair that has not settled was loaded: %s", &printed)
	}
	c.poll()
	if inUse() != serialOf(t, files.Cert) || errors() > 0 || inUse() == before {
		t.Errorf("the new pair is not in use: %s", &printed)
	}
	after := inUse()

	for _, c := range []struct {
		name  string
		spoil func()
	}{
		{"mismatched", func() { _, key := certificateFor(t, "shop.test"); write(t, files.Key, key) }},
		{"gone", func() { os.Remove(files.Cert) }},
		{"no PEM", func() { write(t, files.Cert, []byte("hello")) }},
		{"endless", func() { write(t, files.Cert, bytes.Repeat([]byte("x"), maxCertificateBytes+1)) }},
	} {
		printed.Reset()
		c.spoil()
		polls(5)
		if errors() != 1 || inUse() != after {
			t.Errorf("%s: logged %d times, in use %s\n%s", c.name, errors(), inUse(), &printed)
		}
		if !strings.Contains(printed.String(), "--tls-") || !strings.Contains(printed.String(), filepath.Dir(files.Cert)) {
			t.Errorf("%s: flag and file are not named: %s", c.name, &printed)
		}
	}
	printed.Reset()
	write(t, files.Cert, cert)
	write(t, files.Key, key)
	polls(2)
	if inUse() != after || errors() > 0 || !strings.Contains(printed.String(), "read again") {
		t.Errorf("mended: %s", &printed)
	}
}

func TestCertificateErrors(t *testing.T) {
	good, bad := pairIn(t), pairIn(t)
	issue(t, good, "shop.test")
	issue(t, bad, "shop.test")
	write(t, bad.Cert+".txt", []byte("hello"))
	f := func(pair KeyPair, want ...string) {
		t.Helper()
		s, err := New(Config{Listen: "127.0.0.1:0", Upstream: "http://127.0.0.1:1", Inspector: newWatcher(), TLS: []KeyPair{good, pair}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		err = s.Open()
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%v: error %v, want one with %s", pair, err, part)
			}
		}
	}
	f(KeyPair{bad.Cert + ".gone", bad.Key}, "--tls-cert "+bad.Cert+".gone: no such file")
	f(KeyPair{bad.Cert, bad.Key + ".gone"}, "--tls-key "+bad.Key+".gone: no such file")
	f(KeyPair{bad.Cert + ".txt", bad.Key}, "--tls-cert "+bad.Cert+".txt with --tls-key "+bad.Key, "PEM")
	f(KeyPair{bad.Cert, good.Key}, "--tls-cert "+bad.Cert+" with --tls-key "+good.Key, "private key does not match")
	f(KeyPair{filepath.Dir(bad.Cert), bad.Key}, "--tls-cert "+filepath.Dir(bad.Cert), "is a directory")
}
