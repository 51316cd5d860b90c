// Package proxy is the inline source: a reverse proxy between clients and the
// operator's upstreams that hands every exchange to an inspector.
//
// It is transparent: what the client sent reaches the upstream byte for byte
// where HTTP allows it, and back. It is the only room that can act on live
// traffic, and traffic never depends on what the inspector does with it.
package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sojourn/internal/exchange"
	"sojourn/internal/policy"
	"sojourn/internal/record"
)

// Limits and timeouts towards clients.
const (
	// readHeaderTimeout is how long a client may take for a request's head.
	readHeaderTimeout = 15 * time.Second
	// idleTimeout is how long a connection may wait for its next request.
	idleTimeout = 2 * time.Minute
	// maxHeaderBytes is the size of a request's head; beyond it the client gets 431.
	maxHeaderBytes = 256 << 10
)

// Config is what a Server is made of.
type Config struct {
	Listen    string                // address to listen on, host:port
	Upstream  string                // URL for what no application routes elsewhere; may be empty
	Policy    *policy.Policy        // applications with their upstreams; may be nil
	Inspector exchange.Inspector    // sees every exchange
	Log       *slog.Logger          // nil: slog.Default()
	Metrics   prometheus.Registerer // nil: not registered

	// TLS are the certificates to speak TLS with, HTTP/2 included: of those that
	// hold the name a client asks for the first, else the first of all. None: HTTP
	// without TLS.
	TLS                 []KeyPair
	CertificateInterval time.Duration // between looks at the files of TLS; 0: 2 s

	MaxConnections        int           // clients' connections at a time, more wait; 0: no limit
	ShutdownTimeout       time.Duration // for running exchanges at a stop; 0: 30 s
	DrainTimeout          time.Duration // for idle connections at a stop, within ShutdownTimeout; 0: 0.5 s
	DialTimeout           time.Duration // for connecting to an upstream; 0: 10 s
	ResponseHeaderTimeout time.Duration // for an upstream's response to begin; 0: none, so that long polls work
}

// Server is the reverse proxy: New, Open, Run, Close.
type Server struct {
	cfg       Config
	log       *slog.Logger
	errorLog  *log.Logger // what ReverseProxy would print about broken copies: it is in the records
	inspector exchange.Inspector
	metrics   *metrics
	transport *http.Transport
	buffers   *bufferPool
	http      *http.Server
	fallback  *url.URL // nil without Config.Upstream

	certificates *certificates // nil without TLS, and before Open

	router  atomic.Pointer[router]
	routing sync.Mutex // held while a new router is made from the old one

	panicked sync.Once // a panic of the inspector was logged

	listener net.Listener
	open     atomic.Int64       // exchanges between Begin and the return of End
	conns    atomic.Int64       // connections of clients, without upgraded ones
	draining atomic.Bool        // stopping: responses close their connections
	base     context.Context    // parent of every exchange's context
	cut      context.CancelFunc // cancels base
	closing  sync.Once
	closed   chan struct{}
}

// New checks cfg and makes a Server that does not listen yet. Its errors name
// the value and the setting to change.
func New(cfg Config) (*Server, error) {
	if cfg.Inspector == nil {
		return nil, errors.New("bug: proxy without an inspector")
	}
	s := &Server{cfg: cfg, log: cfg.Log, inspector: cfg.Inspector, buffers: &bufferPool{}, closed: make(chan struct{})}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.errorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	if cfg.Upstream != "" {
		u, err := parseUpstream("--upstream", cfg.Upstream)
		if err != nil {
			return nil, err
		}
		s.fallback = u
	}
	s.metrics = newMetrics(s)
	if err := s.SetPolicy(cfg.Policy); err != nil {
		return nil, err
	}
	if len(s.router.Load().upstreams) == 0 {
		return nil, errors.New("no upstream: give --upstream URL, or an application with an upstream in the --policy file")
	}
	if err := s.metrics.register(cfg.Metrics); err != nil {
		return nil, fmt.Errorf("proxy metrics: %w", err)
	}
	s.transport = newTransport(cfg)
	s.base, s.cut = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:                      http.HandlerFunc(s.serve),
		DisableGeneralOptionsHandler: true, // "OPTIONS *" is the upstream's to answer
		ReadHeaderTimeout:            readHeaderTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ErrorLog:                     log.New(&serverLog{s.log, s.metrics.handshakes}, "", 0),
		ConnState:                    s.countConns,
		BaseContext:                  func(net.Listener) context.Context { return s.base },
	}
	return s, nil
}

