package api

import (
	"context"
	"errors"
	"time"
)

const (
	// queryTimeout is how long one question to the store may take, its wait included.
	queryTimeout = 30 * time.Second
	// queryWait is how long a question waits for its turn before it is refused.
	queryWait = 5 * time.Second
	// maxQueries is how many questions the store answers at a time.
	maxQueries = 8
	// listWithin is how long a list is searched before it is answered as far as it
	// is: sooner than the query would fail.
	listWithin = queryTimeout - 10*time.Second
	// countWithin is how long is counted, unless the caller says.
	countWithin = 500 * time.Millisecond
)

var errBusy = errors.New("too many queries are running; try again")

// queries bounds how many questions the store is asked at a time.
type queries struct {
	turns chan struct{}
	wait  time.Duration
}

func newQueries(most int, wait time.Duration) *queries {
	return &queries{turns: make(chan struct{}, most), wait: wait}
}

// enter waits for a turn and returns how to give it back. It fails with errBusy
// when none comes, and with the context's error when that ends first.
func (q *queries) enter(ctx context.Context) (leave func(), err error) {
	wait := time.NewTimer(q.wait)
	defer wait.Stop()
	select {
	case q.turns <- struct{}{}:
		return func() { <-q.turns }, nil
	case <-wait.C:
		return nil, errBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// stay waits for a turn for as long as ctx lasts: for those who have begun to
// answer and cannot be told to try again.
func (q *queries) stay(ctx context.Context) (leave func(), err error) {
	select {
	case q.turns <- struct{}{}:
		return func() { <-q.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
