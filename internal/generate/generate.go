// Package generate makes up traffic of any size: what a store needs to hold
// before anybody can say how large a machine must be. It is skewed as real traffic
// is: most sessions are short and a few are huge, some hosts, endpoints and people
// are met everywhere and most hardly ever, days are busy and nights are not. The
// same Config gives the same requests, whatever the machine.
//
// One goroutine decides who is active when (rhythm.go, crowd.go, session.go),
// others write the requests down (request.go) on the sites that there are
// (site.go, people.go). What is held at a time is bounded, however much is made.
package generate

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"sojourn/internal/record"
)

// Config says how much traffic there is, and when.
type Config struct {
	Requests int64       // how many, 1 or more
	From, To record.Time // when: [From, To)
	Seed     uint64      // another seed, other people and other requests
	Batch    int         // requests of a batch; 0 means BatchRequests
	Workers  int         // that write requests down; 0 means as many as there are processors
}

// BatchRequests is how many requests a batch has when nothing else is said: enough
// for a columnar store to write whole row groups of them, little enough to hold
// several at a time.
const BatchRequests = 140_000

// version is part of every Log: another version makes other requests.
const version = 1

// Batch is what a log holds at a position. Its requests are the caller's until
// the function it was handed to returns; their texts stay valid.
type Batch struct {
	Log      string
	Seq      uint64 // 1, 2, 3 ...
	Requests []record.Request
}

// Log names the log that the requests of c come from: the same for the same
// requests.
func (c *Config) Log() string {
	digest := c.digest()
	return "generated-" + hex.EncodeToString(digest[:16])
}

func (c *Config) digest() [32]byte {
	return sha256.Sum256(fmt.Appendf(nil, "%d %d %d %d %d %d", version, c.Requests, c.From, c.To, c.Seed, c.batch()))
}

func (c *Config) batch() int {
	if c.Batch == 0 {
		return BatchRequests
	}
	return c.Batch
}

// Check tells what is wrong with c.
func (c *Config) Check() error {
	switch {
	case c.Requests < 1:
		return fmt.Errorf("%d requests: must be 1 or more", c.Requests)
	case c.To-c.From < record.Time(time.Minute/time.Microsecond):
		return fmt.Errorf("from %s to %s: must be a minute or more", c.From, c.To)
	case c.Batch < 0 || c.Workers < 0:
		return errors.New("bug: a negative number of requests of a batch, or of workers")
	}
	return nil
}

// Run hands all requests of c to write, batch by batch, in the order of time. It
// ends early with write's error, or that of ctx.
func Run(ctx context.Context, c Config, write func(context.Context, Batch) error) error {
	if err := c.Check(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	workers := c.Workers
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	m := newMaker(c, workers)
	for range workers {
		go m.work()
	}
	go m.plan(ctx)
	for j := range m.inOrder {
		<-j.done
		err := ctx.Err()
		if err == nil {
			err = write(ctx, Batch{Log: m.log, Seq: j.seq, Requests: j.requests})
		}
		if err != nil {
			cancel()
			for range m.inOrder { // until plan has ended, so that nobody waits for us
			}
			return err
		}
		m.spare <- j
	}
	return ctx.Err()
}

// maker is what the goroutines of Run share.
type maker struct {
	config  Config
	log     string
	sites   *sites
	node    uint32    // of the request ids
	inOrder chan *job // to be handed on, oldest first
	todo    chan *job // to be written down
	spare   chan *job // to be used again
}

// job is a batch on its way.
type job struct {
	seq      uint64
	visits   []visit
	requests []record.Request
	page     page
	done     chan struct{} // gets one value when requests are written down
}

// jobsAhead is how many batches are held beside those in work.
const jobsAhead = 1

func newMaker(c Config, workers int) *maker {
	digest := c.digest()
	n := workers + jobsAhead
	m := &maker{
		config: c, log: c.Log(), sites: newSites(c.Seed), node: binary.BigEndian.Uint32(digest[:]) % (1 << record.NodeBits),
		inOrder: make(chan *job, n), todo: make(chan *job, n), spare: make(chan *job, n),
	}
	for range n {
		m.spare <- &job{done: make(chan struct{}, 1)}
	}
	return m
}

// plan decides who makes a request when, and gives the batches out.
func (m *maker) plan(ctx context.Context) {
	defer close(m.inOrder)
	defer close(m.todo)
	crowd := newCrowd(m.config, m.sites)
	var j *job
	flush := func() bool {
		if j != nil && len(j.visits) > 0 {
			m.todo <- j // as large as there are jobs
			m.inOrder <- j
		}
		select {
		case next := <-m.spare:
			next.visits = next.visits[:0]
			if next.seq = 1; j != nil {
				next.seq = j.seq + 1
			}
			j = next
			return true
		case <-ctx.Done():
			return false
		}
	}
	if !flush() {
		return
	}
	for v := range crowd.visits {
		if len(j.visits) == m.config.batch() && !flush() {
			return
		}
		j.visits = append(j.visits, v)
	}
	if len(j.visits) > 0 {
		m.todo <- j
		m.inOrder <- j
	}
}

// work writes down what visits there were.
func (m *maker) work() {
	for j := range m.todo {
		if cap(j.requests) < len(j.visits) {
			j.requests = make([]record.Request, len(j.visits))
		}
		j.requests = j.requests[:len(j.visits)]
		rng := rand.New(rand.NewPCG(m.config.Seed, j.seq))
		first := uint64(m.config.batch()) * (j.seq - 1)
		j.page.write(j.requests, j.visits, m.sites, rng, m.node, first)
		j.done <- struct{}{}
	}
}
