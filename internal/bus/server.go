// Package bus joins nodes and hub: NATS with JetStream, embedded in the node or
// running elsewhere. Its one stream is the write-ahead log of requests; what it
// acknowledged survives the death of any process.
//
// Nodes publish batches through a Publisher, the hub reads them through a
// Reader, and small questions go from hub to nodes by Gather and Answer.
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

	startTimeout = 30 * time.Second // a large stream takes a while to recover
	readyPoll    = 50 * time.Millisecond
	// maxPayload leaves room for a batch of BatchBytes and one record over it.
	maxPayload = 4 << 20
)

// Server is an embedded NATS server.
type Server struct {
	config ServerConfig

	mu     sync.Mutex
	nats   *server.Server
	closed bool
}

// OpenServer starts the server and returns when it takes connections.
func OpenServer(c ServerConfig) (*Server, error) {
	if c.MaxBytes == 0 {
		c.MaxBytes = DefaultMaxBytes
	}
	if c.SyncInterval == 0 {
		c.SyncInterval = DefaultSyncInterval
	}
	started, err := start(c)
	if err != nil {
		return nil, err
	}
	c.Listen = started.Addr().String()
	return &Server{config: c, nats: started}, nil
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
	stop(s.nats)
	started, err := start(s.config)
	if err == nil {
		s.nats = started
	}
	return err
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
			return nil, fmt.Errorf("bus on %s, folder %s: %s", c.Listen, c.Dir, *fatal)
		case time.Now().After(end):
			s.Shutdown()
			return nil, fmt.Errorf("bus on %s did not start within %v: is the folder %s usable?", c.Listen, startTimeout, c.Dir)
		}
	}
	if !s.JetStreamEnabled() {
		s.Shutdown()
		return nil, fmt.Errorf("bus in %s could not open its files: is the disk full or the folder not writable?", c.Dir)
	}
	return s, nil
}

const maxStreamSlack = 256 << 20

// Addr returns the host:port that the server listens on.
func (s *Server) Addr() string { return s.config.Listen }

// InProcessConn connects to the server without a socket; nats.InProcessServer
// asks for it.
func (s *Server) InProcessConn() (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nats.InProcessConn()
}

// Close stops the server after it wrote what it holds.
func (s *Server) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	stop(s.nats)
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
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
