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
			return d.of(nil, func() string { return "" })
		}
		raw = c.id(col, row)
		return d.of(raw[:], func() string { return netip.AddrFrom16(raw).Unmap().String() })
	case keyID:
		raw = c.id(col, row)
		return d.of(raw[:], func() string { return record.SessionID(raw).String() })
	case keyTruth:
		truth := strconv.FormatBool(columnOf[bool](c, col)[row])
		return d.of([]byte(truth), func() string { return truth })
	}
	text := c.text(col, row)
	return d.of([]byte(text), func() string { return strings.Clone(text) })
}

// number returns the number of the text of n: of a time, where d is about times.
func (d *dimension) number(n int64) uint32 {
	raw := binary.BigEndian.AppendUint64(nil, uint64(n))
	return d.of(raw, func() string {
		if d.field == nil {
			return record.Time(n).String()
		}
		return strconv.FormatInt(n, 10)
	})
}

// words are the texts of a dimension by number.
type words struct {
	contains string // only texts that contain it count
	numbers  map[string]uint32
	texts    []string
}

// dropped is the number of texts that do not count.
const dropped = math.MaxUint32

// of returns the number of a text that the store holds as raw.
func (w *words) of(raw []byte, text func() string) uint32 {
	if n, ok := w.numbers[string(raw)]; ok {
		return n
	}
	t := text()
	if w.contains != "" && !store.ContainsFold(t, w.contains) {
		return dropped
	}
	n := uint32(len(w.texts))
	w.numbers[string(raw)] = n
	w.texts = append(w.texts, t)
	return n
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
	if texts == 1 && d.dict != dictFlags && d.dict != dictContext {
		t := c.text(1, row)
		e.first[code] = d.of([]byte(t), func() string { return strings.Clone(t) })
		return nil
	}
	var values []string
	var err error
	if d.dict == dictContext {
		values, err = contextValues(c.text(1, row), d.parameter)
	} else {
		var r record.Request
		var of entry
		for i := range texts {
			of[i] = strings.Clone(c.text(1+i, row))
		}
		err = setEntry(d.dict, &r, of)
		values = d.field.Values(&r, d.parameter)
	}
	if err != nil {
		return err
	}
	var all []uint32
	for _, v := range values {
		if n := d.of([]byte(v), func() string { return v }); n != dropped {
			all = append(all, n)
		}
	}
	if len(all) > 0 {
		e.first[code] = all[0]
	}
	if len(all) > 1 {
		e.more[code] = all[1:]
	}
	return nil
}

// contextValues returns the values that the text of a context has under a name,
// each once, and the empty one where it has none. It does not read the rest.
func contextValues(text, name string) (values []string, err error) {
	sign := contextName(name)
	for {
		i := strings.Index(text, sign)
		if i < 0 {
			break
		}
		text = text[i+len(sign):]
		end := quotedLength(text)
		value, err := jsontext.AppendUnquote(nil, text[:end])
		if err != nil {
			return nil, fmt.Errorf("the context of a request: %w", err)
		}
		if v := string(value); !slices.Contains(values, v) {
			values = append(values, v)
		}
		text = text[end:]
	}
	if len(values) == 0 {
		values = []string{""}
	}
	return values, nil
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
