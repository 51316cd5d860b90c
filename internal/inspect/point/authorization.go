package point

import (
	"encoding/base64"
	"strings"
)

// maxBasicBytes is how long Basic credentials may be to be read, encoded.
const maxBasicBytes = 1 << 10

// Credentials splits the value of an Authorization header into its scheme and
// the rest (RFC 9110 §11.4). A value of one word has no scheme: many clients send
// a bare token.
func Credentials(value string) (scheme, rest string) {
	value = trim(value)
	blank := strings.IndexByte(value, ' ')
	if blank < 0 {
		return "", value
	}
	return value[:blank], trim(value[blank+1:])
}

// BasicUser returns the user name in Basic credentials (RFC 7617), which may be
// empty; ok is false when they are not readable.
func BasicUser(credentials string) (user string, ok bool) {
	credentials = strings.TrimRight(credentials, "=")
	if len(credentials) > maxBasicBytes {
		return "", false
	}
	var text [maxBasicBytes]byte
	n, err := base64.RawStdEncoding.Decode(text[:], []byte(credentials))
	if err != nil {
		return "", false
	}
	colon := strings.IndexByte(string(text[:n]), ':')
	if colon < 0 {
		return "", false
	}
	return string(text[:colon]), true
}
