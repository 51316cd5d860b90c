package duckdb

import (
	"fmt"
	"strings"
)

// A file that was sealed also holds counts of its requests, from which questions
// about whole days are answered at once:
//
//	summed     one row: the row id up to which the others count the requests
//	minutes    by the minute they started in
//	codes      by each code of each dictionary
//	durations  with a known duration, by endpoint and store.DurationBucket
//
// Requests from that row id on are counted when asked.
const sumsSchema = `
CREATE TABLE summed (rows BIGINT);
CREATE TABLE minutes (minute BIGINT, requests BIGINT, blocked BIGINT, errors BIGINT, bytes DOUBLE);
CREATE TABLE codes (dictionary UTINYINT, code UINTEGER, requests BIGINT, blocked BIGINT, errors BIGINT, bytes DOUBLE);
CREATE TABLE durations (endpoint UINTEGER, bucket USMALLINT, requests BIGINT);
`

// sumsColumns are the columns of these tables, to compare with those of a file.
var sumsColumns = map[string][]column{
	"summed":    {{name: "rows"}},
	"minutes":   {{name: "minute"}, {name: "requests"}, {name: "blocked"}, {name: "errors"}, {name: "bytes"}},
	"codes":     {{name: "dictionary"}, {name: "code"}, {name: "requests"}, {name: "blocked"}, {name: "errors"}, {name: "bytes"}},
	"durations": {{name: "endpoint"}, {name: "bucket"}, {name: "requests"}},
}

const (
	minute = 60_000_000 // microseconds

	errorsSQL = "status BETWEEN 400 AND 599"
	bytesSQL  = "coalesce(request_bytes, 0)::DOUBLE + coalesce(response_bytes, 0)::DOUBLE"
	startSQL  = "started - ((started %% %[1]d) + %[1]d) %% %[1]d" // of the group of a width that a request belongs to
)

// fillSumsSQL counts the requests that a file attached as sealed has by now, with the
// dictionaries of the day it is made of.
func fillSumsSQL() string {
	const totals = "count(*), count(*) FILTER (refused), count(*) FILTER (" + errorsSQL + "), sum(" + bytesSQL + ")"
	const requests = "(SELECT *, flags IN (SELECT code FROM day.dict_flags WHERE list_contains(string_split(flags, '" + flagSeparator + "'), 'blocked')) AS refused " +
		"FROM sealed.requests)"
	var b strings.Builder
	fmt.Fprintf(&b, "INSERT INTO sealed.minutes SELECT %s AS minute, %s FROM %s GROUP BY minute ORDER BY minute;\n",
		fmt.Sprintf(startSQL, minute), totals, requests)
	for dict, d := range dictionaries {
		fmt.Fprintf(&b, "INSERT INTO sealed.codes SELECT %d, %s AS code, %s FROM %s GROUP BY ALL ORDER BY code;\n",
			dict, d.codeColumn(), totals, requests)
	}
	fmt.Fprintf(&b, "INSERT INTO sealed.durations SELECT endpoint, %s AS bucket, count(*) FROM sealed.requests WHERE duration IS NOT NULL GROUP BY ALL ORDER BY ALL;\n", bucketSQL())
	b.WriteString("INSERT INTO sealed.summed SELECT coalesce(max(rowid) + 1, 0) FROM sealed.requests;\n")
	return b.String()
}

// bucketSQL is store.DurationBucket of the duration, in integers; NULL for none.
func bucketSQL() string { return "(" + bucketBranch(0, 56) + ")::USMALLINT" }

// bucketBranch finds the power of two by which a bucket is scaled among those from
// low to high; most durations are within the first.
func bucketBranch(low, high int) string {
	if low == high {
		return fmt.Sprintf("%d + (duration >> %d)", 64*low, low)
	}
	middle := min((low+high)/2, low+15)
	return fmt.Sprintf("CASE WHEN duration < %d THEN %s ELSE %s END", int64(128)<<middle, bucketBranch(low, middle), bucketBranch(middle+1, high))
}
