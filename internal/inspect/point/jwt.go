package point

import (
	"bytes"
	"encoding/base64"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	// MaxJWTBytes is how long a JWT may be to be read.
	MaxJWTBytes = 16 << 10
	// MaxJSONDepth is how deep JSON may be nested to be read further.
	MaxJSONDepth = 64
)

// JWT tells how the reading of a token went. Nothing in it is verified.
type JWT struct {
	// OK: the token has the form of a JWT in compact form (RFC 7515 §7.1), with a
	// header that names its algorithm.
	OK bool
	// Duplicate: a member that was asked for occurs twice; the last one counts.
	Duplicate bool
	// Malformed: the payload is broken, or nested too deep, behind what was read.
	Malformed bool
}

// ReadJWT reads top-level members of a JWT's payload, whose names are given in
// want, into got, which must be as long. Strings, numbers and booleans yield
// their text; null, objects and arrays yield nothing. The token may have a
// "Bearer " prefix. Names match case-sensitively.
func ReadJWT(token string, want, got []string) JWT {
	token = Token(token)
	clear(got)
	// Every JSON object begins with a brace, which is an e in base64.
	if len(token) > MaxJWTBytes || len(token) < len("e.e.") || token[0] != 'e' {
		return JWT{}
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, three := strings.Cut(rest, ".")
	if !three || strings.IndexByte(signature, '.') >= 0 {
		return JWT{}
	}
	r := jwtReaders.Get().(*jwtReader)
	defer jwtReaders.Put(r)
	var alg [1]string
	if !r.decode(header) {
		return JWT{}
	}
	if h := r.members(jwtHeaderMembers, alg[:]); h.Malformed || alg[0] == "" || !r.decode(payload) {
		return JWT{}
	}
	t := r.members(want, got)
	t.OK = true
	return t
}

// Token returns value without the "Bearer " that may stand in front of a token.
func Token(value string) string {
	if scheme, rest := Credentials(value); strings.EqualFold(scheme, "Bearer") {
		return rest
	}
	return value
}

var jwtHeaderMembers = []string{"alg"}

// jwtReader is the scratch space of one reading.
type jwtReader struct {
	json  []byte
	name  []byte
	input bytes.Reader
	dec   *jsontext.Decoder
}

var jwtReaders = sync.Pool{New: func() any {
	return &jwtReader{dec: jsontext.NewDecoder(bytes.NewReader(nil))}
}}

// decode decodes base64url, with padding or without, into r.json.
func (r *jwtReader) decode(part string) bool {
	part = strings.TrimRight(part, "=")
	r.name = append(r.name[:0], part...)
	var err error
	r.json, err = base64.RawURLEncoding.AppendDecode(r.json[:0], r.name)
	return err == nil
}

// members reads the members of the object in r.json, as far as it is readable.
func (r *jwtReader) members(want, got []string) (t JWT) {
	r.input.Reset(r.json)
	r.dec.Reset(&r.input, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if r.dec.PeekKind() != '{' {
		t.Malformed = true
		return t
	}
	r.dec.ReadToken()
	var seen uint64
	for {
		switch r.dec.PeekKind() {
		case '"':
		case '}':
			return t
		default:
			t.Malformed = true
			return t
		}
		i, ok := r.memberName(want)
		if !ok {
			t.Malformed = true
			return t
		}
		value, ok := r.memberValue(i >= 0)
		if !ok {
			t.Malformed = true
			return t
		}
		if i >= 0 {
			t.Duplicate = t.Duplicate || seen&(1<<i) != 0
			seen |= 1 << i
			got[i] = value
		}
	}
}

// memberName reads a member's name and returns its place in want, or -1.
func (r *jwtReader) memberName(want []string) (int, bool) {
	raw, err := r.dec.ReadValue()
	if err != nil {
		return -1, false
	}
	r.name, _ = jsontext.AppendUnquote(r.name[:0], raw) // the error tells of invalid UTF-8
	for i := range want {
		if string(r.name) == want[i] {
			return i, true
		}
	}
	return -1, true
}

// memberValue reads a value, and returns the text of a scalar when it is wanted.
func (r *jwtReader) memberValue(wanted bool) (string, bool) {
	depth := r.dec.StackDepth()
	switch kind := r.dec.PeekKind(); kind {
	case '{', '[':
		for {
			if _, err := r.dec.ReadToken(); err != nil || r.dec.StackDepth() > MaxJSONDepth {
				return "", false
			}
			if r.dec.StackDepth() == depth {
				return "", true
			}
		}
	default:
		raw, err := r.dec.ReadValue()
		if err != nil {
			return "", false
		}
		if !wanted || kind == 'n' {
			return "", true
		}
		if kind == '"' {
			r.name, _ = jsontext.AppendUnquote(r.name[:0], raw)
			return string(r.name), true
		}
		return string(raw), true
	}
}

var jwtFormat = format{name: "jwt", place: inValue, keys: noKeys, group: true, read: readToken, parts: []*format{
	{name: "header", keys: anyKeys},
	{name: "payload", keys: anyKeys},
}}

// readToken yields the members of a token's header and payload, of an encrypted
// one (JWE, RFC 7516 §7.1) only of its header. A word in front, such as Bearer,
// and disclosures behind (SD-JWT) do not matter. Nothing is verified.
func readToken(r *run, n *node, data []byte) {
	if len(data) > MaxJWTBytes {
		r.limit("jwt", LimitJWTBytes)
		return
	}
	token := bytes.TrimSpace(data)
	token = token[bytes.LastIndexByte(token, ' ')+1:]
	token, _, _ = bytes.Cut(token, []byte("~"))
	header, rest, _ := bytes.Cut(token, []byte("."))
	dots := bytes.Count(rest, []byte("."))
	// Every JSON object begins with a brace, which is an e in base64.
	if len(header) == 0 || header[0] != 'e' || dots != 1 && dots != 3 {
		return
	}
	if !r.jwtPart(n.step("header"), header) || dots != 1 {
		return
	}
	payload, _, _ := bytes.Cut(rest, []byte("."))
	before := r.token
	r.token = heldToken{text: token}
	r.jwtPart(n.step("payload"), payload)
	r.token = before
}

// heldToken is the token whose payload is being read.
type heldToken struct {
	text []byte // nil: none
	kept []byte // its copy in the result, once a value needed it
}

// keepToken returns what a result keeps of the token that is being read, so that
// its signature can be verified; nil where nobody asked, or there is none.
func (r *run) keepToken() []byte {
	t := &r.token
	if !r.keepTokens || t.text == nil || t.kept != nil {
		return t.kept
	}
	tokens := r.out.tokens
	if len(tokens)+len(t.text) > r.TokenBytes {
		r.limit("jwt", LimitTokenBytes)
		return nil
	}
	begin := len(tokens)
	r.out.tokens = append(tokens, t.text...)
	t.kept = r.out.tokens[begin:len(r.out.tokens):len(r.out.tokens)]
	return t.kept
}

// jwtPart reads one part of a token, unless n is nil.
func (r *run) jwtPart(n *node, part []byte) bool {
	if n == nil {
		return true
	}
	text, ok := r.unbase64("jwt", part)
	if !ok || firstByte(text) != '{' {
		return false
	}
	if reason, at := r.json(n, text); reason != "" {
		r.malformed("jwt", at, reason)
	}
	return true
}
