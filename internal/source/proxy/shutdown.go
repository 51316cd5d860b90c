package proxy

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// How long a stop takes.
const (
	// shutdownTimeout is Config.ShutdownTimeout where it is 0.
	shutdownTimeout = 30 * time.Second
	// drainTimeout is how long, of the shutdown's, clients may use the connections
	// they have; each response tells them to leave.
	drainTimeout = 500 * time.Millisecond
	// closeGrace is how long cut exchanges may take to reach the inspector.
	closeGrace = 2 * time.Second
	// drainPoll is how often a shutdown looks what still runs.
	drainPoll = 10 * time.Millisecond
)

// Shutdown stops accepting connections and waits for the running exchanges,
// upgraded ones (WebSocket) included. When ctx ends first they are cut, and its
// error returned. Either way every exchange has been handed to the inspector.
func (s *Server) Shutdown(ctx context.Context) error {
	s.drain(ctx)
	err := s.http.Shutdown(ctx)
	if err == nil || errors.Is(err, net.ErrClosed) { // drain has closed the listener
		// http.Server forgets connections that were upgraded.
		err = await(ctx, &s.open)
	}
	s.Close()
	return err
}

// drain accepts no more connections and lets clients leave those they have. A
// connection that is closed while it is idle may have a request on its way; one
// that the client was told to leave has none.
func (s *Server) drain(ctx context.Context) {
	s.draining.Store(true)
	if s.listener != nil {
		s.listener.Close()
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(s.cfg.DrainTimeout, drainTimeout))
	defer cancel()
	await(ctx, &s.conns) // those that stay are idle, or running: Shutdown knows them
}

func (s *Server) countConns(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateHijacked, http.StateClosed:
		s.conns.Add(-1)
	}
}

// Close cuts what still runs and waits for it to reach the inspector. It may be
// called more than once, and without Open or Run.
func (s *Server) Close() error {
	s.cut()
	s.http.Close()
	if s.listener != nil {
		s.listener.Close() // where Run never came to it
	}
	grace, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	err := await(grace, &s.open)
	s.transport.CloseIdleConnections()
	s.closing.Do(func() { close(s.closed) })
	return err
}

// await waits until n is 0, or ctx ends, whose error it returns then.
func await(ctx context.Context, n *atomic.Int64) error {
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for n.Load() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
	return nil
}
