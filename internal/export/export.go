// Package export writes requests and sessions in formats that other programs
// read: CSV for spreadsheets, JSON lines, HAR 1.2 for developers' tools, Parquet
// for analysis, and one request as a curl command.
//
// Writers take any number of rows and hold a bounded number of them. What was
// never stored (bodies, most headers) is left empty and never made up.
package export

import (
	"fmt"
	"io"

	"sojourn/internal/record"
)

// Format is how rows are written.
type Format string

// The formats.
const (
	CSV     Format = "csv"     // RFC 4180, safe to open in a spreadsheet
	JSONL   Format = "jsonl"   // one JSON document a line, as the API answers them
	HAR     Format = "har"     // HTTP Archive 1.2
	Parquet Format = "parquet" // Apache Parquet, compressed by zstd
)

// RequestFormats and PartFormats are what each kind of row can be written as.
var (
	RequestFormats = []Format{CSV, JSONL, HAR, Parquet}
	PartFormats    = []Format{CSV, JSONL}
)

// MediaType returns the type that f is served as.
func (f Format) MediaType() string {
	switch f {
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	case JSONL:
		return "application/x-ndjson"
	case HAR:
		return "application/json"
	case Parquet:
		return "application/vnd.apache.parquet"
	}
	return "application/octet-stream"
}

// Writer writes rows. What was written is whole only after Close, which does not
// close what is written to. A writer that failed must not be used further.
type Writer[T any] interface {
	Write(rows []T) error
	Close() error
}

// Requests returns a writer of requests to w.
func Requests(f Format, w io.Writer) (Writer[record.Request], error) {
	switch f {
	case CSV:
		return newCSV(w, requestColumns), nil
	case JSONL:
		return &jsonLines[record.Request]{w: w}, nil
	case HAR:
		return &harWriter{w: w}, nil
	case Parquet:
		return newParquet(w), nil
	}
	return nil, fmt.Errorf("requests cannot be written as %q", f)
}

// Parts returns a writer of parts of sessions to w.
func Parts(f Format, w io.Writer) (Writer[record.Part], error) {
	switch f {
	case CSV:
		return newCSV(w, partColumns), nil
	case JSONL:
		return &jsonLines[record.Part]{w: w}, nil
	}
	return nil, fmt.Errorf("sessions cannot be written as %q", f)
}
