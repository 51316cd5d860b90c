package importer

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// bodyLimit is how much of each body is kept for the inspection, in bytes.
const bodyLimit = 64 << 10

// harBody is postData or content: a text, in base64 when it says so, or the
// parameters of a form.
type harBody struct {
	text, encoding, mimeType string
	hasText                  bool
	params                   harFields
	size                     float64
	hasSize                  bool
}

func (b *harBody) decode(d harDecoder) error {
	_, err := d.object(func(name string) (err error) {
		switch name {
		case "text":
			b.hasText = d.PeekKind() == '"'
			return d.text(&b.text)
		case "encoding":
			return d.text(&b.encoding)
		case "mimeType":
			return d.text(&b.mimeType)
		case "params":
			return b.params.decode(d)
		case "size":
			b.hasSize, err = d.number(&b.size)
			return err
		}
		return d.SkipValue()
	})
	return err
}

// captured returns the start of a message's body as a live source would have
// captured it, and its size. A HAR holds bodies decoded, so the header must not
// announce an encoding that is gone.
func (m *harMessage) captured(h http.Header, x *exchange.Exchange) (body exchange.Body, size record.Measure) {
	size = record.Unknown
	switch {
	case m.hasBodySize && m.bodySize >= 0:
		size = bytesOf(m.bodySize)
	case m.body.hasSize && m.body.size >= 0:
		size = bytesOf(m.body.size)
	}
	content, ok := m.body.bytes(h)
	if !ok {
		x.Flag(record.FlagMalformed)
	}
	if m.body.params.cut {
		x.Flag(record.FlagValueCut)
	}
	if len(content) == 0 {
		return body, size
	}
	if size == record.Unknown && len(m.body.text) < clipString {
		size = record.Measure(len(content))
	}
	h.Del("Content-Encoding")
	if h.Get("Content-Type") == "" && m.body.mimeType != "" {
		h.Set("Content-Type", m.body.mimeType)
	}
	body.Limit = bodyLimit
	body.Write(content)
	return body, size
}

// bytes returns the body, or its start where the file's text was cut; false when
// its base64 cannot be read.
func (b *harBody) bytes(h http.Header) ([]byte, bool) {
	switch {
	case !b.hasText || b.text == "" && len(b.params.list) > 0:
		return b.form(h), true
	case b.encoding != "base64":
		return onTheWire(b.text, b.kind(h)), true
	}
	text := strings.TrimRight(b.text, "=")
	if len(text)%4 == 1 { // no length of base64: cut
		text = text[:len(text)-1]
	}
	content, err := base64.RawStdEncoding.DecodeString(text)
	return content, err == nil
}

// kind is the media type of the body.
func (b *harBody) kind(h http.Header) string { return cmp.Or(h.Get("Content-Type"), b.mimeType) }

// form writes the parameters as the body that they were read from.
func (b *harBody) form(h http.Header) []byte {
	if len(b.params.list) == 0 {
		return nil
	}
	media, options, _ := mime.ParseMediaType(b.kind(h))
	if media == "multipart/form-data" {
		return multipartForm(b.params.list, options["boundary"])
	}
	var out strings.Builder
	for i, p := range b.params.list {
		if i > 0 {
			out.WriteByte('&')
		}
		out.WriteString(formText(p.name) + "=" + formText(p.value))
	}
	return []byte(out.String())
}

// formText escapes s for a form unless the exporter left it escaped, as some do.
func formText(s string) string {
	if plain, err := url.QueryUnescape(s); err == nil && plain != s && url.QueryEscape(plain) == s {
		return s
	}
	return url.QueryEscape(s)
}

// multipartForm writes parts between the boundary that the header names; nothing
// when it names none that is valid.
func multipartForm(params []harField, boundary string) []byte {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	if err := w.SetBoundary(boundary); err != nil {
		return nil
	}
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "")
	for _, p := range params {
		disposition := fmt.Sprintf(`form-data; name="%s"`, quote.Replace(p.name))
		if p.file != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, quote.Replace(p.file))
		}
		head := textproto.MIMEHeader{"Content-Disposition": {disposition}}
		if p.kind != "" {
			head.Set("Content-Type", quote.Replace(p.kind))
		}
		part, _ := w.CreatePart(head) // a bytes.Buffer takes everything
		part.Write([]byte(p.value))
	}
	w.Close()
	return out.Bytes()
}

func bytesOf(n float64) record.Measure {
	const most = float64(1 << 53)
	return record.Measure(min(n, most))
}
