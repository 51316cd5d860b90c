package jwks

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

func TestVerify(t *testing.T) {
	set := setOf(t, publicOf(pairs()...)...)
	for _, p := range pairs() {
		t.Run(string(p.algorithm), func(t *testing.T) {
			token := p.sign(t, claims{"sub": "ann", "exp": noon.Add(time.Hour).Unix()})
			for range 2 { // the second time from memory
				if !set.Verify(token, noon) {
					t.Fatal("a good token is refused")
				}
			}
			head, rest, _ := strings.Cut(token, ".")
			payload, signature, _ := strings.Cut(rest, ".")
			other := base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"bob"}`))
			for name, forged := range map[string]string{
				"another payload":   head + "." + other + "." + signature,
				"another header":    base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"alg":%q,"kid":%q}`, p.algorithm, p.id))) + "." + rest,
				"no signature":      head + "." + payload + ".",
				"a cut signature":   token[:len(token)-4],
				"a longer one":      token + "AAAA",
				"a signature of 0s": head + "." + payload + "." + strings.Repeat("A", len(signature)),
				"four parts":        token + ".",
				"two parts":         head + "." + payload,
				"a word in front":   "Bearer " + token,
				"a blank behind":    token + " ",
				"padded":            head + "=." + rest,
			} {
				if set.Verify(forged, noon) {
					t.Errorf("%s is believed", name)
				}
			}
		})
	}
}

func TestVerifyTimes(t *testing.T) {
	p := pairs()[2]
	set := setOf(t, p.public())
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for _, c := range []struct {
		name   string
		claims any
		want   bool
	}{
		{"none", claims{"sub": "ann"}, true},
		{"later", claims{"exp": at(1)}, true},
		{"within the leeway", claims{"exp": at(-59 * time.Second)}, true},
		{"expired", claims{"exp": at(-time.Minute)}, false},
		{"not yet", claims{"nbf": at(61 * time.Second)}, false},
		{"just about", claims{"nbf": at(time.Minute)}, true},
		{"both", claims{"nbf": at(-time.Hour), "exp": at(time.Hour)}, true},
		{"fractions", fmt.Sprintf(`{"exp":%d.5}`, at(-60*time.Second)), true},
		{"exponent", `{"exp":1e300}`, true},
		{"too large", `{"exp":1e400}`, false},
		{"text", `{"exp":"1900000000"}`, false},
		{"null", `{"exp":null}`, false},
		{"object", `{"nbf":{}}`, false},
		{"negative", `{"exp":-1}`, false},
		{"another name", claims{"EXP": at(-time.Hour)}, true},
		{"twice", fmt.Sprintf(`{"exp":%d,"exp":%d}`, at(-time.Hour), at(time.Hour)), false},
		{"no object", `["exp"]`, false},
		{"no JSON", `{"sub":"ann"`, false},
	} {
		token := p.sign(t, c.claims)
		for range 2 {
			if got := set.Verify(token, noon); got != c.want {
				t.Errorf("%s: %v", c.name, got)
			}
		}
	}

	// A token in memory expires all the same, and what expired held before.
	token := p.sign(t, claims{"exp": at(time.Hour)})
	for _, c := range []struct {
		after time.Duration
		want  bool
	}{{0, true}, {2 * time.Hour, false}, {time.Minute, true}} {
		if got := set.Verify(token, noon.Add(c.after)); got != c.want {
			t.Errorf("after %s: %v", c.after, got)
		}
	}
}

