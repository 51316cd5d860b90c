package exchange

// Body is the captured start of a body. Its zero value captures nothing.
type Body struct {
	Bytes     []byte
	Truncated bool // more came than Limit
	Limit     int  // bytes
}

// Write keeps p up to the limit; it never fails, so that it can stand in a tee.
func (b *Body) Write(p []byte) (int, error) {
	room := max(b.Limit-len(b.Bytes), 0)
	if len(p) > room {
		b.Truncated = b.Limit > 0
		b.Bytes = append(b.Bytes, p[:room]...)
		return len(p), nil
	}
	b.Bytes = append(b.Bytes, p...)
	return len(p), nil
}
