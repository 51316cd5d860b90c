package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sojourn/internal/api"
	"sojourn/internal/bus"
	"sojourn/internal/console"
	"sojourn/internal/inspect"
	"sojourn/internal/ledger"
	"sojourn/internal/policy"
	"sojourn/internal/record"
	"sojourn/internal/store"
)

// hubCmd is the process that stores, and serves the API and the console.
type hubCmd struct {
	commonFlags
	hubFlags
	Bus string `help:"Address of a NATS server, such as nats://10.0.0.5:4222; its token is taken from SOJOURN_BUS_TOKEN. Without it, the node of the same data folder is found." placeholder:"URL"`

	beside bool // a node has the same flags: it publishes the policy file
}

const (
	// defaultRetentionDays is the retention that nobody chose.
	defaultRetentionDays = 7
	// drainTimeout bounds how long a stopping hub goes on writing what is on the
	// bus; the rest stays there for the next start.
	drainTimeout = 20 * time.Second
	// shutdownTimeout bounds how long a stopping hub waits for running queries.
	shutdownTimeout = 5 * time.Second
	// housekeepingEvery is how often days are sealed and expired.
	housekeepingEvery = time.Minute
	// sealAfter is how long after a day's end it is sealed: late requests are in by then.
	sealAfter = 15 * time.Minute
)

// Run serves until it is told to stop, then writes what the bus still holds.
func (c *hubCmd) Run(a *app) error {
	outliveReaders()
	sup := underSupervisor(a)
	c.beside = sup != nil
	logger := c.logger(a)
	h, err := openHub(c, logger)
	if err != nil {
		return fatalError{err}
	}
	if sup == nil {
		fmt.Fprintf(a.stdout, "console   %s\nsign in   %s\n", h.url, h.api.SignInCode(h.url).Link)
	}
	sup.tell(notice{Ready: true, Address: h.url})
	err = h.run(sup.until(a.ctx))
	h.close()
	sup.tell(notice{Drained: true})
	return err
}

// hub is the hub's parts, composed.
type hub struct {
	unlock   func()
	store    store.Store
	bus      *bus.Conn
	writer   *writer
	api      *api.API
	listener net.Listener
	url      string // of the console

	policies  *ledger.Policies
	given     hubCmd // the command line
	floor     floor
	data      *dataFolder
	retention atomic.Pointer[record.Retention] // in force
	revision  atomic.Uint64                    // of the policy in force
	started   time.Time
	drain     time.Duration // drainTimeout
	logger    *slog.Logger

	oneNode bool // the bus is that of the data folder's node
	nodesMu sync.Mutex
	nodes   int       // that answered last time
	counted time.Time // when all were waited for
}

// openHub opens the parts in order; what it opened is closed again when a later
// part fails.
func openHub(c *hubCmd, logger *slog.Logger) (h *hub, err error) {
	h = &hub{started: time.Now(), drain: drainTimeout, oneNode: c.Bus == "", logger: logger, unlock: func() {}}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	data, err := openData(c.Data)
	if err != nil {
		return h, err
	}
	pol, err := c.loadPolicy()
	if err != nil {
		return h, err
	}
	h.given, h.data = *c, data
	if err := h.retain(pol); err != nil {
		return h, err
	}
	if h.floor, err = parseFloor(c.MinFree, data.dir); err != nil {
		return h, err
	}
	if c.Store != "" {
		h.floor.least = 0 // it is on another disk
	}
	if h.unlock, err = data.lock("hub"); err != nil {
		h.unlock = func() {}
		return h, err
	}
	if h.listener, h.url, err = c.listen(); err != nil {
		return h, err
	}
	if h.store, err = c.storeFlag.open(context.Background(), data, c.MemoryLimit, h.floor.roomForCopy, logger); err != nil {
		return h, err
	}
	if h.bus, err = connectBus(data, c.Bus); err != nil {
		return h, err
	}
	h.writer = &writer{bus: h.bus, store: h.store, retention: h.retention.Load, now: time.Now, firstHold: firstHold, logger: logger}
	h.writer.room = func() error { return h.floor.room(0) }
	h.policies = ledger.NewPolicies(h.bus, inspect.Check, logger)
	if err := h.openAPI(c, data); err != nil {
		return h, err
	}
	return h, data.writeJSON("hub.json", hubAddress{URL: h.url})
}

func (h *hub) openAPI(c *hubCmd, data *dataFolder) error {
	token, err := data.adminToken()
	if err != nil {
		return err
	}
	key, err := data.key()
	if err != nil {
		return err
	}
	pages, err := console.New()
	if err != nil {
		return err
	}
	hosts := c.ConsoleHost
	if host, _, err := net.SplitHostPort(c.Console); err == nil && host != "" {
		hosts = append([]string{host}, hosts...) // a name that resolves to the address we listen on
	}
	care := h.care()
	care.Install = installID(key)
	h.api, err = api.New(api.Config{
		Store: h.store, System: h, Ready: h.ready, Metrics: h.metrics(), Console: pages,
		Care:   care,
		Policy: &api.PolicyConfig{Keeper: h.policies, Check: inspect.Check, File: c.Policy, AllowRemoteRouting: c.AllowRemoteRouting},
		Listen: h.listener.Addr().String(), Hosts: hosts, Token: token, Key: key, Logger: h.logger,
	})
	return err
}

