package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Reader reads the stream from its oldest message. Every reader sees every
// message; what has been stored is removed by Trim.
type Reader struct {
	conn       *Conn
	consumer   jetstream.Consumer
	stream     jetstream.Stream
	reconnects uint64 // of the connection when the reader was opened
	delivered  uint64 // messages given out, as the server counts them
}

// Message is a batch as it was published. Publisher and Number are its position:
// they are the publisher's own, so they hold whatever becomes of the stream. One
// that lost its end in a power cut, or was restored, gives out the sequences of
// lost messages again; a publisher that starts again has another name.
type Message struct {
	Publisher string
	Number    uint64 // rises within the publisher
	Seq       uint64 // in the stream as it is now, for Trim
	Data      []byte
}

// ErrInterrupted is returned when the connection broke while reading: messages
// on their way may be lost to this reader. Another one starts at the oldest.
var ErrInterrupted = errors.New("reading the bus was interrupted")

// OpenReader starts reading at the oldest message. It waits until the stream is
// there or ctx is done.
func (c *Conn) OpenReader(ctx context.Context) (*Reader, error) {
	for {
		r, err := c.openReader(ctx)
		if err == nil || ctx.Err() != nil {
			return r, err
		}
		select {
		case <-time.After(retryWait):
		case <-ctx.Done():
			return nil, fmt.Errorf("bus: %w (last: %w)", ctx.Err(), err)
		}
	}
}

func (c *Conn) openReader(ctx context.Context) (*Reader, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	reconnects := c.nats.Stats().Reconnects
	stream, err := c.js.Stream(ctx, streamName)
	if err != nil {
		return nil, err
	}
	// An ephemeral consumer without acknowledgements: the position that counts
	// is the one the store commits with the rows.
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		InactiveThreshold: consumerIdle,
		MemoryStorage:     true,
		MaxWaiting:        8,
	})
	if err != nil {
		return nil, err
	}
	return &Reader{conn: c, consumer: consumer, stream: stream, reconnects: reconnects}, nil
}

const (
	consumerIdle = 5 * time.Minute
	// pollWait is how long one request for messages stays open.
	pollWait = time.Second
)

// Next waits for messages and returns up to limit of them, at once when there
// are that many, in the order of the stream. It returns none when nothing came
// within about a second, and an error when the reader is of no more use.
func (r *Reader) Next(ctx context.Context, limit int) ([]Message, error) {
	messages, err := r.fetch(ctx, func() (jetstream.MessageBatch, error) { return r.consumer.FetchNoWait(limit) })
	if err != nil || len(messages) > 0 {
		return messages, err
	}
	return r.fetch(ctx, func() (jetstream.MessageBatch, error) {
		return r.consumer.Fetch(1, jetstream.FetchMaxWait(pollWait))
	})
}

func (r *Reader) fetch(ctx context.Context, ask func() (jetstream.MessageBatch, error)) ([]Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	batch, err := ask()
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	var out []Message
	for m := range batch.Messages() {
		meta, err := m.Metadata()
		if err != nil {
			return nil, fmt.Errorf("bus: %w", err)
		}
		if r.delivered++; meta.Sequence.Consumer != r.delivered {
			return nil, ErrInterrupted
		}
		publisher, number, ok := parseMessageID(m.Headers().Get(jetstream.MsgIDHeader))
		if !ok { // not from a Publisher
			publisher, number = streamName, meta.Sequence.Stream
		}
		out = append(out, Message{publisher, number, meta.Sequence.Stream, m.Data()})
	}
	if r.interrupted() {
		return nil, ErrInterrupted
	}
	if err := batch.Error(); err != nil && !errors.Is(err, jetstream.ErrNoMessages) {
		return out, fmt.Errorf("bus: %w", err)
	}
	return out, nil
}

func (r *Reader) interrupted() bool { return r.conn.nats.Stats().Reconnects != r.reconnects }

// Trim removes every message up to and including seq from the stream. After an
// interruption it refuses: that may be another stream, with the same sequences.
func (r *Reader) Trim(ctx context.Context, seq uint64) error {
	if r.interrupted() {
		return ErrInterrupted
	}
	if err := r.stream.Purge(ctx, jetstream.WithPurgeSequence(seq+1)); err != nil {
		return fmt.Errorf("bus: trimming the stream: %w", err)
	}
	return nil
}

// Close ends the reading; the messages stay.
func (r *Reader) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	if r.conn.Connected() {
		// A consumer that cannot be deleted goes by itself after consumerIdle.
		_ = r.stream.DeleteConsumer(ctx, r.consumer.CachedInfo().Name)
	}
}
