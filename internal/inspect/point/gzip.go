package point

var gzipFormat = format{name: "gzip", place: inValue, keys: noKeys, read: readGzip}

// readGzip decompresses gzip (RFC 1952) within the limits of nested decoding.
func readGzip(r *run, n *node, data []byte) {
	text, whole, err := r.unpackNested("gzip", codingGzip, data)
	if whole && err != nil {
		r.malformed("gzip", -1, "broken gzip")
	}
	if len(text) > 0 || err == nil {
		r.value(n, text)
	}
}

// unpackNested decompresses a value within the limits of nested decoding; whole
// is false when there is more.
func (r *run) unpackNested(format string, c coding, data []byte) (text []byte, whole bool, err error) {
	allowed, limit := r.Decoded-r.decoded, LimitDecoded
	if most := max(r.InflateFree, r.InflateRatio*len(data)); most < allowed {
		allowed, limit = most, LimitInflateRatio
	}
	begin := len(r.scratch)
	out, whole, err := r.unpack(r.scratch, c, data, allowed)
	r.scratch = out
	text = out[begin:len(out):len(out)]
	r.decoded += len(text)
	if !whole {
		r.limit(format, limit)
	}
	return text, whole, err
}
