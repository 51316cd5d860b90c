package point

var gzipFormat = format{name: "gzip", place: inValue, keys: noKeys, read: readGzip}

// readGzip decompresses gzip (RFC 1952) within the limits of nested decoding.
func readGzip(r *run, n *node, data []byte) {
	allowed, limit := r.Decoded-r.decoded, LimitDecoded
	if most := max(r.InflateFree, r.InflateRatio*len(data)); most < allowed {
		allowed, limit = most, LimitInflateRatio
	}
	begin := len(r.scratch)
	out, whole, err := r.unpack(r.scratch, codingGzip, data, allowed)
	r.scratch = out
	text := out[begin:len(out):len(out)]
	r.decoded += len(text)
	if !whole {
		r.limit("gzip", limit)
	} else if err != nil {
		r.malformed("gzip", -1, "broken gzip")
	}
	if len(text) > 0 || err == nil {
		r.value(n, text)
	}
}
