package duckdb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sojourn/internal/record"
)

// Look tells the days in a folder, newest first, and what is there that should not
// be. It opens no file.
func Look(dir string) (days []record.Day, found []record.Trouble, err error) {
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("the store's folder: %w", err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name())
		date, err := record.ParseDay(strings.TrimSuffix(f.Name(), daySuffix))
		of, _, isLog := strings.Cut(f.Name(), daySuffix+walSuffix)
		switch {
		case strings.HasSuffix(f.Name(), daySuffix) && err == nil && f.Type().IsRegular():
			days = append(days, date)
		case isAside(f.Name()):
			found = append(found, record.Trouble{File: path, Problem: "was set aside: " + readAside(path).Reason, Note: true})
		case strings.Contains(f.Name(), daySuffix+freshSuffix), strings.Contains(f.Name(), daySuffix+sealSuffix):
			found = append(found, record.Trouble{File: path, Problem: "a crash left it half done", Mend: record.MendRemove})
		case isLog && !exists(filepath.Join(dir, of+daySuffix)):
			found = append(found, record.Trouble{File: path, Problem: "the log of a day whose file is gone", Mend: record.MendRemove})
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, tempFolder, "*"))
	for _, path := range left {
		found = append(found, record.Trouble{File: path, Problem: "a crash left it in the temporary folder", Mend: record.MendRemove})
	}
	slices.SortFunc(days, func(a, b record.Day) int { return int(b) - int(a) })
	return days, found, err
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// Check reads every byte of the file of a day that no store has open, and tells
// what is wrong. It changes nothing. Most damage shows by DuckDB's checksums; what
// does not can crash the process, so it is better done in one of its own.
func Check(ctx context.Context, cfg Config, date record.Day) (record.DayCheck, error) {
	memory, err := parseBytes(cfg.MemoryLimit)
	if err != nil {
		return record.DayCheck{}, fmt.Errorf("the store's memory limit: %w", err)
	}
	temp, err := os.MkdirTemp("", "sojourn-check-") // the folder may not be writable
	if err != nil {
		return record.DayCheck{}, err
	}
	defer os.RemoveAll(temp)
	d := newDay(date, filepath.Join(cfg.Dir, date.String()+daySuffix))
	check := record.DayCheck{Day: date, Bytes: d.size()}
	if err := checkDay(ctx, d, &check, temp, memory); err != nil {
		if ctx.Err() != nil {
			return check, ctx.Err()
		}
		mend := ""
		if isCorrupt(err) || isFatal(err) {
			mend = record.MendSetAside
		}
		check.Troubles = append(check.Troubles, record.Trouble{File: d.path, Problem: firstLine(explain(err).Error()), Mend: mend})
	}
	return check, nil
}

// checkDay looks into one file. Its error is that of a file that cannot be read.
func checkDay(ctx context.Context, d *day, check *record.DayCheck, temp string, memory int64) error {
	db, err := attach(ctx, d.path, "(READ_ONLY)", temp, memory, DefaultThreads)
	if err != nil {
		return err
	}
	defer db.Close()
	tell := func(mend, problem string, args ...any) {
		check.Troubles = append(check.Troubles, record.Trouble{File: d.path, Problem: fmt.Sprintf(problem, args...), Mend: mend})
	}
	if err := db.QueryRowContext(ctx, "SELECT format, sealed FROM meta").Scan(&check.Format, &check.Sealed); err != nil {
		if isType(err, catalogError, binderError) || errors.Is(err, sql.ErrNoRows) {
			return errNotADay
		}
		return err
	}
	if err := readWhole(ctx, db); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM requests").Scan(&check.Requests); err != nil {
		return err
	}
	switch {
	case check.Format > format:
		tell("", "its format is %d and this version reads up to %d: use a newer sojourn", check.Format, format)
		return nil
	case check.Format < format:
		tell(record.MendMigrate, "its format is %d; %d is the newest: it is brought up to date when it is opened", check.Format, format)
		check.Troubles[len(check.Troubles)-1].Note = true
		return checkRows(ctx, db, d, tell)
	}
	if err := checkColumns(ctx, db); err != nil {
		tell("", "%s", err)
		return nil
	}
	return errors.Join(checkRows(ctx, db, d, tell), checkSums(ctx, db, tell))
}

// readWhole reads every column of every table: DuckDB compares each block with its
// checksum when it reads it.
func readWhole(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "SELECT table_name, string_agg('\"' || column_name || '\"', ', ') FROM duckdb_columns() WHERE database_name = 'day' GROUP BY table_name")
	if err != nil {
		return err
	}
	defer rows.Close()
	columns := map[string]string{}
	for rows.Next() {
		var table, names string
		if err := rows.Scan(&table, &names); err != nil {
			return err
		}
		columns[table] = names
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, table := range slices.Sorted(maps.Keys(columns)) {
		names := columns[table]
		var sum sql.NullString
		if err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT bit_xor(hash(%s))::VARCHAR FROM %q", names, table)).Scan(&sum); err != nil {
			return err
		}
	}
	return nil
}

