package policy

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Version is the version of the document's format.
const Version = 1

// MaxDays is the longest retention, in days.
const MaxDays = 100_000

var (
	nameForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	hostForm   = regexp.MustCompile(`^[A-Za-z0-9._*?-]{1,253}$`)
	ipv6Form   = regexp.MustCompile(`^\[?[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]?$`)
	tokenForm  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$") // RFC 9110 §5.6.2
	methodForm = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~?-]{1,64}$")
)

func (p *Policy) setDefaults() {
	if p.Capture.KeepQuery == "" {
		p.Capture.KeepQuery = KeepQueryValues
	}
	p.Session.setDefaults()
	for i := range p.Applications {
		a := &p.Applications[i]
		if a.Mode == "" {
			a.Mode = ModeMonitor
		}
		if a.OnFailure == "" {
			a.OnFailure = Pass
		}
	}
}

func (p *Policy) validate(d *decoder) {
	if p.Version != Version {
		if _, given := d.lines["version"]; !given {
			d.problem("version", "missing: begin the document with version: %d", Version)
		} else {
			d.problem("version", "%d is not a version of the format that is known here: use %d", p.Version, Version)
		}
	}
	seen := map[string]int{}
	for i := range p.Applications {
		p.Applications[i].validate(d, "applications["+strconv.Itoa(i)+"]", i, seen)
	}
	p.Capture.validate(d)
	p.ClientAddress.validate(d)
	p.Session.validate(d, p.Applications)
	validateMasks(d, p.Masks, p.Session.Parameters)
	validateMCP(d, p.MCP)
	p.JWKS.validate(d)
	p.Retention.validate(d)
}

func (a *Application) validate(d *decoder, at string, index int, seen map[string]int) {
	switch other, twice := seen[a.Name]; {
	case a.Name == "":
		d.problem(at+".name", "missing: every application has a name")
	case !nameForm.MatchString(a.Name):
		d.problem(at+".name", "%q is not a name: use up to 63 of a-z, 0-9, - and _, beginning with a letter or digit", a.Name)
	case twice:
		d.problem(at+".name", "%q is the name of applications[%d] already: names are unique", a.Name, other)
	case a.Name == DefaultApplication && !a.matchesAll():
		d.problem(at+".name", "%q names what no other application matches: leave out its hosts and paths, or choose another name", a.Name)
	}
	seen[a.Name] = index
	validateEach(d, at+".hosts", a.Hosts, hostProblem)
	validateEach(d, at+".paths", a.Paths, pathPrefixProblem)
	if problem := upstreamProblem(a.Upstream); problem != "" {
		d.problem(at+".upstream", "%q %s", a.Upstream, problem)
	}
	if !slices.Contains([]Mode{ModeOff, ModeMonitor, ModeBlock}, a.Mode) {
		d.problem(at+".mode", "%q is not a mode: use off, monitor or block", a.Mode)
	}
	switch a.OnFailure {
	case Pass:
	case "block":
		d.problem(at+".on_failure", "this version cannot block when Sojourn itself fails: use pass")
	default:
		d.problem(at+".on_failure", "%q is not known: use pass", a.OnFailure)
	}
}

// matchesAll reports that the application takes whatever no other one takes.
func (a *Application) matchesAll() bool {
	anyHost := len(a.Hosts) == 0 || slices.Equal(a.Hosts, []string{"*"})
	anyPath := len(a.Paths) == 0 || slices.Equal(a.Paths, []string{"/"})
	return anyHost && anyPath
}

func (c *Capture) validate(d *decoder) {
	if !slices.Contains([]KeepQuery{KeepQueryValues, KeepQueryNames, KeepQueryNone}, c.KeepQuery) {
		d.problem("capture.keep_query", "%q is not known: use values, names or none", c.KeepQuery)
	}
	for i, e := range c.Exclude {
		at := "capture.exclude[" + strconv.Itoa(i) + "]"
		if len(e.Hosts)+len(e.Methods)+len(e.Paths) == 0 {
			d.problem(at, "has no condition, so it would leave out everything: name hosts, methods or paths")
		}
		validateEach(d, at+".hosts", e.Hosts, hostProblem)
		validateEach(d, at+".paths", e.Paths, pathGlobProblem)
		validateEach(d, at+".methods", e.Methods, func(s string) string {
			if !methodForm.MatchString(s) {
				return "is not a method such as GET, nor a glob of one"
			}
			return ""
		})
	}
}

