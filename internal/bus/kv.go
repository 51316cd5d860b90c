package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"sojourn/internal/record"
)

// KV is a small map on the bus for facts that everybody shares: durable, each
// value with a revision, the last few values of a key kept. It is made on the bus
// when it is first used. It may be used by any number of goroutines.
type KV struct {
	conn   *Conn
	config KVConfig
}

// KVConfig names and bounds a KV.
type KVConfig struct {
	Name     string // letters, digits, - and _
	History  int    // values kept of each key, at most MaxHistory; 1 when 0
	MaxValue int32  // bytes
	MaxBytes int64  // on disk, of all values kept and about 1 KiB for each
	Logger   *slog.Logger
}

// MaxHistory is how many values of one key can be kept.
const MaxHistory = jetstream.KeyValueMaxHistory

// maxHeader is what the headers of a message add to its value, as the bus counts.
const maxHeader = 1 << 10

// historyTimeout leaves time for every value that a key had.
const historyTimeout = 20 * time.Second

// Entry is a value that a key has or had.
type Entry struct {
	Value    []byte
	Revision uint64 // rises with every change of the KV; 0: the key has no value
	Saved    record.Time
}

var (
	// ErrNotFound is returned where a key, or a revision of it, is not there.
	ErrNotFound = errors.New("not found on the bus")
	// ErrConflict is returned by Put when the key has another revision than was
	// expected: somebody else was faster.
	ErrConflict = errors.New("changed by somebody else meanwhile")
)

// KV returns the map that config names.
func (c *Conn) KV(config KVConfig) *KV { return &KV{conn: c, config: config} }

// Get returns the value that key has now.
func (k *KV) Get(ctx context.Context, key string) (Entry, error) {
	return k.get(ctx, func(ctx context.Context, kv jetstream.KeyValue) (jetstream.KeyValueEntry, error) {
		return kv.Get(ctx, key)
	})
}

// GetRevision returns the value that key had in a revision, while it is kept.
func (k *KV) GetRevision(ctx context.Context, key string, revision uint64) (Entry, error) {
	return k.get(ctx, func(ctx context.Context, kv jetstream.KeyValue) (jetstream.KeyValueEntry, error) {
		return kv.GetRevision(ctx, key, revision)
	})
}

func (k *KV) get(ctx context.Context, from func(context.Context, jetstream.KeyValue) (jetstream.KeyValueEntry, error)) (Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	kv, err := k.open(ctx)
	if err != nil {
		return Entry{}, err
	}
	e, err := from(ctx, kv)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return Entry{}, ErrNotFound
	}
	if err != nil {
		return Entry{}, k.failed(err)
	}
	return entryOf(e), nil
}

// Put gives key a value if its revision still is expected (0: if it has none),
// and returns the new revision; else the error is ErrConflict. After any other
// error the value may have been stored all the same: to try again with the same
// expected revision is safe, and ends in a conflict if it was.
func (k *KV) Put(ctx context.Context, key string, value []byte, expected uint64) (uint64, error) {
	if len(value) > int(k.config.MaxValue) {
		return 0, fmt.Errorf("bus: %d bytes are too many for a value of %s: at most %d", len(value), k.config.Name, k.config.MaxValue)
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	kv, err := k.open(ctx)
	if err != nil {
		return 0, err
	}
	revision, err := kv.Update(ctx, key, value, expected)
	if errors.Is(err, jetstream.ErrKeyRevisionMismatch) {
		return 0, ErrConflict
	}
	if err != nil {
		return 0, k.failed(err)
	}
	return revision, nil
}

// History returns the values of key that are kept, newest first.
func (k *KV) History(ctx context.Context, key string) ([]Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, historyTimeout)
	defer cancel()
	kv, err := k.open(ctx)
	if err != nil {
		return nil, err
	}
	entries, err := kv.History(ctx, key)
	if ctx.Err() != nil { // then the client returns what came so far
		err = ctx.Err()
	}
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, k.failed(err)
	}
	out := make([]Entry, len(entries))
	for i, e := range entries {
		out[len(entries)-1-i] = entryOf(e)
	}
	return out, nil
}

