package api

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

const (
	// codeLifetime is how long a sign-in link works.
	codeLifetime = 15 * time.Minute
	// maxCodes is how many unused codes are remembered; a newer one takes the
	// place of the oldest.
	maxCodes = 64
)

// codes are the one-time sign-in codes that were given out and not used yet. Only
// their digests are kept.
type codes struct {
	mu   sync.Mutex
	open []code // oldest first
}

type code struct {
	digest  [sha256.Size]byte
	expires time.Time
}

// issue makes a code that works once, until it expires.
func (c *codes) issue(now time.Time) (text string, expires time.Time) {
	text, expires = rand.Text(), now.Add(codeLifetime)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, code{sha256.Sum256([]byte(text)), expires})
	if len(c.open) > maxCodes {
		c.open = append([]code(nil), c.open[len(c.open)-maxCodes:]...)
	}
	return text, expires
}

// redeem uses text up and reports whether it was good. It takes the same time
// for every wrong code.
func (c *codes) redeem(text string, now time.Time) bool {
	digest := sha256.Sum256([]byte(text))
	c.mu.Lock()
	defer c.mu.Unlock()
	good := false
	var rest []code
	for _, known := range c.open {
		same := subtle.ConstantTimeCompare(known.digest[:], digest[:]) == 1
		fresh := now.Before(known.expires)
		good = good || same && fresh
		if !same && fresh {
			rest = append(rest, known)
		}
	}
	c.open = rest
	return good
}
