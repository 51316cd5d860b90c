package api

import (
	"encoding/binary"
	"testing"
	"time"
)

func TestRevokedIsBounded(t *testing.T) {
	salt := func(i int) (s cookieSalt) {
		binary.BigEndian.PutUint32(s[:], uint32(i))
		return s
	}
	var r revoked
	for i := range maxRevoked {
		// The one in the middle expires first.
		expires := testNow.Add(2 * time.Hour)
		if i == maxRevoked/2 {
			expires = testNow.Add(time.Hour)
		}
		if r.add(salt(i), expires, testNow) {
			t.Fatalf("something is forgotten at %d", i)
		}
	}
	if r.add(salt(1), testNow.Add(2*time.Hour), testNow) || len(r.until) != maxRevoked {
		t.Error("what is known already takes room")
	}
	if !r.add(salt(maxRevoked), testNow.Add(2*time.Hour), testNow) {
		t.Error("nobody was told that one was forgotten")
	}
	if r.has(salt(maxRevoked/2)) || !r.has(salt(0)) || !r.has(salt(maxRevoked)) || len(r.until) != maxRevoked {
		t.Errorf("not the one that expires next was forgotten; %d are left", len(r.until))
	}
	if r.add(salt(-1), testNow.Add(4*time.Hour), testNow.Add(2*time.Hour)) || len(r.until) != 1 {
		t.Errorf("what has expired is kept: %d", len(r.until))
	}
}
