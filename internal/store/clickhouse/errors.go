package clickhouse

import (
	"errors"
	"fmt"
	"strings"

	driverpkg "github.com/ClickHouse/clickhouse-go/v2"
)

// Codes of ClickHouse's errors
// (https://github.com/ClickHouse/ClickHouse/blob/master/src/Common/ErrorCodes.cpp).
const (
	codeTooManyRows    = 158
	codeTooSlow        = 160
	codeReadOnly       = 164
	codeMemoryLimit    = 241
	codeNoSpace        = 243
	codeTooManyParts   = 252
	codeAccessDenied   = 497
	codeAuthentication = 516
	codeNoop           = 388
)

// remedies are what to do about an error that does not say it.
var remedies = map[int32]string{
	codeTooSlow:        "raise the user's max_execution_time, or ask for less at once",
	codeReadOnly:       "give the user the right to write",
	codeMemoryLimit:    "raise the server's max_memory_usage, or ask for less at once",
	codeNoSpace:        "free some disk on the server, or lower the retention",
	codeTooManyParts:   "the server merges slower than it is written to: give it more background_pool_size or faster disks",
	codeAccessDenied:   "grant the user CREATE, ALTER, INSERT, SELECT, DROP TABLE and OPTIMIZE on the database",
	codeAuthentication: "check the user and password in --store",
}

// explain shortens a server's error to its message and adds what to do.
func explain(err error) error {
	var e *driverpkg.Exception
	if !errors.As(err, &e) {
		return err
	}
	message, _, _ := strings.Cut(e.Message, "\n")
	const most = 500 // it repeats the statement, which repeats what was asked for
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "…"
	}
	short := fmt.Errorf("ClickHouse error %d: %s", e.Code, message)
	if todo := remedies[e.Code]; todo != "" {
		short = fmt.Errorf("%w: %s", short, todo)
	}
	return &serverError{short, e}
}

// serverError is an answer of the server: it was reached, and nothing was done.
type serverError struct {
	error
	cause *driverpkg.Exception
}

func (e *serverError) Unwrap() error { return e.cause }

func isCode(err error, code int32) bool {
	var e *driverpkg.Exception
	return errors.As(err, &e) && e.Code == code
}