// Watch calls changed with the value that key has, an Entry of revision 0 when
// it has none, and then with every new one, in order and one call at a time,
// until ctx is done. While the bus is away nothing comes; when it is back, the
// value of then comes if it is another, and those between are skipped.
func (k *KV) Watch(ctx context.Context, key string, changed func(Entry)) {
	var last Entry
	first, failing := true, false
	deliver := func(e Entry) {
		failing = false
		if first || e.Revision != last.Revision || e.Saved != last.Saved {
			changed(e)
		}
		first, last = false, Entry{Revision: e.Revision, Saved: e.Saved}
	}
	for ctx.Err() == nil {
		err := k.watch(ctx, key, deliver)
		if errors.Is(err, errBack) {
			continue
		}
		if !failing && ctx.Err() == nil {
			k.config.Logger.Warn("the bus tells no changes; trying until it does", "of", k.config.Name, "error", err)
			failing = true
		}
		select {
		case <-time.After(retryWait):
		case <-ctx.Done():
		}
	}
}

// errBack ends a watch whose connection was broken and is back: what was told
// meanwhile is lost to it.
var errBack = errors.New("connected again")

// watch watches until the connection breaks.
func (k *KV) watch(ctx context.Context, key string, deliver func(Entry)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	back := k.conn.nats.StatusChanged(nats.CONNECTED) // before asking: none goes unseen
	defer k.conn.nats.RemoveStatusListener(back)
	go func() {
		select {
		case <-back:
			cancel(errBack) // a question that is under way is lost, too
		case <-ctx.Done():
		}
	}()

	kv, err := k.openWithin(ctx, askTimeout)
	if err != nil {
		return cmp.Or(context.Cause(ctx), err)
	}
	watcher, err := kv.Watch(ctx, key)
	if err != nil {
		return cmp.Or(context.Cause(ctx), k.failed(err))
	}
	defer func() {
		// It may be giving out an entry, and ends only when somebody takes it.
		_ = watcher.Stop()
		for range watcher.Updates() {
		}
	}()
	for found := false; ; {
		select {
		case e, open := <-watcher.Updates():
			switch {
			case !open:
				return cmp.Or(context.Cause(ctx), errors.New("the watch ended"))
			case e != nil:
				found = true
				deliver(entryOf(e))
			case !found: // all that was there has come
				deliver(Entry{})
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (k *KV) openWithin(ctx context.Context, timeout time.Duration) (jetstream.KeyValue, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return k.open(ctx)
}

// open finds the map on the bus, or makes it.
func (k *KV) open(ctx context.Context) (jetstream.KeyValue, error) {
	if !k.conn.Connected() {
		return nil, k.failed(fmt.Errorf("not reached: %w", cmp.Or(k.conn.nats.LastError(), nats.ErrNoServers)))
	}
	kv, err := k.conn.js.KeyValue(ctx, k.config.Name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = k.conn.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: k.config.Name, Storage: jetstream.FileStorage,
			History: uint8(k.config.History), MaxValueSize: k.config.MaxValue + maxHeader, MaxBytes: k.config.MaxBytes,
		})
		if errors.Is(err, jetstream.ErrBucketExists) { // another one was faster, of another version
			kv, err = k.conn.js.KeyValue(ctx, k.config.Name)
		}
	}
	if err != nil {
		return nil, k.failed(err)
	}
	return kv, nil
}

func (k *KV) failed(err error) error { return fmt.Errorf("bus: %s: %w", k.config.Name, err) }

func entryOf(e jetstream.KeyValueEntry) Entry {
	return Entry{Value: e.Value(), Revision: e.Revision(), Saved: record.TimeOf(e.Created())}
}
