package main

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	_ "github.com/duckdb/duckdb-go/v2"
)

// blockBytes is the size of a block of a DuckDB file.
const blockBytes = 256 << 10

// TestStored tells how many bytes of a day's file each column takes: a segment of
// a column lies in a block from its offset to that of the next one, and what
// overflows has blocks of its own.
// https://duckdb.org/docs/stable/configuration/pragmas#storage-information
func TestStored(t *testing.T) {
	file, out, ok := strings.Cut(os.Getenv(storedEnv), ":")
	if !ok {
		t.Skipf("%s names no file and no place for the result", storedEnv)
	}
	db, err := sql.Open("duckdb", file+"?access_mode=read_only")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	s := stored{Bytes: info.Size(), Columns: map[string]int64{}}
	if err := db.QueryRow("SELECT count(*) FROM requests").Scan(&s.Rows); err != nil {
		t.Fatal(err)
	}
	type segment struct {
		name          string
		block, offset int64
	}
	var segments []segment
	blocks := map[int64]string{} // that one column has alone
	tables, err := db.Query("SELECT table_name FROM duckdb_tables() WHERE NOT temporary")
	if err != nil {
		t.Fatal(err)
	}
	defer tables.Close()
	for tables.Next() {
		var table string
		if err := tables.Scan(&table); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query("SELECT column_name, block_id, block_offset, additional_block_ids::VARCHAR FROM pragma_storage_info('" + table + "') WHERE persistent")
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			at := segment{}
			var more sql.NullString
			if err := rows.Scan(&at.name, &at.block, &at.offset, &more); err != nil {
				t.Fatal(err)
			}
			at.name = table + "." + at.name
			if at.block >= 0 {
				segments = append(segments, at)
			}
			for _, id := range regexp.MustCompile(`\d+`).FindAllString(more.String, -1) {
				n, _ := strconv.ParseInt(id, 10, 64)
				blocks[n] = at.name
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortFunc(segments, func(a, b segment) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.offset, b.offset)) })
	for i, at := range segments {
		end := int64(blockBytes)
		if i+1 < len(segments) && segments[i+1].block == at.block {
			end = segments[i+1].offset
		}
		s.Columns[at.name] += end - at.offset
	}
	for _, name := range blocks {
		s.Columns[name] += blockBytes
	}
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
