package inspect

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/identity"
	"sojourn/internal/inspect/point"
	"sojourn/internal/policy"
)

// parameters are the session part of a policy, compiled: every point that it
// asks for is in one extractor, read once.
type parameters struct {
	extractor *point.Extractor
	asks      bool             // a point of the policy asks for something
	capture   exchange.Capture // what of the bodies that needs
	list      []parameter      // in the order of the document
	maskNames []mask
	maskQuery map[string]bool // query parameters whose value never stays in the query
	servers   []mcpServer
	serverAt  *policy.MCPMatcher
	maskPath  map[int]bool // segments of the path that are never kept
}

// parameter is a policy.Parameter, compiled.
type parameter struct {
	policy.Parameter
	places   []int  // of its points in the extractor
	point    string // their canonical text, joined
	claimed  bool   // it reads what anyone can write: a claim, a user name
	network  bool   // it reads what the network tells
	masked   bool   // nothing of it is kept
	hashed   bool   // only its digest is kept
	last     string // the last name in its point, by which secrets are known
	everyone bool   // it holds for every application
}

// mask is a policy.Mask by name, compiled.
type mask interface{ MatchString(string) bool }

// holds reports whether p counts for an application.
func (p *parameter) holds(application string) bool {
	return p.everyone || slices.Contains(p.Applications, application)
}

// compileParameters compiles the session part and the masks of p. Its error
// joins a *policy.Error for each problem.
func compileParameters(p *policy.Policy) (*parameters, error) {
	c := &parameters{maskQuery: map[string]bool{}, maskPath: map[int]bool{}}
	var problems []error
	var points []point.Point
	builtin := map[string]bool{}
	for _, k := range identity.Keys() {
		builtin[k.Key] = true
	}
	masked := map[string]bool{}
	for i := range p.Masks {
		m := &p.Masks[i]
		if m.Point == "" {
			if pattern := m.Pattern(); pattern != nil {
				c.maskNames = append(c.maskNames, pattern)
			}
			continue
		}
		at, err := point.Parse(m.Point)
		if err != nil {
			problems = append(problems, p.Problem("masks["+strconv.Itoa(i)+"].point", "%v", err))
			continue
		}
		masked[at.String()] = true
		c.hide(at)
	}
	for i := range p.Session.Parameters {
		field := "session.parameters[" + strconv.Itoa(i) + "]"
		q := parameter{Parameter: p.Session.Parameters[i]}
		q.everyone = len(q.Applications) == 0
		if q.Group && builtin[q.Name] {
			problems = append(problems, p.Problem(field+".name", "%q is the name of a built-in key: choose another (sojourn keys lists them)", q.Name))
		}
		for j, text := range q.AllPoints() {
			at, err := point.Parse(text)
			if err != nil {
				where := field + ".point"
				if q.Point == "" {
					where = field + ".points[" + strconv.Itoa(j) + "]"
				}
				problems = append(problems, p.Problem(where, "%v", err))
				continue
			}
			q.places = append(q.places, len(points))
			points = append(points, at)
			q.add(at)
			q.masked = q.masked || masked[at.String()] || c.nameMasked(q.last)
			if q.Keep != policy.KeepClear && (q.Group || q.Hash || q.masked) {
				c.hide(at)
			}
		}
		q.hashed = q.Hash || q.Keep != policy.KeepClear && (q.Group || secretName(q.last, ""))
		c.list = append(c.list, q)
	}
	problems = append(problems, c.compileMCP(p, &points)...)
	c.asks = len(points) > 0
	if len(problems) == 0 {
		var err error
		if c.extractor, err = point.Compile(points); err != nil {
			problems = append(problems, p.Problem("session.parameters", "%v", err))
		} else {
			c.capture = c.extractor.Needs()
			if len(p.JWKS) > 0 {
				c.extractor = c.extractor.KeepingTokens()
			}
		}
	}
	return c, errors.Join(problems...)
}

// add takes one more point into p.
func (p *parameter) add(at point.Point) {
	if p.point != "" {
		p.point += " + "
	}
	p.point += at.String()
	for i, s := range at.Steps {
		switch s.Name {
		case "jwt", "basic":
			p.claimed = true
		case "ip", "ja4", "host", "method", "scheme", "protocol", "status":
			p.network = p.network || i == 0
		}
		for _, k := range s.Keys {
			if k.By == point.ByName {
				p.last = k.Name
			}
		}
	}
	p.claimed = p.claimed || p.Type != policy.TypeNone
}

// hide keeps a value that stands in the request line out of what is kept of it.
func (c *parameters) hide(at point.Point) {
	if at.Side != point.Request || len(at.Steps) == 0 || len(at.Steps[0].Keys) == 0 {
		return
	}
	switch k := at.Steps[0].Keys[0]; at.Steps[0].Name {
	case "query":
		c.maskQuery[k.Name] = true
	case "path":
		c.maskPath[k.Index] = true
	}
}

// maskSegments replaces the segments of a path that hide named.
func (c *parameters) maskSegments(path string) string {
	if len(c.maskPath) == 0 {
		return path
	}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := range segments {
		if c.maskPath[i] && segments[i] != "" {
			segments[i] = point.Masked
		}
	}
	return strings.Repeat("/", min(1, len(path)-len(strings.TrimPrefix(path, "/")))) + strings.Join(segments, "/")
}

// nameMasked reports whether a mask of the policy means a name.
func (c *parameters) nameMasked(name string) bool {
	return name != "" && slices.ContainsFunc(c.maskNames, func(m mask) bool { return m.MatchString(name) })
}

// queryMasked reports whether the policy masks a query parameter. name is as it
// stands in the query; of p[x] the p counts as well as the x.
func (c *parameters) queryMasked(name string) bool {
	if len(c.maskQuery) == 0 && len(c.maskNames) == 0 {
		return false
	}
	name = point.Unescape(name)
	base, rest, _ := strings.Cut(name, "[")
	if c.maskQuery[name] || c.maskQuery[base] || c.nameMasked(name) || c.nameMasked(base) {
		return true
	}
	for part := range strings.SplitSeq(rest, "[") {
		if c.nameMasked(strings.TrimSuffix(part, "]")) {
			return true
		}
	}
	return false
}
