package api

import (
	"sync"
	"time"
)

// maxRevoked is how many revoked cookies are remembered. Beyond it the one that
// would have expired next is forgotten, and holds again until then.
const maxRevoked = 4096

// revoked are the cookies that were signed out before they expired. They are kept
// in memory: a restart forgets them, and who had copied such a cookie is let in
// again until it expires. A new admin token revokes every cookie for good.
type revoked struct {
	mu    sync.RWMutex
	until map[cookieSalt]time.Time // when it expires
}

// add revokes a cookie. It reports whether another one had to be forgotten.
func (r *revoked) add(salt cookieSalt, expires, now time.Time) (forgot bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.until[salt]; !known && len(r.until) >= maxRevoked {
		forgot = r.makeRoom(now)
	}
	if r.until == nil {
		r.until = map[cookieSalt]time.Time{}
	}
	r.until[salt] = expires
	return forgot
}

// makeRoom forgets the cookies that have expired, else the one that does so next.
func (r *revoked) makeRoom(now time.Time) (forgot bool) {
	var next cookieSalt
	var first time.Time
	for salt, expires := range r.until {
		switch {
		case !now.Before(expires):
			delete(r.until, salt)
		case first.IsZero() || expires.Before(first):
			next, first = salt, expires
		}
	}
	if len(r.until) < maxRevoked {
		return false
	}
	delete(r.until, next)
	return true
}

func (r *revoked) has(salt cookieSalt) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	_, ok := r.until[salt]
	return ok
}
