package point

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// charsetOf returns the encoding of a text, nil for UTF-8, ASCII and what is not
// known. A byte order mark counts more than a declaration, as in the WHATWG
// Encoding Standard §6; without either, the zero bytes of UTF-16 tell.
func charsetOf(declared string, text []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return nil
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	if declared != "" {
		if strings.EqualFold(declared, "utf-8") {
			return nil
		}
		if e, err := htmlindex.Get(declared); err == nil && e != unicode.UTF8 {
			return e
		}
		return nil
	}
	switch {
	case len(text) >= 4 && text[0] != 0 && text[1] == 0 && text[2] != 0 && text[3] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case len(text) >= 4 && text[0] == 0 && text[1] != 0 && text[2] == 0 && text[3] != 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// withoutMark takes a byte order mark off.
func withoutMark(text []byte) []byte {
	return bytes.TrimPrefix(text, []byte("\ufeff"))
}

// toUTF8 converts text. What its encoding does not know becomes U+FFFD.
func toUTF8(e encoding.Encoding, text []byte) []byte {
	converted, err := e.NewDecoder().Bytes(text)
	if err != nil && len(converted) == 0 {
		return text
	}
	return withoutMark(converted)
}

// isText reports whether data begins as text does: UTF-8 without control
// characters.
func isText(data []byte) bool {
	data = data[:min(len(data), sniffBytes)]
	for i := 0; i < len(data); {
		c, size := utf8.DecodeRune(data[i:])
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == utf8.RuneError && size <= 1 && utf8.FullRune(data[i:]) {
			return false
		}
		i += size
	}
	return true
}

// sniffBytes is how much of a body is looked at to tell what it is.
const sniffBytes = 512
