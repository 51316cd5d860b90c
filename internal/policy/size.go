package policy

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// sizeUnits are the units of a Size, largest first: powers of 1000 (SI) and of
// 1024 (IEC 80000-13).
var sizeUnits = []struct {
	name  string
	bytes uint64
}{
	{"TiB", 1 << 40}, {"TB", 1e12}, {"GiB", 1 << 30}, {"GB", 1e9}, {"MiB", 1 << 20}, {"MB", 1e6},
	{"KiB", 1 << 10}, {"kB", 1e3}, {"B", 1}, {"", 1},
}

// ParseSize reads a whole number of bytes with an optional unit: 50GiB, 10 MB,
// 1048576. The case of the unit does not count.
func ParseSize(s string) (Size, error) {
	text := strings.TrimSpace(s)
	digits := 0
	for digits < len(text) && '0' <= text[digits] && text[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseUint(text[:digits], 10, 64)
	if err == nil {
		unit := strings.TrimSpace(text[digits:])
		for _, u := range sizeUnits {
			if !strings.EqualFold(unit, u.name) {
				continue
			}
			if hi, lo := bits.Mul64(n, u.bytes); hi == 0 && lo <= math.MaxInt64 {
				return Size(lo), nil
			}
			return 0, fmt.Errorf("%q is too large: at most %d bytes", s, int64(math.MaxInt64))
		}
	}
	return 0, fmt.Errorf("%q is not a size: write a whole number and a unit, such as 50GiB, 10MB or 1048576", s)
}

// String prints s with the largest unit that divides it, so that it reads back
// as the same size.
func (s Size) String() string {
	for _, u := range sizeUnits[:len(sizeUnits)-2] {
		if n := uint64(s); s > 0 && n%u.bytes == 0 {
			return strconv.FormatUint(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10)
}

// UnmarshalText reads what ParseSize reads.
func (s *Size) UnmarshalText(b []byte) (err error) {
	*s, err = ParseSize(string(b))
	return err
}

// MarshalText prints what String prints.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
