package export

import (
	"bytes"
	"io"
	"runtime"
	"testing"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/record"
)

// TestParquet_RowGroups: row groups end where they should, and all rows come back.
func TestParquet_RowGroups(t *testing.T) {
	rows := make([]record.Request, 10_000)
	for i := range rows {
		rows[i] = record.Request{Started: record.Time(i), Path: "/orders", Duration: record.Unknown, ResponseBytes: record.Measure(i), Flags: []record.Flag{"a", "b"}}
	}
	var out bytes.Buffer
	w, err := Requests(Parquet, &out)
	if err != nil {
		t.Fatal(err)
	}
	const writes = 25
	for range writes {
		if err := w.Write(rows); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if groups := len(f.RowGroups()); groups != 3 || f.NumRows() != writes*int64(len(rows)) {
		t.Errorf("%d row groups, %d rows", groups, f.NumRows())
	}
	back, err := parquet.Read[parquetRow](bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 9_999, 10_001, len(back) - 1} {
		r := back[i]
		if n := int64(i % len(rows)); r.Started != n || r.Duration != nil || *r.ResponseBytes != n || len(r.Flags) != 2 || r.Path != "/orders" {
			t.Errorf("row %d: %+v", i, r)
		}
	}
}

// TestWriters_Memory: what is held does not grow with what was written.
func TestWriters_Memory(t *testing.T) {
	rows := make([]record.Request, 1000)
	for i := range rows {
		rows[i] = record.Request{Started: record.Time(i), Host: "shop.example.com", Path: "/orders/17", Query: "page=2", UserAgent: "curl/8.5.0"}
	}
	for _, format := range RequestFormats {
		w, err := Requests(format, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		heap := func(writes int) uint64 {
			for range writes {
				if err := w.Write(rows); err != nil {
					t.Fatal(err)
				}
			}
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		first := heap(100) // a row group
		if later := heap(200); later > first+16<<20 {
			t.Errorf("%s holds %d KiB after 100,000 rows, %d KiB after 300,000", format, first>>10, later>>10)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
