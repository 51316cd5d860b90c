package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Restore gives a key of a KV that has never had a value the values that it had
// elsewhere, with their revisions; when they were saved is not restored. Entries
// come oldest first, and their revisions without a gap.
func (k *KV) Restore(ctx context.Context, key string, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	kv, err := k.open(ctx)
	if err != nil {
		return err
	}
	if _, err := kv.Get(ctx, key); !errors.Is(err, jetstream.ErrKeyNotFound) {
		return k.failed(errors.Join(err, errors.New("it has values already")))
	}
	// A revision is a sequence of the stream behind the map. To purge an empty stream
	// up to one makes the stream go on there.
	stream, err := k.conn.js.Stream(ctx, "KV_"+k.config.Name)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSequence(entries[0].Revision))
	}
	if err != nil {
		return k.failed(err)
	}
	for i, e := range entries {
		revision, err := kv.Put(ctx, key, e.Value)
		if err != nil {
			return k.failed(err)
		}
		if want := entries[0].Revision + uint64(i); revision != want || e.Revision != want {
			return k.failed(fmt.Errorf("revision %d became %d", e.Revision, revision))
		}
	}
	return nil
}

// Newest returns the sequence of the newest message that the stream of requests
// has taken, whether it is still there or not.
func (c *Conn) Newest(ctx context.Context) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	s, err := c.js.Stream(ctx, streamName)
	if err != nil {
		return 0, fmt.Errorf("bus: %w", err)
	}
	return s.CachedInfo().State.LastSeq, nil
}
