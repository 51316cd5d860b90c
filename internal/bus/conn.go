package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sojourn/internal/record"
)

const (
	streamName    = "SOJOURN_REQUESTS"
	streamSubject = "sojourn.requests"

	reconnectWait = 250 * time.Millisecond
	dialTimeout   = 2 * time.Second
	askTimeout    = 5 * time.Second
)

// Conn is a connection to the bus. It reconnects for as long as it lives.
type Conn struct {
	nats *nats.Conn
	js   jetstream.JetStream
}

// Address is where a bus listens and what it asks of clients.
type Address struct {
	URL   string `json:"url"` // nats://host:port
	Token string `json:"token"`
}

// Connect connects to the bus that find names. It asks find before each attempt,
// so that a bus that came back elsewhere is found again, and it returns before
// the first attempt succeeds; until one does, calls fail.
func Connect(find func() (Address, error)) (*Conn, error) {
	var token string // of the newest address; the client dials before it sends it
	at, _ := find()
	if at.URL == "" {
		at.URL = nats.DefaultURL // never dialled: the dialer asks find
	}
	nc, err := nats.Connect(at.URL,
		nats.SetCustomDialer(dialer(func() (string, error) {
			at, err := find()
			if err != nil {
				return "", err
			}
			token = at.Token
			return HostPort(at.URL)
		})),
		nats.TokenHandler(func() string { return token }),
		nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectWait/5, reconnectWait/5),
		nats.IgnoreAuthErrorAbort(),
		// What was not sent when the connection broke is the caller's to send
		// again: a buffer here would acknowledge what may never arrive.
		nats.ReconnectBufSize(-1),
	)
	return newConn(nc, err)
}

// ConnectTo connects to a server in the same process, without a socket. It may be
// called before the server is open; until it is, calls fail.
func ConnectTo(s *Server, token string) (*Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(s), nats.Token(token), nats.RetryOnFailedConnect(true),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectBufSize(-1))
	return newConn(nc, err)
}

func newConn(nc *nats.Conn, err error) (*Conn, error) {
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		nc.Close()
		return nil, fmt.Errorf("bus: %w", err)
	}
	return &Conn{nats: nc, js: js}, nil
}

// Close ends the connection.
func (c *Conn) Close() { c.nats.Close() }

// Reach tries to connect now, and waits until that succeeds or ctx is done.
func (c *Conn) Reach(ctx context.Context) error {
	connected := c.nats.StatusChanged(nats.CONNECTED)
	defer c.nats.RemoveStatusListener(connected)
	if c.Connected() {
		return nil
	}
	if err := c.nats.ForceReconnect(); err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	select {
	case <-connected:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the bus is not reached: %w", cmp.Or(c.nats.LastError(), ctx.Err()))
	}
}

// Connected reports whether the bus can be reached now.
func (c *Conn) Connected() bool { return c.nats.IsConnected() }

// EnsureStream makes the stream of requests if it is not there, and sets its
// byte limit. Of one that is there it keeps what else was set, such as replicas.
func (c *Conn) EnsureStream(ctx context.Context, maxBytes int64) error {
	if !c.Connected() {
		return fmt.Errorf("the bus is not reached: %w", cmp.Or(c.nats.LastError(), nats.ErrNoServers))
	}
	have, err := c.js.Stream(ctx, streamName)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		_, err = c.js.CreateStream(ctx, ourStream(jetstream.StreamConfig{}, maxBytes))
	case err == nil:
		before := have.CachedInfo().Config
		if after := ourStream(before, maxBytes); !reflect.DeepEqual(before, after) {
			_, err = c.js.UpdateStream(ctx, after)
		}
	}
	if err != nil {
		return fmt.Errorf("bus stream %s: %w", streamName, err)
	}
	return nil
}

// ourStream returns cfg with the fields that we depend on.
func ourStream(cfg jetstream.StreamConfig, maxBytes int64) jetstream.StreamConfig {
	cfg.Name = streamName
	cfg.Subjects = []string{streamSubject}
	cfg.Storage = jetstream.FileStorage
	cfg.Retention = jetstream.LimitsPolicy // Reader.Trim removes what is stored
	cfg.Discard = jetstream.DiscardNew     // a full stream refuses, it never forgets
	cfg.MaxBytes = maxBytes
	// A batch that is sent again after a lost acknowledgement is dropped by its id
	// within this window.
	cfg.Duplicates = 2 * time.Minute
	return cfg
}

// Status tells how full the stream is.
func (c *Conn) Status(ctx context.Context) record.BusStatus {
	status := record.BusStatus{Connected: c.Connected()}
	if !status.Connected {
		return status
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	s, err := c.js.Stream(ctx, streamName)
	if err != nil {
		return status
	}
	info := s.CachedInfo()
	status.Messages, status.Bytes, status.MaxBytes = info.State.Msgs, info.State.Bytes, info.Config.MaxBytes
	return status
}

type dialer func() (string, error)

// Dial ignores the address it is given: the one that counts is asked anew.
func (d dialer) Dial(_, _ string) (net.Conn, error) {
	addr, err := d()
	if err != nil {
		return nil, err
	}
	return net.DialTimeout("tcp", addr, dialTimeout)
}
