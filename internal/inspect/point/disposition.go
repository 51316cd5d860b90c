package point

import (
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// readDisposition reads the names of a field and of its file (RFC 7578 §4.2). Of
// a parameter that comes twice the first counts. The extended form of the file
// name (RFC 8187) counts where there is no plain one.
func (p *parts) readDisposition(value string, one *part) {
	_, rest := cutAny(value, ";")
	var plain, extended string
	var hasPlain, hasExtended bool
	for rest != "" {
		var name, value string
		name, rest = cutAny(rest[1:], "=;")
		if rest == "" || rest[0] == ';' {
			continue
		}
		value, rest = dispositionValue(rest[1:])
		var into *string
		var have *bool
		switch name = lower(trim(name)); name {
		case "name":
			into, have = &one.name, &one.named
		case "filename":
			into, have = &plain, &hasPlain
		case "filename*":
			into, have = &extended, &hasExtended
		default:
			continue
		}
		if *have {
			p.duplicate("multipart", -1, name)
			continue
		}
		*into, *have = value, true
	}
	switch {
	case hasPlain:
		one.filename = append([]byte{}, plain...)
	case hasExtended:
		one.filename = extendedValue(extended)
	}
}

// dispositionValue reads a token or a quoted string, up to the next semicolon. A
// backslash escapes a quote and itself only: some put paths of Windows in quotes
// as they are.
func dispositionValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	if s == "" || s[0] != '"' {
		value, rest = cutAny(s, ";")
		return trim(value), rest
	}
	var b []byte // once there is an escape
	begin, i := 1, 1
	for ; i < len(s) && s[i] != '"'; i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\') {
			b = append(b, s[begin:i]...)
			i++
			begin = i
		}
	}
	value = s[begin:i]
	if b != nil {
		value = string(append(b, value...))
	}
	_, rest = cutAny(s[i:], ";")
	return value, rest
}

// extendedValue decodes charset'language'value (RFC 8187 §3.2); what has not that
// form stays as it is.
func extendedValue(s string) []byte {
	charset, rest, ok := strings.Cut(s, "'")
	_, value, also := strings.Cut(rest, "'")
	if !ok || !also {
		return append([]byte{}, s...)
	}
	b := AppendUnescaped([]byte{}, value, false)
	if e, err := htmlindex.Get(charset); err == nil {
		b = toUTF8(e, b)
	}
	return b
}
