package point

var urldecodeFormat = format{name: "urldecode", place: inValue, keys: noKeys, read: readURLDecode}

// readURLDecode decodes %XX, and + as a blank.
func readURLDecode(r *run, n *node, data []byte) {
	if !r.takeDecoded("urldecode", len(data)) {
		return
	}
	begin := len(r.scratch)
	r.scratch = AppendUnescaped(r.scratch, data, true)
	r.value(n, r.scratch[begin:len(r.scratch):len(r.scratch)])
}
