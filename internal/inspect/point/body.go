package point

import "strings"

// body is a body made ready for reading.
type body struct {
	data      []byte // without content encodings
	utf8      []byte // data as UTF-8, once textBody was asked
	stream    stream // what kind of stream utf8 is, if any
	media     string // the declared media type in lower case, without parameters; empty: none
	params    string // what stands behind it
	truncated bool   // there was more than was captured or may be read
}

// readBody hands the body to the formats that points ask for and that it may be:
// what it is declared to be, and what it looks like.
func (r *run) readBody(root *node) {
	r.openBody()
	for _, s := range root.steps {
		f, data := s.format, r.body.data
		if f.place&inBody == 0 || len(data) == 0 && !f.bodiless {
			continue
		}
		if f.text {
			data = r.textBody()
		}
		if f.accepts != nil && !f.accepts(&r.body) {
			continue
		}
		read := f.read
		if f.readBody != nil {
			read = f.readBody
		}
		if f.documents && r.body.stream != noStream {
			r.readStream(read, s.node, data)
		} else {
			read(r, s.node, data)
		}
	}
}

// readStream reads a stream document by document.
func (r *run) readStream(read reader, n *node, data []byte) {
	for d := (documents{kind: r.body.stream, rest: data}); ; {
		doc, ok := d.next()
		if !ok {
			break
		}
		if r.event++; r.event >= r.Documents {
			r.limit("body", LimitDocuments)
			break
		}
		read(r, n, doc)
	}
	r.event = -1
}

// openBody finds the body of the run's side, says what it is declared to be, and
// decompresses it.
func (r *run) openBody() {
	captured, header := &r.x.RequestBody, r.x.Header
	if r.side == Response {
		captured, header = &r.x.ResponseBody, r.x.ResponseHeader
	}
	media, params, _ := strings.Cut(first(header["Content-Type"]), ";")
	r.body = body{data: captured.Bytes, media: lower(trim(media)), params: params, truncated: captured.Truncated}
	if captured.Truncated {
		r.limit("body", LimitBody)
	}
	if len(captured.Bytes) > 0 {
		r.decodeContent(header["Content-Encoding"])
	}
}

// textBody is the body as UTF-8.
func (r *run) textBody() []byte {
	b := &r.body
	if b.utf8 == nil && len(b.data) > 0 {
		b.utf8 = b.data
		if e := charsetOf(b.parameter("charset"), b.data); e != nil {
			b.utf8 = toUTF8(e, b.data)
		}
		b.utf8 = withoutMark(b.utf8)
		b.stream = streamOf(b.media, b.utf8)
	}
	return b.utf8
}

// parameter returns a parameter of the media type, without quotes; empty when
// it has none of that name (RFC 9110 §5.6.6).
func (b *body) parameter(name string) string {
	rest := b.params
	for rest != "" {
		var key string
		key, rest = cutAny(rest, "=;")
		if rest == "" || rest[0] == ';' {
			rest = strings.TrimPrefix(rest, ";")
			continue
		}
		var value string
		value, rest = parameterValue(rest[1:])
		if strings.EqualFold(trim(key), name) {
			return value
		}
	}
	return ""
}

// parameterValue reads a token or a quoted string, up to behind the semicolon.
func parameterValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if s == "" || s[0] != '"' {
		value, rest = cutAny(s, ";")
		return trim(value), strings.TrimPrefix(rest, ";")
	}
	end := quotedEnd(s)
	value = strings.TrimSuffix(s[1:end], `"`)
	if strings.IndexByte(value, '\\') >= 0 {
		var b []byte
		for i := 0; i < len(value); i++ {
			if value[i] == '\\' && i+1 < len(value) {
				i++
			}
			b = append(b, value[i])
		}
		value = string(b)
	}
	_, rest = cutAny(s[end:], ";")
	return value, strings.TrimPrefix(rest, ";")
}

// cutAny cuts s before the first of some bytes.
func cutAny(s, bytes string) (before, rest string) {
	if i := strings.IndexAny(s, bytes); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// lower is strings.ToLower for ASCII, which allocates only when it must.
func lower(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return strings.ToLower(s)
		}
	}
	return s
}
