package point

import "bytes"

// stream says how a body is made of several documents.
type stream uint8

const (
	noStream       stream = iota
	eventStream           // server-sent events (WHATWG HTML §9.2)
	lineStream            // newline-delimited JSON
	sequenceStream        // JSON text sequences (RFC 7464)
)

// streamOf says what kind of stream a body is declared to be, or looks like
// where the declaration does not tell.
func streamOf(media string, text []byte) stream {
	switch media {
	case "text/event-stream":
		return eventStream
	case "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines", "application/json-lines", "application/jsonlines":
		return lineStream
	case "application/json-seq", "application/geo+json-seq":
		return sequenceStream
	}
	switch {
	case len(text) > 0 && text[0] == recordSeparator:
		return sequenceStream
	case bytes.HasPrefix(text, []byte("data:")) || bytes.HasPrefix(text, []byte("event:")):
		return eventStream
	case looksLikeLines(text):
		return lineStream
	}
	return noStream
}

// looksLikeLines reports whether an object or array ends with its line and the
// next line begins one: no single JSON document has that.
func looksLikeLines(text []byte) bool {
	line, rest, more := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimSpace(line); !more || len(line) < 2 {
		return false
	}
	begin, end, next := line[0], line[len(line)-1], firstByte(rest)
	return (begin == '{' || begin == '[') && (end == '}' || end == ']') && (next == '{' || next == '[')
}

const recordSeparator = 0x1e

// documents cuts a stream into its documents, empty ones left out.
type documents struct {
	kind stream
	rest []byte
	data []byte // of an event, where it has several lines
}

// next returns the next document; ok is false at the end. An event without a
// final blank line counts: the stream may have been cut, or broken off.
func (d *documents) next() (doc []byte, ok bool) {
	for len(d.rest) > 0 {
		switch d.kind {
		case eventStream:
			doc = d.nextEvent()
		case sequenceStream:
			doc, d.rest, _ = bytes.Cut(d.rest, []byte{recordSeparator})
		default:
			doc, d.rest, _ = bytes.Cut(d.rest, []byte("\n"))
		}
		if len(bytes.TrimLeft(doc, " \t\r\n")) > 0 {
			return doc, true
		}
	}
	return nil, false
}

// nextEvent returns the data of the next event: its data lines, joined.
func (d *documents) nextEvent() (data []byte) {
	lines := 0
	for len(d.rest) > 0 {
		line := d.line()
		if len(line) == 0 {
			if lines > 0 {
				return data
			}
			continue
		}
		value, isData := bytes.CutPrefix(line, []byte("data"))
		if !isData || len(value) > 0 && value[0] != ':' {
			continue
		}
		value = bytes.TrimPrefix(bytes.TrimPrefix(value, []byte(":")), []byte(" "))
		switch lines++; lines {
		case 1:
			data = value
			continue
		case 2:
			d.data = append(d.data[:0], data...)
		}
		d.data = append(append(d.data, '\n'), value...)
		data = d.data
	}
	return data
}

// line cuts the next line off, which ends with CR, LF or both.
func (d *documents) line() []byte {
	end := bytes.IndexAny(d.rest, "\r\n")
	if end < 0 {
		line := d.rest
		d.rest = nil
		return line
	}
	line, rest := d.rest[:end], d.rest[end+1:]
	if d.rest[end] == '\r' && len(rest) > 0 && rest[0] == '\n' {
		rest = rest[1:]
	}
	d.rest = rest
	return line
}
