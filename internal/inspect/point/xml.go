package point

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
)

// Elements and attributes go by their local name, whatever namespace they are in
// (request.xml["Envelope"]), by the prefix that is written (["soap:Envelope"]),
// or by their namespace (["{http://schemas.xmlsoap.org/soap/envelope/}Envelope"];
// ["{}a"] is in none).
//
// A name stands for the first of its siblings, a bracket behind it for one of
// them by index or for all; [*] in place of a name is every child element.
var xmlFormat = format{
	name: "xml", place: inBody | inValue, keys: elementKeys, apart: true, text: true,
	read: readXML, readBody: readXMLBody, accepts: acceptsXML,
	parts: []*format{{name: "attr", keys: attributeKeys, apart: true}},
}

// elementKeys is for elements: ["a"]["b"][1]["c"][*], [*]["b"].
func elementKeys(keys []Key) (int, string) {
	if len(keys) == 0 {
		return 0, `an element's name as in ["x"], or [*]`
	}
	for i, k := range keys {
		if k.By == ByIndex && (i == 0 || keys[i-1].By != ByName) {
			return i, `an element's name as in ["x"], or [*]`
		}
	}
	return 0, ""
}

// attributeKeys is for attributes, which do not repeat.
func attributeKeys(keys []Key) (int, string) {
	if len(keys) == 0 || keys[0].By == ByIndex {
		return 0, `a name as in ["x"], or [*]`
	}
	if len(keys) > 1 {
		return 1, "no second bracket"
	}
	return 0, ""
}

// MaxNamespaces is how many namespace declarations are heeded at one place.
const MaxNamespaces = 64

// The limits that only XML has.
const (
	// LimitEntities is met by any entity that a document declares: no entity but
	// those of XML itself is replaced.
	LimitEntities   Limit = "entities"
	LimitNamespaces Limit = "namespaces"
)

// acceptsXML takes what is declared to be XML, and what begins like it.
func acceptsXML(b *body) bool {
	return strings.Contains(b.media, "xml") || firstByte(b.utf8) == '<'
}

// readXML reads one document (XML 1.0, Namespaces in XML 1.0) to its end without
// building a tree of it. The value of an element is the text that stands directly
// in it, without the white space around; one that has only elements in it yields
// nothing. Declarations of a document type are passed over: nothing is fetched,
// no entity is replaced, no default is known. Characters are not checked.
func readXML(r *run, n *node, data []byte) {
	if reason, at := r.readElements(n, xmlText(data)); reason != "" {
		r.malformed("xml", at, reason)
	}
}

// readXMLBody knows the charset that the header declares: it counts more than
// the one that the document declares (RFC 7303 §3.2).
func readXMLBody(r *run, n *node, text []byte) {
	if r.body.parameter("charset") == "" {
		text = xmlText(r.body.data)
	}
	before := len(r.out.values)
	reason, at := r.readElements(n, text)
	if reason == "" || r.body.truncated && at >= len(text) {
		return
	}
	// What only looked like XML, such as a page in HTML, is not wrong for being none.
	if r.body.media == "" || strings.Contains(r.body.media, "xml") || len(r.out.values) > before {
		r.malformed("xml", at, reason)
	}
}

// readElements reads a document and returns what is wrong with it, and where.
func (r *run) readElements(n *node, text []byte) (reason string, at int) {
	s := xmlScan{run: r, data: text, room: r.Members, outer: r.xml.depths(), root: matched{node: n}}
	for s.next() {
	}
	r.xml.cut(s.outer)
	return s.reason, s.at
}

// xmlText is a document as UTF-8: by its byte order mark or its zero bytes, else
// as it declares itself (XML 1.0 appendix F).
func xmlText(data []byte) []byte {
	e := charsetOf("", data)
	if e == nil {
		e = xmlDeclared(data)
	}
	if e != nil {
		return toUTF8(e, data)
	}
	return withoutMark(data)
}

// xmlDeclared returns the encoding of an XML declaration, nil for UTF-8 and what
// is not known. Whoever can read the declaration sees that it is not UTF-16.
func xmlDeclared(data []byte) encoding.Encoding {
	rest, ok := bytes.CutPrefix(data, []byte("<?xml"))
	if !ok {
		return nil
	}
	declaration := asString(rest[:min(len(rest), sniffBytes)])
	declaration, _, ok = strings.Cut(declaration, "?>")
	if !ok {
		return nil
	}
	_, value, ok := strings.Cut(declaration, "encoding")
	value = strings.TrimLeft(value, " \t\r\n=")
	if !ok || value == "" || value[0] != '"' && value[0] != '\'' {
		return nil
	}
	name, _, ok := strings.Cut(value[1:], value[:1])
	if !ok || hasPrefixFold(name, "utf") || hasPrefixFold(name, "iso-10646") {
		return nil
	}
	e, err := htmlindex.Get(name)
	if err != nil {
		return nil
	}
	return e
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
