package importer

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// readLines returns all lines, those too long as "long", and the final error.
func readLines(r io.Reader) (lines []string, err error) {
	l := newLineReader(r)
	for {
		line, long, err := l.next()
		switch {
		case err != nil && len(line) == 0:
			return lines, err
		case long:
			lines = append(lines, "long")
		default:
			lines = append(lines, string(line))
		}
		if err != nil {
			return lines, err
		}
	}
}

func TestLineReader(t *testing.T) {
	most := strings.Repeat("x", maxLine)
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"one without an end", "a", []string{"a"}},
		{"ends", "a\nb\r\n\nc\n", []string{"a", "b", "", "c"}},
		{"byte order mark", "\xef\xbb\xbfa\n\xef\xbb\xbfb", []string{"a", "\xef\xbb\xbfb"}},
		{"longest", most + "\n" + most + "\r\n" + most, []string{most, most, most}},
		{"too long", most + "x\nb\n" + most + "x", []string{"long", "b", "long"}},
		{"far too long", strings.Repeat(most, 9) + "\nb\n" + strings.Repeat(most, 9), []string{"long", "b", "long"}},
	} {
		for _, pace := range []struct {
			name string
			wrap func(io.Reader) io.Reader
		}{
			{"whole", func(r io.Reader) io.Reader { return r }},
			{"halves", iotest.HalfReader},
			{"end with the data", iotest.DataErrReader},
		} {
			t.Run(tc.name+"/"+pace.name, func(t *testing.T) {
				got, err := readLines(pace.wrap(strings.NewReader(tc.text)))
				if diff := cmp.Diff(tc.want, got); diff != "" || err != io.EOF {
					t.Errorf("%v %s", err, diff)
				}
			})
		}
	}
}

func TestLineReaderTellsACutLine(t *testing.T) {
	l := newLineReader(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	if line, _, err := l.next(); string(line) != "a" || err != nil {
		t.Errorf("%q, %v", line, err)
	}
	if line, _, err := l.next(); string(line) != "b" || err != io.ErrUnexpectedEOF {
		t.Errorf("%q, %v", line, err)
	}
}

// A line of any length is passed over without being held.
func TestLineReaderMemoryIsBounded(t *testing.T) {
	const size = 64 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := readLines(io.LimitReader(endless{}, size))
	runtime.ReadMemStats(&after)
	if len(got) != 1 || err != io.EOF {
		t.Errorf("%d lines, %v", len(got), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4<<20 {
		t.Errorf("%d bytes for one line of %d", used, size)
	}
}

// endless is one line without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}
