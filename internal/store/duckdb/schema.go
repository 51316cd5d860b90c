package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/duckdb/duckdb-go/v2/mapping"
)

// format is the version of a day file's layout. A file of a newer format is
// refused; an older one would be brought up to date when opened.
const format = 3

// A day file holds:
//
//	meta       one row: the format; sealed, whether nothing was written since the
//	           file was sorted; covered and judged, the row ids of requests and
//	           of findings up to which parts and attacks sum up
//	positions  what each log has delivered, one row a transaction; the highest counts
//	requests   the rows, see requestColumns; never changed, never deleted, so a
//	           row keeps its row id, and later rows have higher ones
//	parts      sessions with their totals and values, of the rows below covered; a
//	           session has one row for each time the summary was extended
//	findings   what was learned later, by id
//	attacks    those of them that are attacks on requests which are there
//	dict_*     the dictionaries, see dictionaries
//	summed, minutes, codes, durations
//	           counts of the requests below a row id, see sumsSchema
const schema = `
CREATE TABLE meta (format BIGINT, sealed BOOLEAN, covered BIGINT, judged BIGINT);
CREATE TABLE positions (log VARCHAR, seq UBIGINT);
`

// column is a column of a table that rows are appended to.
type column struct {
	name string
	kind mapping.Type
}

// Columns of requests by number. The request id is started, node and seq.
const (
	colStarted = iota
	colNode
	colSeq
	colSession
	colClient
	colApplication
	colHost
	colEndpoint
	colAgent
	colGrouping
	colFlags
	colPlace
	colPerson
	colMessage
	colContext
	colPath
	colQuery
	colStatus
	colIP
	colDuration
	colFirstByte
	colRequestBytes
	colResponseBytes
	colTried
	colAccepted
	colRevision
	colTrace
	colMCPError
)

// requestColumns are the columns of requests, in order. Those named after a
// dictionary hold its codes. An address is the 16 bytes of IPv6, IPv4 mapped into
// it, so that a network is a range. Unknown measures and addresses are NULL.
var requestColumns = []column{
	colStarted:       {"started", mapping.TypeBigInt}, // microseconds since 1970
	colNode:          {"node", mapping.TypeUInteger},
	colSeq:           {"seq", mapping.TypeUInteger},
	colSession:       {"session", mapping.TypeUUID},
	colClient:        {"client", mapping.TypeUUID},
	colApplication:   {"application", mapping.TypeUInteger},
	colHost:          {"host", mapping.TypeUInteger},
	colEndpoint:      {"endpoint", mapping.TypeUInteger},
	colAgent:         {"user_agent", mapping.TypeUInteger},
	colGrouping:      {"grouping_key", mapping.TypeUInteger},
	colFlags:         {"flags", mapping.TypeUInteger},
	colPlace:         {"place", mapping.TypeUInteger},
	colPerson:        {"person", mapping.TypeUInteger},
	colMessage:       {"message", mapping.TypeUInteger},
	colContext:       {"context", mapping.TypeUInteger},
	colPath:          {"path", mapping.TypeVarchar},
	colQuery:         {"query", mapping.TypeVarchar},
	colStatus:        {"status", mapping.TypeBigInt},
	colIP:            {"ip", mapping.TypeUUID},
	colDuration:      {"duration", mapping.TypeBigInt},
	colFirstByte:     {"first_byte", mapping.TypeBigInt},
	colRequestBytes:  {"request_bytes", mapping.TypeBigInt},
	colResponseBytes: {"response_bytes", mapping.TypeBigInt},
	colTried:         {"tried", mapping.TypeBigInt},
	colAccepted:      {"accepted", mapping.TypeBoolean},
	colRevision:      {"revision", mapping.TypeUBigInt},
	colTrace:         {"trace", mapping.TypeVarchar},
	colMCPError:      {"mcp_error", mapping.TypeBigInt},
}

