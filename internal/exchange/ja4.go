package exchange

// JA4Bytes is the length of a JA4.
const JA4Bytes = len(ja4Form)

// ja4Form is how a JA4 is written, a letter for each of its characters: the
// protocol, the TLS version, whether a name was asked for, the numbers of ciphers
// and of extensions, the first and last character of the first ALPN value; then
// digests of the ciphers, and of the extensions with the signature algorithms.
const ja4Form = "pvvsnnnnaa_hhhhhhhhhhhh_hhhhhhhhhhhh"

// SetJA4 takes a JA4 that somebody else computed, and reports whether text is one:
// anything else is left alone, so nothing of any other form or length passes. JA4
// is FoxIO's TLS client fingerprint,
// https://github.com/FoxIO-LLC/ja4/blob/main/technical_details/JA4.md.
//
// A client's JA4 changes when it resumes a TLS session, and the extensions that do
// not count cannot be taken out of a digest. So the fingerprint is what the
// resumption does not touch: protocol, version, name, and the ciphers.
func (x *Exchange) SetJA4(text string) bool {
	if !isJA4(text) {
		return false
	}
	x.JA4, x.Fingerprint = text, text[:6]+text[10:23]
	return true
}

func isJA4(s string) bool {
	if len(s) != len(ja4Form) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		digit := '0' <= c && c <= '9'
		ok := false
		switch ja4Form[i] {
		case 'p':
			ok = c == 't' || c == 'q' || c == 'd'
		case 'v':
			ok = digit || c == 's' || c == 'd'
		case 's':
			ok = c == 'd' || c == 'i'
		case 'n':
			ok = digit
		case 'a':
			ok = digit || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		case 'h':
			ok = digit || 'a' <= c && c <= 'f'
		case '_':
			ok = c == '_'
		}
		if !ok {
			return false
		}
	}
	return true
}
