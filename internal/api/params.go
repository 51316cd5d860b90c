package api

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sojourn/internal/export"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// fieldPrefix stands before the name of a field and changes what is asked of it.
type fieldPrefix struct {
	text, doc string
	not, has  bool
}

var prefixes = []fieldPrefix{
	{"", "Requests that have one of the values", false, false},
	{"not.", "Requests that have none of the values", true, false},
	{"has.", "Requests of sessions of which some request in the time range, the same or another, has one of the values", false, true},
	{"not.has.", "Requests of sessions of which no request in the time range has one of the values", true, true},
}

// filterParams are the filters of every list, in the order they are documented.
var filterParams = slices.Concat([]param{
	shared(param{name: "from", example: "-24h", doc: "Requests that started at or after it: RFC 3339, `now`, or back from now as `-15m`, `-24h`, `-7d`",
		set: single("from", func(q *question, v string) (err error) { q.From, err = parseTime(v, q.now); return err })}),
	shared(param{name: "to", example: "now", doc: "Requests that started before it, written like `from`",
		set: single("to", func(q *question, v string) (err error) { q.To, err = parseTime(v, q.now); return err })}),
}, fieldParams(), []param{
	shared(param{name: "session", example: "9d71154dadd331c60b2f3a41c1d0e5aa", doc: "Session id",
		set: single("session", func(q *question, v string) error { return one(&q.Session, v, record.ParseSessionID) })}),
	shared(param{name: "request", example: "01JV3Q7F2M9T4B8X00AB", doc: "Request id",
		set: single("request", func(q *question, v string) error { return one(&q.Request, v, record.ParseRequestID) })}),
})

// partParam keeps a question to one day.
var partParam = param{name: "part", example: "2026-11-21", doc: "Only the requests of this UTC day",
	schema: &huma.Schema{Type: huma.TypeString, Format: "date"},
	set: single("part", func(q *question, v string) error {
		day, err := record.ParseDay(v)
		switch {
		case err != nil:
			return err
		case day < 0:
			return fmt.Errorf("%q is before 1970", v) // its end could read as open to the store
		}
		q.From = max(q.From, day.Start())
		q.To = cmp.Or(min(q.To, (day+1).Start()), (day + 1).Start())
		return nil
	})}

// The parameters that walk through lists, and say in which order.
var (
	cursorParam = param{name: "cursor", doc: "`next` of the page before",
		set: single("cursor", func(q *question, v string) error { q.cursor = v; return nil })}
	sortParam = choice("sort", "What the list is ordered by, of the whole part: `started` when absent", store.Sorts,
		func(q *question, v store.Sort) { q.sort = v })
	fieldParam = param{name: "field", example: "user", doc: "The field, one that `GET /api/v1/schema` says can be grouped by, or `context.NAME`. Required",
		set: single("field", func(q *question, v string) error { q.field = v; return nil })}
	containsParam = param{name: "contains", example: "ma", doc: "Only values that contain it, whatever the case",
		set: single("contains", func(q *question, v string) error { q.contains = v; return nil })}
)

// The orders of a list.
const (
	orderUp   = "asc"
	orderDown = "desc"
)

// The parameters of each kind of route.
var (
	sessionOrderParams = []param{sortParam, orderParam(orderDown)}
	sessionListParams  = slices.Concat(filterParams, sessionOrderParams, []param{cursorParam, limitParam(store.DefaultLimit, store.MaxLimit), withinParam(listWithin)})
	countParams        = slices.Concat(filterParams, []param{withinParam(countWithin)})
	sessionParams      = append(without(filterParams, "session"), partParam)
	requestListParams  = slices.Concat(sessionParams, []param{orderParam(orderUp), cursorParam, limitParam(store.DefaultLimit, store.MaxLimit)})
	neighbourParams    = append(slices.Clone(filterParams[:2]), limitParam(defaultNeighbours, maxNeighbours))
	valueParams        = slices.Concat([]param{fieldParam, containsParam, limitParam(defaultValues, maxListedValues)}, filterParams)

	exportParams        = append([]param{formatParam(export.RequestFormats)}, filterParams...)
	exportSessionParams = append([]param{formatParam(export.RequestFormats)}, sessionParams...)
	exportPartParams    = slices.Concat([]param{formatParam(export.PartFormats)}, filterParams, sessionOrderParams)
)

