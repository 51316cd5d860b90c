package jwks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"
)

func newP256(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// with is the JWK of p with members set, or without those that are nil.
func with(t testing.TB, key jose.JSONWebKey, set map[string]any) string {
	t.Helper()
	text, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]any{}
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	for name, value := range set {
		if members[name] = value; value == nil {
			delete(members, name)
		}
	}
	text, err = json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseKey(t *testing.T) {
	rs, es := pairs()[0], pairs()[2]
	short := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 1023), E: 65537}
	long := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), maxRSABits), E: 65537}
	secret := jose.JSONWebKey{KeyID: "hs", Key: []byte(strings.Repeat("k", 48))}
	private := jose.JSONWebKey{KeyID: "rs", Algorithm: "RS256", Key: rs.private}
	const nobody = ""
	for _, c := range []struct {
		name      string
		key       string
		file, url string // algorithms
	}{
		{"RSA of one algorithm", with(t, rs.public(), nil), "RS256", "RS256"},
		{"RSA of any", with(t, rs.public(), map[string]any{"alg": nil}), "RS256 RS384 RS512 PS256 PS384 PS512", "RS256 RS384 RS512 PS256 PS384 PS512"},
		{"P-256", with(t, es.public(), map[string]any{"alg": nil, "use": nil}), "ES256", "ES256"},
		{"another curve's algorithm", with(t, es.public(), map[string]any{"alg": "ES384"}), nobody, nobody},
		{"another kind's algorithm", with(t, rs.public(), map[string]any{"alg": "HS256"}), nobody, nobody},
		{"none", with(t, rs.public(), map[string]any{"alg": "none"}), nobody, nobody},
		{"for encryption", with(t, rs.public(), map[string]any{"use": "enc"}), nobody, nobody},
		{"an encryption algorithm", with(t, rs.public(), map[string]any{"alg": "RSA-OAEP", "use": nil}), nobody, nobody},
		{"verify", with(t, rs.public(), map[string]any{"key_ops": []string{"verify"}}), "RS256", "RS256"},
		{"not verify", with(t, rs.public(), map[string]any{"key_ops": []string{"wrapKey"}}), nobody, nobody},
		{"an id that is no text", with(t, rs.public(), map[string]any{"kid": 1}), nobody, nobody},
		{"weak RSA", with(t, jose.JSONWebKey{Key: short}, nil), nobody, nobody},
		{"huge RSA", with(t, jose.JSONWebKey{Key: long}, nil), nobody, nobody},
		{"a point off the curve", with(t, es.public(), map[string]any{"x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}), nobody, nobody},
		{"a shared secret", with(t, secret, nil), "HS256 HS384", nobody},
		{"a short one", with(t, jose.JSONWebKey{Key: []byte("secret")}, nil), nobody, nobody},
		{"an empty one", `{"kty":"oct","k":""}`, nobody, nobody},
		{"a private key", with(t, private, nil), "RS256", nobody},
		{"a private key, huge", `{"kty":"RSA","e":"AQAB","d":"AQAB","p":"Aw","q":"Aw","n":"` + strings.Repeat("_", 400_000) + `"}`, nobody, nobody},
		{"an unknown kind", `{"kty":"LWE","x":"AA"}`, nobody, nobody},
		{"no key", `{}`, nobody, nobody},
		{"a text", `"rs"`, nobody, nobody},
		{"null", `null`, nobody, nobody},
	} {
		for want, secrets := range map[string]bool{"file " + c.file: true, "url " + c.url: false} {
			keys, ignored, err := parseSet([]byte(`{"keys":[`+c.key+`]}`), secrets)
			if err != nil {
				t.Fatal(c.name, err)
			}
			got := strings.Fields(want)[0] + " "
			for _, k := range keys {
				var names []string
				for _, a := range k.algorithms {
					names = append(names, string(a))
				}
				if _, shared := k.material.([]byte); shared {
					slices.Sort(names)
				}
				got += strings.Join(names, " ")
			}
			if got != want || len(keys)+ignored != 1 {
				t.Errorf("%s: got %s, want %s; ignored %d", c.name, got, want, ignored)
			}
		}
	}
}

func TestParseSet(t *testing.T) {
	good := with(t, pairs()[2].public(), nil)
	many := func(n int) string { return `{"keys":[` + strings.TrimSuffix(strings.Repeat(good+",", n), ",") + `]}` }
	for text, want := range map[string]string{
		many(1):           "1 keys, 0 ignored",
		many(MaxKeys):     "100 keys, 0 ignored",
		many(MaxKeys + 1): "it holds 101 keys, more than the 100 that are read",
		`{"keys":[]}`:     "0 keys, 0 ignored",
		`{"keys":[{"kty":"LWE"},` + good + `],"x":1}`: "1 keys, 1 ignored",
		`{}`:                                "not",
		`{"keys":null}`:                     "not",
		`{"keys":{}}`:                       "not",
		`{"Keys":[` + good + `]}`:           "not",
		`{"keys":[` + good + `]`:            "not",
		`{"keys":[],"keys":[` + good + `]}`: "not",
		good:                                "not",
		`root:x:0:0:root:/root:/bin/bash`:   "not",
		``:                                  "not",
	} {
		keys, ignored, err := parseSet([]byte(text), true)
		got := fmt.Sprintf("%d keys, %d ignored", len(keys), ignored)
		if err != nil {
			got = err.Error()
		}
		if want == "not" {
			want = `it is not a JSON Web Key Set: {"keys": [...]}`
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%.60s\n%s", text, diff)
		}
	}
}

// FuzzParseSet: whatever a server answers, only keys that verify come of it, and
// none is a secret.
func FuzzParseSet(f *testing.F) {
	f.Add(document(f, publicOf(fixedPairs(f)...)...))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"a2V5"},{"kty":"RSA","n":"AQAB","e":"AQAB","x5c":["AA"]}]}`))
	token := fixedPairs(f)[2].sign(f, claims{})
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, _, err := parseSet(text, false)
		if err != nil {
			return
		}
		for _, k := range keys {
			if _, shared := k.material.([]byte); shared || len(k.algorithms) == 0 {
				t.Fatalf("%q yields %v", text, k)
			}
		}
		s := &Set{}
		s.snapshot.Store(newSnapshot(keys, nil))
		s.Verify(token, noon)
	})
}
