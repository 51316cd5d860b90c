package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sojourn/internal/record"
)

// Change is one difference between two policies.
type Change = record.PolicyChange

// Diff tells how b differs from a, in the order of the document. An item of a
// list is the same one while its name, point or place stays; where only the
// order differs, that is told.
func Diff(a, b *Policy) []Change {
	var d differ
	d.fields("", reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
	return d.changes
}

type differ struct{ changes []Change }

func (d *differ) add(path, before, after string) {
	if before != after {
		d.changes = append(d.changes, Change{Path: path, Before: before, After: after})
	}
}

func (d *differ) fields(path string, a, b reflect.Value) {
	for i, name := range fieldsOf(a.Type()) {
		inner := name
		if path != "" {
			inner = path + "." + name
		}
		switch a, b := a.Field(i), b.Field(i); {
		case a.Kind() == reflect.Struct && !isText(a):
			d.fields(inner, a, b)
		case a.Kind() == reflect.Slice && a.Type().Elem().Kind() == reflect.Struct && !isText(reflect.Zero(a.Type().Elem())):
			d.items(inner, a, b)
		default:
			d.add(inner, flowOf(a), flowOf(b))
		}
	}
}

// items compares lists of structs, item by item of the same title.
func (d *differ) items(path string, a, b reflect.Value) {
	before, after := titles(a), titles(b)
	was, is := places(before), places(after)
	for i, title := range before {
		if at, j := path+"["+title+"]", is[title]; j == 0 {
			d.add(at, flow(a.Index(i)), "")
		} else {
			d.fields(at, a.Index(i), b.Index(j-1))
		}
	}
	for i, title := range after {
		if was[title] == 0 {
			d.add(path+"["+title+"]", "", flow(b.Index(i)))
		}
	}
	d.add(path+" (order)", strings.Join(kept(before, is), ", "), strings.Join(kept(after, was), ", "))
}

// places returns where each title stands, counting from 1.
func places(titles []string) map[string]int {
	out := make(map[string]int, len(titles))
	for i, title := range titles {
		out[title] = i + 1
	}
	return out
}

// kept returns those of titles that other has too.
func kept(titles []string, other map[string]int) (out []string) {
	for _, title := range titles {
		if other[title] > 0 {
			out = append(out, title)
		}
	}
	return out
}

// titles returns what the items of a list are called, each once.
func titles(list reflect.Value) []string {
	out := make([]string, list.Len())
	times := map[string]int{}
	for i := range out {
		title := titleOf(list.Index(i).Interface())
		times[title]++
		if out[i] = title; times[title] > 1 {
			out[i] = fmt.Sprintf("%s #%d", title, times[title])
		}
	}
	return out
}

func titleOf(item any) string {
	switch item := item.(type) {
	case Application:
		return item.Name
	case Parameter:
		return item.Name + " at " + strings.Join(item.AllPoints(), " and ")
	case Mask:
		return item.Point + item.Name
	case MCPServer:
		return item.Host + item.Path
	}
	return flow(reflect.ValueOf(item))
}

// flowOf is flow, and empty for what says nothing.
func flowOf(v reflect.Value) string {
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return ""
	}
	return flow(v)
}

// Guarded names the parts of a change from a to b that decide where traffic
// goes, whose word about a client's address or claims counts, and what is deleted. They
// change over the API only where the operator allows it.
func Guarded(a, b *Policy) []string {
	var parts []string
	if !reflect.DeepEqual(routing(a), routing(b)) {
		parts = append(parts, "applications (hosts, paths and upstreams, while one of them has an upstream)")
	}
	if !slices.Equal(a.ClientAddress.TrustedProxies, b.ClientAddress.TrustedProxies) || a.ClientAddress.Header != b.ClientAddress.Header || a.ClientAddress.FingerprintHeader != b.ClientAddress.FingerprintHeader {
		parts = append(parts, "client_address")
	}
	if !slices.Equal(a.JWKS, b.JWKS) {
		parts = append(parts, "jwks")
	}
	if a.Retention != b.Retention {
		parts = append(parts, "retention")
	}
	return parts
}

// destination is what of an application decides where its traffic goes.
type destination struct {
	hosts, paths []string
	upstream     string
}

// routing returns what decides where traffic goes; nil when nothing of a policy
// does.
func routing(p *Policy) []destination {
	if !slices.ContainsFunc(p.Applications, func(a Application) bool { return a.Upstream != "" }) {
		return nil
	}
	var out []destination
	for _, a := range p.Applications {
		out = append(out, destination{orElse(a.Hosts, "*"), orElse(a.Paths, "/"), a.Upstream})
	}
	return out
}
