package duckdb

import (
	"errors"
	"strings"

	driverpkg "github.com/duckdb/duckdb-go/v2"
)

const (
	catalogError = driverpkg.ErrorTypeCatalog
	binderError  = driverpkg.ErrorTypeBinder
)

func isType(err error, types ...driverpkg.ErrorType) bool {
	var e *driverpkg.Error
	if errors.As(err, &e) {
		for _, t := range types {
			if e.Type == t {
				return true
			}
		}
	}
	return false
}

// corruptSigns are the words by which DuckDB says that a file's content is bad.
// Whatever else goes wrong (a lock, a permission, no memory, no space) says
// nothing about the file, which then stays where it is.
var corruptSigns = []string{
	"is not a valid DuckDB database file",
	"Corrupt database file",
	"Corrupt WAL file",
	"Could not read enough bytes from file",
	"Failure while replaying WAL file",
	"Serialization Error",
	"Failed to deserialize",
}

// isCorrupt reports whether err says that the content of a day file is bad.
func isCorrupt(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, errNotADay) || isType(err, driverpkg.ErrorTypeSerialization) {
		return true
	}
	for _, sign := range corruptSigns {
		if strings.Contains(err.Error(), sign) {
			return true
		}
	}
	return false
}

// isFatal reports whether err left the DuckDB instance of a day unusable until
// the file is opened anew.
func isFatal(err error) bool {
	return isType(err, driverpkg.ErrorTypeFatal, driverpkg.ErrorTypeInternal)
}

// explain adds what to do to errors that name no remedy of their own.
func explain(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	switch {
	case strings.Contains(text, "Could not set lock on file"):
		return hint{err, "another process has the file open: stop it, or use another --data folder"}
	case isType(err, driverpkg.ErrorTypeOutOfMemory):
		return hint{err, "raise the store's memory limit, or ask for less at once"}
	case strings.Contains(text, "No space left on device"):
		return hint{err, "free some disk, or lower retention.bytes"}
	}
	return err
}

type hint struct {
	error
	todo string
}

func (h hint) Error() string { return firstLine(h.error.Error()) + ": " + h.todo }
func (h hint) Unwrap() error { return h.error }

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
