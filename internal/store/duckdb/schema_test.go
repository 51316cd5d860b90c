package duckdb_test

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"sojourn/internal/store/duckdb"
)

// TestLacksColumns: a file written while the format was in the making is refused
// by name, and stays.
func TestLacksColumns(t *testing.T) {
	for _, statement := range []string{
		"ALTER TABLE requests DROP COLUMN person",
		"ALTER TABLE dict_user_agent DROP COLUMN ja4",
		"DROP TABLE dict_context",
	} {
		dir, _, file := twoDays(t)
		db, err := sql.Open("duckdb", file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		words := strings.Fields(statement)
		lacking := words[2] + "." + words[len(words)-1]
		if len(words) == 3 {
			lacking = words[2] + ".code, " + words[2] + ".context"
		}
		_, err = duckdb.Open(t.Context(), duckdb.Config{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "lacks "+lacking+",") {
			t.Errorf("%s: Open: %v, want an error that names %s", statement, err, lacking)
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("the file should stay: %v", err)
		}
	}
}
