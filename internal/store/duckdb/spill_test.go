package duckdb

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestSpillApart: days that run out of memory at the same time do not write into
// each other's temporary files, whose names DuckDB does not make apart.
func TestSpillApart(t *testing.T) {
	const rows, memory = 5_000_000, 48 << 20
	dir := t.TempDir()
	var beside sync.WaitGroup
	for i := range 2 {
		path := filepath.Join(dir, fmt.Sprint(i)+daySuffix)
		if err := createFile(t.Context(), path, dir, memory); err != nil {
			t.Fatal(err)
		}
		db, err := openDatabase(t.Context(), path, dir, memory, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		beside.Go(func() {
			var n, sum int64
			err := db.QueryRowContext(t.Context(), fmt.Sprintf(
				"SELECT count(*), sum(a)::BIGINT FROM (SELECT range * %d AS a, hash(range) AS h FROM range(%d) ORDER BY h LIMIT %[2]d)", i+1, rows)).Scan(&n, &sum)
			if want := int64(i+1) * rows / 2 * (rows - 1); err != nil || n != rows || sum != want {
				t.Errorf("database %d: %d rows, sum %d, %v; want %d, %d", i, n, sum, err, rows, want)
			}
		})
	}
	beside.Wait()
}
