package identity

import (
	"strings"

	"sojourn/internal/inspect/point"
)

const (
	// maxSlots bounds the distinct places that the built-in set reads.
	maxSlots = 256
	// maxChunks bounds the numbered cookies that make up one.
	maxChunks = 16
	// maxGlobs bounds the globs of the built-in set: one request may have a cookie
	// of each.
	maxGlobs = 32
	// maxGlobName is the longest cookie name that a glob is tried on.
	maxGlobName = 128
	// maxParameterName is longer than any parameter name of the built-in set.
	maxParameterName = 32
)

// values holds what a request has in the places of the built-in set, read in one
// pass over each of its parts.
type values struct {
	found     [maxSlots]string
	any       bool // something was found
	truncated bool

	globNames [maxGlobs]globName
	globs     int
	chunks    chunks
	jwt       jwt
}

type globName struct {
	slot int
	name string
}

// chunks are the parts of one cookie that came in numbered ones. Of several such
// cookies in one request the first of the ladder counts, whatever their order.
type chunks struct {
	any   bool
	slot  int
	base  string
	parts [maxChunks]string
}

func (v *values) read(r *Request) {
	for name, lines := range r.Header {
		if slot, ok := slots.headers[name]; ok {
			for _, line := range lines {
				v.put(slot, line)
			}
		}
	}
	v.readCookies(r.Header["Cookie"])
	query := point.ScanQuery(r.Query)
	for p, ok := query.Next(); ok; p, ok = query.Next() {
		v.parameter(slots.query, p, true)
	}
	path := point.ScanPath(r.Path)
	for p, ok := path.Next(); ok; p, ok = path.Next() {
		v.parameter(slots.path, p, false)
	}
	v.truncated = v.truncated || query.Cut
}

func (v *values) readCookies(lines []string) {
	scan := point.ScanCookies(lines)
	for {
		name, value, ok := scan.Next()
		if !ok {
			break
		}
		if slot, ok := slots.cookies[name]; ok {
			v.put(slot, value)
		} else if base, n, slot := slots.chunk(name); slot >= 0 {
			v.putChunk(slot, base, n, value)
		} else if slot := slots.cookieGlob(name); slot >= 0 {
			v.putGlob(slot, name, value)
		}
	}
	v.truncated = v.truncated || scan.Cut
	if c := &v.chunks; c.any && v.found[c.slot] == "" {
		if slots.glob(c.slot) != nil {
			v.nameGlob(c.slot, c.base)
		}
		v.found[c.slot], v.any = strings.Join(c.parts[:], ""), true
	}
}

// put keeps the first value of a slot that is one.
func (v *values) put(slot int, value string) {
	if v.found[slot] == "" && !none(value) {
		v.found[slot], v.any = value, true
	}
}

// putGlob is put; of several names that one glob means the least counts, so that
// the order of cookies, which browsers change, does not.
func (v *values) putGlob(slot int, name, value string) {
	if none(value) || slots.glob(slot).shape == shapeOpaque && !opaque(value) {
		return
	}
	for i := range v.globs {
		if g := &v.globNames[i]; g.slot == slot {
			if name < g.name {
				g.name, v.found[slot] = name, value
			}
			return
		}
	}
	v.nameGlob(slot, name)
	v.found[slot], v.any = value, true
}

// nameGlob keeps under which name a glob was found; it is called once for each.
func (v *values) nameGlob(slot int, name string) {
	v.globNames[v.globs] = globName{slot, name}
	v.globs++
}

func (v *values) putChunk(slot int, base string, n int, value string) {
	c := &v.chunks
	switch {
	case none(value):
		return
	case c.any && slot == c.slot && base == c.base:
	case c.any && (slot > c.slot || slot == c.slot && base > c.base):
		return
	default:
		*c = chunks{any: true, slot: slot, base: base}
	}
	if c.parts[n] == "" {
		c.parts[n] = value
	}
}

func (v *values) globName(slot int) string {
	for _, g := range v.globNames[:v.globs] {
		if g.slot == slot {
			return g.name
		}
	}
	return ""
}

// parameter keeps a parameter whose name, decoded and in lower case, is in index;
// plus says whether + is a blank, as it is in a query and not in a path.
func (v *values) parameter(index map[string]int, p point.Parameter, plus bool) {
	if p.Value == "" || len(p.Name) > 3*maxParameterName {
		return
	}
	var buf [3 * maxParameterName]byte
	name := point.AppendUnescaped(buf[:0], p.Name, plus)
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			name[i] = c | 0x20
		}
	}
	if slot, ok := index[string(name)]; ok {
		if plus {
			v.put(slot, point.Unescape(p.Value))
		} else {
			v.put(slot, string(point.AppendUnescaped(nil, p.Value, false)))
		}
	}
}

// jwt is what was read of the token in one slot; a request seldom has two.
type jwt struct {
	slot         int
	read         bool
	issuer       string
	sid, subject string
}

// token reads the JWT in a slot; all claims are empty when it holds none.
func (v *values) token(slot int) *jwt {
	if !v.jwt.read || v.jwt.slot != slot {
		var got [3]string
		point.ReadJWT(bare(v.found[slot]), jwtClaims[:], got[:])
		v.jwt = jwt{slot: slot, read: true, issuer: got[0], sid: got[1], subject: got[2]}
	}
	return &v.jwt
}

var jwtClaims = [...]string{"iss", "sid", "sub"}

func (t *jwt) claim(name string) string {
	if name == "sid" {
		return t.sid
	}
	return t.subject
}
