// Package identity says which session a request belongs to.
//
// A request climbs a ladder of keys; the first that yields a value wins:
//
//  1. own keys, in the operator's order
//  2. MCP, where the request is one
//  3. the built-in set (builtin.go), request side only
//  4. network: address and User-Agent, and the TLS fingerprint where the policy
//     says so (network.go)
//
// What the first two yield is a Candidate that the caller brings: they need the
// policy and the bodies. The session id is a keyed digest of what won and of
// nothing else, so it is the same on every day, on every node and after every
// restart.
package identity

import (
	"net/http"
	"net/netip"

	"sojourn/internal/inspect/point"
	"sojourn/internal/record"
)

// Request is what identification looks at. It is not changed.
type Request struct {
	Application string // scope of names that mean something only there
	IP          netip.Addr
	Fingerprint string      // of the client's TLS, where it counts; "" otherwise
	Header      http.Header // canonical names
	Path, Query string      // as they are on the wire

	First *Candidate // what a rung above the built-in set yielded; nil: nothing
	Tried int        // keys of such rungs that were tried in vain
}

// Candidate is a grouping value of a rung above the built-in set.
type Candidate struct {
	Rung     record.Rung
	Scope    string // "" where the value means the same in every application
	Key      string
	Point    string
	Parts    []string // of the value
	Strength record.Strength
}

// Identity is which session a request belongs to, and why.
type Identity struct {
	Session  record.SessionID
	Client   record.SessionID // what the network rung alone gives, the fingerprint included where it counts
	Key      string
	Point    string // where the value stood
	Rung     record.Rung
	Strength record.Strength
	Tried    int // keys tried in vain before the one that won
	// Secret is the value that won, when its strength is secret. It is for masking
	// only and must not be kept.
	Secret string
	// Token is the JWT that the claim which won was read from, when a built-in key
	// won by one. It must not be kept.
	Token string
	// Truncated: there were more cookies or parameters than are read.
	Truncated bool
}

// Identifier identifies requests with one install key. It may be used by any
// number of goroutines.
type Identifier struct {
	digests digests // of session ids
	values  digests // of values that are kept hashed
}

// New derives what is needed from the install key, of KeyBytes.
func New(installKey []byte) (*Identifier, error) {
	ids, err := newDigests(installKey, sessionPurpose)
	if err != nil {
		return nil, err
	}
	values, err := newDigests(installKey, valuePurpose)
	if err != nil {
		return nil, err
	}
	return &Identifier{digests: ids, values: values}, nil
}

// Digest returns what is kept of a value that must not be kept in clear: the same
// for the same name and value in every process with this install key.
func (i *Identifier) Digest(name string, value []byte) string {
	d := i.values.get()
	defer i.values.put(d)
	return d.value(name, value)
}

// Identify finds the session of r. It reads nothing but the request, keeps
// nothing, and always finds one.
func (i *Identifier) Identify(r *Request) Identity {
	network := networkOf(r)
	digest := i.digests.get()
	defer i.digests.put(digest)

	id := Identity{
		Client: digest.session(record.RungNetwork, r.Application, network.key.name, network.parts[:network.n]...),
		Key:    network.key.name, Point: network.key.point,
		Rung: record.RungNetwork, Strength: record.StrengthNetwork,
		Tried: r.Tried + len(ladder),
	}
	id.Session = id.Client
	id.climb(r, network, digest)
	if c := r.First; c != nil {
		// The built-in set has been climbed all the same: its secret is to be masked.
		id.Session = digest.session(c.Rung, c.Scope, c.Key, c.Parts...)
		id.Key, id.Point, id.Rung, id.Strength, id.Tried = c.Key, c.Point, c.Rung, c.Strength, r.Tried
		id.Token = ""
	}
	return id
}

// climb tries the built-in set and takes the first key that yields a value.
func (id *Identity) climb(r *Request, network network, digest *digest) {
	var v values
	v.read(r)
	id.Truncated = v.truncated
	if !v.any {
		return
	}
	for rank := range ladder {
		s := &ladder[rank]
		if v.found[s.slot] == "" {
			continue
		}
		if hit, ok := s.take(r, &v, network); ok {
			id.Session = digest.session(record.RungBuiltin, hit.scope, s.key, hit.parts[:hit.n]...)
			id.Key, id.Point = s.key, s.pointOf(&v, network)
			id.Rung, id.Strength, id.Tried = record.RungBuiltin, s.strength(), r.Tried+rank
			if id.Strength == record.StrengthSecret {
				id.Secret = hit.secret
			}
			id.Token = hit.token
			return
		}
	}
}

// hit is what a step of the ladder yields.
type hit struct {
	scope  string
	parts  [maxParts]string // of the grouping value
	n      int
	secret string // the part of the value that is to be masked
	token  string // the JWT that the value is a claim of
}

// maxParts is the most parts that a built-in grouping value is made of.
const maxParts = 4

// take reads the step's value out of what its place holds.
func (s *step) take(r *Request, v *values, network network) (h hit, ok bool) {
	value := v.found[s.slot]
	switch s.read {
	case readCredentials:
		scheme, rest := point.Credentials(value)
		if !tokenScheme(scheme) || scheme == "" && !opaque(rest) {
			return h, false
		}
		value = rest
	case readToken:
		value = bare(value)
	case readClaim:
		t := v.token(s.slot)
		if value = t.claim(s.claim); none(value) {
			return h, false
		}
		h.parts, h.n, h.token = [maxParts]string{t.issuer, value}, 2, point.Token(bare(v.found[s.slot]))
		if t.issuer == "" {
			h.scope = r.Application // without an issuer it means something only there
		}
		return h, true
	case readBasicUser:
		scheme, rest := point.Credentials(value)
		if !equalFold(scheme, "basic") {
			return h, false
		}
		user, readable := point.BasicUser(rest)
		if !readable || none(user) {
			return h, false
		}
		h.scope, h.parts, h.n = r.Application, [maxParts]string{user}, 1
		return h, true
	case readAPIKey, readAPIKeyScheme:
		if s.read == readAPIKeyScheme {
			scheme, rest := point.Credentials(value)
			if !apiKeyScheme(scheme) {
				return h, false
			}
			value = rest
		}
		if none(value) {
			return h, false
		}
		h.scope, h.secret = r.Application, value
		h.parts[0] = value
		h.n = 1 + copy(h.parts[1:], network.parts[:network.n])
		return h, true
	}
	if none(value) || s.shape == shapeOpaque && !opaque(value) {
		return h, false
	}
	if s.with >= 0 {
		h.parts, h.n, h.secret = [maxParts]string{value, v.found[s.with]}, 2, value
		return h, true
	}
	h.parts, h.n, h.secret = [maxParts]string{value}, 1, value
	return h, true
}

// strength says how hard the step's value is to forge.
func (s *step) strength() record.Strength {
	switch s.read {
	case readClaim, readBasicUser:
		// A claim is not verified here (who knows the keys can do so with Token), nor
		// is the password next to a user name: anyone can write them.
		return record.StrengthClaimed
	}
	return record.StrengthSecret
}
