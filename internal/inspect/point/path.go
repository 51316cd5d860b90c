package point

import "strings"

// MaxPathBytes is how much of a path is read.
const MaxPathBytes = 64 << 10

// PathParameters scans the parameters that stand behind a semicolon in the
// segments of a path, as in /cart;jsessionid=1/items (RFC 3986 §3.3). The zero
// value scans nothing.
type PathParameters struct{ rest string }

// ScanPath begins a scan of a path as it is on the wire.
func ScanPath(path string) PathParameters {
	return PathParameters{rest: path[:min(len(path), MaxPathBytes)]}
}

// Next returns the next parameter; ok is false at the end. Its strings are parts
// of the path.
func (p *PathParameters) Next() (param Parameter, ok bool) {
	for {
		start := strings.IndexByte(p.rest, ';')
		if start < 0 {
			p.rest = ""
			return Parameter{}, false
		}
		p.rest = p.rest[start+1:]
		end := strings.IndexAny(p.rest, "/;")
		if end < 0 {
			end = len(p.rest)
		}
		pair := p.rest[:end]
		p.rest = p.rest[end:]
		if pair != "" {
			return parameterOf(pair), true
		}
	}
}

var pathFormat = format{name: "path", side: Request, place: inHead, keys: segmentKeys, read: readPath, parts: []*format{
	{name: "parameter", keys: nameKeys},
}}

// readPath yields the path as it came, its segments percent-decoded and without
// their parameters, and those parameters. A segment without characters has an
// index but no value.
func readPath(r *run, n *node, _ []byte) {
	path := r.x.Path
	if len(path) > MaxPathBytes {
		path = path[:MaxPathBytes]
		r.limit("path", LimitPathBytes)
	}
	if n.isValue() && path != "" {
		r.valueString(n, path)
	}
	r.pathParameters(n.step("parameter"), path)
	if n.hasKeys() {
		r.segments(n, strings.TrimPrefix(path, "/"))
	}
}

func (r *run) segments(n *node, path string) {
	for i, more := 0, true; more; i++ {
		if i == r.Segments {
			r.limit("path", LimitSegments)
			return
		}
		var segment string
		segment, path, more = strings.Cut(path, "/")
		child := n.index(i)
		if child == nil {
			continue
		}
		r.pathParameters(child.step("parameter"), segment)
		if segment, _, _ = strings.Cut(segment, ";"); segment != "" {
			r.unescaped(child, segment)
		}
	}
}

func (r *run) pathParameters(n *node, path string) {
	if n == nil {
		return
	}
	scan := ScanPath(path)
	for room := r.Parameters; ; room-- {
		p, ok := scan.Next()
		if !ok {
			return
		}
		if room == 0 {
			r.limit("path", LimitParameters)
			return
		}
		value := p.Value
		if strings.IndexByte(value, '%') >= 0 {
			value = string(AppendUnescaped(nil, value, false))
		}
		r.occurrence(n, p.Name, value)
	}
}

// unescaped takes a value in percent-encoding, in which + is a plus.
func (r *run) unescaped(n *node, s string) {
	begin := len(r.scratch)
	r.scratch = AppendUnescaped(r.scratch, s, false)
	r.value(n, r.scratch[begin:len(r.scratch):len(r.scratch)])
}