// TestVerifyConfusion: a token cannot choose what it is verified with.
func TestVerifyConfusion(t *testing.T) {
	rs, es, ed := pairs()[0], pairs()[2], pairs()[5]
	attacker := pair{id: "rs", algorithm: jose.RS256, private: pairs()[1].private}
	shared := jose.JSONWebKey{KeyID: "hs", Algorithm: "HS256", Key: []byte(strings.Repeat("k", 32))}
	public := rs.private.(*rsa.PrivateKey).Public()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(public.(*rsa.PublicKey))
	anyRSA := rs.public()
	anyRSA.Algorithm = ""
	set := setOf(t, anyRSA, es.public(), ed.public(), shared)

	hmacToken := func(key []byte) string {
		signed, _, _ := cutLast(raw(`{"alg":"HS256","kid":"rs"}`, `{"sub":"bob"}`, nil))
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(signed))
		return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	tokens := map[string]string{
		"none":                    raw(`{"alg":"none"}`, `{"sub":"bob"}`, nil),
		"none, with a key":        raw(`{"alg":"none","kid":"rs"}`, `{"sub":"bob"}`, nil),
		"None":                    raw(`{"alg":"None","kid":"rs"}`, `{"sub":"bob"}`, nil),
		"no algorithm":            raw(`{"kid":"rs"}`, `{"sub":"bob"}`, nil),
		"HS256 with DER":          hmacToken(der),
		"HS256 with PKCS 1":       hmacToken(pkcs1),
		"HS256 with PEM":          hmacToken(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"HS256 with PKCS 1 PEM":   hmacToken(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})),
		"HS256 with the modulus":  hmacToken(public.(*rsa.PublicKey).N.Bytes()),
		"HS256 with nothing":      hmacToken(nil),
		"another's signature":     attacker.sign(t, claims{"sub": "bob"}),
		"another key's id":        pair{"es256", rs.algorithm, rs.private}.sign(t, claims{"sub": "ann"}),
		"an unknown id":           pair{"new", rs.algorithm, rs.private}.sign(t, claims{"sub": "ann"}),
		"an id that is no text":   raw(`{"alg":"ES256","kid":["es256"]}`, `{}`, make([]byte, 64)),
		"a shared secret's id":    pair{"hs", rs.algorithm, rs.private}.sign(t, claims{"sub": "ann"}),
		"the header twice":        raw(`{"alg":"none","alg":"RS256","kid":"rs"}`, `{}`, make([]byte, 256)),
		"unknown and critical":    es.sign(t, claims{}, header("crit", []string{"x"}), header("x", 1)),
		"critical and not base64": es.sign(t, claims{}, header("crit", []string{"b64"}), header("b64", false)),
	}
	for _, embedding := range []func(*jose.SignerOptions){
		func(o *jose.SignerOptions) { o.EmbedJWK = true },
		header("jku", "https://attacker.example.com/keys"),
		header("x5u", "https://attacker.example.com/keys"),
	} {
		for _, id := range []string{"rs", "mine", ""} {
			name := fmt.Sprintf("embedded %d", len(tokens))
			tokens[name] = pair{id, jose.RS256, attacker.private}.sign(t, claims{"sub": "bob"}, embedding)
		}
	}
	for name, token := range tokens {
		if set.Verify(token, noon) {
			t.Errorf("%s is believed", name)
		}
	}

	// What such a token says of itself does no harm either.
	for name, token := range map[string]string{
		"good":           rs.sign(t, claims{"sub": "ann"}),
		"shared secret":  pair{"hs", jose.HS256, shared.Key}.sign(t, claims{"sub": "ann"}),
		"without an id":  pair{"", ed.algorithm, ed.private}.sign(t, claims{"sub": "ann"}),
		"an address":     rs.sign(t, claims{"sub": "ann"}, header("jku", "https://attacker.example.com/keys")),
		"PS256, any RSA": pair{"rs", jose.PS256, rs.private}.sign(t, claims{"sub": "ann"}),
	} {
		if !set.Verify(token, noon) {
			t.Errorf("%s is refused", name)
		}
	}
}

func header(name string, value any) func(*jose.SignerOptions) {
	return func(o *jose.SignerOptions) { o.WithHeader(jose.HeaderKey(name), value) }
}

func cutLast(token string) (before, after string, found bool) {
	i := strings.LastIndexByte(token, '.')
	return token[:i], token[i+1:], i >= 0
}

