package point

import (
	"strings"
	"unsafe"

	"golang.org/x/text/encoding"
)

var formFormat = format{
	name: "form", place: inBody | inValue, keys: nestedKeys, numeric: true, read: readForm, readBody: readFormBody,
	accepts: acceptsForm,
}

// acceptsForm takes what is declared to be a form, and text that begins like
// one: a name without blanks, then an equals sign.
func acceptsForm(b *body) bool {
	if b.media == "application/x-www-form-urlencoded" {
		return true
	}
	start := string(b.data[:min(len(b.data), sniffBytes)])
	name, _, assigned := strings.Cut(start, "=")
	return assigned && name != "" && !strings.ContainsAny(name, " \t\r\n<>{\"") && name[0] != '[' && !strings.HasPrefix(name, "--") && isText(b.data)
}

// readForm yields the parameters of a form (application/x-www-form-urlencoded).
func readForm(r *run, n *node, data []byte) { r.form(n, data, nil) }

// readFormBody knows the charset that the header declares: it is that of what
// percent-decoding yields.
func readFormBody(r *run, n *node, data []byte) {
	r.form(n, data, charsetOf(r.body.parameter("charset"), nil))
}

func (r *run) form(n *node, data []byte, charset encoding.Encoding) {
	// Nothing changes data during a run, and no value keeps a part of it.
	scan := QueryParameters{rest: unsafe.String(unsafe.SliceData(data), len(data))}
	r.parameters("form", n, &scan, charset)
}

// parameters takes the parameters that points ask for.
func (r *run) parameters(format string, n *node, scan *QueryParameters, charset encoding.Encoding) {
	for room := r.Parameters; ; room-- {
		p, ok := scan.Next()
		if !ok {
			return
		}
		if room == 0 {
			r.limit(format, LimitParameters)
			return
		}
		f := field{run: r, value: p.Value, charset: charset}
		if strings.ContainsAny(p.Name, "%+[") || charset != nil {
			begin := len(r.scratch)
			f.nested(n, f.unescape(p.Name))
			if f.text == nil {
				r.scratch = r.scratch[:begin] // nothing refers to it
			}
		} else {
			f.plain(n, p.Name)
		}
	}
}

// field is one parameter while its place in the tree is looked for.
type field struct {
	*run
	value   string
	text    []byte // value, decoded, once it was wanted
	charset encoding.Encoding

	// Of a part of a multipart form.

	content  []byte // in place of value, not encoded but for its charset
	filename []byte // nil: it is no file
	cut      bool   // only the beginning of the content is known
}

// plain takes a parameter without brackets in its name.
func (f *field) plain(n *node, name string) {
	child := n.nameString(name)
	if child == nil {
		return
	}
	var path uint64
	if child.shared {
		path = f.hash(name)
	}
	f.end(child, path)
}

// nested takes a parameter whose name may have brackets: p[x][y], p[] and p[0].
// An empty pair of brackets is the next element. Brackets that do not close, or
// that something stands behind, are a part of the name.
func (f *field) nested(n *node, name string) {
	open := strings.IndexByte(name, '[')
	if open <= 0 || name[len(name)-1] != ']' || !bracketed(name[open:]) {
		f.plain(n, name)
		return
	}
	base, rest := name[:open], name[open:]
	n = n.nameString(base)
	var path uint64
	if n != nil && n.many {
		path = f.hash(base)
	}
	for n != nil && rest != "" { // the tree ends the deepest name
		end := strings.IndexByte(rest, ']')
		key := rest[1:end]
		rest = rest[end+1:]
		n, path = f.enter(n, path, key, rest == "")
	}
	if n != nil {
		f.end(n, path)
	}
}

// bracketed reports whether s is nothing but pairs of brackets.
func bracketed(s string) bool {
	for s != "" {
		end := strings.IndexByte(s, ']')
		if s[0] != '[' || end < 0 || strings.IndexByte(s[1:end], '[') >= 0 {
			return false
		}
		s = s[end+1:]
	}
	return true
}

// enter goes from n into one pair of brackets. The elements of a list are also
// values of its name: the first of them is what the name without an index means.
func (f *field) enter(n *node, path uint64, key string, last bool) (*node, uint64) {
	i, isIndex := indexOf(key)
	switch {
	case key == "":
		i = f.next(n, path)
	case isIndex:
		f.passed(n, path, i)
	default:
		if n.many {
			path = pathTo(path, f.hash(key))
		}
		return n.nameString(key), path
	}
	if last {
		f.take(n)
	}
	return n.index(i), pathTo(path, uint64(i))
}

// end takes the value at the place that its name leads to, also as an element
// when the name alone came before.
func (f *field) end(n *node, path uint64) {
	f.take(n)
	if len(n.indexes) > 0 || n.rest != nil {
		f.take(n.index(f.next(n, path)))
	}
}

// take decodes the value when it is wanted.
func (f *field) take(n *node) {
	if n == nil || !n.isValue() {
		return
	}
	if f.filename != nil {
		f.run.value(n.step("filename"), f.filename)
	}
	if f.cut || f.visited[n.id] && !n.many {
		return
	}
	if f.text == nil {
		f.text = f.decoded()
	}
	f.run.value(n, f.text)
}

func (f *field) decoded() []byte {
	switch {
	case f.content == nil:
		return f.appendUnescaped(f.value)
	case f.charset == nil || !f.takeDecoded("multipart", len(f.content)):
		return f.content
	}
	return toUTF8(f.charset, f.content)
}

func (f *field) unescape(s string) string {
	b := f.appendUnescaped(s)
	return unsafe.String(unsafe.SliceData(b), len(b)) // of scratch, which stays as it is
}

func (f *field) appendUnescaped(s string) []byte {
	begin := len(f.scratch)
	f.scratch = AppendUnescaped(f.scratch, s, true)
	b := f.scratch[begin:len(f.scratch):len(f.scratch)]
	if f.charset != nil {
		b = toUTF8(f.charset, b)
	}
	if b == nil {
		b = []byte{} // an empty value is one
	}
	return b
}
