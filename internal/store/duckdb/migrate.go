package duckdb

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations bring a file up to date, format by format: the statements at a format
// make the next one of it. They leave long work to sealing: a file whose summaries
// are missing answers from its rows until then.
var migrations = map[int64]string{
	1: "ALTER TABLE dict_message ADD COLUMN mcp_more VARCHAR DEFAULT ''",
	2: "DROP TABLE meta;\n" + // a table that is altered takes no update in the same transaction
		"CREATE TABLE meta (format BIGINT, sealed BOOLEAN, covered BIGINT, judged BIGINT);\n" +
		"INSERT INTO meta VALUES (2, false, 0, 0);\n" +
		"DROP TABLE parts;\n" + partsSchema() + attacksSchema + sumsSchema,
}

// migrate brings a file from an older format to this version's, in one transaction:
// what fails leaves the file as it was.
func migrate(ctx context.Context, db *sql.DB, from int64) error {
	return inTransaction(ctx, db, func(tx *sql.Tx) error {
		for f := from; f < format; f++ {
			if statements, ok := migrations[f]; ok {
				if _, err := tx.ExecContext(ctx, statements); err != nil {
					return fmt.Errorf("from format %d to %d: %w", f, f+1, err)
				}
			}
		}
		if err := checkColumns(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE meta SET format = ?", int64(format)); err != nil {
			return fmt.Errorf("from format %d to %d: %w", from, format, err)
		}
		return tx.Commit()
	})
}
