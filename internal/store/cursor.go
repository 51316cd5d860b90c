package store

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"sojourn/internal/record"
)

// Sort says what the list of parts is ordered by, the most first.
type Sort string

// The orders of the list of parts. All are about the whole part, not about the
// requests that matched.
const (
	SortStarted  Sort = "started"  // start of the first request
	SortEnded    Sort = "ended"    // last activity
	SortDuration Sort = "duration" // from the first request to the last
	SortRequests Sort = "requests"
	SortAttacks  Sort = "attacks"
	SortBytes    Sort = "bytes"
)

// Sorts are all of them; the first is the default.
var Sorts = []Sort{SortStarted, SortEnded, SortDuration, SortRequests, SortAttacks, SortBytes}

// Value returns what p is ordered by.
func (s Sort) Value(p *record.Part) int64 {
	switch s {
	case SortEnded:
		return int64(p.Ended)
	case SortDuration:
		return int64(p.Ended - p.Started)
	case SortRequests:
		return p.Requests
	case SortAttacks:
		return p.Attacks
	case SortBytes:
		return p.Bytes
	}
	return int64(p.Started)
}

// PartCursor is a place in the list of parts, which is ordered by a value, then by
// day, then by session id, all descending, or all ascending when Up. It names the
// last part of a page; the next page holds what comes after it, also when parts
// were added meanwhile. A search that was cut short names the place it came to.
type PartCursor struct {
	Sort  Sort
	Up    bool
	Value int64
	Day   record.Day
	ID    record.SessionID
}

// CursorOf returns the place of p in a list; no sort is the default one.
func CursorOf(p *record.Part, sort Sort, up bool) PartCursor {
	return PartCursor{cmp.Or(sort, SortStarted), up, sort.Value(p), p.Part, p.ID}
}

// String prints c as the opaque text that a client hands back.
func (c PartCursor) String() string {
	head := byte(slices.Index(Sorts, c.Sort)) << 1
	if c.Up {
		head |= 1
	}
	b := binary.BigEndian.AppendUint64([]byte{head}, uint64(c.Value))
	b = binary.BigEndian.AppendUint32(b, uint32(c.Day))
	return base64.RawURLEncoding.EncodeToString(append(b, c.ID[:]...))
}

// ParsePartCursor reads what String prints for a list of that order; any other
// text is ErrCursor.
func ParsePartCursor(s string, sort Sort, up bool) (c PartCursor, err error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err == nil && len(b) == 1+8+4+len(c.ID) {
		c = PartCursor{Sort: cmp.Or(sort, SortStarted), Up: up, Value: int64(binary.BigEndian.Uint64(b[1:])), Day: record.Day(binary.BigEndian.Uint32(b[9:]))}
		copy(c.ID[:], b[13:])
		if c.String() == s { // base64 has several spellings, and another order another head
			return c, nil
		}
	}
	return PartCursor{}, fmt.Errorf("%q: %w", clip(s), ErrCursor)
}

// Compare is negative when c comes before other in the list, positive when after.
func (c PartCursor) Compare(other PartCursor) int {
	order := cmp.Or(cmp.Compare(other.Value, c.Value), cmp.Compare(other.Day, c.Day), bytes.Compare(other.ID[:], c.ID[:]))
	if c.Up {
		return -order
	}
	return order
}

// After returns the request that the page comes after; nil for the first page.
func (q *RequestQuery) After() (*record.RequestID, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	id, err := ParseRequestCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	return &id, nil
}

// ParseRequestCursor reads the cursor of a list of requests: the id of the last
// request of a page. Any other text is ErrCursor.
func ParseRequestCursor(s string) (record.RequestID, error) {
	id, err := record.ParseRequestID(s)
	if err != nil {
		return id, fmt.Errorf("%q: %w", clip(s), ErrCursor)
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
