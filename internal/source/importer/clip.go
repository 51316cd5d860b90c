package importer

import (
	"errors"
	"io"
)

const (
	// clipString is how much of one JSON string is passed on, in bytes as they
	// are written; a body of bodyLimit fits however it is escaped.
	clipString = 512 << 10
	// clipScalar is the longest number or word that is read.
	clipScalar = 1 << 10
)

var errScalar = errors.New("a number or word of JSON is longer than 1 KiB")

// clipper passes JSON on with every string cut to clipString and every run of
// white space cut to its first character, so that a decoder behind it, which holds one
// token at a time, needs bounded memory. It looks at quotes and escapes only;
// whether the JSON is valid is for the decoder to tell.
type clipper struct {
	r    io.Reader
	buf  []byte
	rest []byte // of buf, not yet passed on
	err  error

	kept      int  // bytes passed on of this string, number or word
	quoted    bool // inside a string
	backslash bool // the byte before began an escape
	hex       int  // digits of \u still to come
	cut       bool // the rest of this string is dropped
	space     bool // the byte before was white space
}

func newClipper(r io.Reader) *clipper {
	return &clipper{r: r, buf: make([]byte, 64<<10)}
}

func (c *clipper) Read(p []byte) (n int, err error) {
	for n == 0 && len(p) > 0 {
		if len(c.rest) == 0 {
			if c.err != nil {
				return 0, c.err
			}
			var got int
			got, c.err = c.r.Read(c.buf)
			c.rest = c.buf[:got]
		}
		for len(c.rest) > 0 && n < len(p) {
			b := c.rest[0]
			c.rest = c.rest[1:]
			if c.quoted && c.inString(b) || !c.quoted && c.outside(b) {
				p[n] = b
				n++
			}
			if c.kept > clipScalar && !c.quoted {
				c.rest, c.err = nil, errScalar
			}
		}
	}
	return n, nil
}

// inString decides whether to keep a byte of a string. A string is cut between
// characters only, and keeps its closing quote.
func (c *clipper) inString(b byte) bool {
	switch {
	case c.backslash:
		c.backslash = false
		if b == 'u' {
			c.hex = 4
		}
	case c.hex > 0:
		c.hex--
	case b == '"':
		c.quoted, c.cut, c.kept = false, false, 0
		return true
	default:
		c.cut = c.kept >= clipString
		c.backslash = b == '\\'
	}
	if !c.cut {
		c.kept++
	}
	return !c.cut
}

// outside decides whether to keep a byte between strings.
func (c *clipper) outside(b byte) bool {
	switch b {
	case ' ', '\t', '\r', '\n':
		again := c.space
		c.space, c.kept = true, 0
		return !again
	case '"':
		c.quoted, c.kept = true, 0
	case '{', '}', '[', ']', ',', ':':
		c.kept = 0
	default:
		c.kept++
	}
	c.space = false
	return true
}
