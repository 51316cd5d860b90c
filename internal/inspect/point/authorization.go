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

var basicFormat = format{name: "basic", place: inValue, keys: noKeys, group: true, read: readBasic, parts: []*format{
	{name: "user", keys: noKeys},
}}

// readBasic yields the user name of Basic credentials. There is no point for
// the password.
func readBasic(r *run, n *node, data []byte) {
	scheme, rest := Credentials(string(data[:min(len(data), maxBasicBytes)]))
	if scheme != "" && !strings.EqualFold(scheme, "Basic") {
		return
	}
	if user, ok := BasicUser(rest); ok {
		r.valueString(n.step("user"), user)
	} else if scheme != "" {
		r.malformed("basic", -1, "no credentials in base64")
	}
}
