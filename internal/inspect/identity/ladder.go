package identity

import (
	"strings"

	"sojourn/internal/inspect/point"
	"sojourn/internal/record"
)

// place is where in a request a value may stand.
type place uint8

const (
	inHeader place = iota // names canonical
	inCookie              // names exact, or with one * when glob
	inQuery               // the case of names does not count
	inPath                // the case of names does not count
)

// read is how a value is read out of its place.
type read uint8

const (
	readWhole        read = iota
	readCredentials       // a token behind the scheme Bearer or Token, or an opaque one alone
	readToken             // a token, with such a scheme or without
	readClaim             // issuer and claim of a JWT
	readAPIKey            // together with what the network rung knows
	readAPIKeyScheme      // the same, behind a scheme such as ApiKey
	readBasicUser
)

// step is one step of the ladder: a key, one place of it, and how to read it.
type step struct {
	key      string
	place    place
	name     string
	glob     bool
	except   []string // prefixes that a glob does not mean
	chunked  bool
	withName string // a second cookie that belongs to the value, when there
	read     read
	claim    string
	shape    shape

	// Compiled.

	slot   int
	with   int                  // slot of withName; -1: none
	points [networkKinds]string // canonical text; by network kind where it counts
}

// A slot is a distinct place and name; several steps may read the same one.
var ladder, slots = compile(builtin)

// slotTable finds slots by what stands in a request.
type slotTable struct {
	count   int
	headers map[string]int
	cookies map[string]int
	query   map[string]int
	path    map[string]int
	globs   []globSlot
	byFirst [256][]int    // globs with a prefix, by its first byte
	byLast  [256][]int    // globs without, by the last byte of their suffix
	globOf  [maxSlots]int // place in globs, plus 1
	chunked [maxSlots]bool
}

// globSlot is a cookie name with one *.
type globSlot struct {
	prefix, suffix string
	except         []string
	shape          shape
	slot           int
}

func compile(steps []step) ([]step, *slotTable) {
	t := &slotTable{headers: map[string]int{}, cookies: map[string]int{}, query: map[string]int{}, path: map[string]int{}}
	for i := range steps {
		s := &steps[i]
		s.slot, s.with = t.slotOf(s), -1
		if s.withName != "" {
			s.with = t.slotOf(&step{place: inCookie, name: s.withName})
		}
		if s.chunked {
			t.chunked[s.slot] = true
		}
		p := s.at(s.name).String()
		if s.with >= 0 {
			p += " + " + point.Cookie(s.withName).String()
		}
		for n := range s.points {
			s.points[n] = p
			if s.read == readAPIKey || s.read == readAPIKeyScheme {
				if text := networkKeys[n].point; text != "" {
					s.points[n] += " + " + text
				}
			}
		}
	}
	return steps, t
}

func (t *slotTable) slotOf(s *step) int {
	if s.glob {
		return t.globSlotOf(s)
	}
	index := map[place]map[string]int{inHeader: t.headers, inCookie: t.cookies, inQuery: t.query, inPath: t.path}[s.place]
	name := s.name
	if s.place == inQuery || s.place == inPath {
		name = strings.ToLower(name)
	}
	slot, ok := index[name]
	if !ok {
		slot = t.count
		t.count++
		index[name] = slot
	}
	return slot
}

func (t *slotTable) globSlotOf(s *step) int {
	g := globSlot{except: s.except, shape: s.shape, slot: t.count}
	t.count++
	g.prefix, g.suffix, _ = strings.Cut(s.name, "*")
	if g.prefix != "" {
		t.byFirst[g.prefix[0]] = append(t.byFirst[g.prefix[0]], len(t.globs))
	} else {
		last := g.suffix[len(g.suffix)-1]
		t.byLast[last] = append(t.byLast[last], len(t.globs))
	}
	t.globs = append(t.globs, g)
	t.globOf[g.slot] = len(t.globs)
	return g.slot
}

// cookieGlob returns the slot of a glob that a cookie name matches, or -1.
func (t *slotTable) cookieGlob(name string) int {
	if len(name) > maxGlobName {
		return -1
	}
	for _, lists := range [2][]int{t.byFirst[name[0]], t.byLast[name[len(name)-1]]} {
		for _, i := range lists {
			if t.globs[i].match(name) {
				return t.globs[i].slot
			}
		}
	}
	return -1
}

