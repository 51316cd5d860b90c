package point

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// coding is a way of compressing content (RFC 9110 §8.4.1).
type coding string

const (
	codingGzip    coding = "gzip"
	codingDeflate coding = "deflate" // zlib, and the raw form that some send
	codingBrotli  coding = "br"
	codingZstd    coding = "zstd"
)

// errNotCoded is data that is not in the coding it is said to be in.
var errNotCoded = errors.New("not in this coding")

// inflaters are decompressors, kept for their next use.
type inflaters struct {
	input bytes.Reader
	gzip  *gzip.Reader
	flate io.ReadCloser
	br    *brotli.Reader
	zstd  *zstd.Decoder

	inflated [2][]byte // of a body: one is read while the other is written
}

// zstdWindow is the largest window of zstd, in bytes: RFC 8878 §3.1.1.1.2
// recommends to support it, and RFC 9659 §3 allows no more in HTTP.
const zstdWindow = 8 << 20

// open returns a reader of what data means in coding c.
func (f *inflaters) open(c coding, data []byte) (io.Reader, error) {
	f.input.Reset(data)
	switch c {
	case codingGzip:
		if !bytes.HasPrefix(data, gzipMagic) {
			return nil, errNotCoded
		}
		if f.gzip == nil {
			f.gzip = new(gzip.Reader)
		}
		return f.gzip, f.gzip.Reset(&f.input)
	case codingDeflate:
		if len(data) >= 2 && data[0]&0x0f == 8 && (uint(data[0])<<8|uint(data[1]))%31 == 0 {
			return zlib.NewReader(&f.input)
		}
		if f.flate == nil {
			f.flate = flate.NewReader(&f.input)
			return f.flate, nil
		}
		return f.flate, f.flate.(flate.Resetter).Reset(&f.input, nil)
	case codingBrotli:
		if f.br == nil {
			f.br = brotli.NewReader(&f.input)
			return f.br, nil
		}
		return f.br, f.br.Reset(&f.input)
	case codingZstd:
		if !bytes.HasPrefix(data, zstdMagic) {
			return nil, errNotCoded
		}
		if f.zstd == nil {
			var err error
			f.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
			if err != nil {
				return nil, err
			}
		}
		return f.zstd, f.zstd.Reset(&f.input)
	}
	return nil, errNotCoded
}

// decodeContent takes the content encodings off the body (RFC 9110 §8.4), the
// last one first. Without a header, the first bytes of gzip and zstd tell. What
// is not in the encoding that it is said to be in stays as it is: many tools
// decompress a body and leave its header.
func (r *run) decodeContent(header []string) {
	b := &r.body
	codings, ok := r.codings(header)
	if !ok {
		b.data = nil
		return
	}
	// The ratio is that of the whole chain.
	allowed, limit := r.Inflated, LimitInflated
	if most := max(r.InflateFree, r.InflateRatio*len(b.data)); most < allowed {
		allowed, limit = most, LimitInflateRatio
	}
	for i, c := range slices.Backward(codings) {
		into := &r.inflated[i%2]
		data, whole, err := r.unpack((*into)[:0], c, b.data, allowed)
		if errors.Is(err, errNotCoded) || err != nil && (c == codingBrotli || c == codingDeflate) && isText(b.data) {
			continue
		}
		*into, b.data = data, data
		switch {
		case !whole:
			r.limit("body", limit)
			b.truncated = true
		case err != nil && !b.truncated:
			r.malformed("body", -1, "broken "+string(c))
			b.truncated = true
		}
	}
}

// codings are the content encodings of a body in the order they were applied.
func (r *run) codings(header []string) (all []coding, ok bool) {
	if len(header) == 0 {
		switch data := r.body.data; {
		case bytes.HasPrefix(data, gzipMagic):
			return []coding{codingGzip}, true
		case bytes.HasPrefix(data, zstdMagic):
			return []coding{codingZstd}, true
		}
		return nil, true
	}
	for _, line := range header {
		for more := true; more; {
			var name string
			name, line, more = strings.Cut(line, ",")
			c := coding(lower(trim(name)))
			switch c {
			case "", "identity":
				continue
			case "x-gzip":
				c = codingGzip
			case codingGzip, codingDeflate, codingBrotli, codingZstd:
			default:
				r.malformed("body", -1, "unknown content encoding")
				return nil, false
			}
			if len(all) == r.Codings {
				r.limit("body", LimitCodings)
				return nil, false
			}
			all = append(all, c)
		}
	}
	return all, true
}

// unpack appends what data means in coding c to dst, allowed bytes of it at
// most; whole is false when there is more. What came before an error counts.
func (f *inflaters) unpack(dst []byte, c coding, data []byte, allowed int) (out []byte, whole bool, err error) {
	defer f.input.Reset(nil) // data belongs to the exchange
	in, err := f.open(c, data)
	if err != nil {
		return dst, true, err
	}
	// Its Reset keeps input that was not read: what another client sent.
	if c == codingBrotli {
		br := f.br
		f.br = nil
		defer func() {
			if whole && err == nil {
				f.br = br
			}
		}()
	}
	for begin := len(dst); ; {
		dst = slices.Grow(dst, inflateChunk)
		n, err := in.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		switch {
		case len(dst)-begin > allowed:
			return dst[:begin+allowed], false, nil
		case err == io.EOF:
			return dst, true, nil
		case err != nil:
			return dst, true, err
		}
	}
}

// inflateChunk is how much room there is for a read, in bytes.
const inflateChunk = 512

var (
	gzipMagic = []byte("\x1f\x8b")         // RFC 1952 §2.3.1
	zstdMagic = []byte("\x28\xb5\x2f\xfd") // RFC 8878 §3.1.1
)