func (c *ClientAddress) validate(d *decoder) {
	switch {
	case c.Header != "" && !tokenForm.MatchString(c.Header):
		d.problem("client_address.header", "%q is not the name of a header: write one such as X-Forwarded-For", c.Header)
	case c.Header != "" && len(c.TrustedProxies) == 0:
		d.problem("client_address.trusted_proxies", "missing: anyone can send %s, so name the networks whose word counts, such as 10.0.0.0/8", c.Header)
	case c.FingerprintHeader != "" && !tokenForm.MatchString(c.FingerprintHeader):
		d.problem("client_address.fingerprint_header", "%q is not the name of a header: write one such as X-JA4", c.FingerprintHeader)
	case c.FingerprintHeader != "" && len(c.TrustedProxies) == 0:
		d.problem("client_address.trusted_proxies", "missing: anyone can send %s, so name the networks whose word counts, such as 10.0.0.0/8", c.FingerprintHeader)
	case c.Header+c.FingerprintHeader == "" && len(c.TrustedProxies) > 0:
		d.problem("client_address.header", "missing: name the header that the trusted proxies write, such as X-Forwarded-For")
	}
	for i, prefix := range c.TrustedProxies {
		if prefix.Addr().Is4In6() {
			d.problem("client_address.trusted_proxies["+strconv.Itoa(i)+"]", "%q is an IPv4 network in IPv6 clothes: write it as IPv4", prefix)
		}
	}
}

func (r *Retention) validate(d *decoder) {
	if _, given := d.lines["retention.days"]; given && (r.Days < 1 || r.Days > MaxDays) {
		d.problem("retention.days", "%d is out of range: keep 1 to %d days, today included", r.Days, MaxDays)
	}
}

func validateEach(d *decoder, at string, values []string, problem func(string) string) {
	for i, v := range values {
		if p := problem(v); p != "" {
			d.problem(at+"["+strconv.Itoa(i)+"]", "%q %s", v, p)
		}
	}
}

func hostProblem(host string) string {
	switch {
	case strings.Contains(host, "://"):
		return "is a URL: write the host alone"
	case strings.Contains(host, "/"):
		return "holds a slash: paths go under paths"
	case ipv6Form.MatchString(host) && strings.Count(host, ":") > 1, hostForm.MatchString(host):
		return ""
	case strings.Contains(host, ":"):
		return "holds a port: hosts are matched without it"
	}
	return "is not a host: use letters, digits, dots, hyphens and the wildcards * and ?; names in other scripts in their xn-- form"
}

func pathPrefixProblem(path string) string {
	switch {
	case !strings.HasPrefix(path, "/"):
		return "is not a path: it begins with /"
	case strings.ContainsAny(path, "*?#"):
		return "holds a wildcard, query or fragment: a path here is a plain prefix such as /api"
	case hasControl(path):
		return "holds a space or control character"
	}
	return ""
}

func pathGlobProblem(path string) string {
	switch {
	case !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "*"):
		return "is not a glob of a path: it begins with / or *"
	case hasControl(path):
		return "holds a space or control character"
	}
	return ""
}

// upstreamProblem says what is wrong with an upstream; "" when it is usable.
func upstreamProblem(upstream string) string {
	if upstream == "" {
		return ""
	}
	u, err := url.Parse(upstream)
	switch {
	case err != nil || hasControl(upstream):
		return "is not a URL: write one such as http://127.0.0.1:3000"
	case u.Scheme != "http" && u.Scheme != "https":
		return "has no scheme that can be proxied: write http:// or https:// before the host"
	case u.Hostname() == "":
		return "has no host: write one such as http://127.0.0.1:3000"
	case u.User != nil:
		return "holds a user or password: leave them out; the client's own credentials are passed on"
	case u.RawQuery != "" || u.ForceQuery || strings.Contains(upstream, "#"):
		return "holds a query or fragment: leave it out"
	case strings.HasSuffix(u.Host, ":") || !portInRange(u.Port()):
		return "has no usable port: use 1 to 65535"
	}
	return ""
}

func portInRange(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.Atoi(port)
	return err == nil && n >= 1 && n <= 65535
}

func hasControl(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) >= 0
}
