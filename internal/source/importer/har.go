package importer

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/exchange"
)

var errNotHAR = errors.New("this is JSON, but no HAR: it has no log.entries (of JSON, only HAR 1.2 can be read)")

// harReader reads the entries of a HAR one by one, in constant memory however
// long the file or a body in it is. HAR 1.2 as in the Software is hard draft,
// http://www.softwareishard.com/blog/har-12-spec/.
type harReader struct {
	d       harDecoder
	n       uint64 // entries read
	size    int    // bytes that the last entry holds
	entered bool   // inside log.entries
}

func newHARReader(r io.Reader) *harReader {
	return &harReader{d: harDecoder{jsontext.NewDecoder(newClipper(skipMark(r)),
		jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))}}
}

// next returns the next entry; a reason says why it is rejected. After an error
// there is no next one; io.EOF is the good end.
func (h *harReader) next() (x *exchange.Exchange, reason string, err error) {
	if !h.entered {
		if err := h.enter(); err != nil {
			return nil, "", err
		}
		h.entered = true
	}
	if h.d.PeekKind() == ']' {
		return nil, "", h.leave()
	}
	var e harEntry
	if err := e.decode(h.d); err != nil {
		return nil, "", h.broken(err)
	}
	h.n++
	x, reason = e.exchange()
	h.size = len(e.request.url) + e.request.size() + e.response.size()
	if x != nil {
		h.size += len(x.RequestBody.Bytes) + len(x.ResponseBody.Bytes)
	}
	return x, reason, nil
}

// enter goes to the first of log.entries.
func (h *harReader) enter() error {
	for _, name := range []string{"log", "entries"} {
		found, err := h.d.find(name)
		if err != nil {
			return h.broken(err)
		}
		if !found {
			return errNotHAR
		}
	}
	if h.d.PeekKind() != '[' {
		return errNotHAR
	}
	_, err := h.d.ReadToken()
	return err
}

// leave reads what follows the entries; io.EOF when the file ends as it should.
func (h *harReader) leave() error {
	for {
		if _, err := h.d.ReadToken(); err == io.EOF {
			return err
		} else if err != nil {
			return h.broken(err)
		}
	}
}

// broken explains an error of the decoder.
func (h *harReader) broken(err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("the file breaks off after entry %d", h.n)
	case errors.As(err, &syntax):
		return fmt.Errorf("no valid JSON after entry %d: %w", h.n, syntax.Err)
	}
	return fmt.Errorf("after entry %d: %w", h.n, err)
}

// harDecoder reads JSON leniently: a value of another type than expected is
// passed over. Its errors are those of the stream, after which nothing can follow.
type harDecoder struct{ *jsontext.Decoder }

// find enters the object that comes and goes to the value of name; false when it
// is no object or has no such name.
func (d harDecoder) find(name string) (bool, error) {
	if d.PeekKind() != '{' {
		return false, d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return false, err
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return false, err
		}
		if token.String() == name {
			return true, nil
		}
		if err := d.SkipValue(); err != nil {
			return false, err
		}
	}
	_, err := d.ReadToken()
	return false, err
}

// object calls f for every member of the object that comes; f must read the
// value. It reports false when something else came.
func (d harDecoder) object(f func(name string) error) (bool, error) {
	if d.PeekKind() != '{' {
		return false, d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return false, err
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return false, err
		}
		if err := f(token.String()); err != nil {
			return false, err
		}
	}
	_, err := d.ReadToken()
	return err == nil, err
}

// array calls f for every value of the array that comes; f must read it.
func (d harDecoder) array(f func() error) error {
	if d.PeekKind() != '[' {
		return d.SkipValue()
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for {
		switch d.PeekKind() {
		case ']', jsontext.KindInvalid:
			_, err := d.ReadToken()
			return err
		}
		if err := f(); err != nil {
			return err
		}
	}
}

// text reads a string into s.
func (d harDecoder) text(s *string) error {
	if d.PeekKind() != '"' {
		return d.SkipValue()
	}
	token, err := d.ReadToken()
	if err == nil {
		*s = token.String()
	}
	return err
}

// number reads a number into n; it reports false when something else came.
func (d harDecoder) number(n *float64) (bool, error) {
	if d.PeekKind() != '0' {
		return false, d.SkipValue()
	}
	token, err := d.ReadToken()
	if err != nil {
		return false, err
	}
	value, err := token.Float()
	if err != nil {
		return false, nil // out of range
	}
	*n = value
	return true, nil
}

// skipMark drops a byte order mark.
func skipMark(r io.Reader) io.Reader {
	const mark = "\xef\xbb\xbf"
	head, whole, _ := peek(r, len(mark))
	if string(head) == mark {
		return r
	}
	return whole
}

// ReadHAR hands the exchanges of a HAR to each, in the order of the file; of an
// entry that is rejected, nil and the reason. It ends with the first error of
// each, or with the file's own.
func ReadHAR(r io.Reader, each func(x *exchange.Exchange, reason string) error) error {
	for h := newHARReader(r); ; {
		x, reason, err := h.next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if err := each(x, reason); err != nil {
			return err
		}
	}
}
