package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"sojourn/internal/bus"
	"sojourn/internal/geo"
	"sojourn/internal/inspect"
	"sojourn/internal/inspect/jwks"
	"sojourn/internal/ledger"
	"sojourn/internal/policy"
	"sojourn/internal/record"
	"sojourn/internal/source/proxy"
)

// nodeCmd is the process that sees traffic.
type nodeCmd struct {
	commonFlags
	nodeFlags
	Bus string `help:"Address of a NATS server, such as nats://10.0.0.5:4222; its token is taken from SOJOURN_BUS_TOKEN. Without it, the node runs its own." placeholder:"URL"`
}

// nodeFlags are the flags of a node that serve hands on.
type nodeFlags struct {
	Proxy    string `help:"Address of the reverse proxy. Default: ${default}." default:"127.0.0.1:8080" placeholder:"HOST:PORT"`
	Upstream string `help:"Where requests go that no application routes elsewhere." placeholder:"URL"`
	BusBytes string `help:"Limit of the bus on disk; beyond it new records are refused and counted. Default: ${default}." default:"4GiB" placeholder:"SIZE"`
	Waiting  string `help:"Limit of the memory for records that wait for the bus; beyond it they are dropped and counted. Default: ${default}." default:"64MiB" placeholder:"SIZE"`

	MaxConnections int `help:"Connections of clients at a time; further ones wait. 0: no limit. Default: ${default}." default:"10000" placeholder:"N"`

	tlsFlags

	GeoIP []string `name:"geoip" help:"MMDB file with countries, networks or anonymous addresses; repeatable. A file that changes is read again." type:"existingfile" sep:"none" placeholder:"FILE"`

	// wrap lets a test make inspection fail; nil in the binary.
	wrap func(inspect.Inspection) inspect.Inspection
}

// args returns the command line that gives another process these flags.
func (f *nodeFlags) args() []string {
	args := []string{
		"--proxy", f.Proxy, "--bus-bytes", f.BusBytes, "--waiting", f.Waiting,
		"--max-connections", strconv.Itoa(f.MaxConnections),
	}
	if f.Upstream != "" {
		args = append(args, "--upstream", f.Upstream)
	}
	for _, file := range f.GeoIP {
		args = append(args, "--geoip", file)
	}
	return append(args, f.tlsFlags.args()...)
}

const (
	// flushTimeout bounds how long a stopping node waits for the bus to take the
	// last records; what it does not take is counted as lost.
	flushTimeout = 10 * time.Second
	// lingerTimeout bounds how long a node keeps its bus up for a hub to drain.
	lingerTimeout = 30 * time.Second
	checkTimeout  = 2 * time.Second
)

// Run proxies until it is told to stop, then sends the last records.
func (c *nodeCmd) Run(a *app) error {
	outliveReaders()
	sup := underSupervisor(a)
	logger := c.logger(a)
	n, err := openNode(c, logger)
	if err != nil {
		return fatalError{err}
	}
	if sup == nil {
		fmt.Fprintf(a.stdout, "proxy     %s\n", n.proxy.URL())
	}
	sup.tell(notice{Ready: true, Address: n.proxy.Addr().String()})
	err = n.run(sup.until(a.ctx))
	n.flush()
	sup.tell(notice{Drained: true})
	linger, cancel := context.WithTimeout(context.Background(), lingerTimeout)
	defer cancel()
	sup.waitForEnd(linger)
	n.close()
	return err
}

// node is the node's parts, composed.
type node struct {
	name      string
	unlock    func()
	server    *bus.Server // nil when the bus runs elsewhere
	bus       *bus.Conn
	busAt     bus.Address // of server, as it was told last
	busBytes  int64       // limit of the stream
	publisher *bus.Publisher
	geo       *geo.Reader
	keys      *jwks.Ring
	pipeline  *inspect.Pipeline
	inspector *inspect.Async
	proxy     *proxy.Server
	policies  *ledger.Policies
	policy    *policy.Policy // that the node began with
	revision  uint64         // of policy
	file      string         // --policy, if given
	metrics   *prometheus.Registry
	losses    *losses
	started   time.Time
	logger    *slog.Logger

	stopBus     context.CancelFunc
	keeping     sync.WaitGroup // of the bus
	stopSending context.CancelFunc
	flushed     sync.Once
}

