package jwks

import (
	"crypto/sha256"
	"encoding/base64"
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxTokenBytes is how long a token may be to be verified.
	MaxTokenBytes = 16 << 10
	// Leeway is how far the clocks of the issuer and of this machine may differ.
	Leeway = time.Minute
	// maxTries is how many keys are tried on a token; more than one only where
	// several have its key id, or it has none.
	maxTries = 4
)

// Set is the keys that one policy trusts. It may be used by any number of
// goroutines; a nil Set verifies nothing.
type Set struct {
	ring     *Ring
	snapshot atomic.Pointer[snapshot]
	missed   atomic.Bool // a token named a key that is not here
}

// snapshot is the keys at a time, and the tokens that were verified with them. A
// change of the keys makes a new one, so no token outlives its key.
type snapshot struct {
	byID  map[string][]key
	all   []key
	known *cache
}

func newSnapshot(keys []key, evicted *atomic.Uint64) *snapshot {
	s := &snapshot{byID: map[string][]key{}, all: keys, known: newCache(evicted)}
	for _, k := range keys {
		s.byID[k.id] = append(s.byID[k.id], k)
	}
	return s
}

// Verify reports whether a trusted key signed token, a JWT in compact form
// (RFC 7515 §7.1) with nothing around it, and its exp and nbf (RFC 7519 §4.1)
// allow it at a time. Keys and addresses of keys in the token's own header mean
// nothing. It takes microseconds and never waits for anybody.
func (s *Set) Verify(token string, at time.Time) bool {
	if s == nil || len(token) > MaxTokenBytes {
		return false
	}
	now := s.snapshot.Load()
	if len(now.all) == 0 {
		return false
	}
	d := sha256.Sum256([]byte(token))
	v, ok := now.known.get(d)
	if !ok {
		if v, ok = s.check(now, token); !ok {
			return false
		}
		now.known.put(d, v)
	}
	return v.holds(at)
}

// check verifies a signature. ok is false where there was nothing to compute, so
// that nothing needs to be remembered.
func (s *Set) check(now *snapshot, token string) (v verdict, ok bool) {
	head, ok := readHead(token)
	if !ok {
		return v, false
	}
	keys := now.all
	if head.ID != "" {
		if keys = now.byID[head.ID]; len(keys) == 0 {
			s.missed.Store(true)
			return v, false
		}
	}
	algorithm, tries := jose.SignatureAlgorithm(head.Algorithm), 0
	var signed *jose.JSONWebSignature
	for i := range keys {
		if !keys[i].suits(algorithm) || tries == maxTries {
			continue
		}
		if tries++; signed == nil {
			var err error
			if signed, err = jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm}); err != nil {
				return v, false
			}
		}
		if payload, err := signed.Verify(keys[i].material); err == nil {
			return readTimes(payload), true
		}
	}
	return v, tries > 0
}

// head is what of a token's header (RFC 7515 §4.1) decides about the key.
type head struct {
	Algorithm string         `json:"alg"`
	ID        string         `json:"kid"`
	Critical  jsontext.Value `json:"crit"`
}

// readHead reads the header of a token. A header with members that occur twice,
// or that we are told to understand and do not, is none.
func readHead(token string) (h head, ok bool) {
	part, rest, _ := strings.Cut(token, ".")
	if strings.Count(rest, ".") != 1 {
		return h, false
	}
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil || json.Unmarshal(text, &h) != nil {
		return h, false
	}
	return h, h.Critical == nil
}

// verdict is what is known of a token for as long as the keys stay the same.
type verdict struct {
	signed         bool
	begins, expire float64 // in seconds of Unix time
}

// holds reports whether the token is to be trusted at a time.
func (v verdict) holds(at time.Time) bool {
	now, leeway := float64(at.UnixMicro())/1e6, Leeway.Seconds()
	return v.signed && v.begins-leeway <= now && now < v.expire+leeway
}

// readTimes reads when a signed payload holds. One that is not readable, or has
// members that occur twice, never does.
func readTimes(payload []byte) verdict {
	var claims struct {
		Expires   jsontext.Value `json:"exp"`
		NotBefore jsontext.Value `json:"nbf"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return verdict{}
	}
	expire, ok := readDate(claims.Expires, math.Inf(1))
	begins, also := readDate(claims.NotBefore, math.Inf(-1))
	return verdict{signed: ok && also, begins: begins, expire: expire}
}

// readDate reads a NumericDate (RFC 7519 §2): a number, or nothing.
func readDate(text jsontext.Value, none float64) (seconds float64, ok bool) {
	if text == nil {
		return none, true
	}
	seconds, err := strconv.ParseFloat(string(text), 64)
	return seconds, err == nil && text.Kind() == '0'
}
