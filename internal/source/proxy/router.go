package proxy

import (
	"fmt"
	"net/url"

	"sojourn/internal/policy"
)

// router says which upstream an exchange goes to. It never changes; a new
// policy makes a new one.
type router struct {
	matcher   *policy.Matcher
	routes    map[string]route // by application
	fallback  route
	upstreams []*upstream // each once: the applications', then the flag's
}

// route is an upstream and the application that led to it.
type route struct {
	application string
	upstream    *upstream // nil: none is configured
}

// newRouter compiles p. Upstreams that old has as well keep their state.
func newRouter(p *policy.Policy, fallback *url.URL, old *router) (*router, error) {
	if p == nil {
		p = &policy.Policy{}
	}
	r := &router{matcher: policy.NewMatcher(p.Applications), routes: map[string]route{}}
	for _, app := range p.Applications {
		to := fallback
		if app.Upstream != "" {
			u, err := parseUpstream(fmt.Sprintf("upstream of application %q:", app.Name), app.Upstream)
			if err != nil {
				return nil, err
			}
			to = u
		}
		r.routes[app.Name] = route{app.Name, r.add(to, old)}
	}
	r.fallback = route{policy.DefaultApplication, r.add(fallback, old)}
	return r, nil
}

// add returns the upstream of u, taken from r or old where they have it.
func (r *router) add(u *url.URL, old *router) *upstream {
	if u == nil {
		return nil
	}
	if up := r.find(u.String()); up != nil {
		return up
	}
	up := old.find(u.String())
	if up == nil {
		up = newUpstream(u)
	}
	r.upstreams = append(r.upstreams, up)
	return up
}

func (r *router) find(u string) *upstream {
	if r == nil {
		return nil
	}
	for _, up := range r.upstreams {
		if up.url == u {
			return up
		}
	}
	return nil
}

// route finds the way of a request with this host and raw path.
func (r *router) route(host, path string) route {
	if app := r.matcher.Match(host, path); app != nil {
		return r.routes[app.Name]
	}
	return r.fallback
}
