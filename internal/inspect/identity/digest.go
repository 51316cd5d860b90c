package identity

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"sync"

	"sojourn/internal/record"
)

// KeyBytes is the length of the install key.
const KeyBytes = 32

const (
	// digestVersion is the version of the formula; a change of it changes every id.
	digestVersion = 1
	// sessionPurpose and valuePurpose separate the sub-keys of session ids and of
	// hashed values from others (RFC 5869 info).
	sessionPurpose = "sojourn session id"
	valuePurpose   = "sojourn hashed value"
)

// digests makes session ids. An id is the first 16 bytes of
//
//	HMAC-SHA256(sub-key; version, kind, scope, key name, value …)
//
// where version is one byte, the kind is the rung, and every other component is
// its length as four bytes, big-endian, followed by its bytes. A value of several
// parts is one component for each.
type digests struct{ pool *sync.Pool }

// digest is the state of one computation.
type digest struct {
	mac hash.Hash
	msg []byte
	sum [sha256.Size]byte
}

func newDigests(installKey []byte, purpose string) (digests, error) {
	if len(installKey) != KeyBytes {
		return digests{}, fmt.Errorf("the install key (--key-file) has %d bytes: want %d", len(installKey), KeyBytes)
	}
	subKey, err := hkdf.Key(sha256.New, installKey, nil, purpose, sha256.Size)
	if err != nil {
		return digests{}, err
	}
	return digests{pool: &sync.Pool{New: func() any {
		return &digest{mac: hmac.New(sha256.New, subKey)}
	}}}, nil
}

func (d digests) get() *digest { return d.pool.Get().(*digest) }
func (d digests) put(use *digest) {
	if cap(use.msg) <= maxKeptMessage {
		d.pool.Put(use)
	}
}

// maxKeptMessage is the largest buffer, in bytes, that is kept for the next use.
const maxKeptMessage = 8 << 10

func (d *digest) session(kind record.Rung, scope, key string, value ...string) (id record.SessionID) {
	d.msg = append(d.msg[:0], digestVersion)
	d.component(string(kind))
	d.component(scope)
	d.component(key)
	for _, part := range value {
		d.component(part)
	}
	d.mac.Reset()
	d.mac.Write(d.msg)
	copy(id[:], d.mac.Sum(d.sum[:0]))
	return id
}

// value digests a value in the namespace of its name, as 32 hex digits: the first
// 16 bytes of HMAC-SHA256(sub-key; version, name, value), components as above.
func (d *digest) value(name string, value []byte) string {
	d.msg = append(d.msg[:0], digestVersion)
	d.component(name)
	d.component(string(value))
	d.mac.Reset()
	d.mac.Write(d.msg)
	return hex.EncodeToString(d.mac.Sum(d.sum[:0])[:16])
}

func (d *digest) component(s string) {
	d.msg = binary.BigEndian.AppendUint32(d.msg, uint32(len(s)))
	d.msg = append(d.msg, s...)
}
