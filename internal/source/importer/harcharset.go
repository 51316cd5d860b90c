package importer

import (
	"mime"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// onTheWire is a text in the charset that its media type declares. A HAR holds
// texts decoded, while the header still names what they were decoded from. A
// character that the charset lacks becomes its substitute.
func onTheWire(text, mediaType string) []byte {
	plain := []byte(text)
	_, params, err := mime.ParseMediaType(mediaType)
	if err != nil || params["charset"] == "" {
		return plain
	}
	charset, err := htmlindex.Get(params["charset"])
	if err != nil || charset == unicode.UTF8 {
		return plain
	}
	encoded, err := encoding.ReplaceUnsupported(charset.NewEncoder()).Bytes(plain)
	if err != nil {
		return plain
	}
	return encoded
}
