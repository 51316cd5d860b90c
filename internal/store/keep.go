package store

import (
	"net/netip"
	"strings"

	"sojourn/internal/record"
)

// Kept returns r as every store keeps it: started when its id says, text as valid
// UTF-8, the address without a zone and an IPv4 address as such even when it came
// mapped into IPv6, unknown measures as Unknown, no flags as nil.
func Kept(r record.Request) record.Request {
	r.Started = r.ID.At
	for _, s := range []*string{
		&r.Application, &r.Host, &r.Method, &r.Path, &r.Query, &r.Endpoint, &r.UserAgent,
		&r.Key, &r.Point, (*string)(&r.Rung), (*string)(&r.Strength),
	} {
		*s = Text(*s)
	}
	for _, m := range []*record.Measure{&r.Duration, &r.FirstByte, &r.RequestBytes, &r.ResponseBytes} {
		*m = max(*m, record.Unknown)
	}
	r.IP = KeptAddr(r.IP)
	if len(r.Flags) == 0 {
		r.Flags = nil
	}
	return r
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
func Text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }
