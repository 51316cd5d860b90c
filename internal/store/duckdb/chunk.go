package duckdb

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/duckdb/duckdb-go/v2/mapping"

	"sojourn/internal/record"
)

// table appends rows to a table of a connection, a chunk of vectors at a time.
// The driver's own appender takes a row at a time, boxed, at a third of the speed.
type table struct {
	name     string
	appender mapping.Appender
	types    []mapping.LogicalType
	data     mapping.DataChunk
	vectors  []vector
	rows     int // filled in data
}

// vector is a column of a chunk. What it points to is DuckDB's, and good until
// the chunk goes out; a call into DuckDB for each value would cost more than the
// value.
type vector struct {
	mapping.Vector
	data     unsafe.Pointer
	validity []uint64 // nil until a value of the chunk is NULL
}

// chunkRows is how many rows a chunk holds.
var chunkRows = int(mapping.VectorSize())

// openTable prepares to append to a table; close ends it.
func openTable(conn mapping.Connection, name string, columns []column) (*table, error) {
	t := &table{name: name}
	if mapping.AppenderCreateExt(conn, "day", "main", name, &t.appender) == mapping.StateError {
		return nil, errors.Join(t.fail(), t.close())
	}
	for _, c := range columns {
		t.types = append(t.types, mapping.CreateLogicalType(c.kind))
	}
	t.data = mapping.CreateDataChunk(t.types)
	t.vectors = make([]vector, len(columns))
	t.begin()
	return t, nil
}

// begin looks up where the values of an empty chunk go.
func (t *table) begin() {
	t.rows = 0
	for i := range t.vectors {
		v := mapping.DataChunkGetVector(t.data, mapping.IdxT(i))
		t.vectors[i] = vector{Vector: v, data: mapping.VectorGetData(v)}
	}
}

// row starts a row and returns its number in the chunk; a full chunk goes out first.
func (t *table) row() (int, error) {
	if t.rows == chunkRows {
		if err := t.push(); err != nil {
			return 0, err
		}
	}
	t.rows++
	return t.rows - 1, nil
}

// push hands the chunk to DuckDB, which copies it.
func (t *table) push() error {
	if t.rows == 0 {
		return nil
	}
	mapping.DataChunkSetSize(t.data, mapping.IdxT(t.rows))
	if mapping.AppendDataChunk(t.appender, t.data) == mapping.StateError {
		return t.fail()
	}
	mapping.DataChunkReset(t.data)
	t.begin()
	return nil
}

// flush makes all rows part of the transaction.
func (t *table) flush() error {
	if err := t.push(); err != nil {
		return err
	}
	if mapping.AppenderFlush(t.appender) == mapping.StateError {
		return t.fail()
	}
	return nil
}

// close frees t. Rows that were not flushed are lost.
func (t *table) close() error {
	mapping.AppenderClear(t.appender)
	mapping.AppenderDestroy(&t.appender)
	if t.data.Ptr != nil {
		mapping.DestroyDataChunk(&t.data)
	}
	for i := range t.types {
		mapping.DestroyLogicalType(&t.types[i])
	}
	return nil
}

func (t *table) fail() error {
	return fmt.Errorf("appending to %s: %s", t.name, mapping.AppenderError(t.appender))
}

// hugeInt is how DuckDB lays out 128 bits.
type hugeInt struct {
	low  uint64
	high int64
}

// values returns a column of the chunk as DuckDB lays it out. V must be the Go
// form of the column's type: int64, uint64, uint32, bool or hugeInt.
func values[V int64 | uint64 | uint32 | bool | hugeInt](t *table, col int) []V {
	return unsafe.Slice((*V)(t.vectors[col].data), chunkRows)
}

// shortText is how DuckDB lays out a text of few bytes: the length, then the bytes
// and zeros. The bytes of a longer one lie elsewhere.
type shortText struct {
	length uint32
	bytes  [12]byte
}

// text stores s, which must be UTF-8.
func (t *table) text(col, row int, s string) {
	short := shortText{length: uint32(len(s))}
	if len(s) > len(short.bytes) {
		mapping.VectorAssignStringElement(t.vectors[col].Vector, mapping.IdxT(row), s)
		return
	}
	copy(short.bytes[:], s)
	unsafe.Slice((*shortText)(t.vectors[col].data), chunkRows)[row] = short
}

func (t *table) null(col, row int) {
	v := &t.vectors[col]
	if v.validity == nil {
		mapping.VectorEnsureValidityWritable(v.Vector)
		v.validity = unsafe.Slice((*uint64)(mapping.VectorGetValidity(v.Vector)), chunkRows/64)
	}
	v.validity[row/64] &^= 1 << (row % 64)
}

func (t *table) uuid(col, row int, id [16]byte) { values[hugeInt](t, col)[row] = hugeOf(id) }

// measure stores m, NULL when unknown.
func (t *table) measure(col, row int, m record.Measure) {
	if m < 0 {
		t.null(col, row)
		return
	}
	values[int64](t, col)[row] = int64(m)
}

// hugeOf returns id as DuckDB keeps a UUID: a signed number with the first bit
// flipped, so that numbers order as bytes do.
func hugeOf(id [16]byte) hugeInt {
	var n hugeInt
	var high uint64
	for i := range 8 {
		high = high<<8 | uint64(id[i])
		n.low = n.low<<8 | uint64(id[8+i])
	}
	n.high = int64(high ^ 1<<63)
	return n
}