// openNode opens the parts in order; what it opened is closed again when a later
// part fails.
func openNode(c *nodeCmd, logger *slog.Logger) (n *node, err error) {
	n = &node{started: time.Now(), logger: logger, unlock: func() {}, metrics: prometheus.NewRegistry(), stopBus: func() {}, stopSending: func() {}}
	defer func() {
		if err != nil {
			n.flush()
			n.close()
		}
	}()
	if n.name, err = os.Hostname(); err != nil {
		n.name = "node"
	}
	process := prometheus.WrapRegistererWith(prometheus.Labels{"process": "node", "node": n.name}, n.metrics)
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	named := prometheus.WrapRegistererWith(prometheus.Labels{"node": n.name}, n.metrics)
	n.losses = newLosses(named)
	if c.MaxConnections < 0 {
		return n, fmt.Errorf("--max-connections %d: give how many clients may be connected at a time, or 0 for no limit", c.MaxConnections)
	}
	certificates, err := c.keyPairs()
	if err != nil {
		return n, err
	}
	pol, err := c.loadPolicy()
	if err != nil {
		return n, err
	}
	data, err := openData(c.Data)
	if err != nil {
		return n, err
	}
	n.policy, n.revision, n.file = pol, c.revision(), c.Policy
	if n.unlock, err = data.lock("node"); err != nil {
		n.unlock = func() {}
		return n, err
	}
	if err := n.connectBus(c, data); err != nil {
		return n, err
	}
	if err := n.openInspector(c, data, pol, named); err != nil {
		return n, err
	}
	n.proxy, err = proxy.New(proxy.Config{
		Listen: c.Proxy, Upstream: c.Upstream, Policy: pol, Inspector: n.inspector, Log: logger, Metrics: named,
		MaxConnections: c.MaxConnections, TLS: certificates,
	})
	if err != nil {
		return n, err
	}
	if err := n.proxy.Open(); err != nil {
		return n, err
	}
	n.policies = ledger.NewPolicies(n.bus, inspect.Check, logger)
	if err := n.answer(); err != nil {
		return n, err
	}
	n.startBus(data)
	return n, nil
}

// parseSize reads the size that a flag gives.
func parseSize(flag, text string) (int64, error) {
	var size policy.Size
	if err := size.UnmarshalText([]byte(text)); err != nil {
		return 0, fmt.Errorf("%s: %w", flag, err)
	}
	if size <= 0 {
		return 0, fmt.Errorf("%s %q: must be more than nothing, such as 64MiB", flag, text)
	}
	return int64(size), nil
}

// openInspector starts the inspection and the sending of what it records.
func (n *node) openInspector(c *nodeCmd, data *dataFolder, pol *policy.Policy, named prometheus.Registerer) error {
	key, err := data.key()
	if err != nil {
		return err
	}
	waiting, err := parseSize("--waiting", c.Waiting)
	if err != nil {
		return err
	}
	var life [8]byte
	rand.Read(life[:])
	n.publisher = bus.NewPublisher(n.bus, bus.PublisherConfig{
		Name: n.name + "-" + hex.EncodeToString(life[:]), Stream: n.busBytes, Waiting: waiting, Lost: n.losses.add, Logger: n.logger,
	})
	sending, stop := context.WithCancel(context.Background())
	n.stopSending = stop
	go n.publisher.Run(sending)
	if n.geo, err = geo.Open(c.GeoIP, n.logger); err != nil {
		return err
	}
	n.keys = jwks.New(jwks.Config{Logger: n.logger, Metrics: named})
	if err := n.keys.Open(); err != nil {
		return err
	}
	n.pipeline, err = inspect.New(inspect.Config{
		Key: key, Policy: pol, Revision: c.revision(), Geo: n.geo, Keys: n.keys, Node: binary.BigEndian.Uint32(life[:]) & (1<<record.NodeBits - 1),
	})
	if err != nil {
		return err
	}
	inspection := inspect.Inspection(n.pipeline)
	if c.wrap != nil {
		inspection = c.wrap(inspection)
	}
	n.inspector, err = inspect.NewAsync(inspect.AsyncConfig{
		Pipeline: inspection, Sink: n.publisher, Lost: n.losses.add, Metrics: named, Logger: n.logger,
	})
	return err
}

// answer lets hubs ask for the node's status and metrics.
func (n *node) answer() error {
	err := n.bus.Answer(askStatus, func() ([]byte, error) { return json.Marshal(n.status()) })
	if err != nil {
		return err
	}
	return n.bus.Answer(askMetrics, func() ([]byte, error) { return encodeMetrics(n.metrics) })
}

