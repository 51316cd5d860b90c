package duckdb

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// dimension is one of the things that a query groups by, as days keep it. Its
// words are the same for all days.
type dimension struct {
	*words
	name      string
	field     *store.Field // nil for the time
	parameter string
	sign      string // of the parameter, see contextName
	kind      keyKind
	dict      int // for keyCode
}

// keyKind is how rows tell the value of a dimension.
type keyKind int

const (
	keyCode    keyKind = iota // by a code, whose texts a dictionary has
	keyNumber                 // BIGINT
	keyAddress                // UUID, NULL for none
	keyID                     // UUID
	keyTruth                  // BOOLEAN
	keyText                   // VARCHAR
)

func newDimension(name string, w *words) dimension {
	d := dimension{words: w, name: name}
	d.field, d.parameter, _ = store.FieldOf(name)
	d.sign = contextName(d.parameter)
	if name == store.ByTime {
		d.field, d.kind = nil, keyNumber
		return d
	}
	dict, coded := dictionaryOf(d.field)
	switch {
	case coded:
		d.dict = dict
	case name == "status":
		d.kind = keyNumber
	case name == "ip":
		d.kind = keyAddress
	case name == "client":
		d.kind = keyID
	case name == "accepted":
		d.kind = keyTruth
	default:
		d.kind = keyText
	}
	return d
}

// dictionaryOf returns the dictionary that alone tells the values of a field.
func dictionaryOf(f *store.Field) (dict int, ok bool) {
	switch f.Name {
	case "endpoint":
		return dictEndpoint, true
	case "context":
		return dictContext, true
	case "mcp_method", "mcp_name":
		return dictMessage, true
	}
	in, ok := textFields[f.Name]
	return in.dict, ok
}

// sql is the value of the dimension over the columns of requests.
func (d *dimension) sql() string {
	switch {
	case d.kind == keyCode:
		return dictionaries[d.dict].codeColumn()
	case d.name == "attack":
		return "coalesce(type, '')" // of the attacks that are joined
	case d.name == "mcp_trace":
		return "trace"
	}
	return d.name
}

// word returns the number of the text of a value that is no code.
func (d *dimension) word(c *chunk, col, row int) uint32 {
	var raw [16]byte
	switch d.kind {
	case keyNumber:
		return d.number(columnOf[int64](c, col)[row])
	case keyAddress:
		if c.null(col, row) {
			return d.text("")
		}
		raw = c.id(col, row)
		return d.of(bytesOf(&raw), func() string { return netip.AddrFrom16(raw).Unmap().String() })
	case keyID:
		raw = c.id(col, row)
		return d.of(bytesOf(&raw), func() string { return record.SessionID(raw).String() })
	case keyTruth:
		return d.text(strconv.FormatBool(columnOf[bool](c, col)[row]))
	}
	return d.text(c.text(col, row))
}

// number returns the number of the text of n: of a time, where d is about times.
func (d *dimension) number(n int64) uint32 {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(n))
	return d.of(unsafe.String(&raw[0], len(raw)), func() string {
		if d.field == nil {
			return record.Time(n).String()
		}
		return strconv.FormatInt(n, 10)
	})
}

// bytesOf returns an id as a key of words, good for as long as id is.
func bytesOf(id *[16]byte) string { return unsafe.String(&id[0], len(id)) }

// words are the texts of a dimension by number.
type words struct {
	contains string // only texts that contain it count
	numbers  map[string]uint32
	texts    []string
}

// dropped is the number of texts that do not count.
const dropped = math.MaxUint32

// of returns the number of a text that the store holds as raw, which may change
// later.
func (w *words) of(raw string, text func() string) uint32 {
	if n, ok := w.numbers[raw]; ok {
		return n
	}
	t := text()
	if w.contains != "" && !store.ContainsFold(t, w.contains) {
		return dropped
	}
	n := uint32(len(w.texts))
	w.numbers[strings.Clone(raw)] = n
	w.texts = append(w.texts, t)
	return n
}

// text returns the number of a text that may change later.
func (w *words) text(t string) uint32 {
	return w.of(t, func() string { return strings.Clone(t) })
}

// entries are what the codes of one dictionary of one day stand for.
type entries struct {
	first []uint32            // a word by code; dropped for codes that do not count
	more  map[uint32][]uint32 // the further words of codes that have several
}

// smallDictionary is how many entries are looked at rather than chosen.
const smallDictionary = 4096

// readEntries reads the words of the codes that requests have which pass where.
func (s streamer) readEntries(ctx context.Context, d *dimension, where *condition, maxWords int) (*entries, error) {
	dict := dictionaries[d.dict]
	var codes, size int64
	if err := s.QueryRowContext(ctx, "SELECT count(*), coalesce(max(code) + 1, 0)::BIGINT FROM "+dict.table).Scan(&codes, &size); err != nil {
		return nil, err
	}
	texts, args := dict.texts, []any(nil)
	if in := textFields[d.name]; in.column != "" {
		texts = []string{in.column}
	}
	query := "SELECT code, " + strings.Join(texts, ", ") + " FROM " + dict.table
	if codes > smallDictionary && !where.everything() {
		query += " WHERE code IN (SELECT " + dict.codeColumn() + " FROM requests WHERE " + where.where() + ")"
		args = where.args
	}
	e := &entries{first: make([]uint32, size), more: map[uint32][]uint32{}}
	for i := range e.first {
		e.first[i] = dropped
	}
	return e, s.stream(ctx, query, args, func(c *chunk) error {
		for row, code := range columnOf[uint32](c, 0) {
			if err := e.add(d, code, c, row, len(texts)); err != nil {
				return err
			}
		}
		if len(d.texts) > maxWords {
			return store.ErrTooMany
		}
		return nil
	})
}

// add reads the words of one entry.
func (e *entries) add(d *dimension, code uint32, c *chunk, row, texts int) error {
	switch {
	case d.dict == dictContext:
		some := false
		err := contextValues(c.text(1, row), d.sign, func(v string) {
			some = true
			e.addWord(code, d.text(v))
		})
		if !some {
			e.addWord(code, d.text(""))
		}
		return err
	case texts == 1 && d.dict != dictFlags:
		e.addWord(code, d.text(c.text(1, row)))
		return nil
	}
	var r record.Request
	var of entry
	for i := range texts {
		of[i] = strings.Clone(c.text(1+i, row))
	}
	if err := setEntry(d.dict, &r, of); err != nil {
		return err
	}
	for _, v := range d.field.Values(&r, d.parameter) {
		e.addWord(code, d.text(v))
	}
	return nil
}

// addWord adds a word of a code, once.
func (e *entries) addWord(code, word uint32) {
	switch {
	case word == dropped || word == e.first[code]:
	case e.first[code] == dropped:
		e.first[code] = word
	case !slices.Contains(e.more[code], word):
		e.more[code] = append(e.more[code], word)
	}
}

// contextValues yields the values that the text of a context has under the name of
// sign, see contextName; they are good for as long as text is. The rest is not read.
func contextValues(text, sign string, yield func(string)) error {
	for {
		i := strings.Index(text, sign)
		if i < 0 {
			return nil
		}
		text = text[i+len(sign):]
		quoted := text[:quotedLength(text)]
		text = text[len(quoted):]
		if !strings.Contains(quoted, `\`) {
			yield(quoted[1 : len(quoted)-1])
			continue
		}
		value, err := jsontext.AppendUnquote(nil, quoted)
		if err != nil {
			return fmt.Errorf("the context of a request: %w", err)
		}
		yield(string(value))
	}
}

// quotedLength returns the length of the JSON string that text begins with.
func quotedLength(text string) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(text)
}