// findingColumns are the columns of findings, in order; started, node and seq are
// the id of the request.
var findingColumns = []column{
	{"id", mapping.TypeVarchar},
	{"started", mapping.TypeBigInt},
	{"node", mapping.TypeUInteger},
	{"seq", mapping.TypeUInteger},
	{"session", mapping.TypeUUID},
	{"type", mapping.TypeVarchar},
	{"attack", mapping.TypeBoolean},
	{"detail", mapping.TypeVarchar},
}

var sqlTypes = map[mapping.Type]string{
	mapping.TypeBigInt: "BIGINT", mapping.TypeUBigInt: "UBIGINT", mapping.TypeUInteger: "UINTEGER",
	mapping.TypeBoolean: "BOOLEAN", mapping.TypeUUID: "UUID", mapping.TypeVarchar: "VARCHAR",
}

func createTable(catalog, name string, columns []column) string {
	var defs []string
	for _, c := range columns {
		defs = append(defs, c.name+" "+sqlTypes[c.kind])
	}
	return fmt.Sprintf("CREATE TABLE %s.%s (%s);\n", catalog, name, strings.Join(defs, ", "))
}

// createTables lays out an empty day in the attached file named catalog.
func createTables(ctx context.Context, c *sql.Conn, catalog string) error {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(schema+partsSchema()+attacksSchema+sumsSchema, "CREATE TABLE ", "CREATE TABLE "+catalog+"."))
	b.WriteString(createTable(catalog, "requests", requestColumns))
	b.WriteString(createTable(catalog, "findings", findingColumns))
	for _, d := range dictionaries {
		b.WriteString(createTable(catalog, d.table, d.columns()))
	}
	_, err := c.ExecContext(ctx, b.String())
	return err
}

// errNotADay says that a file is a DuckDB database, but not one of ours.
var errNotADay = errors.New("it is not a file of a Sojourn day")

// checkFormat reads meta, brings an older file up to date and refuses what this
// version cannot read.
func checkFormat(ctx context.Context, db *sql.DB) (sealed bool, err error) {
	var found int64
	err = db.QueryRowContext(ctx, "SELECT format, sealed FROM meta").Scan(&found, &sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows), isType(err, catalogError), isType(err, binderError), err == nil && found < 1:
		return false, errNotADay
	case err != nil:
		return false, err
	case found > format:
		return false, fmt.Errorf("its format is %d and this version reads up to %d: use a newer sojourn, or move the file away", found, format)
	case found < format:
		if err := migrate(ctx, db, found); err != nil {
			return false, err
		}
		err = db.QueryRowContext(ctx, "SELECT sealed FROM meta").Scan(&sealed)
		return sealed, err
	}
	return sealed, checkColumns(ctx, db)
}

// checkColumns refuses a file that lacks columns, as those do that were written
// while the format was in the making.
func checkColumns(ctx context.Context, db querier) error {
	rows, err := db.QueryContext(ctx, "SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE database_name = 'day'")
	if err != nil {
		return err
	}
	defer rows.Close()
	there := map[string]bool{}
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		there[name] = true
	}
	var lacking []string
	for table, columns := range tables() {
		for _, c := range columns {
			if name := table + "." + c.name; !there[name] {
				lacking = append(lacking, name)
			}
		}
	}
	if len(lacking) > 0 {
		slices.Sort(lacking)
		return fmt.Errorf("it lacks %s, as a file of an unreleased sojourn does: move the file away", strings.Join(lacking, ", "))
	}
	return rows.Err()
}

// tables returns the columns of the tables that hold rows.
func tables() map[string][]column {
	all := map[string][]column{"requests": requestColumns, "findings": findingColumns, "parts": partsColumns()}
	for _, d := range dictionaries {
		all[d.table] = d.columns()
	}
	maps.Copy(all, sumsColumns)
	return all
}

// querier is what asks a database: a pool, a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}