func (n *node) status() record.NodeStatus {
	stats := n.inspector.Stats()
	return record.NodeStatus{
		Name: n.name, Started: record.TimeOf(n.started), Proxy: n.proxy.URL(),
		Exchanges: stats.Exchanges, Excluded: stats.Excluded, Recorded: n.publisher.Sent(),
		Waiting: stats.Waiting + n.publisher.Waiting(), Lost: n.losses.byReason(),
		Upstreams: n.proxy.Stats(), KeySets: n.keys.Status(),
	}
}

// run proxies until ctx is done; no request is cut unless it outlasts the
// proxy's own deadline.
func (n *node) run(ctx context.Context) error {
	var checking sync.WaitGroup // beside the traffic, which does not wait for it
	defer checking.Wait()
	checking.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, checkTimeout)
		defer cancel()
		for _, warning := range n.proxy.CheckUpstream(ctx) {
			n.logger.Warn(warning)
		}
	})
	watching, stop := context.WithCancel(ctx)
	defer stop()
	var following sync.WaitGroup
	defer following.Wait()
	defer stop() // before the wait
	following.Go(func() { n.followPolicy(watching) })
	following.Go(func() { n.geo.Run(watching, geo.DefaultInterval) })
	following.Go(func() { n.keys.Run(watching) })
	return n.proxy.Run(ctx)
}

// followPolicy keeps the policy in force up to date. With --policy, the file is
// the truth: its content is saved first, so that an older one that the ledger
// holds is never in force here.
func (n *node) followPolicy(ctx context.Context) {
	if n.file != "" {
		var publishing sync.WaitGroup
		defer publishing.Wait() // ctx is done by then
		publishing.Go(func() { publishPolicyFile(ctx, n.policies, n.file, n.logger) })
		for n.savedOnce(ctx) != nil {
			select {
			case <-time.After(policyPoll):
			case <-ctx.Done():
				return
			}
		}
	}
	f := follower{pipeline: n.pipeline, proxy: n.proxy, logger: n.logger, inForce: n.policy, revision: n.revision}
	f.follow(ctx, n.policies)
}

// savedOnce saves the file as it was when the node began.
func (n *node) savedOnce(ctx context.Context) error {
	text, err := os.ReadFile(n.file)
	if err != nil {
		return err
	}
	err = savePolicyFile(ctx, n.policies, string(text))
	var problem *policy.Error
	if errors.As(err, &problem) {
		return nil // it has changed into something that is refused: publishPolicyFile says so
	}
	return err
}

// flush inspects and sends what is on its way. No exchange may come in anymore.
func (n *node) flush() {
	n.flushed.Do(func() {
		if n.proxy != nil {
			n.proxy.Close()
		}
		if n.inspector != nil {
			n.inspector.Close()
		}
		timer := time.AfterFunc(flushTimeout, n.stopSending)
		defer timer.Stop()
		if n.publisher != nil {
			n.publisher.Close()
		}
	})
}

// close closes the bus. It may be called on a node that never ran.
func (n *node) close() {
	n.stopSending()
	n.keys.Close()
	n.closeBus()
	n.unlock()
}

// losses counts requests that were lost on the node, by reason.
type losses struct {
	mu     sync.Mutex
	counts map[string]uint64
	metric *prometheus.CounterVec
}

func newLosses(r prometheus.Registerer) *losses {
	l := &losses{counts: map[string]uint64{}, metric: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sojourn_lost_total", Help: "Requests that could not be recorded, by reason. The traffic itself passed.",
	}, []string{"reason"})}
	r.MustRegister(l.metric)
	for _, reason := range []string{
		bus.LostQueueFull, bus.LostBusFull, bus.LostStopped,
		inspect.LostQueueFull, inspect.LostPanic, inspect.LostStopped,
	} {
		l.metric.WithLabelValues(reason) // present from the start, so that alerts see it rise
	}
	return l
}

func (l *losses) add(reason string, n int) {
	l.metric.WithLabelValues(reason).Add(float64(n))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts[cmp.Or(reason, "unknown")] += uint64(n)
}

func (l *losses) byReason() map[string]uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make(map[string]uint64, len(l.counts))
	for reason, n := range l.counts {
		out[reason] = n
	}
	return out
}
