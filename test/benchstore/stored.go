package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// stored is where the bytes of one day are, see TestStored.
type stored struct {
	Day     string
	Rows    int64
	Bytes   int64            // of the file
	Columns map[string]int64 // bytes by table and column
	err     error
}

// storedEnv names the file that TestStored looks into, and where it puts what it
// found. The store's files are read by a test, because what is built does not link
// their library.
const storedEnv = "BENCHSTORE_STORED"

// measureStored looks into the newest day that is compacted.
func measureStored(ctx context.Context, folder string) (s stored) {
	files, _ := filepath.Glob(filepath.Join(folder, "days", "*.duckdb"))
	if len(files) < 2 {
		return s
	}
	slices.Sort(files)
	file := files[len(files)-2]
	progress("bytes of %s", filepath.Base(file))
	out := filepath.Join(folder, "stored.json")
	cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-run", "^TestStored$", "./test/benchstore")
	cmd.Env = append(os.Environ(), storedEnv+"="+file+":"+out)
	if text, err := cmd.CombinedOutput(); err != nil {
		s.err = fmt.Errorf("%w: %s", err, text)
		return s
	}
	text, err := os.ReadFile(out)
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	s.err, s.Day = err, filepath.Base(file)
	return s
}

// leastShare is the share of a day that a column has a line for.
const leastShare = 0.005

func printStored(w io.Writer, r *result) {
	if r.stored.err != nil {
		fmt.Fprintf(w, "\nBytes by column: %v\n", r.stored.err)
		return
	}
	if r.stored.Rows == 0 {
		return
	}
	names := make([]string, 0, len(r.stored.Columns))
	var sum, small int64
	for name, bytes := range r.stored.Columns {
		if sum += bytes; float64(bytes) < leastShare*float64(r.stored.Bytes) {
			small += bytes
			continue
		}
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return int(r.stored.Columns[b] - r.stored.Columns[a]) })
	fmt.Fprintf(w, "\n## Bytes a request, %s requests, %s\n\n| column | bytes a request |\n|---|---:|\n", millions(r.requests), r.stored.Day)
	line := func(name string, bytes int64) {
		fmt.Fprintf(w, "| %s | %.2f |\n", name, float64(bytes)/float64(r.stored.Rows))
	}
	for _, name := range names {
		line(name, r.stored.Columns[name])
	}
	line("all other columns", small)
	line("the rest of the file", r.stored.Bytes-sum)
	line("all", r.stored.Bytes)
}
