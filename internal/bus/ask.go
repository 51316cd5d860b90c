package bus

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/nats-io/nats.go"
)

// Answer answers questions on subject, for as long as the connection lives.
func (c *Conn) Answer(subject string, answer func() ([]byte, error)) error {
	_, err := c.nats.Subscribe(askSubject+subject, func(m *nats.Msg) {
		body, err := answer()
		if err != nil {
			body = nil // an empty answer is none
		}
		// A hub that no longer waits is no error of ours.
		_ = m.Respond(body)
	})
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	if c.Connected() {
		// Should this fail, the bus learns of it when it is back.
		_ = c.nats.FlushTimeout(askTimeout)
	}
	return nil
}

// Gather asks all that answer on subject, and returns what came within wait. It
// returns early once as many answered as expected (0: wait to the end).
func (c *Conn) Gather(ctx context.Context, subject string, expected int, wait time.Duration) [][]byte {
	inbox := c.nats.NewRespInbox()
	sub, err := c.nats.SubscribeSync(inbox)
	if err != nil {
		return nil
	}
	defer sub.Unsubscribe()
	if err := c.nats.PublishRequest(askSubject+subject, inbox, nil); err != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	var out [][]byte
	for len(out) < maxAnswers {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil || m.Header.Get("Status") == "503" { // nobody answers on this subject
			return out
		}
		if len(m.Data) > 0 {
			out = append(out, m.Data)
		}
		if len(out) == expected {
			return out
		}
	}
	return out
}

const (
	askSubject = "sojourn.ask."
	// maxAnswers bounds what one question can bring: one answer a node.
	maxAnswers = 1000
)

// HostPort returns the host:port of an address such as nats://127.0.0.1:4222.
func HostPort(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("bus address %q is not like nats://127.0.0.1:4222", address)
	}
	if u.Port() == "" {
		return u.Hostname() + ":4222", nil
	}
	return u.Host, nil
}
