package geo

// place is what one record tells, or several of them together.
type place struct {
	country   string
	asn       uint32
	network   string
	anonymity anonymity
}

// merge adds to p what it does not know and other does.
func (p *place) merge(other *place) {
	if p.country == "" {
		p.country = other.country
	}
	if p.network == "" {
		p.asn, p.network = other.asn, other.network
	}
	p.anonymity = max(p.anonymity, other.anonymity)
}

// anonymity is a word of Place.Anonymous by how telling it is.
type anonymity uint8

const (
	notAnonymous anonymity = iota
	someAnonymous
	someHosting
	someRelay
	someProxy
	someResidentialProxy
	someVPN
	someTor
)

func (a anonymity) String() string {
	switch a {
	case someTor:
		return Tor
	case someVPN:
		return VPN
	case someResidentialProxy:
		return ResidentialProxy
	case someProxy:
		return Proxy
	case someRelay:
		return Relay
	case someHosting:
		return Hosting
	case someAnonymous:
		return Anonymous
	default:
		return ""
	}
}
