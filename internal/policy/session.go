package policy

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// MaxParameters is how many parameters a policy has at most.
	MaxParameters = 100
	// MaxPoints is how many points a composite parameter has at most.
	MaxPoints = 8
)

// Session says which values of an exchange are looked for: grouping keys, and
// values that are kept with the request.
type Session struct {
	// Fingerprint lets JA4 join the address and the User-Agent in the network rung.
	Fingerprint bool        `yaml:"fingerprint" json:"fingerprint,omitzero"`
	Parameters  []Parameter `yaml:"parameters" json:"parameters,omitempty"`
}

// Parameter is a named value of an exchange: a grouping key, a context
// parameter, or both. Grouping keys are tried in the order of the document.
// Parameters with the same name share one namespace: the same value at another
// point is the same session.
type Parameter struct {
	Name         string        `yaml:"name" json:"name"`
	Point        string        `yaml:"point" json:"point,omitempty"`   // where the value is; or
	Points       []string      `yaml:"points" json:"points,omitempty"` // several, which must all be present
	Type         ParameterType `yaml:"type" json:"type,omitempty"`
	Hash         bool          `yaml:"hash" json:"hash,omitzero"`   // keep only a digest
	Group        bool          `yaml:"group" json:"group,omitzero"` // is a grouping key
	Keep         Keep          `yaml:"keep" json:"keep,omitempty"`
	Applications []string      `yaml:"applications" json:"applications,omitempty"` // empty: all
}

// AllPoints returns the points of p, however it was written.
func (p *Parameter) AllPoints() []string {
	if p.Point != "" {
		return []string{p.Point}
	}
	return p.Points
}

// Composite reports that the value of p is made of several.
func (p *Parameter) Composite() bool { return len(p.AllPoints()) > 1 }

// ParameterType says what a value tells about the session.
type ParameterType string

const (
	// TypeNone is any value. It is the default, and may be written as none.
	TypeNone ParameterType = ""
	// TypeUser is who the client says it is.
	TypeUser ParameterType = "user"
	// TypeRole is what the client may do.
	TypeRole ParameterType = "role"
)

// Keep says in what form a value is kept.
type Keep string

const (
	// KeepDefault keeps ordinary values in clear, and digests of those that group
	// and of well-known secrets.
	KeepDefault Keep = ""
	// KeepClear keeps the value in clear, whatever it is.
	KeepClear Keep = "clear"
)

// parameterForm allows what can be typed in a filter without quotes.
var parameterForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$`)

func (s *Session) setDefaults() {
	for i := range s.Parameters {
		if p := &s.Parameters[i]; p.Type == "none" {
			p.Type = TypeNone
		}
	}
}

func (s *Session) validate(d *decoder, apps []Application) {
	if n := len(s.Parameters); n > MaxParameters {
		d.problem("session.parameters", "%d parameters are too many: at most %d", n, MaxParameters)
		return
	}
	for i := range s.Parameters {
		p := &s.Parameters[i]
		at := "session.parameters[" + strconv.Itoa(i) + "]"
		p.validate(d, at, apps)
		if p.Name == "" {
			continue
		}
		for j := range i {
			p.validateBeside(d, at, &s.Parameters[j], "session.parameters["+strconv.Itoa(j)+"]")
		}
	}
}

func (p *Parameter) validate(d *decoder, at string, apps []Application) {
	switch {
	case p.Name == "":
		d.problem(at+".name", "missing: every parameter has a name")
	case !parameterForm.MatchString(p.Name):
		d.problem(at+".name", "%q is not a name: use up to 63 letters, digits, dots, - and _, beginning with a letter or digit", p.Name)
	}
	p.validatePoints(d, at)
	switch {
	case !slices.Contains([]ParameterType{TypeNone, TypeUser, TypeRole}, p.Type):
		d.problem(at+".type", "%q is not a type: use user, role or none", p.Type)
	case p.Type != TypeNone && p.Composite():
		d.problem(at+".type", "several points make no %s: that is one value, at one point", p.Type)
	}
	switch {
	case p.Keep != KeepDefault && p.Keep != KeepClear:
		d.problem(at+".keep", "%q is not known: use clear, or leave it out", p.Keep)
	case p.Keep == KeepClear && p.Hash:
		d.problem(at+".keep", "clear contradicts hash: true; choose one")
	}
	for i, name := range p.Applications {
		at := at + ".applications[" + strconv.Itoa(i) + "]"
		known := func(a Application) bool { return a.Name == name }
		unnamed := func(a Application) bool { return a.Name == "" } // it may be that one
		switch {
		case name != DefaultApplication && !slices.ContainsFunc(apps, known) && !d.unreadable("applications") && !slices.ContainsFunc(apps, unnamed):
			d.problem(at, "there is no application %q: name one of the document, or %s", name, DefaultApplication)
		case slices.Contains(p.Applications[:i], name):
			d.problem(at, "%q is listed twice", name)
		}
	}
}

func (p *Parameter) validatePoints(d *decoder, at string) {
	switch {
	case p.Point != "" && len(p.Points) > 0:
		d.problem(at+".points", "a parameter has a point or points, not both")
	case d.unreadable(at + ".points"):
	case p.Point == "" && len(p.Points) == 0:
		d.problem(at+".point", `missing: say where the value is, such as request.header["X-User-Id"]`)
	case len(p.Points) > MaxPoints:
		d.problem(at+".points", "%d points are too many: at most %d", len(p.Points), MaxPoints)
	case p.Composite() && !p.Group:
		d.problem(at+".points", "several points make one grouping key: add group: true, or write a parameter for each point")
	}
	for i, point := range p.Points {
		at := at + ".points[" + strconv.Itoa(i) + "]"
		switch {
		case strings.TrimSpace(point) == "":
			d.problem(at, "is empty: write a point")
		case slices.Contains(p.Points[:i], point):
			d.problem(at, "%s is listed twice", point)
		}
	}
}

// validateBeside checks p against an earlier parameter of the same name, whose
// values are found, filtered and shown together with its own.
func (p *Parameter) validateBeside(d *decoder, at string, other *Parameter, otherAt string) {
	if other.Name != p.Name {
		return
	}
	switch {
	case other.Type != p.Type:
		d.problem(at+".type", "%s has the same name and another type: values of one name are of one type", otherAt)
	case other.Hash != p.Hash:
		d.problem(at+".hash", "%s has the same name and another hash: values of one name are kept in one form", otherAt)
	case other.Keep != p.Keep:
		d.problem(at+".keep", "%s has the same name and another keep: values of one name are kept in one form", otherAt)
	case slices.Equal(other.AllPoints(), p.AllPoints()) && len(other.Applications) == 0:
		d.problem(at, "never counts: %s has the same name and point, comes before it, and holds for every application", otherAt)
	}
}
