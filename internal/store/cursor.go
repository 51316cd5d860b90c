package store

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"sojourn/internal/record"
)

// PartCursor is a place in the list of parts, which is ordered by start, then by
// session id, both descending. It names the last part of a page; the next page
// holds what comes after it, also when parts were added meanwhile.
type PartCursor struct {
	Started record.Time
	ID      record.SessionID
}

// CursorOf returns the place of p.
func CursorOf(p *record.Part) PartCursor { return PartCursor{p.Started, p.ID} }

// String prints c as the opaque text that a client hands back.
func (c PartCursor) String() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(c.Started))
	return base64.RawURLEncoding.EncodeToString(append(b, c.ID[:]...))
}

// ParsePartCursor reads what String prints; any other text is ErrCursor.
func ParsePartCursor(s string) (c PartCursor, err error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 8+len(c.ID) {
		return c, fmt.Errorf("%q: %w", s, ErrCursor)
	}
	c.Started = record.Time(binary.BigEndian.Uint64(b))
	copy(c.ID[:], b[8:])
	return c, nil
}

// Compare is negative when c comes before other in the list, positive when after.
func (c PartCursor) Compare(other PartCursor) int {
	return cmp.Or(cmp.Compare(other.Started, c.Started), bytes.Compare(other.ID[:], c.ID[:]))
}

// ParseRequestCursor reads the cursor of a list of requests: the id of the last
// request of a page. Any other text is ErrCursor.
func ParseRequestCursor(s string) (record.RequestID, error) {
	id, err := record.ParseRequestID(s)
	if err != nil {
		return id, fmt.Errorf("%q: %w", s, ErrCursor)
	}
	return id, nil
}

// PageLimit returns how many rows a page holds when a query asks for n.
func PageLimit(n int) int {
	if n <= 0 {
		return DefaultLimit
	}
	return min(n, MaxLimit)
}