// Open loads the certificates and binds the listening address, so that a file that
// cannot be used or a taken port is an error here. Connections wait until Run.
func (s *Server) Open() error {
	if len(s.cfg.TLS) > 0 {
		certificates, err := openCertificates(s.cfg.TLS, s.log)
		if err != nil {
			return err
		}
		s.certificates = certificates
	}
	l, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("the proxy cannot listen on %s: %w; choose another address with --proxy", s.cfg.Listen, listenCause(err))
	}
	for _, up := range s.router.Load().upstreams {
		if up.isSelf(l.Addr()) {
			l.Close()
			return fmt.Errorf("upstream %s is the proxy itself; change --upstream (or the application's upstream) or --proxy", up.url)
		}
	}
	if s.cfg.MaxConnections > 0 {
		l = newLimitListener(l, s.cfg.MaxConnections, s.metrics.waits)
	}
	if s.certificates != nil {
		l = s.terminate(l)
	}
	s.listener = l
	return nil
}

// listenCause strips what the message around it says already.
func listenCause(err error) error {
	var sys *os.SyscallError
	if errors.As(err, &sys) {
		return sys.Err
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// Addr is the bound address; nil before Open.
func (s *Server) Addr() net.Addr {
	if s.listener == nil {
		return nil
	}
	return s.listener.Addr()
}

// URL is the proxy's own URL; empty before Open.
func (s *Server) URL() string {
	if s.listener == nil {
		return ""
	}
	if s.certificates != nil {
		return "https://" + s.listener.Addr().String()
	}
	return "http://" + s.listener.Addr().String()
}

// Run serves until ctx ends and then shuts down gracefully, within
// Config.ShutdownTimeout. It returns an error only when serving failed; an
// overdue shutdown is logged.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		return errors.New("bug: proxy run before it was opened")
	}
	served := make(chan error, 1)
	go func() { served <- s.accept(ctx) }()
	select {
	case err := <-served:
		if !s.draining.Load() && !errors.Is(err, http.ErrServerClosed) {
			s.Close()
			return fmt.Errorf("proxy on %s: %w", s.cfg.Listen, err)
		}
		<-s.closed // somebody else's Shutdown or Close still waits for exchanges
		return nil
	case <-ctx.Done():
	}
	timeout := cmp.Or(s.cfg.ShutdownTimeout, shutdownTimeout)
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	if err := s.Shutdown(deadline); err != nil {
		s.log.Warn("proxy stopped with exchanges still running; they were cut", "after", timeout)
	}
	<-served
	return nil
}

// accept serves connections until the listener closes, and keeps the certificates
// up to date meanwhile.
func (s *Server) accept(ctx context.Context) error {
	if s.certificates == nil {
		return s.http.Serve(s.listener)
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer watch.Wait()
	defer stop() // before the wait
	watch.Go(func() { s.certificates.watch(watching, cmp.Or(s.cfg.CertificateInterval, certificateInterval)) })
	return s.http.ServeTLS(s.listener, "", "")
}

// SetPolicy routes new exchanges by p (nil: everything to Config.Upstream), all
// or nothing. Running exchanges keep their upstream.
func (s *Server) SetPolicy(p *policy.Policy) error {
	s.routing.Lock()
	defer s.routing.Unlock()
	next, err := newRouter(p, s.fallback, s.router.Load())
	if err != nil {
		return err
	}
	s.router.Store(next)
	return nil
}

// Stats returns the state of every upstream, in the order of the policy, the
// --upstream flag's last.
func (s *Server) Stats() []record.UpstreamStatus {
	upstreams := s.router.Load().upstreams
	out := make([]record.UpstreamStatus, len(upstreams))
	for i, up := range upstreams {
		out[i] = up.status()
	}
	return out
}

// CheckUpstream connects once to every upstream and returns a warning for each
// that does not answer.
func (s *Server) CheckUpstream(ctx context.Context) []string {
	upstreams := s.router.Load().upstreams
	found := make([]string, len(upstreams))
	var dials sync.WaitGroup
	for i, up := range upstreams {
		dials.Go(func() { found[i] = up.check(ctx, s.transport.DialContext) })
	}
	dials.Wait()
	var warnings []string
	for _, w := range found {
		if w != "" {
			warnings = append(warnings, w)
		}
	}
	return warnings
}
