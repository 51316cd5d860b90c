package store

import (
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"sojourn/internal/record"
)

// Kept returns r as every store keeps it: started when its id says, text as valid
// UTF-8, the address without a zone and an IPv4 address as such even when it came
// mapped into IPv6, unknown measures as Unknown, no flags, no context and an MCP
// message that tells nothing as nil.
func Kept(r record.Request) record.Request {
	r.Started = r.ID.At
	for _, s := range []*string{
		&r.Application, &r.Host, &r.Method, &r.Path, &r.Query, &r.Endpoint, &r.UserAgent,
		&r.Key, &r.Point, (*string)(&r.Rung), (*string)(&r.Strength),
		&r.Country, &r.Network, &r.Anonymity, &r.JA4, &r.User, &r.Role, &r.Operation,
	} {
		*s = Text(*s)
	}
	for _, m := range []*record.Measure{&r.Duration, &r.FirstByte, &r.RequestBytes, &r.ResponseBytes} {
		*m = max(*m, record.Unknown)
	}
	r.IP = KeptAddr(r.IP)
	r.Findings = nil // rows of their own
	if len(r.Flags) == 0 {
		r.Flags = nil
	}
	r.MCP, r.Context = keptMCP(r.MCP), keptContext(r.Context)
	return r
}

// keptMCP returns a copy: what was given belongs to the caller.
func keptMCP(m *record.MCP) *record.MCP {
	if !m.Tells() {
		return nil
	}
	kept := *m
	kept.More = nil
	for _, n := range m.More {
		for _, s := range []*string{&n.Method, &n.Name, &n.Trace, &n.From} {
			*s = Text(*s)
		}
		kept.More = append(kept.More, n)
	}
	for _, s := range []*string{&kept.Server, &kept.Method, &kept.Name, &kept.Client, &kept.Generation, &kept.Trace} {
		*s = Text(*s)
	}
	return &kept
}

// keptContext returns a copy: what was given belongs to the caller.
func keptContext(values []record.Value) []record.Value {
	if len(values) == 0 {
		return nil
	}
	kept := slices.Clone(values)
	for i := range kept {
		kept[i].Name, kept[i].Value = Text(kept[i].Name), Text(kept[i].Value)
	}
	return kept
}

// KeptFinding returns f as every store keeps it: started when its request did,
// text as valid UTF-8.
func KeptFinding(f record.Finding) record.Finding {
	f.Started = f.Request.At
	for _, s := range []*string{&f.ID, &f.Type, &f.Detail} {
		*s = Text(*s)
	}
	return f
}

// KeptAddr returns a as every store keeps it: unmapped, without its zone.
func KeptAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// Text returns s as valid UTF-8, each run of other bytes replaced by U+FFFD.
func Text(s string) string {
	if utf8.ValidString(s) { // much faster than replacing nothing
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
