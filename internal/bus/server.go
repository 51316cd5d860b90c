// Package bus joins nodes and hub: NATS with JetStream, embedded in the node or
// running elsewhere. Its one stream is the write-ahead log of requests; what it
// acknowledged survives the death of any process.
//
// Nodes publish batches through a Publisher, the hub reads them through a
// Reader, and small questions go from hub to nodes by Gather and Answer. Small
// facts that everybody shares are kept in a KV.
package bus

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ServerConfig says where the embedded server keeps its stream and listens.
type ServerConfig struct {
	Dir      string // of the stream's files
	Listen   string // host:port; port 0 takes a free one
	Token    string // every client must show it
	MaxBytes int64  // limit of the stream; DefaultMaxBytes when 0
	// SyncInterval is how often the stream's files are synced to disk: what a
	// power cut may lose. The kill of a process loses nothing.
	SyncInterval time.Duration // DefaultSyncInterval when 0
	Logger       *slog.Logger
}

const (
	// DefaultMaxBytes bounds the stream on disk.
	DefaultMaxBytes = 4 << 30
	// DefaultSyncInterval bounds what a power cut may lose.
	DefaultSyncInterval = time.Second

	// startTimeout bounds how long a server takes until it listens. Before that it
	// recovers its stream, which takes as long as it takes.
	startTimeout = 30 * time.Second
	readyPoll    = 50 * time.Millisecond
	// maxPayload leaves room for a batch of BatchBytes and one record over it.
	maxPayload = 4 << 20
)

// Server is an embedded NATS server.
type Server struct {
	config ServerConfig

	mu     sync.Mutex // starting and stopping
	closed bool

	// nil while it does not run. A client that connects must not wait for mu.
	nats atomic.Pointer[server.Server]
}

// NewServer returns a server that Open starts.
func NewServer(c ServerConfig) *Server {
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.SyncInterval == 0 {
		c.SyncInterval = DefaultSyncInterval
	}
	return &Server{config: c}
}

// OpenServer is NewServer and Open.
func OpenServer(c ServerConfig) (*Server, error) {
	s := NewServer(c)
	if err := s.Open(); err != nil {
		return nil, err
	}
	return s, nil
}

// Open starts the server, unless it runs or is closed, and returns when it takes
// connections: recovering a large stream may take minutes. It may be tried again
// after an error.
func (s *Server) Open() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open()
}

func (s *Server) open() error {
	if s.closed || s.nats.Load() != nil {
		return nil
	}
	started, err := start(s.config)
	if err != nil {
		return err
	}
	s.config.Listen = started.Addr().String()
	s.nats.Store(started)
	return nil
}

// Restart stops the server and starts it where it was; connections to it come
// back by themselves. After an error of its disk NATS takes no more messages,
// whatever becomes of the disk, until it is started anew.
func (s *Server) Restart() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.stop()
	return s.open()
}

// ListenOn changes where the server listens when it is started the next time.
func (s *Server) ListenOn(listen string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.config.Listen = listen
}

func start(c ServerConfig) (*server.Server, error) {
	host, port, err := splitListen(c.Listen)
	if err != nil {
		return nil, err
	}
	s, err := server.NewServer(&server.Options{
		ServerName:    "sojourn",
		Host:          host,
		Port:          port,
		Authorization: c.Token,
		MaxPayload:    maxPayload,
		JetStream:     true,
		StoreDir:      c.Dir,
		// The stream's own limit refuses first; this one only has to lie above it.
		JetStreamMaxStore:  c.MaxBytes + maxStreamSlack,
		JetStreamMaxMemory: 64 << 20,
		SyncInterval:       c.SyncInterval,
		NoSigs:             true,
	})
	if err != nil {
		return nil, fmt.Errorf("bus in %s: %w", c.Dir, err)
	}
	log := &logger{slog: c.Logger}
	s.SetLogger(log, false, false)
	s.Start()
	for end := time.Now().Add(startTimeout); !s.ReadyForConnections(readyPoll); {
		fatal := log.fatal.Load()
		switch {
		case fatal != nil:
			s.Shutdown()
			return nil, fmt.Errorf("bus on %s, folder %s: %s; %s", c.Listen, c.Dir, *fatal, remedy)
		case time.Now().After(end):
			s.Shutdown()
			return nil, fmt.Errorf("bus on %s, folder %s: it does not listen within %v; %s", c.Listen, c.Dir, startTimeout, remedy)
		}
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		return nil, fmt.Errorf("bus in %s could not open its files; %s", c.Dir, remedy)
	}
	return s, nil
}

// remedy is what to do about a bus that does not start. Nobody but the operator
// may give up what the folder holds.
const remedy = "free disk space and check the folder's permissions; if it is damaged, move it away: a new one is made, and what the old one holds is not stored"

const maxStreamSlack = 256 << 20

// Addr returns the host:port that the server listens on once it is open. It waits
// for a start that is under way.
func (s *Server) Addr() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config.Listen
}

// InProcessConn connects to the server without a socket; nats.InProcessServer
// asks for it.
func (s *Server) InProcessConn() (net.Conn, error) {
	running := s.nats.Load()
	if running == nil {
		return nil, errNotOpen
	}
	return running.InProcessConn()
}

var errNotOpen = errors.New("the bus is not open")

// Close stops the server after it wrote what it holds. It waits for a start that
// is under way.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.stop()
}

// stop stops a server that runs; mu is held.
func (s *Server) stop() {
	if running := s.nats.Swap(nil); running != nil {
		running.Shutdown()
		running.WaitForShutdown()
	}
}

func splitListen(listen string) (string, int, error) {
	addr, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return "", 0, fmt.Errorf("bus address %q: %w", listen, err)
	}
	if addr.IP == nil {
		return "", 0, errors.New("bus address needs a host, such as 127.0.0.1:4222")
	}
	if addr.Port == 0 {
		return addr.IP.String(), server.RANDOM_PORT, nil
	}
	return addr.IP.String(), addr.Port, nil
}

// logger hands the server's warnings and errors to slog; its chatter is dropped.
type logger struct {
	slog  *slog.Logger
	fatal atomic.Pointer[string]
}

func (l *logger) Noticef(string, ...any) {}
func (l *logger) Debugf(string, ...any)  {}
func (l *logger) Tracef(string, ...any)  {}

func (l *logger) Warnf(format string, v ...any) {
	l.slog.Warn("bus", "message", fmt.Sprintf(format, v...))
}

func (l *logger) Errorf(format string, v ...any) {
	l.slog.Error("bus", "message", fmt.Sprintf(format, v...))
}

// Fatalf is called where the NATS command would exit, and the server does not
// start: OpenServer returns what it says.
func (l *logger) Fatalf(format string, v ...any) {
	message := fmt.Sprintf(format, v...)
	l.fatal.Store(&message)
}
