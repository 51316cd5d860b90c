package inspect

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"

	"sojourn/internal/record"
)

// ids gives out request ids. Two requests of one node have different ids unless
// 1<<record.SeqBits of them begin in one microsecond; the counter begins
// anywhere, so that a node that starts again does not repeat itself either.
type ids struct {
	node    uint32
	counter *atomic.Uint32
}

func newIDs(node uint32) ids {
	var start [4]byte
	rand.Read(start[:])
	i := ids{node: node, counter: new(atomic.Uint32)}
	i.counter.Store(binary.BigEndian.Uint32(start[:]))
	return i
}

func (i ids) next(started time.Time) record.RequestID {
	return record.RequestID{
		At: record.TimeOf(started), Node: i.node, Seq: i.counter.Add(1) & (1<<record.SeqBits - 1),
	}
}
