package endpoint

import (
	"bytes"
	"strings"

	"sojourn/internal/inspect/point"
)

const (
	// maxSegments is how many segments a template has before its Rest.
	maxSegments = 24
	// maxTemplate is the length in bytes at which a template goes over to its Rest.
	maxTemplate = 256
	// maxSegment is the longest segment, in bytes on the wire, that is looked into;
	// a longer one is {text}.
	maxSegment = 128
)

// Template returns the structural template of a path as it is on the wire. The
// result is plain ASCII without control characters. Two spellings of one path
// give one template: percent-encoding is normalised (RFC 3986 §6.2.2), and
// parameters behind a semicolon are left out.
func Template(path string) string { return string(appendTemplate(nil, path, path)) }

// appendTemplate appends the template of path. What its segments would tell in
// clear is taken from kept, the same path with secrets masked.
func appendTemplate(b []byte, path, kept string) []byte {
	start, clean := len(b), path == kept
	for n := 0; ; n++ {
		segment, rest, more := strings.Cut(path, "/")
		if n > maxSegments || len(b)-start > maxTemplate {
			return append(b, Rest...)
		}
		at := len(b)
		b = appendSegment(b, segment, !more)
		if !clean {
			var masked string
			masked, kept, _ = strings.Cut(kept, "/")
			if masked != segment && bytes.IndexByte(b[at:], '{') < 0 { // not a placeholder
				b = appendSegment(b[:at], masked, !more)
			}
		}
		switch {
		case !more && len(b) == start:
			return append(b, '/') // no path at all
		case !more:
			return b
		}
		b, path = append(b, '/'), rest
	}
}

func appendSegment(b []byte, raw string, last bool) []byte {
	if params := strings.IndexByte(raw, ';'); params >= 0 {
		raw = raw[:params]
	}
	if len(raw) > maxSegment {
		return append(b, "{text}"...)
	}
	var buf [maxSegment]byte
	s := raw
	if strings.IndexByte(raw, '%') >= 0 {
		s = string(point.AppendUnescaped(buf[:0], raw, false))
	}
	dot := strings.LastIndexByte(s, '.')
	if last && dot > 0 && staticExtension(s[dot+1:]) {
		return appendLiteral(b, s)
	}
	// An id with its type in front, as in /charges/ch_1NirD82eZvKYlo2C.
	if cut := strings.IndexByte(s, '_'); cut > 0 && cut <= maxPrefix && isLower(s[:cut]) {
		if class := classify(s[cut+1:]); class != "" {
			return append(append(b, s[:cut+1]...), class...)
		}
	}
	if class := classify(s); class != "" {
		return append(b, class...)
	}
	// An id with a format behind it, as in /orders/42.json.
	if dot > 0 && isExtension(s[dot+1:]) {
		if class := classify(s[:dot]); class != "" {
			return appendLiteral(append(b, class...), s[dot:])
		}
	}
	return appendLiteral(b, s)
}

// maxPrefix is the longest type in front of an id.
const maxPrefix = 8

// appendLiteral writes a decoded segment in its one normal form. A brace is
// encoded, so that no path can pretend to be a template.
func appendLiteral(b []byte, s string) []byte {
	const upperHex = "0123456789ABCDEF"
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~!$&'()*+,=:@", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return b
}

func isExtension(s string) bool { return len(s) >= 2 && len(s) <= 5 && isLetters(s) }

func isLower(s string) bool { return isLetters(s) && strings.ToLower(s) == s }

func isLetters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != ""
}

// staticExtension reports whether a file of that kind keeps its name.
func staticExtension(ext string) bool {
	if len(ext) > 5 {
		return false
	}
	var buf [5]byte
	low := append(buf[:0], ext...)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c | 0x20
		}
	}
	switch string(low) {
	case "js", "mjs", "css", "map", "html", "htm", "txt", "md", "ico", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "bmp",
		"woff", "woff2", "ttf", "otf", "eot", "mp3", "mp4", "webm", "ogg", "wav", "mov", "pdf", "zip", "gz", "tgz", "tar", "bz2",
		"xz", "7z", "jar", "exe", "dmg", "deb", "rpm", "apk", "iso", "wasm", "swf", "php", "asp", "aspx", "jsp", "cgi", "pl":
		return true
	}
	return false
}
