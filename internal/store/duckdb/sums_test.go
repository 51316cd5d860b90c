package duckdb

import (
	"database/sql"
	"math"
	"math/rand/v2"
	"testing"

	"sojourn/internal/store"
)

// TestBucketSQL: DuckDB finds the buckets that Go finds, from one microsecond to
// the greatest number.
func TestBucketSQL(t *testing.T) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var durations []int64
	for us := range int64(5000) {
		durations = append(durations, us)
	}
	for bit := range 63 {
		for d := range int64(5) {
			durations = append(durations, max(0, int64(1)<<bit-2+d), max(0, int64(3)<<max(0, bit-2)-2+d))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		durations = append(durations, random.Int64()>>random.IntN(63))
	}
	durations = append(durations, math.MaxInt64)
	rows, err := db.Query("SELECT duration, "+bucketSQL()+" FROM (SELECT unnest(CAST(? AS BIGINT[])) AS duration)", durations)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var us, bucket int64
		if err := rows.Scan(&us, &bucket); err != nil {
			t.Fatal(err)
		}
		if want := store.DurationBucket(us); bucket != want {
			t.Fatalf("%d us are in bucket %d, want %d", us, bucket, want)
		}
		if bucket >= 1<<bucketBits {
			t.Fatalf("bucket %d has more than %d bits", bucket, bucketBits)
		}
		n++
	}
	if err := rows.Err(); err != nil || n != len(durations) {
		t.Fatalf("%d of %d durations came back: %v", n, len(durations), err)
	}
	var none sql.NullInt64
	if err := db.QueryRow("SELECT " + bucketSQL() + " FROM (SELECT NULL::BIGINT AS duration)").Scan(&none); err != nil || none.Valid {
		t.Errorf("an unknown duration is in bucket %v, %v", none, err)
	}
}
