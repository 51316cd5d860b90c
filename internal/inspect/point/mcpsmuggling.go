package point

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"hash/maphash"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ProtocolSmuggling is the type of the findings that a Smuggling is.
const ProtocolSmuggling = "protocol_smuggling"

// Smuggling is a place of an exchange that one reader reads in another way than
// the next one: what a gateway lets through may not be what the server does.
type Smuggling struct {
	Side    Side
	Kind    SmugglingKind
	Message int    // place in Messages
	Detail  string // for people

	member string // that occurs twice
}

// SmugglingKind says what kind of smuggling one is.
type SmugglingKind string

const (
	// DuplicateMember is a member that an object has twice. JSON-RPC over MCP
	// rejects it; elsewhere the first or the last one counts.
	DuplicateMember SmugglingKind = "duplicate_member"
	// CaseVariant is a member that differs from one of the protocol's, or from
	// another one beside it, by case only: some decoders do not tell them apart.
	CaseVariant SmugglingKind = "case_variant"
	// HeaderMismatch is a header field that says something else than the body.
	HeaderMismatch SmugglingKind = "header_mismatch"
)

// smuggling keeps a finding, once, while there is room.
func (s *mcpScan) smuggling(f Smuggling) {
	m := &s.mcp.mcp
	f.Side, f.Message = s.side, len(m.Messages)
	for _, have := range m.Smuggling {
		if have.Kind == f.Kind && have.Side == f.Side && have.Detail == f.Detail {
			return
		}
	}
	if len(m.Smuggling) >= s.Notes {
		m.MoreSmuggling++
		return
	}
	m.Smuggling = append(m.Smuggling, f)
}

// mcpName is a name in an object that begins at a byte, told by a hash.
type mcpName struct {
	object int
	hash   uint64
	folded bool // of the name without its case
}

// once tells of a member that its object has already, and, with fold, of one that
// differs from another only by case.
func (s *mcpScan) once(object int, name []byte, fold bool) {
	w := &s.mcp
	if w.names == nil {
		w.names = make(map[mcpName]struct{})
	}
	if len(w.names) >= s.Names {
		s.limit("mcp", LimitNames)
		return
	}
	key := mcpName{object: object, hash: maphash.Bytes(s.seed, name)}
	if _, twice := w.names[key]; twice {
		s.smuggling(Smuggling{Kind: DuplicateMember, Detail: fmt.Sprintf("member %q occurs twice", shortened(name)), member: shortened(name)})
		return
	}
	w.names[key] = struct{}{}
	if !fold {
		return
	}
	w.folded = appendFolded(w.folded[:0], name)
	key = mcpName{object: object, hash: maphash.Bytes(s.seed, w.folded), folded: true}
	if _, twice := w.names[key]; twice {
		s.smuggling(Smuggling{Kind: CaseVariant, Detail: fmt.Sprintf("member %q occurs in another case too", shortened(name))})
	}
	w.names[key] = struct{}{}
}

// variant tells of a member that is one of the protocol's but for its case.
func (s *mcpScan) variant(name []byte, known ...string) {
	for _, k := range known {
		if bytes.EqualFold(name, []byte(k)) {
			s.smuggling(Smuggling{Kind: CaseVariant, Detail: fmt.Sprintf("member %q is not %s", shortened(name), k)})
		}
	}
}

// appendFolded appends a name without its case, as decoders do that do not tell
// cases apart: ſ is an s to them, and the sign of Kelvin a k.
func appendFolded(b, name []byte) []byte {
	for len(name) > 0 {
		c, size := utf8.DecodeRune(name)
		name = name[size:]
		least := c
		for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		b = utf8.AppendRune(b, least)
	}
	return b
}

// unique passes over a value and tells of members that any object in it has twice.
func (s *mcpScan) unique(fold bool) bool {
	object := s.at
	switch s.peek() {
	case '{':
		return s.eachMember(func(name []byte) bool {
			s.once(object, name, fold)
			return s.unique(false)
		})
	case '[':
		return s.eachElement(func() bool { return s.unique(false) })
	}
	return s.value(nil)
}

// compareHeaders tells of header fields that say something else than a message of
// the body; whole says that it was read to its end.
func (s *mcpScan) compareHeaders(m *MCPMessage, whole bool) {
	version := string(s.m.params.metaVersion)
	for _, stated := range s.x.Header[mcpVersionHeader] {
		if version != "" && stated != version {
			s.mismatch(mcpVersionHeader, stated, version)
		}
	}
	for _, stated := range s.x.Header[mcpMethodHeader] {
		if stated != m.Method {
			s.mismatch(mcpMethodHeader, stated, m.Method)
		}
	}
	for _, stated := range s.x.Header[mcpNameHeader] {
		if name := mcpHeaderText(stated); name != m.Name && (whole || m.Name != "") {
			s.mismatch(mcpNameHeader, name, m.Name)
		}
	}
}

func (s *mcpScan) mismatch(header, stated, body string) {
	s.smuggling(Smuggling{Kind: HeaderMismatch, Detail: fmt.Sprintf("header field %s is %q, the body has %q", header, shortened(stated), shortened(body))})
}

// mcpHeaderText decodes a value that a header field cannot hold as it is:
// =?base64?…?= (revision 2026-07-28, Value Encoding).
func mcpHeaderText(value string) string {
	packed, encoded := strings.CutPrefix(value, "=?base64?")
	packed, ends := strings.CutSuffix(packed, "?=")
	if !encoded || !ends {
		return value
	}
	text, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		return value
	}
	return string(text)
}

// shownBytes is how much of a name details show.
const shownBytes = 128

func shortened[T string | []byte](text T) string {
	if len(text) > shownBytes {
		return strings.ToValidUTF8(string(text[:shownBytes]), "") + "…"
	}
	return string(text)
}
