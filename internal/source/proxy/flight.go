package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"sojourn/internal/exchange"
	"sojourn/internal/record"
)

// flushLatency bounds how long bytes of a response of known length may wait in
// the server's buffer. Flushing each at once would cost every small response a
// second write; responses of unknown length are flushed at once.
const flushLatency = 2 * time.Millisecond

// uploadGrace is how long a client may go on sending a body that the upstream
// has answered without reading to its end.
const uploadGrace = 2 * time.Second

// flight is one exchange on its way through the proxy. Its ReverseProxy is its
// own, so that the hooks know the exchange they belong to.
type flight struct {
	server *Server
	x      *exchange.Exchange
	w      http.ResponseWriter
	in     *http.Request
	route  route

	reverse  httputil.ReverseProxy
	request  *exchange.Reader // nil: no body
	response *exchange.Reader // nil: no body
	tunnel   *tunnel          // nil: not upgraded
	returned bool             // the response is complete: nothing aborted the flight
}

// serve is the handler of every request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.open.Add(1)
	defer s.open.Add(-1)
	f := &flight{server: s, x: begin(r), w: w, in: r}
	defer f.end()
	f.route = s.router.Load().route(r.Host, f.x.Path)
	verdict := f.inspectorBegin()
	switch {
	case r.Method == http.MethodConnect:
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		f.refuse(http.StatusMethodNotAllowed, "this is a reverse proxy: it does not tunnel")
	case f.x.Path != "*" && !strings.HasPrefix(f.x.Path, "/"):
		f.x.Flag(record.FlagMalformed)
		f.refuse(http.StatusBadRequest, "the target of the request is not a path")
	case verdict.Action == record.Block && verdict.Enforced:
		f.refuse(http.StatusForbidden, "this request was refused")
	case f.route.upstream == nil:
		f.refuse(http.StatusBadGateway, "no upstream is configured for this host and path")
	default:
		f.proxy()
	}
	f.returned = true
}

// begin makes the exchange of r.
func begin(r *http.Request) *exchange.Exchange {
	x := &exchange.Exchange{
		Started: time.Now(),
		Method:  r.Method,
		Scheme:  scheme(r),
		Proto:   r.Proto,
		Host:    r.Host,
		// net/http makes a new map for every request and ReverseProxy clones it
		// for the outgoing one: nobody changes this one any more.
		Header:    r.Header,
		FirstByte: record.Unknown,
	}
	x.Path, x.Query = rawTarget(r)
	setHello(x, r)
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		x.Peer = peer.Addr().Unmap().WithZone("")
	}
	return x
}

// refuse answers in the upstream's place.
func (f *flight) refuse(status int, detail string) {
	f.x.Status = status
	f.x.FirstByte = f.elapsed()
	f.leave()
	f.x.ResponseBytes = record.Measure(writeProblem(f.w, status, detail, f.x.ID))
	f.x.ResponseHeader = f.w.Header()
}

// proxy sends the request on and copies the response back. It panics with
// http.ErrAbortHandler where the response has to be broken off.
func (f *flight) proxy() {
	f.reverse = httputil.ReverseProxy{
		Rewrite:        f.rewrite,
		ModifyResponse: f.answered,
		ErrorHandler:   f.failed,
		Transport:      f.server.transport,
		BufferPool:     f.server.buffers,
		FlushInterval:  flushLatency,
		ErrorLog:       f.server.errorLog,
	}
	w := f.w
	if f.in.Header["Expect"] != nil && f.in.ContentLength != 0 {
		w = askedOnce{w}
	}
	f.reverse.ServeHTTP(w, f.in)
}

// rewrite is ReverseProxy's hook for the outgoing request.
func (f *flight) rewrite(pr *httputil.ProxyRequest) {
	forward(pr, f.route.upstream, f.x)
	if pr.Out.Body != nil {
		// Upstreams may answer while the body is still coming; without this
		// net/http would swallow the rest of it then.
		http.NewResponseController(f.w).EnableFullDuplex()
		f.x.RequestBody.Limit = f.x.Capture.Request
		f.request = exchange.NewReader(pr.Out.Body, &f.x.RequestBody)
		pr.Out.Body = f.request
	}
}

// answered is ReverseProxy's hook for the head of the upstream's response.
func (f *flight) answered(res *http.Response) error {
	x := f.x
	x.FirstByte = f.elapsed()
	x.Status = res.StatusCode
	// It would lead clients past us.
	res.Header.Del("Alt-Svc")
	x.ResponseHeader = res.Header
	f.leave()
	if f.route.upstream.answered() {
		f.server.log.Info("upstream answers again", "upstream", f.route.upstream.url)
	}
	if res.Header["Content-Type"] == nil {
		f.w.Header()["Content-Type"] = nil // else net/http guesses one
	}
	switch conn, writable := res.Body.(io.ReadWriteCloser); {
	case res.StatusCode == http.StatusSwitchingProtocols && writable:
		f.tunnel = &tunnel{ReadWriteCloser: conn}
		res.Body = f.tunnel
	case res.Body == http.NoBody:
		f.reverse.FlushInterval = 0 // its timer would have nothing to do
	default:
		x.ResponseBody.Limit = x.Capture.Response
		f.response = exchange.NewReader(res.Body, &x.ResponseBody)
		res.Body = f.response
	}
	return nil
}

