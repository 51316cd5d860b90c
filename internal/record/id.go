package record

import (
	"encoding/hex"
	"fmt"
	"math/bits"
)

// RequestID names one request. Ids sort by time, then by who gave them out:
// 54 bits of microseconds since 1970, 22 bits of node, 24 bits of sequence.
// They print as 20 letters of Crockford's base 32 (100 bits, no check letter).
//
// The three parts are columns of their own in the store: time is kept anyway,
// the node is constant over long stretches, and only the sequence costs space.
type RequestID struct {
	At   Time
	Node uint32 // of 1<<NodeBits; a live node, or the digest of an imported file
	Seq  uint32 // of 1<<SeqBits; a counter that wraps
}

const (
	// NodeBits and SeqBits are the widths of the node and the sequence.
	NodeBits = 22
	SeqBits  = 24

	timeBits     = 54
	requestIDLen = (timeBits + NodeBits + SeqBits) / 5
	crockford    = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
)

var crockfordValue = func() (v [256]int8) {
	for i := range v {
		v[i] = -1
	}
	for i := range len(crockford) {
		v[crockford[i]] = int8(i)
		v[crockford[i]|0x20] = int8(i) // digits map onto themselves
	}
	// Crockford reads look-alikes as the digits they resemble.
	for _, alias := range []struct {
		letters string
		value   int8
	}{{"oO", 0}, {"iIlL", 1}} {
		for _, c := range []byte(alias.letters) {
			v[c] = alias.value
		}
	}
	return v
}()

func (id RequestID) String() string {
	b, _ := id.MarshalText()
	return string(b)
}

// MarshalText prints the 20 letters.
func (id RequestID) MarshalText() ([]byte, error) {
	hi, lo := id.bits()
	out := make([]byte, requestIDLen)
	for i := requestIDLen - 1; i >= 0; i-- {
		out[i] = crockford[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return out, nil
}

// UnmarshalText reads what MarshalText prints, in either case.
func (id *RequestID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseRequestID(string(b))
	return err
}

// ParseRequestID reads the 20 letters that String prints, in either case.
func ParseRequestID(s string) (RequestID, error) {
	if len(s) != requestIDLen {
		return RequestID{}, fmt.Errorf("%q is not a request id: want %d letters and digits", s, requestIDLen)
	}
	var hi, lo uint64
	for i := range len(s) {
		v := crockfordValue[s[i]]
		if v < 0 {
			return RequestID{}, fmt.Errorf("%q is not a request id: %q at %d is not Crockford base 32", s, s[i], i)
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(v)
	}
	return RequestID{
		At:   Time(hi<<(64-NodeBits-SeqBits) | lo>>(NodeBits+SeqBits)),
		Node: uint32(lo>>SeqBits) & (1<<NodeBits - 1),
		Seq:  uint32(lo) & (1<<SeqBits - 1),
	}, nil
}

// Compare orders ids by time, node and sequence, as their text does.
func (id RequestID) Compare(other RequestID) int {
	ahi, alo := id.bits()
	bhi, blo := other.bits()
	_, borrow := bits.Sub64(alo, blo, 0)
	_, less := bits.Sub64(ahi, bhi, borrow)
	switch {
	case ahi == bhi && alo == blo:
		return 0
	case less == 1:
		return -1
	}
	return 1
}

// bits packs id into the low 100 bits of hi and lo.
func (id RequestID) bits() (hi, lo uint64) {
	at := uint64(id.At) & (1<<timeBits - 1)
	lo = at<<(NodeBits+SeqBits) | uint64(id.Node&(1<<NodeBits-1))<<SeqBits | uint64(id.Seq&(1<<SeqBits-1))
	return at >> (64 - NodeBits - SeqBits), lo
}

// SessionID names a session, or a client (the session of its network rung). It
// is a keyed digest of what grouped the request: no clock, no counter in it. It
// prints as 32 hex digits.
type SessionID [16]byte

func (id SessionID) String() string { return hex.EncodeToString(id[:]) }

// ParseSessionID reads 32 hex digits.
func ParseSessionID(s string) (id SessionID, err error) {
	if len(s) != hex.EncodedLen(len(id)) {
		return id, fmt.Errorf("%q is not a session id: want 32 hex digits", s)
	}
	if _, err = hex.Decode(id[:], []byte(s)); err != nil {
		return SessionID{}, fmt.Errorf("%q is not a session id: want 32 hex digits", s)
	}
	return id, nil
}

// MarshalText prints 32 hex digits.
func (id SessionID) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, id[:]), nil }

// UnmarshalText reads 32 hex digits.
func (id *SessionID) UnmarshalText(b []byte) (err error) {
	*id, err = ParseSessionID(string(b))
	return err
}
