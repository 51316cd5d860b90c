package main

import (
	"context"
	"fmt"
	"io"
)

// stored is where the bytes of a day are.
type stored struct {
	lines []string // of a Markdown table
	err   error
}

func measureStored(ctx context.Context, folder string) stored { return stored{} }

func printStored(w io.Writer, r *result) {
	if r.stored.err != nil {
		fmt.Fprintln(w, "stored:", r.stored.err)
	}
}
