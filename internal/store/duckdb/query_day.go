package duckdb

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"sojourn/internal/record"
	"sojourn/internal/store"
)

// queryDay is one day of a query: which requests are counted by what.
type queryDay struct {
	*groups
	streamer
	*snapshot
	where   *condition
	summed  int64      // the sums count the requests below this row id
	blocked expression // whether a request was blocked
	keys    []dayKey   // by dimension
	base    int64      // of the groups of time: where the first one starts
	about   scope
}

// dayKey is how the answers of a day tell a dimension.
type dayKey struct {
	column  int      // of answers; -1 when all requests of the day are alike
	word    uint32   // then
	entries *entries // of codes
}

// scope is what the filter and the dimensions look at.
type scope struct {
	dicts  []int // dictionaries
	time   bool  // the start, to group by it
	range_ bool  // the start, to filter by it
	ips    bool  // the address, to group by it
	others bool  // anything else
}

func (g *groups) newDay(ctx context.Context, s streamer, date record.Day, h *has) (d *queryDay, err error) {
	d = &queryDay{groups: g, streamer: s}
	if d.snapshot, err = snapshotOf(ctx, s.Tx, date); err != nil {
		return nil, err
	}
	if err = s.QueryRowContext(ctx, "SELECT coalesce(max(rows), 0) FROM summed").Scan(&d.summed); err != nil {
		return nil, err
	}
	if d.where, err = compile(ctx, s.Tx, date, &g.q.Filter); err != nil {
		return nil, err
	}
	h.narrow(d.where)
	if err = d.narrow(ctx); err != nil {
		return nil, err
	}
	blocked, err := store.NewCondition("blocked", false, "true")
	if err == nil {
		d.blocked, err = compileCondition(ctx, s.Tx, &blocked)
	}
	d.about = scope{
		range_: len(inRange(date, &g.q.Filter).clauses) > 0,
		others: g.q.Session != nil || g.q.Request != nil || len(g.q.Has) > 0,
	}
	for i := range g.q.Where {
		d.about.addCondition(&g.q.Where[i])
	}
	return d, err
}

// narrow adds to the filter what Contains tells about codes. It may let texts pass
// that do not contain it, which are looked at later.
func (d *queryDay) narrow(ctx context.Context) error {
	if d.q.Contains == "" || d.dimensions[0].kind != keyCode {
		return nil
	}
	of := &d.dimensions[0]
	text, part := textFields[of.name].column, strings.ToLower(d.q.Contains)
	switch {
	case of.name == "endpoint":
		text = "method || ' ' || endpoint"
	case of.dict == dictContext:
		quoted, err := jsontext.AppendQuote(nil, part)
		if err != nil {
			return err
		}
		text, part = "context", string(quoted[1:len(quoted)-1])
	case text == "":
		return nil
	}
	e, err := findCodes(ctx, d.streamer.Tx, dictionaries[of.dict], expression{sql: "contains(lower(" + text + "), ?)", args: []any{part}})
	d.where.add(e)
	return err
}

func (s *scope) addCondition(c *store.Condition) {
	dict, coded := dictionaryOf(c.Field)
	if c.Field.Kind == store.KindEndpoint { // those without a method are also about the path
		coded = !slices.ContainsFunc(c.Texts, func(t string) bool { return !strings.Contains(t, " ") })
	}
	s.add(dict, coded)
}

func (s *scope) add(dict int, coded bool) {
	switch {
	case !coded:
		s.others = true
	case !slices.Contains(s.dicts, dict):
		s.dicts = append(s.dicts, dict)
	}
}

// wholeDay reports that nothing is looked at but the codes of one of some
// dictionaries, or nothing at all.
func (s *scope) wholeDay(dicts ...int) bool {
	return !s.others && !s.ips && !s.time && !s.range_ && (len(s.dicts) == 0 || len(s.dicts) == 1 && slices.Contains(dicts, s.dicts[0]))
}

// startOnly reports that nothing is looked at but the start, or nothing at all.
func (s *scope) startOnly() bool { return !s.others && !s.ips && len(s.dicts) == 0 }

// ipsOnly reports that nothing is looked at but the address.
func (s *scope) ipsOnly() bool {
	return s.ips && !s.others && !s.time && !s.range_ && len(s.dicts) == 0
}

// readKeys finds out how the day tells each dimension.
func (d *queryDay) readKeys(ctx context.Context) error {
	step := d.q.Step.Microseconds()
	columns := 0
	for i := range d.dimensions {
		of := &d.dimensions[i]
		k := dayKey{column: columns}
		switch {
		case of.field == nil:
			first, last := startOf(int64(d.date.Start()), step), startOf(int64((d.date+1).Start())-1, step)
			if d.base = first; first == last {
				k.column, k.word = -1, of.number(first)
			} else {
				d.about.time = true
			}
		case of.kind == keyCode:
			var err error
			if k.entries, err = d.readEntries(ctx, of, d.where, 2*d.most+smallDictionary); err != nil {
				return err
			}
			d.about.add(of.dict, true)
		case of.kind == keyAddress:
			d.about.ips = true
		default:
			d.about.others = true
		}
		if k.column >= 0 {
			columns++
		}
		d.keys = append(d.keys, k)
	}
	return nil
}

// startOf returns the start of the group of a width that t belongs to.
func startOf(t, width int64) int64 { return t - ((t%width)+width)%width }

