package point

import (
	"net/http"
	"slices"
)

var headerFormat = format{name: "header", place: inHead, keys: nameKeys, canonical: true, read: readHeader}

// readHeader yields the values of header fields. Field by field in the order of
// their names, when all are asked for: a header has no order of its own.
func readHeader(r *run, n *node, _ []byte) {
	header := r.x.Header
	if r.side == Response {
		header = r.x.ResponseHeader
	}
	room := r.HeaderValues
	if n.rest == nil {
		for _, c := range n.names {
			r.repeated(c.node, r.field(header, c.name), &room)
		}
		return
	}
	fields := make([]string, 0, len(header)+1)
	for name := range header {
		fields = append(fields, name)
	}
	if len(header["Host"]) == 0 {
		fields = append(fields, "Host")
	}
	slices.Sort(fields)
	for _, name := range fields {
		r.repeated(n.name([]byte(name)), r.field(header, name), &room)
	}
}

// field returns the values of one header field. Sources keep the host apart, as
// net/http does.
func (r *run) field(header http.Header, name string) []string {
	if name == "Host" && r.side == Request && len(header[name]) == 0 && r.x.Host != "" {
		return []string{r.x.Host}
	}
	return header[name]
}

// repeated takes the values of one name: by themselves, and by index.
func (r *run) repeated(n *node, values []string, room *int) {
	for i, v := range values {
		if *room--; *room < 0 {
			r.limit("header", LimitHeaderValues)
			return
		}
		r.valueString(n, v)
		r.valueString(n.index(i), v)
		if !n.hasKeys() && !n.many {
			return
		}
	}
}
