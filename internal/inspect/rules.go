package inspect

import (
	"net/netip"
	"net/textproto"
	"slices"
	"strings"

	"sojourn/internal/exchange"
	"sojourn/internal/inspect/jwks"
	"sojourn/internal/policy"
)

// rules are a policy, compiled. They do not change; a new policy makes new ones.
type rules struct {
	revision     uint64
	matcher      *policy.Matcher
	watched      *policy.Matcher   // of the applications that are not off, whatever the path
	routes       map[string]*route // by application
	rest         *route            // what no application matches
	left         *route            // what an exclude leaves out
	exclude      []policy.Exclude  // hosts in lower case, methods in upper case
	keepQuery    policy.KeepQuery
	parameters   *parameters
	header       string // of client addresses, canonical; empty: none is read
	trusted      []netip.Prefix
	ja4Header    string    // in which trusted proxies tell the client's JA4, canonical; empty: none is read
	fingerprints bool      // the TLS fingerprint joins the network rung
	keys         *jwks.Set // that the policy trusts; nil: none
}

// route is what an exchange keeps of the rules from its begin to its end.
type route struct {
	rules       *rules
	application string
	excluded    bool   // not recorded
	byPath      bool   // it takes only a part of its hosts' paths
	recorded    *route // of an application that is off: the same one, recorded
}

// Check tells what of p cannot be executed, as an error that joins a
// *policy.Error for each problem; else what of it is probably not meant. It is a
// policy.Check.
func Check(p *policy.Policy) ([]policy.Warning, error) {
	if _, err := compileRules(p, 0); err != nil {
		return nil, err
	}
	return policy.SortWarnings(append(p.Warnings(), warnings(p)...)), nil
}

func compileRules(p *policy.Policy, revision uint64) (*rules, error) {
	parameters, err := compileParameters(p)
	if err != nil {
		return nil, err
	}
	r := &rules{
		parameters: parameters,
		revision:   revision, matcher: policy.NewMatcher(p.Applications), routes: map[string]*route{},
		keepQuery: p.Capture.KeepQuery,
		header:    textproto.CanonicalMIMEHeaderKey(p.ClientAddress.Header), trusted: p.ClientAddress.TrustedProxies,
		ja4Header: textproto.CanonicalMIMEHeaderKey(p.ClientAddress.FingerprintHeader), fingerprints: p.Session.Fingerprint,
	}
	var watched []policy.Application
	for _, a := range p.Applications {
		to := &route{rules: r, application: a.Name}
		if a.Mode == policy.ModeOff {
			to = &route{rules: r, application: a.Name, excluded: true, byPath: byPath(a.Paths), recorded: to}
		} else {
			a.Paths = nil
			watched = append(watched, a)
		}
		r.routes[a.Name] = to
	}
	r.watched = policy.NewMatcher(watched)
	r.rest = &route{rules: r, application: policy.DefaultApplication}
	r.left = &route{rules: r, excluded: true}
	for _, e := range p.Capture.Exclude {
		r.exclude = append(r.exclude, policy.Exclude{
			Hosts: mapped(e.Hosts, strings.ToLower), Methods: mapped(e.Methods, strings.ToUpper), Paths: e.Paths,
		})
	}
	return r, nil
}

// route decides, from the head of the request alone, whose it is and whether it
// is recorded.
func (r *rules) route(x *exchange.Exchange) *route {
	if r.excludes(x) {
		return r.left
	}
	a := r.matcher.Match(x.Host, x.Path)
	if a == nil {
		return r.rest
	}
	to := r.routes[a.Name]
	if to.excluded && devious(x.Path) && (to.byPath || r.watched.Match(x.Host, "/") != nil) {
		return to.recorded // another path may be meant, of which requests are recorded
	}
	return to
}

// byPath reports whether prefixes leave anything out.
func byPath(prefixes []string) bool { return len(prefixes) > 0 && !slices.Contains(prefixes, "/") }

func (r *rules) excludes(x *exchange.Exchange) bool {
	if len(r.exclude) == 0 || devious(x.Path) {
		return false
	}
	host := hostWithoutPort(normalHost(x.Host, x.Scheme))
	for i := range r.exclude {
		e := &r.exclude[i]
		if anyGlob(e.Hosts, host) && anyGlob(e.Methods, strings.ToUpper(x.Method)) && anyGlob(e.Paths, x.Path) {
			return true
		}
	}
	return false
}

// devious reports whether a path could be read as another than it looks like:
// nobody shall go unrecorded as /static/../admin.
func devious(path string) bool {
	for i := range len(path) {
		switch path[i] {
		case '\\', ';':
			return true
		case '.':
			if strings.HasPrefix(path[i:], "..") || strings.HasPrefix(path[i:], ".%") {
				return true
			}
		case '%':
			if len(path) < i+3 {
				return true
			}
			switch strings.ToLower(path[i+1 : i+3]) {
			case "2e", "2f", "5c", "3b", "25", "00":
				return true
			}
		}
	}
	return false
}

// anyGlob reports whether one of globs matches s; no globs match everything.
func anyGlob(globs []string, s string) bool {
	for _, g := range globs {
		if policy.Glob(g, s) {
			return true
		}
	}
	return len(globs) == 0
}

func mapped(list []string, f func(string) string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = f(s)
	}
	return out
}
