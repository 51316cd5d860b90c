// Package endpoint names the endpoint of a request: the template of its path,
// such as /users/{int}/orders.
//
// Templates are structural: they follow from the path alone, never from what was
// seen before, so nodes, days and replays agree. Only past the limits, which
// keep a scanner from filling the store with paths that it makes up, are
// templates folded into coarser ones; that is counted.
package endpoint

import (
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
	// MaxTotal is how many templates all hosts may have together.
	MaxTotal = 20_000
)

// Rest stands for the segments of a folded template.
const Rest = "{rest}"

// Namer names endpoints and keeps their number bounded. It may be used by any
// number of goroutines.
type Namer struct {
	mu     sync.RWMutex
	hosts  map[string]*host
	total  int
	folded atomic.Uint64
}

// host holds the templates of one host, each by its own text.
type host struct {
	templates map[string]string
	coarse    map[string]string
}

// New returns a Namer that has seen nothing.
func New() *Namer { return &Namer{hosts: map[string]*host{}} }

// Folded counts the requests that got a coarser template because of a limit.
func (n *Namer) Folded() uint64 { return n.folded.Load() }

// Name returns the template of a path as it is on the wire, without its query.
// It does not allocate for a template that it has seen.
func (n *Namer) Name(hostName, path string) string {
	var buf [256]byte
	template := appendTemplate(buf[:0], path)
	n.mu.RLock()
	if h := n.hosts[hostName]; h != nil {
		if known, ok := h.templates[string(template)]; ok {
			n.mu.RUnlock()
			return known
		}
	}
	n.mu.RUnlock()
	return n.add(hostName, string(template))
}

func (n *Namer) add(hostName, template string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[hostName]
	if h == nil {
		if n.total >= MaxTotal {
			n.folded.Add(1)
			return "/" + Rest
		}
		// The name may be part of a larger text that must not be kept alive.
		h = &host{templates: map[string]string{}, coarse: map[string]string{}}
		n.hosts[strings.Clone(hostName)] = h
		n.total++
	}
	if known, ok := h.templates[template]; ok {
		return known
	}
	if len(h.templates) < MaxPerHost && n.total < MaxTotal {
		h.templates[template] = template
		n.total++
		return template
	}
	n.folded.Add(1)
	return n.fold(h, template)
}

// fold keeps the first segment, as long as there are not too many of them.
func (n *Namer) fold(h *host, template string) string {
	first := strings.TrimPrefix(template, "/")
	if end := strings.IndexByte(first, '/'); end >= 0 {
		first = first[:end]
	} else {
		first = ""
	}
	coarse := "/" + first + "/" + Rest
	if first == "" {
		coarse = "/" + Rest
	}
	if known, ok := h.coarse[coarse]; ok {
		return known
	}
	if len(h.coarse) < MaxFoldedPerHost && n.total < MaxTotal {
		h.coarse[coarse] = coarse
		n.total++
		return coarse
	}
	return "/" + Rest
}
