package point

import (
	"bytes"
	"strings"
	"unsafe"

	"golang.org/x/text/encoding"
)

var multipartFormat = format{
	name: "multipart", side: Request, place: inBody, keys: nestedKeys, numeric: true, read: readMultipart, accepts: acceptsMultipart,
	parts: []*format{{name: "filename", keys: noKeys}},
}

// acceptsMultipart takes what is declared to be in parts, and what begins like
// it.
func acceptsMultipart(b *body) bool {
	return strings.HasPrefix(b.media, "multipart/") || boundaryOf(b.data) != nil
}

// readMultipart yields the fields and the files of a form (RFC 7578). Names may
// have brackets, as in queries. A value is in the charset that its part declares,
// or, if it is no file, that a field named _charset_ in front of it does (RFC 7578
// §4.6). An encoding for transfer is left on.
func readMultipart(r *run, n *node, _ []byte) {
	all := r.parts()
	var usual encoding.Encoding
	for room := r.Parameters; ; room-- {
		p, ok := all.next()
		if !ok {
			break
		}
		if room == 0 {
			r.limit("multipart", LimitParameters)
			return
		}
		if !p.named {
			continue
		}
		if p.name == "_charset_" && p.whole {
			usual = charsetOf(string(p.content), nil)
		}
		f := field{run: r, content: p.content, filename: p.filename, cut: !p.whole && r.body.truncated, charset: usual}
		if p.filename != nil {
			f.charset = nil
		}
		if p.charset != "" {
			f.charset = charsetOf(p.charset, nil)
		}
		f.nested(n, p.name)
	}
}

// parts cuts a body into its parts (RFC 2046 §5.1).
type parts struct {
	*run
	rest      []byte
	delimiter []byte // two hyphens and the boundary
	lineEnd   []byte // that of the first delimiter
	done      bool
}

// part is one part; its slices are those of the body.
type part struct {
	name     string // of the field
	named    bool
	filename []byte // nil: none
	charset  string // that its content type declares
	content  []byte
	whole    bool // there is a delimiter behind it
}

// parts begins to read the run's body. Where the boundary is not declared, or is
// not that of the body, the first line of the body tells.
func (r *run) parts() parts {
	b := &r.body
	p := parts{run: r, rest: b.data}
	if strings.HasPrefix(b.media, "multipart/") {
		reason := "no boundary is declared"
		if boundary := b.parameter("boundary"); boundary != "" {
			reason = "the declared boundary does not occur"
			if p.delimiter = append([]byte("--"), boundary...); p.begin() {
				return p
			}
		}
		r.malformed("multipart", -1, reason)
	}
	if p.delimiter = boundaryOf(b.data); p.delimiter == nil || !p.begin() {
		p.done = true
	}
	return p
}

// boundaryOf returns the delimiter that data begins with: a line of two hyphens
// and more, with a header field of a part in the next.
func boundaryOf(data []byte) []byte {
	line, next, ok := bytes.Cut(data[:min(len(data), sniffBytes)], []byte("\n"))
	line = bytes.TrimRight(line, " \t\r")
	const header = "content-"
	if !ok || len(line) < 3 || line[0] != '-' || line[1] != '-' || len(next) < len(header) || !bytes.EqualFold(next[:len(header)], []byte(header)) {
		return nil
	}
	return line
}

// begin goes behind the first delimiter, whose line ends as all lines do.
func (p *parts) begin() bool {
	for from := 0; ; {
		i := bytes.Index(p.rest[from:], p.delimiter)
		if i < 0 {
			return false
		}
		i += from
		from = i + 1
		if i > 0 && p.rest[i-1] != '\n' {
			continue
		}
		for _, end := range []string{"\r\n", "\n"} {
			p.lineEnd = []byte(end)
			if size, last := p.delimits(p.rest[i:]); size > 0 {
				p.rest, p.done = p.rest[i+size:], last
				return true
			}
		}
	}
}

// delimits returns the size of the delimiter that text begins with, its line
// whole; 0: there is none.
func (p *parts) delimits(text []byte) (size int, last bool) {
	rest := text[len(p.delimiter):]
	if last = bytes.HasPrefix(rest, []byte("--")); last {
		rest = rest[2:]
	}
	rest = bytes.TrimLeft(rest, " \t")
	switch {
	case bytes.HasPrefix(rest, p.lineEnd):
		return len(text) - len(rest) + len(p.lineEnd), last
	case last && len(rest) == 0:
		return len(text), last
	}
	return 0, false
}

// next returns the next part that has a head; ok is false at the end.
func (p *parts) next() (one part, ok bool) {
	for !p.done {
		at, size, last := p.delimiterIn(p.rest)
		region := p.rest[:at]
		p.rest, p.done = p.rest[at+size:], last || size == 0
		one = part{whole: size > 0}
		if !one.whole && !p.body.truncated {
			p.malformed("multipart", len(p.body.data), "a part does not end")
		}
		head, content, headed := cutHead(region)
		if !headed {
			if one.whole {
				p.malformed("multipart", len(p.body.data)-len(p.rest), "the head of a part does not end")
			}
			continue
		}
		if one.whole {
			content = bytes.TrimSuffix(content, p.lineEnd)
		}
		one.content = content[:len(content):len(content)]
		p.readHead(head, &one)
		return one, true
	}
	return one, false
}

// delimiterIn finds the next delimiter: where it begins, and how long it is; with
// size 0 there is none up to the end.
func (p *parts) delimiterIn(text []byte) (at, size int, last bool) {
	for {
		i := bytes.Index(text[at:], p.delimiter)
		if i < 0 {
			return len(text), 0, false
		}
		at += i
		if at == 0 || bytes.HasSuffix(text[:at], p.lineEnd) {
			if size, last = p.delimits(text[at:]); size > 0 {
				return at, size, last
			}
		}
		at++
	}
}

// cutHead cuts a part behind the empty line.
func cutHead(region []byte) (head, content []byte, ok bool) {
	for at := 0; ; {
		i := bytes.IndexByte(region[at:], '\n')
		if i < 0 {
			return nil, nil, false
		}
		if i == 0 || i == 1 && region[at] == '\r' {
			return region[:at], region[at+i+1:], true
		}
		at += i + 1
	}
}

// readHead reads the header fields that matter. Of two the first counts.
func (p *parts) readHead(head []byte, one *part) {
	var disposition, contentType []byte
	for len(head) > 0 {
		var line []byte
		line, head = unfolded(head)
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		into := &disposition
		switch name = trimBlank(name); {
		case bytes.EqualFold(name, []byte("Content-Disposition")):
		case bytes.EqualFold(name, []byte("Content-Type")):
			into = &contentType
		default:
			continue
		}
		if *into != nil {
			p.duplicate("multipart", -1, string(name))
			continue
		}
		*into = trimBlank(value)
	}
	p.readDisposition(asString(disposition), one)
	if _, params, ok := strings.Cut(asString(contentType), ";"); ok {
		one.charset = (&body{params: params}).parameter("charset")
	}
}

// asString is b as a string, as long as nothing changes b.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// unfolded cuts the first header field off; one that goes on in further lines is
// put on one (RFC 5322 §2.2.3).
func unfolded(head []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(head, []byte("\n"))
	if len(rest) == 0 || rest[0] != ' ' && rest[0] != '\t' {
		return line, rest
	}
	line = bytes.Clone(line)
	for len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		var more []byte
		more, rest, _ = bytes.Cut(rest, []byte("\n"))
		line = append(append(bytes.TrimRight(line, "\r \t"), ' '), bytes.TrimLeft(more, " \t")...)
	}
	return line, rest
}