// keyColumns begins the columns of an answer, and tells how many they are.
func (d *queryDay) keyColumns() (columns []string) {
	for i, k := range d.keys {
		if k.column < 0 {
			continue
		}
		sql := d.dimensions[i].sql()
		if d.dimensions[i].field == nil {
			sql = fmt.Sprintf("(started - %d) // %d", d.base, d.q.Step.Microseconds())
		}
		columns = append(columns, fmt.Sprintf("%s AS k%d", sql, k.column))
	}
	return columns
}

// each yields the groups that a row of an answer belongs to.
func (d *queryDay) each(c *chunk, row int, yield func(group uint32) error) error {
	var key groupKey
	var more [store.MaxBy][]uint32
	several := false
	for i := range d.keys {
		key[i], more[i] = d.words(c, row, i)
		several = several || len(more[i]) > 0
		if key[i] == dropped {
			return nil
		}
	}
	if several {
		return d.eachOf(key, &more, 0, yield)
	}
	n, err := d.of(key)
	if err != nil {
		return err
	}
	return yield(n)
}

// eachOf yields the groups of all combinations of words from dimension i on.
func (d *queryDay) eachOf(key groupKey, more *[store.MaxBy][]uint32, i int, yield func(group uint32) error) error {
	if i == len(d.keys) {
		n, err := d.of(key)
		if err != nil {
			return err
		}
		return yield(n)
	}
	if err := d.eachOf(key, more, i+1, yield); err != nil {
		return err
	}
	for _, key[i] = range more[i] {
		if err := d.eachOf(key, more, i+1, yield); err != nil {
			return err
		}
	}
	return nil
}

// words returns the words of a dimension in a row of an answer.
func (d *queryDay) words(c *chunk, row, dimension int) (first uint32, more []uint32) {
	k, of := &d.keys[dimension], &d.dimensions[dimension]
	switch {
	case k.column < 0:
		return k.word, nil
	case of.field == nil:
		return of.number(d.base + columnOf[int64](c, k.column)[row]*d.q.Step.Microseconds()), nil
	case of.kind == keyCode:
		code := columnOf[uint32](c, k.column)[row]
		if len(k.entries.more) == 0 {
			return k.entries.first[code], nil
		}
		return k.entries.first[code], k.entries.more[code]
	}
	return of.word(c, k.column, row), nil
}

// piece is some of the requests of the day: the rows of a relation.
type piece struct {
	from   string
	where  string
	args   []any
	sums   bool // the rows are counts of requests
	single bool // no two of them are of the same group, but for what words make one
}

// rows are the requests that are counted, with the attacks in them if those are
// grouped by.
func (d *queryDay) rows(among ...string) piece {
	where := strings.Join(append([]string{d.where.where()}, among...), " AND ")
	if !slices.Contains(d.q.By, "attack") {
		return piece{from: "requests", where: where, args: d.where.args}
	}
	return piece{from: "(SELECT * FROM requests WHERE " + where + ") AS asked LEFT JOIN (SELECT DISTINCT started, node, seq, type FROM " +
		d.attacks() + ") AS found USING (started, node, seq)", where: "true", args: d.where.args}
}

// since are the requests from a row id on.
func (d *queryDay) since(row int64) piece { return d.rows(fmt.Sprintf("rowid >= %d", row)) }

// sums are the pieces of the day of which one is counted already; nil when there
// are none such. What the filter asks holds for the sums alike: their columns are
// named like those of requests.
func (d *queryDay) sums() []piece {
	switch {
	case d.about.ipsOnly() && d.covered > 0 && !asks(d.q, "blocked", "errors", "error_share", "bytes"):
		from := "(SELECT unnest(ip) AS ip, unnest(" + countOrigin.column() + "_n) AS requests FROM parts)"
		return []piece{{from: from, where: d.where.where(), args: d.where.args, sums: true}, d.since(d.covered)}
	case d.summed == 0:
		return nil
	case len(d.about.dicts) == 1 && d.about.wholeDay(d.about.dicts[0]):
		dict := d.about.dicts[0]
		from := fmt.Sprintf("(SELECT code AS %s, requests, blocked, errors, bytes FROM codes WHERE dictionary = %d)", dictionaries[dict].codeColumn(), dict)
		grouped := len(d.keyColumns()) > 0 // by the code, there is nothing else
		return []piece{{from: from, where: d.where.where(), args: d.where.args, sums: true, single: grouped}, d.since(d.summed)}
	case d.about.startOnly() && (!d.about.time || d.q.Step%minuteWidth == 0):
		return d.minutes()
	}
	return nil
}

// minutes are the pieces of a time range: the whole minutes in it, what lies
// before and after those, and what came since they were counted.
func (d *queryDay) minutes() []piece {
	from, to := max(int64(d.q.From), int64(d.date.Start())), int64((d.date + 1).Start())
	if d.q.To != 0 {
		to = min(to, int64(d.q.To))
	}
	first, end := startOf(from+minute-1, minute), startOf(to, minute)
	if first >= end {
		return nil
	}
	pieces := []piece{
		{from: "(SELECT minute AS started, requests, blocked, errors, bytes FROM minutes)", where: fmt.Sprintf("started >= %d AND started < %d", first, end), sums: true},
		d.since(d.summed),
	}
	if from < first {
		pieces = append(pieces, d.rows(fmt.Sprintf("rowid < %d AND started < %d", d.summed, first)))
	}
	if to > end {
		pieces = append(pieces, d.rows(fmt.Sprintf("rowid < %d AND started >= %d", d.summed, end)))
	}
	return pieces
}
