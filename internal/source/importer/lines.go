package importer

import (
	"bytes"
	"io"
)

const (
	// maxLine is the longest line that is read, in bytes; longer ones are
	// rejected and passed over without being held.
	maxLine = 64 << 10
	// lineBuffer is how much of a file is held to find lines in.
	lineBuffer = 4 * maxLine
)

// lineReader cuts a stream into lines in constant memory. Lines end with LF or
// CRLF; the last one may lack its end.
type lineReader struct {
	r          io.Reader
	buf        []byte
	start, end int
	err        error  // of r; io.EOF at the end
	n          uint64 // lines given out
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: r, buf: make([]byte, lineBuffer)}
}

// next returns the next line without its end; it is valid until the next call.
// Of a line over maxLine it returns the start and true. With an error other than
// io.EOF, a line that had begun comes with it: the stream broke inside it.
func (l *lineReader) next() (line []byte, long bool, err error) {
	searched := 0
	for {
		if i := bytes.IndexByte(l.buf[l.start+searched:l.end], '\n'); i >= 0 {
			line = l.trim(l.buf[l.start : l.start+searched+i])
			l.start += searched + i + 1
			return line, len(line) > maxLine, nil
		}
		searched = l.end - l.start
		if l.err != nil {
			return l.last()
		}
		if searched > maxLine+1 { // one more for CR
			return l.skip()
		}
		l.fill()
	}
}

// trim counts the line, and drops its CR and, of the first one, the byte order mark.
func (l *lineReader) trim(line []byte) []byte {
	if l.n == 0 {
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	l.n++
	return bytes.TrimSuffix(line, []byte{'\r'})
}

// last returns what follows the last line end.
func (l *lineReader) last() (line []byte, long bool, err error) {
	if l.start == l.end {
		return nil, false, l.err
	}
	line = l.trim(l.buf[l.start:l.end])
	l.start = l.end
	if l.err != io.EOF {
		return line, false, l.err
	}
	return line, len(line) > maxLine, nil
}

// skip passes over a long line and returns its start.
func (l *lineReader) skip() ([]byte, bool, error) {
	head := bytes.Clone(l.buf[l.start : l.start+maxLine])
	for {
		if i := bytes.IndexByte(l.buf[l.start:l.end], '\n'); i >= 0 {
			l.start += i + 1
			return l.trim(head), true, nil
		}
		l.start = l.end
		if l.err != nil {
			return l.trim(head), true, nil // the error comes with the next call
		}
		l.fill()
	}
}

// fill reads more, moving what is left to the front of the buffer when needed.
func (l *lineReader) fill() {
	if l.start == l.end {
		l.start, l.end = 0, 0
	} else if l.end == len(l.buf) {
		l.end = copy(l.buf, l.buf[l.start:l.end])
		l.start = 0
	}
	n, err := l.r.Read(l.buf[l.end:])
	l.end += n
	l.err = err
}
