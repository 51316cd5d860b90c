package importer

import (
	"bytes"
	"compress/bzip2"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the largest window of a zstd file that is read, in bytes; what
// zstd --long writes at the most.
const zstdWindow = 128 << 20

// input is one file of an import, which is read twice.
type input struct {
	name     string
	file     *os.File
	diskSize int64
	read     atomic.Int64 // bytes of the file, as it lies on disk, read in this pass

	// Set by the first pass.
	format Format
	digest string // SHA-256 of the content in hex
	size   int64  // of the content, in bytes
}

// openInput opens a file. What cannot be read twice, standard input ("-") or a
// pipe, is first copied to the spool folder.
func openInput(ctx context.Context, name string, stdin io.Reader, spool string) (*input, error) {
	in := &input{name: name}
	var err error
	if name == "-" {
		in.name = "standard input"
		in.file, err = spoolFile(ctx, stdin, spool)
	} else {
		in.file, err = openTwice(ctx, name, spool)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", in.name, err)
	}
	info, err := in.file.Stat()
	if err != nil {
		in.file.Close()
		return nil, err
	}
	in.diskSize = info.Size()
	return in, nil
}

func openTwice(ctx context.Context, name, spool string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			err = path.Err // the caller names the file
		}
		return nil, err
	}
	info, err := f.Stat()
	switch {
	case err == nil && info.IsDir():
		err = errors.New("this is a folder: name the files in it")
	case err == nil && !info.Mode().IsRegular():
		defer f.Close()
		return spoolFile(ctx, f, spool)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// content is a file's content, decompressed, as one pass reads it.
type content struct {
	io.Reader
	n       int64 // bytes read
	want    int64 // bytes that the first pass read; -1 in that pass
	release func()
}

// errChanged ends the second pass where the file is not what the first one read.
// What comes last then is not to be stored: it is no part of the log by that digest.
var errChanged = errors.New("the file changed or could not be read again: run the import again")

func (c *content) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	switch {
	case c.want >= 0 && (c.n > c.want || err != nil && c.n < c.want):
		return n, errChanged
	case err == io.ErrUnexpectedEOF:
		err = fmt.Errorf("the file breaks off: %w", err)
	}
	return n, err
}

// Close ends the pass.
func (c *content) Close() error {
	c.release()
	return nil
}

// open starts a pass over the content. Compression is told by the first bytes,
// not by the name. Reading ends when ctx does. In the second pass, want is the
// size that the first one found; in the first it is -1.
func (in *input) open(ctx context.Context, want int64) (*content, error) {
	in.read.Store(0)
	if _, err := in.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	// The file as it is now: one that grows meanwhile ends where it ended at first.
	raw := io.LimitReader(&inputReader{ctx, in}, in.diskSize)
	head, whole, err := peek(raw, len(zstdMagic))
	if err != nil {
		return nil, err
	}
	c := &content{Reader: whole, want: want, release: func() {}}
	switch {
	case bytes.HasPrefix(head, []byte(gzipMagic)):
		z, err := gzip.NewReader(whole)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		c.Reader = z
	case bytes.HasPrefix(head, []byte(zstdMagic)):
		z, err := zstd.NewReader(whole, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		c.Reader, c.release = z, z.Close
	case bytes.HasPrefix(head, []byte(bzip2Magic)):
		c.Reader = bzip2.NewReader(whole)
	case bytes.HasPrefix(head, []byte(xzMagic)), bytes.HasPrefix(head, []byte(zipMagic)):
		return nil, errors.New("compressed as xz or zip, which is not read here: decompress it and pipe it in with - as the file")
	}
	return c, nil
}

const (
	gzipMagic  = "\x1f\x8b"
	zstdMagic  = "\x28\xb5\x2f\xfd"
	bzip2Magic = "BZh"
	xzMagic    = "\xfd7zX"
	zipMagic   = "PK\x03\x04"
)

// offset is how far into the file, as it lies on disk, the pass has read.
func (in *input) offset() int64 { return in.read.Load() }

func (in *input) close() error { return in.file.Close() }

// inputReader reads the file, counts, and ends with ctx.
type inputReader struct {
	ctx context.Context
	in  *input
}

func (r *inputReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	n, err := r.in.file.Read(p)
	r.in.read.Add(int64(n))
	return n, err
}

// drainBytes is how much is read between two signs of progress.
const drainBytes = 8 << 20

// drain reads r to its end.
func drain(r io.Reader, tell func(lines uint64)) error {
	for {
		if _, err := io.CopyN(io.Discard, r, drainBytes); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		tell(0)
	}
}
