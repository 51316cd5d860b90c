// Package store is the contract of every store: how batches of requests are
// written exactly once, and which questions can be asked of them. Its folders
// hold the implementations (memory is the reference, duckdb the real one) and
// storetest, the one suite that all of them pass.
package store

import (
	"context"
	"errors"
	"time"

	"sojourn/internal/record"
)

// Store keeps requests by UTC day. All methods may be called concurrently.
type Store interface {
	// Write stores batches, in order, exactly once: for each day a batch touches,
	// its rows and its position are committed together, and a batch at or below
	// the position that the day already absorbed from the same log is skipped
	// for that day. Batches of one log must come with rising Seq. When Write
	// fails, nothing, some or all of the days may be stored; calling it again
	// with the same batches completes it and doubles nothing. FailedDays tells which
	// days are not stored; the caller must bring them what they lack before it
	// brings them anything later of the same logs.
	Write(ctx context.Context, batches []Batch) (Written, error)

	// Sessions lists the parts that have a request that passes the filter.
	Sessions(ctx context.Context, q SessionQuery) (SessionPage, error)
	// Count counts what Sessions lists. It counts for as long as within says, 0
	// for as long as it takes, and then tells what it found so far.
	Count(ctx context.Context, f Filter, within time.Duration) (record.Total, error)
	// Query counts requests by groups. An error when q.Check has one, ErrTooMany
	// when there are too many groups.
	Query(ctx context.Context, q Query) (record.Table, error)
	// Session sums up one session over the filter. ErrNotFound when the store
	// holds no request of it at all; zero Requests when only the filter excludes them.
	Session(ctx context.Context, id record.SessionID, f Filter) (record.Session, error)
	// Requests lists requests by time, oldest first unless the query says else.
	Requests(ctx context.Context, q RequestQuery) (RequestPage, error)
	// Request finds one request, or ErrNotFound.
	Request(ctx context.Context, id record.RequestID) (record.Request, error)
	// Findings lists what is known about one request, by id.
	Findings(ctx context.Context, id record.RequestID) ([]record.Finding, error)

	// Status tells the state of every day, newest first, and what was set aside. A
	// day that cannot be opened is told with its error.
	Status(ctx context.Context) ([]record.DayStatus, []record.SetAside, error)
	// Seal compacts days that had writes since they were last compacted, so that
	// each is one sorted, checkpointed file. Days that are sealed stay writable.
	Seal(ctx context.Context, days ...record.Day) error
	// Expire drops the days that the retention no longer covers. It never drops
	// today or a day in the future. It returns what it dropped; a day that cannot
	// be dropped does not keep the others.
	Expire(ctx context.Context, today record.Day, r record.Retention) ([]record.Day, error)
	// Erase removes the requests that pass f, and their findings, from every day,
	// so that no byte of them can be found in the store's files. It tells how many
	// requests each day lost, newest day first, also when it fails midway. Has is
	// judged before anything is removed. What positions absorbed stays absorbed.
	Erase(ctx context.Context, f Filter) ([]record.PartRef, error)
	// Close waits for running calls and closes every file.
	Close() error
}

// ErrNotFound is returned for a session or request that the store does not hold.
var ErrNotFound = errors.New("not found")

// NoRoomError tells that too little of a disk would be left.
type NoRoomError struct{ Why string }

func (e *NoRoomError) Error() string { return e.Why }

// ErrClosed is returned by every method of a store after its Close.
var ErrClosed = errors.New("the store is closed")

// ErrTooMany is returned for a query with more groups than a store counts.
var ErrTooMany = errors.New("too many groups: group by fewer fields, or filter more")

// ErrCursor is returned for a cursor that no page gave out.
var ErrCursor = errors.New("not a cursor of this list")

// Position is how far a log has been read. Each life of a publisher on the bus is
// a log; an imported file is a log by the digest of its content.
type Position struct {
	Log string
	Seq uint64 // rises within the log
}

// Batch is what a log held at a position. The day of a request or a finding is
// that of its request's id; stores keep a request as Kept returns it.
type Batch struct {
	Position
	Requests []record.Request
	Findings []record.Finding
}

// BatchOf makes a batch of requests and of the findings that came with them.
func BatchOf(at Position, requests []record.Request) Batch {
	b := Batch{Position: at, Requests: requests}
	for i := range requests {
		b.Findings = append(b.Findings, requests[i].Findings...)
		requests[i].Findings = nil
	}
	return b
}

// Written counts what Write did with the requests it was given.
type Written struct {
	Stored  int // now in the store
	Skipped int // were there already
}

// SessionQuery asks for a page of parts.
type SessionQuery struct {
	Filter
	Sort   Sort   // "" means SortStarted
	Up     bool   // the least first
	Cursor string // "" for the first page
	Limit  int    // 1 to MaxLimit; 0 means DefaultLimit
	// Within is how long to search before the page is returned as it is, not full
	// but with a Next that goes on where the search stopped; 0 for as long as it
	// takes. A store may look at it between steps only. Lists by start follow it,
	// newest first; others need all parts before they know the first.
	Within time.Duration
}

// SessionPage is a page of parts; Next is "" on the last one.
type SessionPage struct {
	Parts []record.Part
	Next  string
	// Searched is the start of the oldest part that the search came to, when it was
	// cut short; 0 otherwise.
	Searched record.Time
}

// RequestQuery asks for a page of requests.
type RequestQuery struct {
	Filter
	Down   bool // newest first
	Cursor string
	Limit  int
}

// RequestPage is a page of requests; Next is "" on the last one.
type RequestPage struct {
	Requests []record.Request
	Next     string
}

// DefaultLimit and MaxLimit bound a page.
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)
