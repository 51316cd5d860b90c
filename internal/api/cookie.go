package api

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/http"
	"time"
)

const (
	cookieName = "sojourn_session"
	// cookieLifetime is how long a browser stays signed in.
	cookieLifetime = 7 * 24 * time.Hour
	// cookiePurpose separates the key of cookies from other uses of the install key.
	cookiePurpose = "sojourn console cookie v1"

	cookieSaltLen = 16
	cookieTimeLen = 8
	cookieLen     = cookieSaltLen + cookieTimeLen + sha256.Size
)

// cookies makes and checks the cookie of a signed-in browser. What it holds is
// enough to check it, so it outlives a restart: salt, expiry in seconds since
// 1970, and the HMAC-SHA256 of both under a sub-key (HKDF, RFC 5869) of the
// install key. The admin token is part of that sub-key: a new token signs every
// browser out. Only which cookies were signed out stands elsewhere, in revoked.
type cookies struct {
	key     []byte
	revoked revoked
}

// cookieSalt tells cookies apart.
type cookieSalt [cookieSaltLen]byte

func newCookies(installKey []byte, token string) (*cookies, error) {
	salt := sha256.Sum256([]byte(token))
	key, err := hkdf.Key(sha256.New, installKey, salt[:], cookiePurpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("the cookie key: %w", err)
	}
	return &cookies{key: key}, nil
}

// issue returns a cookie that signs its browser in. It is Secure when the browser
// came over TLS; SameSite keeps it off requests that other sites cause.
func (c *cookies) issue(now time.Time, tls bool) *http.Cookie {
	value := make([]byte, cookieSaltLen, cookieLen)
	_, _ = rand.Read(value) // never fails
	value = binary.BigEndian.AppendUint64(value, uint64(now.Add(cookieLifetime).Unix()))
	value = append(value, c.sign(value)...)
	return sessionCookie(base64.RawURLEncoding.EncodeToString(value), int(cookieLifetime/time.Second), tls)
}

// check reports whether a value is a cookie of ours that still holds, and until when.
func (c *cookies) check(value string, now time.Time) (expires time.Time, ok bool) {
	salt, expires, ok := c.open(value)
	return expires, ok && now.Before(expires) && !c.revoked.has(salt)
}

// revoke makes a cookie that holds hold no more. It reports whether an earlier
// one had to be forgotten for it.
func (c *cookies) revoke(value string, now time.Time) (forgot bool) {
	salt, expires, ok := c.open(value)
	return ok && now.Before(expires) && c.revoked.add(salt, expires, now)
}

// open takes a value apart; ok tells that it is one of ours.
func (c *cookies) open(value string) (salt cookieSalt, expires time.Time, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) != cookieLen {
		return salt, expires, false
	}
	claim, mac := b[:cookieSaltLen+cookieTimeLen], b[cookieSaltLen+cookieTimeLen:]
	if !hmac.Equal(mac, c.sign(claim)) {
		return salt, expires, false
	}
	return cookieSalt(claim[:cookieSaltLen]), time.Unix(int64(binary.BigEndian.Uint64(claim[cookieSaltLen:])), 0), true
}

func (c *cookies) sign(claim []byte) []byte {
	mac := hmac.New(sha256.New, c.key)
	mac.Write(claim)
	return mac.Sum(nil)
}

// sessionCookie is the cookie with this value; a negative age removes it. It goes
// to the API alone: browsers send a cookie to every port of its host, so the wider
// its path, the more of the servers beside us would see it.
func sessionCookie(value string, age int, tls bool) *http.Cookie {
	return &http.Cookie{
		Name: cookieName, Value: value, Path: prefix, MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: tls,
	}
}