func fieldParams() (all []param) {
	for _, p := range prefixes {
		for i := range store.Fields {
			all = append(all, fieldParamOf(&store.Fields[i], p))
		}
	}
	return all
}

// fieldParamOf makes the filter about a field. Context parameters have names of
// their own: each is a condition.
func fieldParamOf(f *store.Field, prefix fieldPrefix) param {
	p := param{name: prefix.text + f.Name, doc: f.Doc, example: f.Example, many: true, shared: true, open: f.Kind == store.KindContext}
	switch prefix.text {
	case "not.":
		p.doc = "None of these values of `" + f.Name + "`"
	case "has.":
		p.doc = "Sessions with a request that has one of these values of `" + f.Name + "`"
	case "not.has.":
		p.doc = "Sessions without any request that has one of these values of `" + f.Name + "`"
	}
	if p.open {
		p.doc += fmt.Sprintf(". `%s.tenant=7` asks the same as `%s=tenant=7`", p.name, p.name)
	}
	add := func(q *question, name, field string, values []string) error {
		for _, v := range values {
			if _, err := store.NewCondition(field, prefix.not, v); err != nil {
				return invalid(name, v, err)
			}
		}
		c, err := store.NewCondition(field, prefix.not, values...)
		if err != nil {
			return invalid(name, values[0], err)
		}
		if prefix.has {
			q.Has = append(q.Has, c)
		} else {
			q.Where = append(q.Where, c)
		}
		return nil
	}
	p.set = func(q *question, values []string) error { return add(q, p.name, f.Name, values) }
	p.setOpen = func(q *question, values map[string][]string) error {
		for _, v := range values[""] {
			name, value, ok := strings.Cut(v, "=")
			if !ok || name == "" {
				return invalid(p.name, v, fmt.Errorf("%q is not a name and a value such as tenant=7", clip(v)))
			}
			values[name] = append(slices.Clip(values[name]), value)
		}
		delete(values, "")
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if err := add(q, p.name, f.Name+"."+name, values[name]); err != nil {
				return err
			}
		}
		return nil
	}
	return p
}

// prefixed reports whether a parameter is a field behind a prefix.
func prefixed(name string) bool {
	return slices.ContainsFunc(prefixes[1:], func(p fieldPrefix) bool { return strings.HasPrefix(name, p.text) })
}

func shared(p param) param {
	p.shared = true
	return p
}

func orderParam(standard string) param {
	p := choice("order", "Least or oldest first with `asc`, most or newest first with `desc`", []string{orderUp, orderDown},
		func(q *question, v string) { q.order = v })
	p.schema.Default = standard
	return p
}

func limitParam(standard, most int) param {
	return param{name: "limit", doc: "How many to list at the most",
		schema: &huma.Schema{Type: huma.TypeInteger, Minimum: number(1), Maximum: number(float64(most)), Default: standard},
		set: single("limit", func(q *question, v string) (err error) {
			q.limit, err = parseNumber(v, most)
			return err
		})}
}

// withinParam is how long to search; it cannot be longer than a query may take.
func withinParam(standard time.Duration) param {
	most := int(listWithin.Milliseconds())
	return param{name: "within_ms", doc: "How many milliseconds to search at the most, before what was found so far is answered",
		schema: &huma.Schema{Type: huma.TypeInteger, Minimum: number(1), Maximum: number(float64(most)), Default: int(standard.Milliseconds())},
		set: single("within_ms", func(q *question, v string) error {
			n, err := parseNumber(v, most)
			q.within = time.Duration(n) * time.Millisecond
			return err
		})}
}

func formatParam(known []export.Format) param {
	return choice("format", "What to write. Required", known, func(q *question, v export.Format) { q.format = v })
}

func parseNumber(v string, most int) (int, error) {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > most {
		return 0, fmt.Errorf("%q is not a number from 1 to %d", clip(v), most)
	}
	return n, nil
}
