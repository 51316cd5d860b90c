package clickhouse_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"sojourn/internal/record"
	"sojourn/internal/store"
	"sojourn/internal/store/clickhouse"
)

func TestMigrations(t *testing.T) {
	s := startServer(t)
	url := s.database(t)
	open := func() error {
		st, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: url})
		if err == nil {
			err = st.Close()
		}
		return err
	}
	for _, change := range []string{
		"SELECT 1",                          // nothing there yet
		"SELECT 1",                          // all there
		"TRUNCATE TABLE test_1.migrations",  // interrupted before the version was noted
		"DROP TABLE test_1.migrations SYNC", // interrupted before anything was noted
		"ALTER TABLE test_1.requests ADD COLUMN mine String", // an operator's own
	} {
		s.sql(t, change)
		if err := open(); err != nil {
			t.Errorf("after %q: %v", change, err)
		}
	}
	s.sql(t, "INSERT INTO test_1.migrations (version) SELECT 1000")
	if err := open(); err == nil || !strings.Contains(err.Error(), "newer Sojourn") {
		t.Errorf("a database of a newer version: %v", err)
	}
}

// TestInterruptedErase opens a store whose Erase was interrupted after it had
// listed what to remove.
func TestInterruptedErase(t *testing.T) {
	s := startServer(t)
	url := s.database(t)
	open := func() *clickhouse.Store {
		st, err := clickhouse.Open(t.Context(), clickhouse.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	b := batchOf(1, 10)
	for _, r := range b.Requests[:2] {
		b.Findings = append(b.Findings, record.Finding{ID: r.ID.String(), Request: r.ID, Type: "sqli", Attack: true})
	}
	st := open()
	if _, err := st.Write(t.Context(), []store.Batch{b}); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	s.sql(t, "CREATE TABLE test_1.erasing (day Int32, started Int64, node UInt32, seq UInt32) ENGINE = MergeTree ORDER BY day")
	s.sql(t, "INSERT INTO test_1.erasing SELECT day, started, node, seq FROM test_1.requests WHERE kind = 0 AND seq < 1")
	st = open()
	defer st.Close()
	if total, err := st.Count(t.Context(), store.Filter{}, 0); err != nil || total.Requests != 9 {
		t.Errorf("%d requests, %v; want 9", total.Requests, err)
	}
	if left := s.sql(t, "SELECT (SELECT count() FROM test_1.findings), (SELECT count() FROM system.tables WHERE database = 'test_1' AND name = 'erasing')"); left != "1\t0" {
		t.Errorf("findings and tables left: %s", left)
	}
	if w, err := st.Write(t.Context(), []store.Batch{b}); err != nil || w.Skipped != 10 {
		t.Errorf("what was erased was brought again: %+v, %v", w, err)
	}
}

// TestBucket holds the SQL of buckets to its definition, at the ends of every one
// that a duration can have.
func TestBucket(t *testing.T) {
	s := startServer(t)
	durations := []int64{0, 1, 126, 127, 128, 129, 1000, 999_999, math.MaxInt64, math.MaxInt64 - 1}
	for e := 7; e < 63; e++ {
		for _, k := range []int64{64, 65, 100, 127} {
			edge := k << (e - 6)
			durations = append(durations, edge-1, edge, edge+1)
		}
	}
	var list, want []string
	for _, d := range durations {
		list, want = append(list, fmt.Sprintf("toInt64(%d)", d)), append(want, fmt.Sprint(store.DurationBucket(d)))
	}
	got := s.sql(t, "SELECT "+clickhouse.Bucket+" FROM (SELECT arrayJoin(["+strings.Join(list, ", ")+"]) AS duration)")
	for i, line := range strings.Split(got, "\n") {
		if line != want[i] {
			t.Errorf("bucket of %d is %s, want %s", durations[i], line, want[i])
		}
	}
}

func TestText(t *testing.T) {
	s := startServer(t)
	for _, want := range []string{"", "'", `\`, `\'`, `'; DROP TABLE x; --`, "a\x00b", "a\nb\tc\rd", "$1 ?1 {a:String}", "ü\u2028", "%_*?", "`", `"`} {
		hex := fmt.Sprintf("%X", want)
		if got := s.sql(t, "SELECT hex("+clickhouse.Text(want)+")"); got != hex {
			t.Errorf("%q arrives as %s, want %s", want, got, hex)
		}
	}
}