// leave tells the client, while the server is stopping, to use another
// connection next time.
func (f *flight) leave() {
	if f.server.draining.Load() && f.x.Status != http.StatusSwitchingProtocols {
		f.w.Header().Set("Connection", "close")
	}
}

// failed is ReverseProxy's hook for an exchange without a response.
func (f *flight) failed(_ http.ResponseWriter, _ *http.Request, err error) {
	f.x.Status, f.x.ResponseHeader = 0, nil
	switch bodyErr := f.requestError(); {
	case f.in.Context().Err() != nil || isDisconnect(bodyErr):
		panic(http.ErrAbortHandler) // nobody is left to answer
	case bodyErr != nil && bodyErr != io.EOF:
		f.x.Flag(record.FlagMalformed)
		f.refuse(http.StatusBadRequest, "the body of the request could not be read")
	case isTimeout(err):
		f.upstreamFailed(err)
		f.refuse(http.StatusGatewayTimeout, "the upstream did not answer in time")
	default:
		f.upstreamFailed(err)
		f.refuse(http.StatusBadGateway, "the upstream did not answer")
	}
}

// requestError is what ended the client's body, as exchange.Reader tells it.
func (f *flight) requestError() error {
	if f.request == nil {
		return nil
	}
	_, err := f.request.Progress()
	return err
}

// isDisconnect tells a client that left from one that sent nonsense.
func isDisconnect(err error) bool {
	var broken net.Error
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken)
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

func (f *flight) upstreamFailed(err error) {
	up, s := f.route.upstream, f.server
	f.x.Flag(record.FlagUpstreamError)
	s.metrics.upstreamErrors.WithLabelValues(f.route.application).Inc()
	text := cause(err)
	if up.failed(text) {
		s.log.Warn("upstream does not answer; until it does, further errors are only counted",
			"upstream", up.url, "application", f.route.application, "error", text)
	}
}

// end completes the exchange and passes it on, whatever became of it: a panic
// may be on its way.
func (f *flight) end() {
	x := f.x
	var responseErr error
	if f.request != nil {
		n, err := f.request.Stop()
		x.RequestBytes = record.Measure(n)
		if err == nil {
			// net/http waits for a read that the transport may have left behind.
			http.NewResponseController(f.w).SetReadDeadline(time.Now().Add(uploadGrace))
		}
	}
	if f.response != nil {
		var n int64
		n, responseErr = f.response.Stop()
		x.ResponseBytes = record.Measure(n)
	}
	if f.tunnel != nil && x.Status == http.StatusSwitchingProtocols {
		x.Flag(record.FlagUpgraded)
		x.RequestBytes = record.Measure(f.tunnel.sent.Load())
		x.ResponseBytes = record.Measure(f.tunnel.received.Load())
	}
	if !f.returned {
		f.broken(responseErr)
	}
	duration := time.Since(x.Started)
	x.Duration = record.Measure(duration.Microseconds())
	f.server.metrics.ended(x.Status, duration.Seconds())
	f.inspectorEnd()
}

// broken notes who broke the exchange off: the upstream (or we, when stopping),
// or else the client.
func (f *flight) broken(responseErr error) {
	if f.server.base.Err() == nil && (responseErr == nil || responseErr == io.EOF || errors.Is(responseErr, context.Canceled)) {
		f.x.Flag(record.FlagClientGone)
		return
	}
	f.x.Flag(record.FlagResponseCut)
	if f.response != nil {
		http.NewResponseController(f.w).Flush() // what there is of it
	}
}

func (f *flight) elapsed() record.Measure {
	return record.Measure(time.Since(f.x.Started).Microseconds())
}

// inspectorBegin asks for the verdict; when the inspector panics there is none,
// and the exchange passes.
func (f *flight) inspectorBegin() record.Verdict {
	defer f.recoverInspector("begin")
	return f.server.inspector.Begin(f.x)
}

func (f *flight) inspectorEnd() {
	defer f.recoverInspector("end")
	f.server.inspector.End(f.x)
}

// recoverInspector is deferred around the inspector's methods. They promise not
// to panic; traffic must not depend on the promise. All panics are counted, the
// first is logged.
func (f *flight) recoverInspector(phase string) {
	if cause := recover(); cause != nil {
		f.server.metrics.panics.Inc()
		f.server.panicked.Do(func() {
			f.server.log.Error("inspector panicked; exchanges pass, further panics are only counted",
				"phase", phase, "cause", cause, "stack", string(debug.Stack()))
		})
	}
}
