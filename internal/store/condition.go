package store

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sojourn/internal/record"
)

// Condition asks of one field of a request that it has one of some values, or
// none of them.
type Condition struct {
	Field     *Field // one of Fields
	Parameter string // name of the context parameter, for that field
	Not       bool   // none of the values

	// The values, by the kind of the field.

	Texts     []string
	Ranges    []Range
	Addresses []netip.Prefix
}

// Range is a range of numbers, both ends included.
type Range struct{ Low, High int64 }

// MaxConditionValues is how many values a condition may have.
const MaxConditionValues = 100

// NewCondition reads a condition as people write it: the name of a field, or
// "context.NAME", and values in that field's own notation. Values of the field
// "context" are "name=value", all with one name. Errors name the value.
func NewCondition(field string, not bool, values ...string) (Condition, error) {
	f, parameter, ok := FieldOf(field)
	if !ok || !utf8.ValidString(parameter) {
		return Condition{}, fmt.Errorf("%q is not a field; known are %s", clip(field), fieldNames())
	}
	c := Condition{Field: f, Parameter: parameter, Not: not}
	if len(values) == 0 || len(values) > MaxConditionValues {
		return c, fmt.Errorf("%s has %d values: give 1 to %d", f.Name, len(values), MaxConditionValues)
	}
	for _, v := range values {
		if !utf8.ValidString(v) {
			return c, fmt.Errorf("%q is not UTF-8", clip(v))
		}
		if parameter != "" { // the field names it, the values are plain
			c.Texts = append(c.Texts, v)
			continue
		}
		if err := c.add(v); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *Condition) add(v string) error {
	switch c.Field.Kind {
	case KindNumber:
		r, err := parseRange(v, c.Field)
		c.Ranges = append(c.Ranges, r)
		return err
	case KindAddress:
		p, err := parsePrefix(v)
		c.Addresses = append(c.Addresses, p)
		return err
	case KindContext:
		return c.addContext(v)
	}
	if c.Field.Name == "accepted" || c.Field.Name == "blocked" {
		if v != "true" && v != "false" {
			return fmt.Errorf("%q is neither true nor false", clip(v))
		}
	}
	c.Texts = append(c.Texts, v)
	return nil
}

// addContext takes name=value.
func (c *Condition) addContext(v string) error {
	name, value, ok := strings.Cut(v, "=")
	switch {
	case !ok || name == "":
		return fmt.Errorf("%q is not a name and a value such as tenant=7", clip(v))
	case c.Parameter != "" && c.Parameter != name:
		return fmt.Errorf("%q: the values of one condition are of one parameter, here of %s", clip(v), clip(c.Parameter))
	}
	c.Parameter, c.Texts = name, append(c.Texts, value)
	return nil
}

// Match reports whether r meets c. It is the definition of a condition; stores
// that compile conditions are tested against it. Attacks are read from r.Findings.
func (c *Condition) Match(r *record.Request) bool { return c.has(r) != c.Not }

func (c *Condition) has(r *record.Request) bool {
	switch c.Field.Kind {
	case KindNumber:
		n, known := c.Field.number(r)
		return known && slices.ContainsFunc(c.Ranges, func(g Range) bool { return g.Low <= n && n <= g.High })
	case KindAddress:
		a := c.Field.address(r).Unmap()
		return slices.ContainsFunc(c.Addresses, func(p netip.Prefix) bool { return p.Contains(a) })
	case KindEndpoint:
		return slices.ContainsFunc(c.Texts, func(p string) bool { return MatchEndpoint(p, r.Method, r.Endpoint, r.Path) })
	}
	found, any := false, false
	c.Field.Texts(r, c.Parameter, func(v string) {
		any = true
		found = found || c.MatchText(v)
	})
	return found || !any && c.MatchText("")
}

// MatchText reports whether one of c's texts stands for v, whatever Not says. It
// is for fields of texts and globs.
func (c *Condition) MatchText(v string) bool {
	return slices.ContainsFunc(c.Texts, func(wanted string) bool {
		return wanted == v || c.Field.Kind == KindGlob && Glob(wanted, v)
	})
}

// parseRange reads 404, 4xx, 400-499, >500, <=500; with the units of the field.
func parseRange(v string, f *Field) (Range, error) {
	everything := Range{math.MinInt64, math.MaxInt64}
	fail := func() (Range, error) {
		return everything, fmt.Errorf("%q is not %s", clip(v), map[Unit]string{
			UnitNone: "a number such as 404, 4xx or 400-499", UnitMicroseconds: "a duration such as >500ms, <2s or 100ms-1s",
			UnitBytes: "a size such as >10KB, <1MiB or 1KB-10KB"}[f.Unit])
	}
	if f.Name == "status" {
		return parseStatus(v, fail)
	}
	for _, p := range []struct {
		sign string
		of   func(n int64) Range
	}{
		{">=", func(n int64) Range { return Range{n, math.MaxInt64} }},
		{"<=", func(n int64) Range { return Range{0, n} }},
		{">", func(n int64) Range { return Range{n + 1, math.MaxInt64} }},
		{"<", func(n int64) Range { return Range{0, n - 1} }},
	} {
		if rest, ok := strings.CutPrefix(v, p.sign); ok {
			n, ok := parseAmount(rest, f.Unit)
			if !ok {
				return fail()
			}
			return p.of(n), nil
		}
	}
	low, high, isRange := strings.Cut(v, "-")
	if !isRange {
		high = low
	}
	l, lowOK := parseAmount(low, f.Unit)
	h, highOK := parseAmount(high, f.Unit)
	if !lowOK || !highOK || l > h {
		return fail()
	}
	return Range{l, h}, nil
}

// parseStatus reads 404, 4xx, 400-499, or 0 for no response.
func parseStatus(v string, fail func() (Range, error)) (Range, error) {
	low, high, isRange := strings.Cut(v, "-")
	if !isRange {
		low, high = v, v
	}
	if len(v) == 3 && strings.EqualFold(v[1:], "xx") {
		low, high = v[:1]+"00", v[:1]+"99"
	}
	l, lowOK := statusCode(low)
	h, highOK := statusCode(high)
	if !lowOK || !highOK || l > h {
		return fail()
	}
	return Range{l, h}, nil
}

func statusCode(v string) (int64, bool) {
	n, err := strconv.ParseUint(v, 10, 16)
	return int64(n), err == nil && (v == "0" || len(v) == 3)
}

// maxAmount keeps sums and neighbours of amounts within int64.
const maxAmount = 1 << 60

func parseAmount(v string, u Unit) (int64, bool) {
	switch u {
	case UnitMicroseconds:
		if d, err := time.ParseDuration(v); err == nil {
			return d.Microseconds(), d >= 0
		}
	case UnitBytes:
		return parseBytes(v)
	}
	n, err := strconv.ParseUint(v, 10, 63)
	return int64(n), err == nil && n <= maxAmount
}

func parseBytes(v string) (int64, bool) {
	digits := strings.TrimRight(v, "BKMGTibkmgt ")
	scale, ok := map[string]float64{"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
		"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}[strings.ToLower(strings.TrimSpace(v[len(digits):]))]
	n, err := strconv.ParseFloat(digits, 64)
	if !ok || err != nil || !(n >= 0 && n*scale <= maxAmount) {
		return 0, false
	}
	return int64(n * scale), true
}

// parsePrefix reads an address or a CIDR block. IPv4 in IPv6 is read as IPv4,
// which is how addresses are compared.
func parsePrefix(v string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(v); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(v)
	if err != nil {
		return p, fmt.Errorf("%q is not an address such as 192.0.2.7 or a block such as 192.0.2.0/24", clip(v))
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

func fieldNames() string {
	names := make([]string, len(Fields))
	for i := range Fields {
		names[i] = Fields[i].Name
	}
	return strings.Join(names, ", ")
}

// clip keeps what came from outside short in an error.
func clip(v string) string {
	const most = 100
	if len(v) <= most {
		return v
	}
	return Text(v[:most]) + "…"
}
