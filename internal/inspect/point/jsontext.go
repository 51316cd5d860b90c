package point

import (
	"unicode/utf16"
	"unicode/utf8"
)

// appendJSONString appends what a JSON string means, given what stands between
// its quotes. A half of a surrogate pair without the other is U+FFFD.
func appendJSONString(b, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c != '\\' || i+1 == len(text) {
			b = append(b, c)
			continue
		}
		i++
		switch c := text[i]; c {
		case 'b':
			b = append(b, '\b')
		case 'f':
			b = append(b, '\f')
		case 'n':
			b = append(b, '\n')
		case 'r':
			b = append(b, '\r')
		case 't':
			b = append(b, '\t')
		case 'u':
			u := hex4(text[i+1:])
			if u < 0 {
				return b
			}
			i += 4
			if utf16.IsSurrogate(u) {
				low := rune(-1)
				if rest := text[i+1:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
					low = hex4(rest[2:])
				}
				if u = utf16.DecodeRune(u, low); u != utf8.RuneError {
					i += 6
				}
			}
			b = utf8.AppendRune(b, u)
		default:
			b = append(b, c)
		}
	}
	return b
}

// hex4 reads four hexadecimal digits; -1: there are none.
func hex4(s []byte) rune {
	if len(s) < 4 {
		return -1
	}
	var u rune
	for _, c := range s[:4] {
		digit := unhex(c)
		if digit < 0 {
			return -1
		}
		u = u<<4 | rune(digit)
	}
	return u
}

// firstByte is the first byte of a text behind white space; 0: there is none.
func firstByte(text []byte) byte {
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}
