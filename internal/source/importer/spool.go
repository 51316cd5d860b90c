package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

const (
	// spoolChunk is how much is copied between two looks at the free space.
	spoolChunk = 16 << 20
	// spoolFloor is the free space that copying leaves on the disk, in bytes.
	spoolFloor = 256 << 20
)

// spoolFile copies r to a file in dir that has no name, so that nothing is left
// behind however the process ends.
func spoolFile(ctx context.Context, r io.Reader, dir string) (*os.File, error) {
	f, err := os.CreateTemp(dir, "import-*.spool")
	if err != nil {
		return nil, fmt.Errorf("no room to copy it to: %w", err)
	}
	if err := errors.Join(os.Remove(f.Name()), copySpool(ctx, f, r, dir)); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func copySpool(ctx context.Context, f *os.File, r io.Reader, dir string) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var fs syscall.Statfs_t
		if err := syscall.Statfs(dir, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) < spoolFloor {
			return fmt.Errorf("it is copied to %s first, and less than 256 MiB are free there: free some space, or import from a file", dir)
		}
		_, err := io.CopyN(f, r, spoolChunk)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("copying it to %s: %w", dir, err)
		}
	}
}
