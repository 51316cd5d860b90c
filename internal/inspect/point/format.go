package point

// A format is a step of the point language: its grammar, and the reader of what
// it addresses.
type format struct {
	name  string
	side  Side  // the only side that has it; empty: both
	place place // where it may stand; zero: as a part of another format only
	keys  keyRule

	canonical bool // its first key is the name of a header
	numeric   bool // in its further keys a number is an index, quoted or not
	apart     bool // [*] stays apart from the keys beside it: they mean different things

	// group: it has no value of its own, only its parts have. Every other format
	// yields values, which the formats with inValue may follow.
	group bool
	parts []*format // steps that only follow this one
	nests bool      // it may follow itself

	// read is nil for parts: the reader of the whole reads them.
	read reader

	// For bodies.

	readBody  reader             // in place of read, where a body is read in another way
	accepts   func(b *body) bool // whether a body is worth reading; nil: always
	text      bool               // it reads text: the body is converted to UTF-8 before
	documents bool               // it reads a stream of events one by one
	bodiless  bool               // it is asked also when there is no body
}

// A reader reads data, driven by the tree below n: what no point asks for is not
// decoded. It hands each value that it finds to run.value together with its
// node, what is wrong to run.malformed, and every limit that it meets to
// run.limit; what was read before an error counts. It must not keep data, which
// is nil for a format of the head: such a reader looks at run.x.
type reader func(r *run, n *node, data []byte)

// place says where a format may stand in a point.
type place uint8

const (
	inHead  place = 1 << iota // right after the side, read from the head
	inBody                    // right after the side, read from the body
	inValue                   // after any value
)

// formats is the point language. The order is the one in which error messages
// name them and in which an exchange is read.
func formats() []*format {
	return []*format{
		&headerFormat,
		&cookieFormat,
		&setCookieFormat,
		&queryFormat,
		&pathFormat,
		&hostFormat,
		&methodFormat,
		&schemeFormat,
		&protocolFormat,
		&ipFormat,
		&ja4Format,
		&statusFormat,
		&formFormat,
		&multipartFormat,
		&jsonFormat,
		&xmlFormat,
		&grpcFormat,
		&graphqlFormat,
		&mcpFormat,
		&jwtFormat,
		&basicFormat,
		&base64Format,
		&gzipFormat,
		&urldecodeFormat,
	}
}

// topFormats are those that may follow a side.
func topFormats(side Side) (top []*format) {
	for _, f := range formats() {
		if f.place&(inHead|inBody) != 0 && (f.side == "" || f.side == side) {
			top = append(top, f)
		}
	}
	return top
}

// followers are the formats that may follow f.
func (f *format) followers() []*format {
	next := append([]*format(nil), f.parts...)
	if f.nests {
		next = append(next, f)
	}
	if f.group {
		return next
	}
	for _, d := range formats() {
		if d.place&inValue != 0 {
			next = append(next, d)
		}
	}
	return next
}

// keyRule checks the keys of a step. It returns what was expected in place of
// which key, or nothing.
type keyRule func(keys []Key) (bad int, want string)

// noKeys is for a single value.
func noKeys(keys []Key) (int, string) {
	if len(keys) > 0 {
		return 0, "no brackets here"
	}
	return 0, ""
}

// nameKeys is for values with a name, which may repeat: ["x"], ["x"][1], ["x"][*].
func nameKeys(keys []Key) (int, string) {
	if len(keys) == 0 || keys[0].By == ByIndex {
		return 0, `a name as in ["x"], or [*]`
	}
	if len(keys) > 1 && keys[1].By == ByName {
		return 1, "an index or [*]"
	}
	if len(keys) > 2 {
		return 2, "no third bracket"
	}
	return 0, ""
}

// nestedKeys is for names with names or indexes inside: ["x"]["y"][0].
func nestedKeys(keys []Key) (int, string) {
	if len(keys) == 0 || keys[0].By == ByIndex {
		return 0, `a name as in ["x"], or [*]`
	}
	return 0, ""
}

// anyKeys is for documents, which may be a value themselves.
func anyKeys([]Key) (int, string) { return 0, "" }

// segmentKeys is for what is counted: nothing for the whole, [1], [*].
func segmentKeys(keys []Key) (int, string) {
	if len(keys) > 0 && keys[0].By == ByName {
		return 0, "an index or [*]"
	}
	if len(keys) > 1 {
		return 1, "no second bracket"
	}
	return 0, ""
}
