package importer

import "bytes"

// unescape undoes what web servers write into a quoted field of a log: \xhh and
// \xHH, \" and \\, and the letters of C. Apache uses all of them (mod_log_config,
// ap_escape_logitem), nginx only \xHH (ngx_http_log_escape). An escape that
// neither writes stays as it is. The result is b itself or lies in *scratch.
func unescape(b []byte, scratch *[]byte) []byte {
	i := bytes.IndexByte(b, '\\')
	if i < 0 {
		return b
	}
	out := append((*scratch)[:0], b[:i]...)
	for i < len(b) {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			i++
			continue
		}
		c := b[i+1]
		if plain := escapeLetter(c); plain != 0 {
			out = append(out, plain)
			i += 2
			continue
		}
		if c == 'x' && i+3 < len(b) {
			if hi, lo := hexDigit(b[i+2]), hexDigit(b[i+3]); hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 4
				continue
			}
		}
		out = append(out, '\\')
		i++
	}
	*scratch = out
	return out
}

func escapeLetter(c byte) byte {
	switch c {
	case '"', '\\':
		return c
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'v':
		return '\v'
	case 'f':
		return '\f'
	}
	return 0
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// closingQuote returns the index of the next quote in b that no backslash
// escapes and that ends a field: a space or nothing follows. -1 when there is none.
func closingQuote(b []byte) int {
	for from := 0; ; {
		i := bytes.IndexByte(b[from:], '"')
		if i < 0 {
			return -1
		}
		i += from
		slashes := 0
		for i-slashes > from && b[i-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 && (i+1 == len(b) || b[i+1] == ' ') {
			return i
		}
		from = i + 1
	}
}
