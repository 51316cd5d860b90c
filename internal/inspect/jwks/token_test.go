package jwks

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// noon is when tests take place.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// pair is a private key, and what of it a key set publishes.
type pair struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   any
}

func (p pair) public() jose.JSONWebKey {
	k := jose.JSONWebKey{KeyID: p.id, Algorithm: string(p.algorithm), Use: "sig", Key: p.private}
	if signer, ok := p.private.(crypto.Signer); ok {
		k.Key = signer.Public()
	}
	return k
}

// sign makes a token of p with claims; header adds to its header.
func (p pair) sign(t testing.TB, claims any, header ...func(*jose.SignerOptions)) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithType("JWT")
	if p.id != "" {
		options = options.WithHeader("kid", p.id)
	}
	for _, h := range header {
		h(options)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: p.algorithm, Key: p.private}, options)
	if err != nil {
		t.Fatal(err)
	}
	payload, isText := claims.(string)
	if !isText {
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		payload = string(text)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// pairs are keys of every algorithm that key sets have; they take a while to make.
var pairs = sync.OnceValue(func() []pair {
	must := func(key any, err error) any {
		if err != nil {
			panic(err)
		}
		return key
	}
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	return []pair{
		{"rs", jose.RS256, rsaKey},
		{"ps", jose.PS256, must(rsa.GenerateKey(rand.Reader, 2048))},
		{"es256", jose.ES256, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))},
		{"es384", jose.ES384, must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))},
		{"es512", jose.ES512, must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))},
		{"ed", jose.EdDSA, must(edKey, err)},
	}
})

// fixedPairs are the same in every process, as fuzzing needs them: its workers are
// others than the one that makes the seeds.
func fixedPairs(t testing.TB) []pair {
	t.Helper()
	seed := bytes.Repeat([]byte{7}, ed25519.SeedSize)
	p256, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	if err != nil {
		t.Fatal(err)
	}
	return []pair{{"hs", jose.HS256, seed}, {"es256", jose.ES256, p256}, {"ed", jose.EdDSA, ed25519.NewKeyFromSeed(seed)}}
}

// document is the key set of keys.
func document(t testing.TB, keys ...jose.JSONWebKey) []byte {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: append([]jose.JSONWebKey{}, keys...)})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func publicOf(pairs ...pair) (keys []jose.JSONWebKey) {
	for _, p := range pairs {
		keys = append(keys, p.public())
	}
	return keys
}

func writeFile(t testing.TB, name string, content []byte) string {
	t.Helper()
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// newRing is a Ring whose log is part of the test's output.
func newRing(t testing.TB, c Config) *Ring {
	t.Helper()
	if c.Logger == nil {
		c.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	r := New(c)
	if err := r.Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// setOf is the Set of a file with keys.
func setOf(t testing.TB, keys ...jose.JSONWebKey) *Set {
	t.Helper()
	return newRing(t, Config{}).Use([]string{writeFile(t, filepath.Join(t.TempDir(), "keys.json"), document(t, keys...))})
}

// raw is a token with these parts, of which the last is no text.
func raw(header, payload string, signature []byte) string {
	e := base64.RawURLEncoding
	return e.EncodeToString([]byte(header)) + "." + e.EncodeToString([]byte(payload)) + "." + e.EncodeToString(signature)
}

type claims map[string]any
