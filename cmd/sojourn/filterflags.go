package main

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"

	"sojourn/internal/store"
)

// filterFlags are the filters of the API, under the same names. Those of the
// fields are made from the store's: a flag for each, and hidden ones for the same
// field behind a prefix.
type filterFlags struct {
	From    string        `help:"Requests that started at or after it: RFC 3339, now, or back from now as -15m, -24h, -7d." placeholder:"TIME" group:"filters"`
	To      string        `help:"Requests that started before it." placeholder:"TIME" group:"filters"`
	Session string        `help:"Session id." placeholder:"ID" group:"filters"`
	Request string        `help:"Request id." placeholder:"ID" group:"filters"`
	Where   []whereFilter `help:"Any filter as the API takes it, such as not.has.status=5xx or context.tenant=7." sep:"none" placeholder:"FILTER" group:"filters"`
	kong.Plugins
}

// filterGroup tells of all filters at once what would be repeated with each.
var filterGroup = kong.Group{
	Key: "filters", Title: "Filters:",
	Description: `All must hold on the same request. One given several times: any of its values. Each field also as
--not-FIELD (none of the values), --has-FIELD (the session has such a request in the time range) and
--not-has-FIELD (it has none). An empty value means requests without one: --not-user= for those with a user.`,
}

// flagPrefixes are what may stand before a field, as flags and in the API.
var flagPrefixes = []struct{ flag, param string }{{"", ""}, {"not-", "not."}, {"has-", "has."}, {"not-has-", "not.has."}}

// flagOfParam is a flag of fieldFlags by its place, and what the API calls it.
type flagOfParam struct {
	name, param string
	field       *store.Field
	hidden      bool
}

func fieldFlags() (all []flagOfParam) {
	for _, p := range flagPrefixes {
		for i := range store.Fields {
			f := &store.Fields[i]
			all = append(all, flagOfParam{p.flag + strings.ReplaceAll(f.Name, "_", "-"), p.param + f.Name, f, p.flag != ""})
		}
	}
	return all
}

// addFieldFlags gives every filterFlags in a structure of commands its fields'
// flags; kong must not have seen it yet.
func addFieldFlags(v reflect.Value) {
	if v.Kind() != reflect.Struct {
		return
	}
	if v.Type() == reflect.TypeFor[filterFlags]() {
		v.FieldByName("Plugins").Set(reflect.ValueOf(kong.Plugins{newFieldFlags()}))
		return
	}
	for i := range v.NumField() {
		addFieldFlags(v.Field(i))
	}
}

// newFieldFlags returns a pointer to a structure with a list of texts for each of
// fieldFlags.
func newFieldFlags() any {
	var fields []reflect.StructField
	for i, f := range fieldFlags() {
		help := strings.ReplaceAll(f.field.Doc, "`", "")
		tag := fmt.Sprintf(`name:%q help:%s sep:"none" placeholder:%q group:"filters"`, f.name, strconv.Quote(help+"."), placeholders[f.field.Kind])
		if f.hidden {
			tag += ` hidden:""`
		}
		fields = append(fields, reflect.StructField{Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[[]string](), Tag: reflect.StructTag(tag)})
	}
	return reflect.New(reflect.StructOf(fields)).Interface()
}

var placeholders = map[store.Kind]string{
	store.KindText: "TEXT", store.KindGlob: "GLOB", store.KindEndpoint: "TEXT", store.KindContext: "NAME=VALUE",
	store.KindNumber: "RANGE", store.KindAddress: "ADDRESS",
}

// values are the filters as the API takes them.
func (f *filterFlags) values() url.Values {
	v := url.Values{}
	for _, one := range []struct{ name, text string }{{"from", f.From}, {"to", f.To}, {"session", f.Session}, {"request", f.Request}} {
		if one.text != "" {
			v.Set(one.name, one.text)
		}
	}
	if len(f.Plugins) > 0 {
		flags := reflect.ValueOf(f.Plugins[0]).Elem()
		for i, flag := range fieldFlags() {
			if texts := flags.Field(i).Interface().([]string); len(texts) > 0 {
				v[flag.param] = texts
			}
		}
	}
	for _, w := range f.Where {
		v.Add(w.name, w.value)
	}
	return v
}

// whereFilter is a filter with its prefixes, such as not.has.status=5xx.
type whereFilter struct{ name, value string }

// UnmarshalText reads NAME=VALUE; the API knows which names there are.
func (w *whereFilter) UnmarshalText(text []byte) error {
	var ok bool
	if w.name, w.value, ok = strings.Cut(string(text), "="); !ok {
		return fmt.Errorf("%q is not a filter such as not.has.status=5xx", text)
	}
	return nil
}

// partFlag keeps a session to one of its days.
type partFlag struct {
	Part string `help:"Only this UTC day of it, such as 2026-11-21." placeholder:"DAY"`
}

func (f *partFlag) add(v url.Values) {
	if f.Part != "" {
		v.Set("part", f.Part)
	}
}

// pageFlags walk through a list.
type pageFlags struct {
	Limit  *int   `help:"How many to list at the most, up to 1000 a page. 50 by default." placeholder:"N"`
	Cursor string `help:"Where the page before ended, as it said." placeholder:"CURSOR"`
	All    bool   `help:"List all pages."`
}

// pageAll is the size of the pages that --all asks for.
const pageAll = 1000

func (f *pageFlags) add(v url.Values) {
	if f.Cursor != "" {
		v.Set("cursor", f.Cursor)
	}
	switch {
	case f.Limit != nil: // whatever it is: the API says what it may be
		v.Set("limit", strconv.Itoa(*f.Limit))
	case f.All:
		v.Set("limit", strconv.Itoa(pageAll))
	}
}

// orderFlag turns a list around.
type orderFlag struct {
	Order string `help:"Least or oldest first: asc; most or newest first: desc." enum:",asc,desc" default:"" placeholder:"ORDER"`
}

func (f *orderFlag) add(v url.Values) {
	if f.Order != "" {
		v.Set("order", f.Order)
	}
}

// sortFlags order the list of sessions.
type sortFlags struct {
	Sort string `help:"What sessions are ordered by: ${sorts}. By started, when not given." enum:",${sorts}" default:"" placeholder:"SORT"`
	orderFlag
}

func (f *sortFlags) add(v url.Values) {
	if f.Sort != "" {
		v.Set("sort", f.Sort)
	}
	f.orderFlag.add(v)
}

// sortNames are the values of --sort.
func sortNames() string {
	var names []string
	for _, s := range store.Sorts {
		names = append(names, string(s))
	}
	return strings.Join(names, ", ")
}

// withinFlag bounds how long is searched.
type withinFlag struct {
	Within int64 `help:"How many milliseconds to search at the most, before what was found so far is told." name:"within-ms" placeholder:"MS"`
}

func (f *withinFlag) add(v url.Values) {
	if f.Within != 0 {
		v.Set("within_ms", strconv.FormatInt(f.Within, 10))
	}
}
