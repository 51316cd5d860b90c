package geo

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oschwald/maxminddb-golang/v2/mmdbdata"
)

const (
	maxNameBytes = 64   // a network's name is cut there
	maxTextBytes = 1024 // a record with a longer text among the fields we read is damaged
	maxMembers   = 64   // and so is one whose country has more members
)

// layout is the union of the record layouts that we read: MaxMind and DB-IP (the
// field reference at dev.maxmind.com/geoip/docs/databases), sapics'
// ip-location-db, and IPinfo. A field of an unexpected kind counts as absent.
type layout struct {
	Country     country `maxminddb:"country"`
	CountryCode text    `maxminddb:"country_code"`

	ASNumber       number `maxminddb:"autonomous_system_number"`
	ASOrganization text   `maxminddb:"autonomous_system_organization"`
	ASN            number `maxminddb:"asn"`
	ASName         text   `maxminddb:"as_name"`
	Name           text   `maxminddb:"name"` // read only beside asn

	Anonymous        flag `maxminddb:"is_anonymous"`
	AnonymousVPN     flag `maxminddb:"is_anonymous_vpn"`
	HostingProvider  flag `maxminddb:"is_hosting_provider"`
	PublicProxy      flag `maxminddb:"is_public_proxy"`
	ResidentialProxy flag `maxminddb:"is_residential_proxy"`
	TorExitNode      flag `maxminddb:"is_tor_exit_node"`
	VPN              flag `maxminddb:"vpn"`
	Proxy            flag `maxminddb:"proxy"`
	Tor              flag `maxminddb:"tor"`
	Relay            flag `maxminddb:"relay"`
	Hosting          flag `maxminddb:"hosting"`

	Traits traits `maxminddb:"traits"`
}

// traits is where MaxMind's larger databases keep network and anonymity.
type traits struct {
	ASNumber         number `maxminddb:"autonomous_system_number"`
	ASOrganization   text   `maxminddb:"autonomous_system_organization"`
	Anonymous        flag   `maxminddb:"is_anonymous"`
	AnonymousProxy   flag   `maxminddb:"is_anonymous_proxy"`
	AnonymousVPN     flag   `maxminddb:"is_anonymous_vpn"`
	HostingProvider  flag   `maxminddb:"is_hosting_provider"`
	PublicProxy      flag   `maxminddb:"is_public_proxy"`
	ResidentialProxy flag   `maxminddb:"is_residential_proxy"`
	TorExitNode      flag   `maxminddb:"is_tor_exit_node"`
}

// place returns what the record tells.
func (l *layout) place() place {
	p := place{anonymity: l.anonymity()}
	if p.country = alpha2(string(l.Country)); p.country == "" {
		p.country = alpha2(string(l.CountryCode))
	}
	p.asn = uint32(first(l.ASNumber, l.ASN, l.Traits.ASNumber))
	name := first(l.ASOrganization, l.ASName, l.Traits.ASOrganization)
	if name == "" && l.ASN != 0 {
		name = l.Name
	}
	switch tag := networkTag(p.asn); {
	case tag != "":
		p.network = tag
	case printable(string(name)) != "":
		p.network = printable(string(name))
	case p.asn != 0:
		p.network = "AS" + strconv.FormatUint(uint64(p.asn), 10)
	}
	return p
}

func (l *layout) anonymity() anonymity {
	t := &l.Traits
	switch yes := flag(true); yes {
	case l.TorExitNode, l.Tor, t.TorExitNode:
		return someTor
	case l.AnonymousVPN, l.VPN, t.AnonymousVPN:
		return someVPN
	case l.ResidentialProxy, t.ResidentialProxy:
		return someResidentialProxy
	case l.PublicProxy, l.Proxy, t.PublicProxy:
		return someProxy
	case l.Relay:
		return someRelay
	case l.HostingProvider, l.Hosting, t.HostingProvider:
		return someHosting
	case l.Anonymous, t.Anonymous, t.AnonymousProxy:
		return someAnonymous
	default:
		return notAnonymous
	}
}

// first returns the first of values that is not its type's zero.
func first[T comparable](values ...T) (zero T) {
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// alpha2 returns s in upper case when it can be an ISO 3166-1 alpha-2 code of a
// country, else nothing: names of countries, and marks such as "-", "None" and
// ZZ, which say that the country is unknown.
func alpha2(s string) string {
	if len(s) != 2 {
		return ""
	}
	s = strings.ToUpper(s)
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return ""
		}
	}
	if s == "ZZ" || s == "XX" {
		return ""
	}
	return s
}

// printable returns s without what cannot be shown, cut at maxNameBytes.
func printable(s string) string {
	s = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || !unicode.IsPrint(c) {
			return -1
		}
		return c
	}, s)
	if len(s) > maxNameBytes {
		cut := maxNameBytes
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	return strings.TrimSpace(s)
}

// country is a country's code: a text, or a map with the member iso_code.
type country string

// UnmarshalMaxMindDBCursor reads either form.
func (v *country) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	kind, err := c.Kind()
	if err != nil || kind != mmdbdata.KindMap {
		return (*text)(v).UnmarshalMaxMindDBCursor(c)
	}
	members, err := c.Map()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	if n := members.Size(); n > maxMembers {
		return mmdbdata.Cursor{}, mmdbdata.NewInvalidDatabaseError("a country with %d members", n)
	}
	var next mmdbdata.Cursor
	for {
		key, value, ok := members.Next(next)
		if !ok {
			return members.End()
		}
		if string(key) == "iso_code" {
			next, err = (*text)(v).UnmarshalMaxMindDBCursor(value)
		} else {
			next, err = value.Skip()
		}
		if err != nil {
			return mmdbdata.Cursor{}, err
		}
	}
}

// text is a string; of another kind it counts as absent.
type text string

// UnmarshalMaxMindDBCursor reads a string, or skips the value.
func (v *text) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	kind, err := c.Kind()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	if kind != mmdbdata.KindString {
		return c.Skip()
	}
	s, next, err := c.ReadStringMaxSize(maxTextBytes)
	*v = text(s)
	return next, err
}

// number is the number of an autonomous system: an integer, or a text such as
// AS64496 (RFC 5396, asplain).
type number uint32

// UnmarshalMaxMindDBCursor reads either form, or skips the value.
func (v *number) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	kind, err := c.Kind()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	switch kind {
	case mmdbdata.KindUint16, mmdbdata.KindUint32, mmdbdata.KindUint64:
		n, next, err := c.ReadUint()
		if n == uint64(number(n)) {
			*v = number(n)
		}
		return next, err
	case mmdbdata.KindString:
		var s text
		next, err := s.UnmarshalMaxMindDBCursor(c)
		digits := strings.TrimPrefix(strings.ToUpper(string(s)), "AS")
		if n, bad := strconv.ParseUint(digits, 10, 32); bad == nil {
			*v = number(n)
		}
		return next, err
	default:
		return c.Skip()
	}
}

// flag is a boolean, or a text that says true.
type flag bool

// UnmarshalMaxMindDBCursor reads either form, or skips the value.
func (v *flag) UnmarshalMaxMindDBCursor(c mmdbdata.Cursor) (mmdbdata.Cursor, error) {
	kind, err := c.Kind()
	if err != nil {
		return mmdbdata.Cursor{}, err
	}
	switch kind {
	case mmdbdata.KindBool:
		b, next, err := c.ReadBool()
		*v = flag(b)
		return next, err
	case mmdbdata.KindString:
		var s text
		next, err := s.UnmarshalMaxMindDBCursor(c)
		*v = s == "true" || s == "1"
		return next, err
	default:
		return c.Skip()
	}
}
