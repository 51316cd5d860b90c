package point

// traceID returns the trace id of a traceparent (W3C Trace Context §3.2), empty
// when it is none.
func traceID(parent []byte) string {
	const size = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	if len(parent) < size || len(parent) > size && (string(parent[:2]) == "00" || parent[size] != '-') || string(parent[:2]) == "ff" {
		return ""
	}
	zero := true
	for i, c := range parent[:size] {
		if dash := i == 2 || i == 35 || i == 52; dash != (c == '-') {
			return ""
		} else if !dash && (unhex(c) < 0 || 'A' <= c && c <= 'F') {
			return ""
		}
		zero = zero && (i < 3 || i >= 35 || c == '0')
	}
	if zero {
		return ""
	}
	return string(parent[3:35])
}