// retentionOf decides how long days are kept: by the flag, else the policy, else
// what an import asked for, else the default.
func retentionOf(flag string, p *policy.Policy, data *dataFolder) (r record.Retention, err error) {
	remembered, _ := data.retention()
	r.Bytes = int64(p.Retention.Bytes)
	r.Days = cmp.Or(p.Retention.Days, remembered.Days, defaultRetentionDays)
	if flag != "" {
		r.Days, err = parseDays(flag)
	}
	return r, err
}

// retain puts the retention of a policy in force.
func (h *hub) retain(p *policy.Policy) error {
	r, err := retentionOf(h.given.Retention, p, h.data)
	if err == nil {
		h.retention.Store(&r)
	}
	return err
}

// followPolicy keeps the retention up to date, and publishes the --policy file
// for all nodes where no node does.
func (h *hub) followPolicy(ctx context.Context) {
	if h.given.Policy != "" && !h.given.beside {
		var publishing sync.WaitGroup
		defer publishing.Wait()
		publishing.Go(func() { publishPolicyFile(ctx, h.policies, h.given.Policy, h.logger) })
	}
	h.policies.Watch(ctx, func(revision uint64, pol *policy.Policy) {
		if revision == 0 {
			return // what the hub began with stays
		}
		h.revision.Store(revision)
		if err := h.retain(pol); err != nil {
			h.logger.Error("the retention of a policy", "revision", revision, "error", err)
		}
	})
}

// parseDays reads a number of days, such as 7 or 7d.
func parseDays(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("--retention %q is not a number of days such as 7d", s)
	}
	return n, nil
}

// connectBus connects to the bus at url, or to the one of the node that runs on
// the data folder, wherever it listens at the time.
func connectBus(data *dataFolder, url string) (*bus.Conn, error) {
	if url != "" {
		if _, err := bus.HostPort(url); err != nil {
			return nil, fmt.Errorf("--bus: %w", err)
		}
	}
	return bus.Connect(func() (bus.Address, error) { return findBus(data, url) })
}

// run writes, serves and keeps house until ctx is done, or serving fails; then it
// drains.
func (h *hub) run(ctx context.Context) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	drain, drained := make(chan struct{}), make(chan struct{})
	writing, stopWriting := context.WithCancel(context.Background())
	defer stopWriting()
	go func() {
		h.writer.run(writing, drain)
		close(drained)
	}()
	server := h.api.Server()
	served := make(chan error, 1)
	go func() { served <- server.Serve(h.listener) }()
	var beside sync.WaitGroup
	beside.Go(func() { h.keepHouse(ctx) })
	beside.Go(func() { h.followPolicy(ctx) })

	var err error
	select {
	case <-ctx.Done():
	case err = <-served:
		end()
	}
	close(drain)
	select {
	case <-drained:
	case <-time.After(h.drain):
		h.logger.Warn("stopping before everything on the bus was written; the rest is written at the next start")
	}
	stopWriting()
	<-drained
	beside.Wait()
	closing, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	if server.Shutdown(closing) != nil {
		server.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// keepHouse seals days that are over and drops days that the retention no longer
// covers.
func (h *hub) keepHouse(ctx context.Context) {
	tick := time.NewTicker(housekeepingEvery)
	defer tick.Stop()
	var clock steadyClock
	for {
		now := time.Now()
		steady, step := clock.look(now, now.Sub(h.started))
		if step != 0 {
			h.logger.Warn("the clock was set, or the machine slept; no day is dropped for a while", "by", step, "while", stepSettles)
		}
		if steady {
			h.expireDays(ctx, record.TimeOf(now).Day())
		}
		h.sealDays(ctx, record.TimeOf(now.Add(-sealAfter)).Day())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// expireDays drops the days that the retention no longer covers.
func (h *hub) expireDays(ctx context.Context, today record.Day) {
	dropped, err := h.store.Expire(ctx, today, *h.retention.Load())
	if err != nil && ctx.Err() == nil {
		h.logger.Error("old days could not be dropped", "error", err)
	}
	for _, day := range dropped {
		h.logger.Info("day dropped by the retention", "day", day.String())
	}
}

// sealDays compacts the days before today that had writes since they last were.
func (h *hub) sealDays(ctx context.Context, today record.Day) {
	days, _, err := h.store.Status(ctx)
	if err != nil {
		return // the store is closed, or ctx is done
	}
	for _, d := range days {
		if d.Sealed || d.Error != "" || d.Day >= today || ctx.Err() != nil {
			continue
		}
		if h.floor.room(d.Bytes) != nil {
			continue // it is there twice meanwhile
		}
		if err := h.store.Seal(ctx, d.Day); err != nil && ctx.Err() == nil {
			h.logger.Error("a day could not be compacted", "day", d.Day.String(), "error", err)
		}
	}
}

// ready tells why the hub cannot do all of its work yet.
func (h *hub) ready() error {
	switch {
	case !h.bus.Connected():
		return errors.New("the bus is not reached: is the node running?")
	case !h.writer.reading.Load():
		return errors.New("the bus is reached, its stream is not being read yet")
	}
	return nil
}

// close closes the parts in reverse. It may be called on a hub that never ran.
func (h *hub) close() {
	if h.bus != nil {
		h.bus.Close()
	}
	if h.store != nil {
		if err := h.store.Close(); err != nil {
			h.logger.Error("closing the store", "error", err)
		}
	}
	if h.listener != nil {
		h.listener.Close()
	}
	h.unlock()
}
