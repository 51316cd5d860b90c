package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// The driver collects the whole answer of a query before it gives the first row,
// outside the memory limit, and boxes each value. Answers of millions of rows come
// as chunks of vectors instead, as DuckDB makes them.

// chunk is some rows of an answer. It is good until its reader returns.
type chunk struct {
	rows    int
	columns []chunkColumn
}

type chunkColumn struct {
	data     unsafe.Pointer
	validity []uint64 // nil when no value is NULL
}

func (c *chunk) null(col, row int) bool {
	v := c.columns[col].validity
	return v != nil && v[row/64]>>(row%64)&1 == 0
}

// columnOf returns the values of a column as DuckDB lays them out. V must be the Go
// form of the column's type.
func columnOf[V int64 | uint64 | uint32 | uint16 | float64 | bool | hugeInt | longText](c *chunk, col int) []V {
	return unsafe.Slice((*V)(c.columns[col].data), c.rows)
}

// longText is how DuckDB lays out a text of more bytes than a shortText has: the
// length, the first four bytes, and where all of them are.
type longText struct {
	length uint32
	prefix [4]byte
	bytes  *byte
}

// text returns a text that is good for as long as c is.
func (c *chunk) text(col, row int) string {
	t := &columnOf[longText](c, col)[row]
	if n := len(shortText{}.bytes); int(t.length) <= n {
		return unsafe.String(&(*shortText)(unsafe.Pointer(t)).bytes[0], t.length)
	}
	return unsafe.String(t.bytes, t.length)
}

// id returns a UUID; it is the reverse of hugeOf.
func (c *chunk) id(col, row int) (id [16]byte) {
	n := columnOf[hugeInt](c, col)[row]
	high := uint64(n.high) ^ 1<<63
	for i := range 8 {
		id[i], id[8+i] = byte(high>>(56-8*i)), byte(n.low>>(56-8*i))
	}
	return id
}

// streamer asks within one transaction.
type streamer struct {
	*sql.Tx
	conn mapping.Connection
}

// viewStream is view, for answers of any size.
func (s *Store) viewStream(ctx context.Context, d *day, ask func(streamer) error) error {
	db, err := s.use(ctx, d, false)
	if err == nil {
		err = inStream(ctx, db, ask)
		d.gate.RUnlock()
	}
	return s.judge(d, db, err)
}

func inStream(ctx context.Context, db *sql.DB, ask func(streamer) error) error {
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	conn, err := native(c)
	if err != nil {
		return err
	}
	// A cancelled context must not roll back beside a stream that is being read.
	tx, err := c.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // nothing was written
	return ask(streamer{tx, conn})
}

// stream yields the answer of a query chunk by chunk. Nothing else may be asked
// within the transaction meanwhile.
func (s streamer) stream(ctx context.Context, query string, args []any, yield func(*chunk) error) error {
	var statement mapping.PreparedStatement
	defer mapping.DestroyPrepare(&statement)
	if mapping.Prepare(s.conn, query, &statement) == mapping.StateError {
		return fmt.Errorf("bug: %s", mapping.PrepareError(statement))
	}
	for i, arg := range args {
		if err := bind(statement, mapping.IdxT(i+1), arg); err != nil {
			return err
		}
	}
	defer s.interruptible(ctx)()
	var pending mapping.PendingResult
	defer mapping.DestroyPending(&pending)
	if bindings.PendingPreparedStreaming(statement, &pending) == mapping.StateError {
		return errors.Join(ctx.Err(), errors.New(mapping.PendingError(pending)))
	}
	var result mapping.Result
	defer mapping.DestroyResult(&result)
	if mapping.ExecutePending(pending, &result) == mapping.StateError {
		return errors.Join(ctx.Err(), resultError(&result))
	}
	columns := int(mapping.ColumnCount(&result))
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		data := mapping.FetchChunk(result)
		if data.Ptr == nil {
			if err := resultError(&result); err != nil {
				return errors.Join(ctx.Err(), err)
			}
			return nil
		}
		err := yield(chunkOf(data, columns))
		mapping.DestroyDataChunk(&data)
		if err != nil {
			return err
		}
	}
}

func chunkOf(data mapping.DataChunk, columns int) *chunk {
	c := &chunk{rows: int(mapping.DataChunkGetSize(data)), columns: make([]chunkColumn, columns)}
	for i := range c.columns {
		v := mapping.DataChunkGetVector(data, mapping.IdxT(i))
		c.columns[i].data = mapping.VectorGetData(v)
		if validity := mapping.VectorGetValidity(v); validity != nil {
			c.columns[i].validity = unsafe.Slice((*uint64)(validity), (c.rows+63)/64)
		}
	}
	return c
}

func resultError(r *mapping.Result) error {
	if text := mapping.ResultError(r); text != "" {
		return &driverpkg.Error{Type: driverpkg.ErrorType(mapping.ResultErrorType(r)), Msg: text}
	}
	return nil
}

// interruptible stops what the connection does when ctx ends, until done is called.
// An interrupt between two steps of a query is lost: it is sent again.
func (s streamer) interruptible(ctx context.Context) (done func()) {
	const again = 20 * time.Millisecond
	over, gone := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(gone)
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		for {
			mapping.Interrupt(s.conn)
			select {
			case <-over:
				return
			case <-time.After(again):
			}
		}
	}()
	return func() {
		close(over)
		<-gone
	}
}

// bind binds a value as the driver would.
func bind(statement mapping.PreparedStatement, at mapping.IdxT, arg any) error {
	state := mapping.State(mapping.StateError)
	switch v := arg.(type) {
	case int64:
		state = mapping.BindInt64(statement, at, v)
	case uint32:
		state = mapping.BindUInt32(statement, at, v)
	case string:
		state = mapping.BindVarchar(statement, at, v)
	case []uint32:
		state = bindList(statement, at, mapping.TypeUInteger, v, mapping.CreateUInt32)
	case []string:
		state = bindList(statement, at, mapping.TypeVarchar, v, func(s string) mapping.Value {
			return mapping.CreateVarcharLength(s, mapping.IdxT(len(s)))
		})
	default:
		return fmt.Errorf("bug: no way to bind a %T", arg)
	}
	if state == mapping.StateError {
		return fmt.Errorf("bug: binding %d: %s", at, mapping.PrepareError(statement))
	}
	return nil
}

func bindList[V any](statement mapping.PreparedStatement, at mapping.IdxT, kind mapping.Type, list []V, create func(V) mapping.Value) mapping.State {
	of := mapping.CreateLogicalType(kind)
	defer mapping.DestroyLogicalType(&of)
	all := make([]mapping.Value, len(list))
	for i, v := range list {
		all[i] = create(v)
		defer mapping.DestroyValue(&all[i])
	}
	value := mapping.CreateListValue(of, all)
	defer mapping.DestroyValue(&value)
	return mapping.BindValue(statement, at, value)
}
