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
