package geo

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	// maxFileBytes is the largest file that is read. A file is held in memory and
	// not mapped: one that is overwritten in place would take the process down.
	maxFileBytes = 1 << 30

	// recordSlots is how many records of a database are kept decoded. A power of two.
	recordSlots = 1 << recordSlotBits

	recordSlotBits = 12

	// sampleNetworks are looked at to tell what a database holds; when none of them
	// held anything, up to maxSampleNetworks, since some are mostly empty records.
	sampleNetworks    = 1000
	maxSampleNetworks = 20_000
)

// database is the content of one file, never changed.
//
// Millions of networks share few records, so those met last are kept decoded, one
// in each slot, found by their offset in the file.
type database struct {
	mmdb       *maxminddb.Reader
	only4      bool // it has no IPv6 addresses
	holds      string
	unreadable *atomic.Int64
	records    [recordSlots]atomic.Pointer[record]
}

type record struct {
	offset uintptr
	place  place
}

var nowhere place

// readDatabase reads the file at path; damaged records that lookups meet are
// counted in unreadable. The error names the file and what was expected.
func readDatabase(path string, unreadable *atomic.Int64) (*database, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	d, err := newDatabase(content, unreadable)
	if err != nil {
		return nil, unusable(path, err)
	}
	return d, nil
}

func unusable(path string, err error) error {
	if inner := (*fs.PathError)(nil); errors.As(err, &inner) {
		err = inner.Err // the path is said already
	}
	return fmt.Errorf("geoip file %q: %w; expected an MMDB file with the country, network (ASN) or anonymity of addresses", path, err)
}

// readFile returns the content of the regular file at path, or an error when it
// changes meanwhile.
func readFile(path string) ([]byte, error) {
	before, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !before.Mode().IsRegular():
		return nil, errors.New("not a file")
	case before.Size() > maxFileBytes:
		return nil, fmt.Errorf("%d bytes, more than the %d that are read", before.Size(), maxFileBytes)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content := make([]byte, before.Size())
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, fmt.Errorf("reading it: %w", err)
	}
	if after, err := f.Stat(); err != nil || !same(before, after) {
		return nil, errors.New("it changed while it was read")
	}
	return content, nil
}

// same reports whether two looks at a path saw the same content, as far as the
// file system tells.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// newDatabase keeps content.
func newDatabase(content []byte, unreadable *atomic.Int64) (*database, error) {
	mmdb, err := maxminddb.OpenBytes(content, maxminddb.DisableStringCache())
	if err != nil {
		return nil, err
	}
	d := &database{mmdb: mmdb, only4: mmdb.Metadata.IPVersion == 4, unreadable: unreadable}
	if d.holds, err = d.sample(); err != nil {
		return nil, err
	}
	return d, nil
}

// sample tells what d holds, from its first networks.
func (d *database) sample() (string, error) {
	var found place
	n, records := 0, 0
	// Empty and aliased networks are asked for so that each step of the walk comes
	// back here: a hostile tree has more paths than one could ever walk.
	walk := d.mmdb.Networks(maxminddb.IncludeNetworksWithoutData(), maxminddb.IncludeAliasedNetworks())
	for result := range walk {
		if err := result.Err(); err != nil {
			return "", err
		}
		if result.Found() {
			records++
			p, err := d.read(result)
			if err != nil {
				return "", err
			}
			found.merge(p)
		}
		n++
		if n >= maxSampleNetworks || n >= sampleNetworks && found != nowhere {
			break
		}
	}
	var holds []string
	if found.country != "" {
		holds = append(holds, "country")
	}
	if found.network != "" {
		holds = append(holds, "network")
	}
	if found.anonymity != notAnonymous {
		holds = append(holds, "anonymity")
	}
	if holds == nil {
		return "", fmt.Errorf("of type %q, with nothing we know in the first %d of its records", d.mmdb.Metadata.DatabaseType, records)
	}
	return strings.Join(holds, ", "), nil
}

// lookup returns what d knows of addr, which is valid and not mapped. The place is
// shared and must not be changed.
func (d *database) lookup(addr netip.Addr) *place {
	if d.only4 && addr.Is6() {
		return &nowhere
	}
	result := d.mmdb.Lookup(addr)
	if !result.Found() {
		if result.Err() != nil {
			d.unreadable.Add(1)
		}
		return &nowhere
	}
	p, err := d.read(result)
	if err != nil {
		d.unreadable.Add(1)
	}
	return p
}

// read returns what the record of result tells. A damaged one tells nothing, and
// is an error as long as it is not among the kept.
func (d *database) read(result maxminddb.Result) (*place, error) {
	offset := result.Offset()
	slot := &d.records[slotOf(offset)]
	if known := slot.Load(); known != nil && known.offset == offset {
		return &known.place, nil
	}
	known := &record{offset: offset}
	var l layout
	err := result.Decode(&l)
	if err == nil {
		known.place = l.place()
	}
	slot.Store(known)
	return &known.place, err
}

// slotOf spreads offsets, which in many files are multiples of a record's size:
// Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4), twice,
// since once leaves such offsets in few slots.
func slotOf(offset uintptr) uint64 {
	const golden = 0x9E3779B97F4A7C15
	h := uint64(offset) * golden
	return (h ^ h>>32) * golden >> (64 - recordSlotBits)
}
