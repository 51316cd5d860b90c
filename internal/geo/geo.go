// Package geo tells the country, the network and the anonymity of an address
// from the operator's MMDB files; none is shipped. Files are recognised by their
// records, may be replaced at any time, and an address that no file knows is an
// empty Place. It imports none of ours.
package geo

import (
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Place is what the operator's files say of an address. A part that no file
// knows is empty.
type Place struct {
	Country   string // ISO 3166-1 alpha-2, upper case
	ASN       uint32 // number of the autonomous system that announces the address
	Network   string // short tag of a well-known network, else the name of its organisation, else AS and its number
	Anonymous string // one of the words below
}

// The words of Place.Anonymous, the most telling first: an address to which
// several apply has the first of them.
const (
	Tor              = "tor"               // Tor exit node
	VPN              = "vpn"               // VPN provider
	ResidentialProxy = "residential_proxy" // proxy on a household's line
	Proxy            = "proxy"             // public proxy
	Relay            = "relay"             // privacy relay of a platform
	Hosting          = "hosting"           // hosting provider or cloud
	Anonymous        = "anonymous"         // anonymous in a way that the file does not tell
)

// Reader looks addresses up. It is safe for concurrent use; a nil Reader knows
// no address.
type Reader struct {
	logger *slog.Logger

	reloading sync.Mutex // held while files are read; guards the fields of files
	files     []*file

	// databases are those of files, in their order. The slice is replaced, never
	// changed, so that a lookup needs no lock; what it still uses lives on.
	databases  atomic.Pointer[[]*database]
	unreadable atomic.Int64
}

// Open reads files, any mix of country, network (ASN) and anonymous-IP databases
// in the layouts of MaxMind, DB-IP, IPinfo and sapics' ip-location-db. Where
// several know an address, the first that names a country and the first that
// names a network win, and the most telling anonymity. It fails at the first file
// that cannot be used, naming it and what was expected. Without files it opens a
// Reader that knows no address.
func Open(files []string, logger *slog.Logger) (*Reader, error) {
	r := &Reader{logger: logger}
	for _, path := range files {
		r.files = append(r.files, &file{path: path})
	}
	if err := r.Reload(); err != nil {
		return nil, err
	}
	return r, nil
}

// Reload reads all files again, whether they changed or not, and puts those that
// can be used in force at once. Of one that cannot, the last good content stays in
// force; the error has a line for each.
func (r *Reader) Reload() error {
	r.reloading.Lock()
	defer r.reloading.Unlock()
	var failed []error
	for _, f := range r.files {
		if err := f.load(r.logger, &r.unreadable); err != nil {
			failed = append(failed, err)
		}
	}
	r.swap()
	return errors.Join(failed...)
}

// swap puts the loaded files in force.
func (r *Reader) swap() {
	databases := make([]*database, 0, len(r.files))
	for _, f := range r.files {
		if f.database != nil {
			databases = append(databases, f.database)
		}
	}
	r.databases.Store(&databases)
}

// Lookup returns what the files know of addr; nothing for an invalid one. An IPv4
// address mapped into IPv6 is looked up as IPv4.
func (r *Reader) Lookup(addr netip.Addr) Place {
	if r == nil || !addr.IsValid() {
		return Place{}
	}
	addr = addr.Unmap()
	var all place
	for _, d := range *r.databases.Load() {
		all.merge(d.lookup(addr))
	}
	return Place{Country: all.country, ASN: all.asn, Network: all.network, Anonymous: all.anonymity.String()}
}

// Unreadable counts the damage that lookups met: each damaged record as long as it
// is remembered, each damaged branch of a search tree at every lookup. An address
// behind it is answered as if the file did not know it.
func (r *Reader) Unreadable() int64 {
	if r == nil {
		return 0
	}
	return r.unreadable.Load()
}
