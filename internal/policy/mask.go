package policy

import (
	"regexp"
	"strconv"
	"strings"
)

const (
	// MaxMasks is how many masks a policy has at most.
	MaxMasks = 100
	// maxPattern bounds a regular expression, in bytes.
	maxPattern = 1 << 10
)

// Mask names values that are replaced before anything is kept: the one at a
// point, or all whose property, parameter or header name matches. A masked value
// can still group.
type Mask struct {
	Point string `yaml:"point" json:"point,omitempty"`
	Name  string `yaml:"name" json:"name,omitempty"` // RE2, found anywhere in the name
}

// Pattern returns Name compiled; nil when the mask has a point, or an expression
// that validation refuses.
func (m *Mask) Pattern() *regexp.Regexp {
	if m.Name == "" || len(m.Name) > maxPattern {
		return nil
	}
	pattern, err := regexp.Compile(m.Name)
	if err != nil {
		return nil
	}
	return pattern
}

func validateMasks(d *decoder, masks []Mask, parameters []Parameter) {
	if n := len(masks); n > MaxMasks {
		d.problem("masks", "%d masks are too many: at most %d; one name may hold several words, such as secret|passwd", n, MaxMasks)
		return
	}
	for i := range masks {
		m, at := &masks[i], "masks["+strconv.Itoa(i)+"]"
		switch {
		case m.Point == "" && m.Name == "":
			d.problem(at, "has neither point nor name: say what to mask")
		case m.Point != "" && m.Name != "":
			d.problem(at+".name", "a mask has a point or a name, not both")
		case len(m.Name) > maxPattern:
			d.problem(at+".name", "%d bytes are too long for an expression: at most %d", len(m.Name), maxPattern)
		case m.Name != "":
			if _, err := regexp.Compile(m.Name); err != nil {
				d.problem(at+".name", "%q is not a regular expression in RE2 syntax: %s", m.Name, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			}
		}
		for j := range parameters {
			if p := &parameters[j]; p.Keep == KeepClear && m.Point != "" && p.Point == m.Point {
				d.problem(at+".point", "session.parameters[%d] keeps this value in clear: remove one of them", j)
			}
		}
	}
}
