package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/source/proxy"
)

func TestTLSFlags(t *testing.T) {
	f := tlsFlags{TLSCert: []string{"a.pem", "b.pem"}, TLSKey: []string{"a.key", "b.key"}}
	pairs, err := f.keyPairs()
	if diff := cmp.Diff([]proxy.KeyPair{{Cert: "a.pem", Key: "a.key"}, {Cert: "b.pem", Key: "b.key"}}, pairs); diff != "" || err != nil || f.scheme() != "https" {
		t.Errorf("%v, scheme %s\n%s", err, f.scheme(), diff)
	}
	want := []string{"--tls-cert", "a.pem", "--tls-cert", "b.pem", "--tls-key", "a.key", "--tls-key", "b.key"}
	if diff := cmp.Diff(want, f.args()); diff != "" {
		t.Error(diff)
	}
	f.TLSKey = f.TLSKey[:1]
	if _, err := f.keyPairs(); err == nil || !strings.Contains(err.Error(), "--tls-cert is given 2 times and --tls-key 1 time:") {
		t.Errorf("a key is missing: %v", err)
	}
	none := tlsFlags{}
	if pairs, err := none.keyPairs(); len(pairs) > 0 || err != nil || none.scheme() != "http" || len(none.args()) > 0 {
		t.Errorf("without TLS: %v, %v", pairs, err)
	}
}
