// Package endpoint names the endpoint of a request: the template of its path,
// such as /users/{int}/orders.
//
// Templates are structural: they follow from the path alone, never from what was
// seen before, so nodes, days and replays agree. Only past the limits, which
// keep a scanner from filling the store with paths that it makes up, are
// templates folded into coarser ones; that is counted.
//
// What the upstream refused may use only a part of each limit (guessShare), so
// that made-up paths and hosts do not take the names of those that exist.
package endpoint

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// MaxPerHost is how many templates one host may have before further ones are
	// folded to their first segment.
	MaxPerHost = 2000
	// MaxFoldedPerHost is how many such folded ones it may have before all the rest
	// is one.
	MaxFoldedPerHost = 200
	// MaxHosts is how many hosts have limits of their own. All others together have
	// those of one host.
	MaxHosts = 5000
	// MaxTotal is how many templates the hosts with limits of their own may have
	// together, folded ones too. Beyond it they share the limits of the others.
	MaxTotal = 20_000
)

// Rest stands for the segments of a folded template.
const Rest = "{rest}"

// Namer names endpoints and keeps their number bounded. It may be used by any
// number of goroutines.
type Namer struct {
	mu     sync.RWMutex
	hosts  map[string]*host
	others *host  // of those that hosts has no room for
	room   budget // of hosts
	total  budget // of their templates
	folded atomic.Uint64
}

// host holds the templates of one host.
type host struct {
	templates set
	coarse    set
	answered  bool // at least once
}

// New returns a Namer that has seen nothing.
func New() *Namer {
	others := &budget{limit: MaxPerHost + MaxFoldedPerHost}
	return &Namer{
		hosts: map[string]*host{}, others: newHost(others, true),
		room: budget{limit: MaxHosts}, total: budget{limit: MaxTotal},
	}
}

func newHost(total *budget, answered bool) *host {
	return &host{templates: newSet(MaxPerHost, total), coarse: newSet(MaxFoldedPerHost, total), answered: answered}
}

// Folded counts the requests that got a coarser template because of a limit.
func (n *Namer) Folded() uint64 { return n.folded.Load() }

// Name returns the template of a path as it is on the wire, without its query.
// kept is the path with its secrets masked, segment by segment: a segment that the
// template would hold as it is comes from there. Where an id stands, it does not
// count, so that the name does not depend on who asks.
//
// The status of the response, 0 when there was none, tells whether the path is a
// guess; it has no influence on the name while there is room. Name does not
// allocate for a template that it has seen.
func (n *Namer) Name(hostName, path, kept string, status int) string {
	var buf [256]byte
	template := appendTemplate(buf[:0], path, kept)
	answered := isAnswer(status)
	n.mu.RLock()
	known, ok := n.find(hostName, template, answered)
	n.mu.RUnlock()
	if ok && (known.answered || !answered) {
		return known.text
	}
	return n.add(hostName, string(template), answered)
}

// isAnswer reports whether a response shows that the upstream knows the path.
// What asks for credentials or fails does not: many do so for whatever is asked.
func isAnswer(status int) bool {
	return http.StatusContinue <= status && status < http.StatusBadRequest
}

// find looks where add would put the template, and changes nothing.
func (n *Namer) find(hostName string, template []byte, answered bool) (name, bool) {
	h, room := n.hosts[hostName], &n.room
	if h != nil {
		if known, ok := h.templates.names[string(template)]; ok {
			return known, h.answered || !answered
		}
		if !h.templates.own.has(answered) {
			return name{}, false
		}
		room = &n.total
	}
	if room.has(answered) {
		return name{}, false
	}
	known, ok := n.others.templates.names[string(template)]
	return known, ok
}

func (n *Namer) add(hostName, template string, answered bool) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.host(hostName, answered)
	if text, ok := h.templates.add(template, answered); ok {
		return text
	}
	if h.templates.own.has(answered) { // it is the total that has no room
		h = n.others
		if text, ok := h.templates.add(template, answered); ok {
			return text
		}
	}
	n.folded.Add(1)
	if text, ok := h.coarse.add(fold(template), answered); ok {
		return text
	}
	return "/" + Rest
}

// host returns who keeps the templates of a host: itself, if there is room.
func (n *Namer) host(hostName string, answered bool) *host {
	h := n.hosts[hostName]
	switch {
	case h == nil && !n.room.has(answered):
		return n.others
	case h == nil:
		h = newHost(&n.total, answered)
		n.room.take(answered)
		// The name may be part of a larger text that must not be kept alive.
		n.hosts[strings.Clone(hostName)] = h
	case answered && !h.answered:
		n.room.confirm()
		h.answered = true
	}
	return h
}

// fold keeps the first segment.
func fold(template string) string {
	first, _, more := strings.Cut(strings.TrimPrefix(template, "/"), "/")
	if !more || first == "" {
		return "/" + Rest
	}
	return "/" + first + "/" + Rest
}
