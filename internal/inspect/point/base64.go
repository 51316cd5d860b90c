package point

var base64Format = format{name: "base64", place: inValue, keys: noKeys, read: readBase64}

// readBase64 decodes base64 (RFC 4648 §4) and base64url (§5), even mixed, with
// padding or without; white space in between does not count, as in MIME.
func readBase64(r *run, n *node, data []byte) {
	if text, ok := r.unbase64("base64", data); len(text) > 0 || ok {
		r.value(n, text)
	}
}

// unbase64 decodes up to what is no base64; ok: that was the end.
func (r *run) unbase64(format string, data []byte) (text []byte, ok bool) {
	if !r.takeDecoded(format, len(data)/4*3) {
		return nil, false
	}
	begin := len(r.scratch)
	var bad int
	r.scratch, bad = appendUnbase64(r.scratch, data)
	if bad < len(data) {
		r.malformed(format, bad, "no base64")
	}
	return r.scratch[begin:len(r.scratch):len(r.scratch)], bad == len(data)
}

// appendUnbase64 appends what data means to b, and returns how much of data
// could be read.
func appendUnbase64(b, data []byte) (_ []byte, read int) {
	var bits uint32
	var have, chars int
	for i, c := range data {
		v := base64Values[c]
		switch {
		case v < 64:
			bits, have, chars = bits<<6|uint32(v), have+6, chars+1
			if have >= 8 {
				have -= 8
				b = append(b, byte(bits>>have))
			}
		case v == base64Blank:
		case c == '=':
			return b, padding(data, i, chars)
		default:
			return b, i
		}
	}
	if chars%4 == 1 {
		return b, len(data) - 1 // six bits are no byte
	}
	return b, len(data)
}

// padding returns how much can be read when the padding begins at i.
func padding(data []byte, i, chars int) int {
	if chars%4 < 2 {
		return i
	}
	for ; i < len(data); i++ {
		if data[i] != '=' && base64Values[data[i]] != base64Blank {
			break
		}
	}
	return i
}

const (
	base64Blank = 64
	base64Bad   = 255
)

// base64Values are those of the characters of both alphabets.
var base64Values = func() (values [256]byte) {
	for i := range values {
		values[i] = base64Bad
	}
	for i := range 26 {
		values['A'+i], values['a'+i] = byte(i), byte(26+i)
	}
	for i := range 10 {
		values['0'+i] = byte(52 + i)
	}
	values['+'], values['-'], values['/'], values['_'] = 62, 62, 63, 63
	for _, c := range " \t\r\n" {
		values[c] = base64Blank
	}
	return values
}()
