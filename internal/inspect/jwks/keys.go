package jwks

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxKeys is how many keys one key set may hold.
	MaxKeys = 100

	// The bounds of an RSA key, in bits: RFC 7518 §3.3 demands the least, the most
	// bounds what a token costs.
	minRSABits = 2048
	maxRSABits = 8192
)

// key verifies tokens of a few algorithms, and of no other.
type key struct {
	id         string // kid; may be empty
	algorithms []jose.SignatureAlgorithm
	material   any // public, or the bytes of a shared secret
}

func (k *key) suits(algorithm jose.SignatureAlgorithm) bool {
	return slices.Contains(k.algorithms, algorithm)
}

// keyHead is what of a JWK (RFC 7517 §4) decides whether it is used.
type keyHead struct {
	ID         string   `json:"kid"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	Algorithm  string   `json:"alg"`
	Modulus    string   `json:"n"`
	Private    string   `json:"d"`
}

// parseSet reads a JSON Web Key Set (RFC 7517 §5). Keys that are not understood
// or cannot verify signatures are ignored, and counted, as it says there. Shared
// and private keys count only with secrets: whatever is published is none.
//
// Its errors hold nothing of the document, which may be any file.
func parseSet(document []byte, secrets bool) (keys []key, ignored int, err error) {
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if json.Unmarshal(document, &set) != nil || set.Keys == nil {
		return nil, 0, errors.New(`it is not a JSON Web Key Set: {"keys": [...]}`)
	}
	if len(set.Keys) > MaxKeys {
		return nil, 0, fmt.Errorf("it holds %d keys, more than the %d that are read", len(set.Keys), MaxKeys)
	}
	for _, text := range set.Keys {
		if k, ok := parseKey(text, secrets); ok {
			keys = append(keys, k)
		} else {
			ignored++
		}
	}
	return keys, ignored, nil
}

func parseKey(text jsontext.Value, secrets bool) (k key, ok bool) {
	var head keyHead
	var jwk jose.JSONWebKey
	if json.Unmarshal(text, &head) != nil {
		return k, false
	}
	// Before the rest is read: to check a private key, or a huge one, takes long.
	if head.Private != "" && !secrets || base64.RawURLEncoding.DecodedLen(len(head.Modulus)) > maxRSABits/8 {
		return k, false
	}
	if jwk.UnmarshalJSON(text) != nil {
		return k, false
	}
	if head.Use != "" && head.Use != "sig" {
		return k, false
	}
	k.id = head.ID
	if k.material, ok = materialOf(&jwk, secrets); !ok || !permits(head.Operations) {
		return k, false
	}
	k.algorithms = algorithmsOf(k.material)
	if head.Algorithm != "" {
		k.algorithms = slices.DeleteFunc(k.algorithms, func(a jose.SignatureAlgorithm) bool { return string(a) != head.Algorithm })
	}
	return k, len(k.algorithms) > 0
}

// materialOf returns what of a key verifies.
func materialOf(jwk *jose.JSONWebKey, secrets bool) (material any, ok bool) {
	switch shared, isShared := jwk.Key.([]byte); {
	case isShared:
		return shared, secrets
	case jwk.IsPublic():
		return jwk.Key, true
	case !secrets:
		return nil, false
	}
	public := jwk.Public()
	return public.Key, public.Key != nil
}

// permits reports whether key_ops lets a key verify. One that may only sign is
// the private half of one that verifies.
func permits(operations []string) bool {
	return len(operations) == 0 || slices.Contains(operations, "verify") || slices.Contains(operations, "sign")
}

// algorithmsOf lists the algorithms of RFC 7518 §3 and RFC 8037 that a key is
// strong enough for.
func algorithmsOf(material any) []jose.SignatureAlgorithm {
	switch k := material.(type) {
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); minRSABits <= bits && bits <= maxRSABits {
			return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512}
		}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return []jose.SignatureAlgorithm{jose.ES256}
		case elliptic.P384():
			return []jose.SignatureAlgorithm{jose.ES384}
		case elliptic.P521():
			return []jose.SignatureAlgorithm{jose.ES512}
		}
	case ed25519.PublicKey:
		return []jose.SignatureAlgorithm{jose.EdDSA}
	case []byte:
		var out []jose.SignatureAlgorithm
		for bytes, a := range map[int]jose.SignatureAlgorithm{32: jose.HS256, 48: jose.HS384, 64: jose.HS512} {
			if len(k) >= bytes {
				out = append(out, a)
			}
		}
		return out
	}
	return nil
}