// chunk returns the slot of a cookie that may be split, when name is that of a
// part of it; else -1.
func (t *slotTable) chunk(name string) (base string, n, slot int) {
	base, n, ok := chunkOf(name)
	if !ok {
		return "", 0, -1
	}
	slot, exact := t.cookies[base]
	if !exact {
		slot = t.cookieGlob(base)
	}
	if slot < 0 || !t.chunked[slot] {
		return "", 0, -1
	}
	return base, n, slot
}

// chunkOf takes the number off the name of a cookie that was split: name.0
// (Auth.js, Auth0, Supabase), name_0 (oauth2-proxy), name-0 (AWS ELB), nameC1
// (ASP.NET).
func chunkOf(name string) (base string, n int, ok bool) {
	end := len(name)
	for end > 0 && len(name)-end < 3 && '0' <= name[end-1] && name[end-1] <= '9' {
		end--
		n += int(name[end]-'0') * [...]int{1, 10, 100}[len(name)-end-1]
	}
	if end == len(name) || end < 2 || n >= maxChunks || strings.IndexByte("._-C", name[end-1]) < 0 {
		return "", 0, false
	}
	return name[:end-1], n, true
}

func (g *globSlot) match(name string) bool {
	if len(name) <= len(g.prefix)+len(g.suffix) || !strings.HasPrefix(name, g.prefix) || !strings.HasSuffix(name, g.suffix) {
		return false
	}
	for _, e := range g.except {
		if strings.HasPrefix(name, e) {
			return false
		}
	}
	return true
}

// glob returns the glob of a slot, or nil.
func (t *slotTable) glob(slot int) *globSlot {
	if i := t.globOf[slot]; i > 0 {
		return &t.globs[i-1]
	}
	return nil
}

// at is where the step looks; name is the one that was found, when it is a glob.
func (s *step) at(name string) (p point.Point) {
	switch s.place {
	case inHeader:
		p = point.Header(name)
	case inCookie:
		p = point.Cookie(name)
	case inQuery:
		p = point.Query(name)
	case inPath:
		p = point.PathParameter(name)
	}
	switch s.read {
	case readClaim:
		p = p.JWTPayload(s.claim)
	case readBasicUser:
		p = p.BasicUser()
	}
	return p
}

// pointOf is the canonical text of where the value was found.
func (s *step) pointOf(v *values, n network) string {
	if s.glob {
		return s.at(v.globName(s.slot)).String()
	}
	return s.points[n.kind]
}

// Key is one line of the ladder, for people.
type Key struct {
	Rank     int             `json:"rank"`
	Rung     record.Rung     `json:"rung"`
	Key      string          `json:"key"`
	Point    string          `json:"point"`
	Strength record.Strength `json:"strength"`
	Scope    string          `json:"scope,omitempty"` // "application", or where else it counts only there
	Note     string          `json:"note,omitempty"`  // what the value must be like
}

// Keys lists the built-in set and the network rung in the order they are tried.
// Rank counts from 0: it is the number of keys tried before, as a request's
// Tried tells it.
func Keys() []Key {
	keys := make([]Key, 0, len(ladder)+len(networkKeys))
	for i := range ladder {
		s := &ladder[i]
		k := Key{Rank: i, Rung: record.RungBuiltin, Key: s.key, Point: s.points[networkAddressAgent], Strength: s.strength()}
		switch s.read {
		case readClaim:
			k.Scope = "application, without an issuer"
			k.Note = "together with the issuer; claimed, unless a key of the policy's jwks signed it"
		case readAPIKey, readAPIKeyScheme, readBasicUser:
			k.Scope = "application"
		}
		switch {
		case s.glob && s.shape == shapeOpaque:
			k.Note = "* stands for any name; " + opaqueNote
		case s.glob:
			k.Note = "* stands for any name"
		case s.read == readCredentials:
			k.Note = "scheme Bearer or Token; without a scheme " + opaqueNote
		case s.read == readAPIKeyScheme:
			k.Note = "scheme ApiKey, Api-Key or Key"
		case s.shape == shapeOpaque && s.read != readClaim:
			k.Note = opaqueNote
		}
		if s.chunked {
			k.Note = strings.TrimPrefix(k.Note+"; also split into numbered cookies", "; ")
		}
		keys = append(keys, k)
	}
	for _, n := range networkKeys {
		keys = append(keys, Key{Rank: len(ladder), Rung: record.RungNetwork, Key: n.name, Point: n.point, Strength: record.StrengthNetwork, Scope: "application", Note: n.note})
	}
	return keys
}