// TestVerifyOtherAlgorithm: a key that says its algorithm verifies no other, though
// it could.
func TestVerifyOtherAlgorithm(t *testing.T) {
	rs := pairs()[0]
	set := setOf(t, rs.public())
	for algorithm, want := range map[jose.SignatureAlgorithm]bool{jose.RS256: true, jose.RS512: false, jose.PS256: false} {
		token := pair{rs.id, algorithm, rs.private}.sign(t, claims{"sub": "ann"})
		if got := set.Verify(token, noon); got != want {
			t.Errorf("%s: %v", algorithm, got)
		}
	}
}

// TestVerifyTries: a token without a key id costs a few tries, not one a key.
func TestVerifyTries(t *testing.T) {
	p := pairs()[2]
	var keys []jose.JSONWebKey
	for range maxTries {
		other := pairs()[2]
		other.private, other.id = newP256(t), ""
		keys = append(keys, other.public())
	}
	token := pair{"", p.algorithm, p.private}.sign(t, claims{"sub": "ann"})
	if setOf(t, append(keys, p.public())...).Verify(token, noon) {
		t.Errorf("more than %d keys were tried", maxTries)
	}
	if !setOf(t, append(keys[1:], p.public())...).Verify(token, noon) {
		t.Errorf("fewer than %d keys were tried", maxTries)
	}
}

func TestNothingToVerifyWith(t *testing.T) {
	token := pairs()[0].sign(t, claims{})
	var ring *Ring
	if set := ring.Use([]string{"keys.json"}); set != nil || set.Verify(token, noon) || ring.Status() != nil {
		t.Error("a nil Ring believes something")
	}
	ring.Close()
	if set := newRing(t, Config{}).Use(nil); set != nil {
		t.Error("there is a Set of no sources")
	}
	if setOf(t).Verify(token, noon) {
		t.Error("an empty key set believes something")
	}
}

// FuzzVerify: only what was signed here is believed, whatever it is made into.
func FuzzVerify(f *testing.F) {
	all := fixedPairs(f)
	set := setOf(f, publicOf(all...)...)
	signed := map[string]bool{}
	for _, p := range all {
		token := p.sign(f, claims{"sub": "ann", "exp": noon.Add(time.Hour).Unix()})
		content, _, _ := cutLast(token)
		signed[content] = true
		if !set.Verify(token, noon) {
			f.Fatalf("a seed of %s is refused", p.algorithm)
		}
		f.Add(token)
		f.Add(p.sign(f, claims{"sub": "ann"}, header("jku", "https://a"))[:40] + token[40:])
	}
	f.Add(raw(`{"alg":"none"}`, `{"sub":"bob"}`, nil))
	f.Fuzz(func(t *testing.T, token string) {
		first := set.Verify(token, noon)
		if set.Verify(token, noon) != first {
			t.Fatalf("%q: %v, then not", token, first)
		}
		if !first {
			return
		}
		content, _, _ := cutLast(token)
		if content = strings.NewReplacer("\r", "", "\n", "").Replace(content); !signed[content] {
			t.Fatalf("%q is believed", token)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	set := setOf(b, publicOf(pairs()...)...)
	for _, p := range pairs() {
		token := p.sign(b, claims{"iss": "https://id.example.com/realms/shop", "sub": "0b0f2f8e-8f2e-4a53-9f5c-0f1f4d4b5e6a",
			"aud": "shop", "exp": noon.Add(time.Hour).Unix(), "realm_access": claims{"roles": []string{"user", "admin"}}})
		b.Run(string(p.algorithm)+"/Known", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if !set.Verify(token, noon) {
					b.Fatal("refused")
				}
			}
		})
		b.Run(string(p.algorithm)+"/New", func(b *testing.B) {
			b.ReportAllocs()
			now := set.snapshot.Load()
			for b.Loop() {
				if v, _ := set.check(now, token); !v.signed {
					b.Fatal("refused")
				}
			}
		})
	}
}