// checkRows looks at the rows and at what they refer to.
func checkRows(ctx context.Context, db *sql.DB, d *day, tell func(mend, problem string, args ...any)) error {
	checks := []struct{ query, problem string }{
		{"SELECT count(*) - count(DISTINCT (started, node, seq)) FROM requests", "%d requests are there more than once"},
		{fmt.Sprintf("SELECT count(*) FROM requests WHERE started < %d OR started >= %d", d.date.Start(), (d.date + 1).Start()), "%d requests are of other days"},
	}
	for _, dict := range dictionaries {
		checks = append(checks,
			struct{ query, problem string }{
				fmt.Sprintf("SELECT count(*) FROM requests WHERE %s NOT IN (SELECT code FROM %s)", dict.codeColumn(), dict.table),
				"%d requests have a code that " + dict.table + " does not have"},
			struct{ query, problem string }{
				fmt.Sprintf("SELECT count(*) - count(DISTINCT code) FROM %s", dict.table),
				"%d codes are more than once in " + dict.table})
	}
	for _, c := range checks {
		var n int64
		if err := db.QueryRowContext(ctx, c.query).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			tell("", c.problem, n)
		}
	}
	return nil
}

// sumsSQL counts the sessions whose summary differs from their requests.
const sumsSQL = `
SELECT count(*) FROM
	(SELECT session, sum(requests)::BIGINT AS n, sum(errors)::BIGINT AS e, min(started) AS a, max(ended) AS z FROM parts GROUP BY session) AS p
	FULL JOIN (SELECT session, requests AS n, errors AS e, started AS a, ended AS z FROM (%s)) AS r USING (session)
	WHERE p.n IS DISTINCT FROM r.n OR p.e IS DISTINCT FROM r.e OR p.a IS DISTINCT FROM r.a OR p.z IS DISTINCT FROM r.z`

// checkSums compares the summaries with the rows that they sum up.
func checkSums(ctx context.Context, db *sql.DB, tell func(mend, problem string, args ...any)) error {
	var sealed bool
	var covered, judged, end, found int64
	err := db.QueryRowContext(ctx, "SELECT sealed, covered, judged, (SELECT coalesce(max(rowid) + 1, 0) FROM requests), "+
		"(SELECT coalesce(max(rowid) + 1, 0) FROM findings) FROM meta").Scan(&sealed, &covered, &judged, &end, &found)
	if err != nil {
		return err
	}
	if covered > end || judged > found || sealed && (covered < end || judged < found) {
		tell(record.MendSummaries, "its summaries end at request %d of %d and finding %d of %d", covered, end, judged, found)
		return nil
	}
	var n int64
	query := fmt.Sprintf(sumsSQL, totalsSQL(fmt.Sprintf("(SELECT * FROM requests WHERE rowid < %d)", covered)))
	if err := db.QueryRowContext(ctx, query).Scan(&n); err != nil {
		return err
	}
	if n > 0 {
		tell(record.MendSummaries, "the summaries of %d sessions differ from their requests", n)
	}
	return checkCounts(ctx, db, tell)
}

// checkCounts compares the counts of sumsSchema with how many requests they count.
func checkCounts(ctx context.Context, db *sql.DB, tell func(mend, problem string, args ...any)) error {
	counts := []struct{ table, where string }{{"minutes", "true"}}
	for dict := range dictionaries {
		counts = append(counts, struct{ table, where string }{"codes", fmt.Sprintf("dictionary = %d", dict)})
	}
	for _, c := range counts {
		var there, counted int64
		err := db.QueryRowContext(ctx, fmt.Sprintf("SELECT (SELECT count(*) FROM requests WHERE rowid < (SELECT coalesce(max(rows), 0) FROM summed)), "+
			"coalesce(sum(requests), 0)::BIGINT FROM %s WHERE %s", c.table, c.where)).Scan(&there, &counted)
		if err != nil {
			return err
		}
		if there != counted {
			tell(record.MendSummaries, "%s counts %d of %d requests", c.table, counted, there)
			return nil
		}
	}
	return nil
}

// Resummarize makes the summaries of a day anew from its rows.
func (s *Store) Resummarize(ctx context.Context, date record.Day) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	d := s.dayOf(date, false)
	err := errGone
	if d != nil {
		err = s.forgetSums(ctx, d)
	}
	s.leave()
	if err != nil {
		return fmt.Errorf("day %s: %w", date, err)
	}
	return s.Seal(ctx, date)
}

func (s *Store) forgetSums(ctx context.Context, d *day) error {
	d.still.Lock()
	defer d.still.Unlock()
	d.writing.Lock()
	defer d.writing.Unlock()
	err := s.onConnection(ctx, d, func(ctx context.Context, c *sql.Conn) error {
		return execute(ctx, c, "BEGIN; DELETE FROM parts; DELETE FROM attacks; "+
			"DELETE FROM summed; DELETE FROM minutes; DELETE FROM codes; DELETE FROM durations; UPDATE meta SET sealed = false, covered = 0, judged = 0; COMMIT")
	})
	if err == nil {
		d.sealed.Store(false)
	}
	return err
}

// SetAside moves the file of a day that no store has open away, as a file with bad
// content is, so that the day can start anew. It does not read it.
func SetAside(cfg Config, date record.Day, reason string) error {
	s := &Store{cfg: cfg, log: cmp.Or(cfg.Logger, slog.Default()), days: map[record.Day]*day{}}
	if s.cfg.Now == nil {
		s.cfg.Now = time.Now
	}
	err := s.setAside(newDay(date, filepath.Join(cfg.Dir, date.String()+daySuffix)), errors.New(reason))
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}
