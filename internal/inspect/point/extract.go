package point

import (
	"sojourn/internal/exchange"
)

// Request reads the request of x and adds what the points found to out. The
// client's address is x.Client where that is set, else x.Peer.
func (e *Extractor) Request(x *exchange.Exchange, out *Result) {
	e.read(e.request, Request, x, out)
}

// Response reads the response of x, if there was one, and adds what the points
// found to out.
func (e *Extractor) Response(x *exchange.Exchange, out *Result) {
	if x.Status != 0 || x.ResponseHeader != nil {
		e.read(e.response, Response, x, out)
	}
}

func (e *Extractor) read(root *node, side Side, x *exchange.Exchange, out *Result) {
	if len(root.steps) == 0 {
		return
	}
	r := out.begin(e, side, x)
	for _, s := range root.steps {
		if s.format.place&inBody == 0 {
			s.format.read(r, s.node, nil)
		}
	}
	if root.wantsBody() {
		r.readBody(root)
	}
	r.end()
}
