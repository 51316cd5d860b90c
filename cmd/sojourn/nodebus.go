package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"sojourn/internal/bus"
)

// The traffic does not depend on the bus: a node proxies before its bus is open,
// and goes on when it cannot be opened. Its records wait meanwhile, and are counted
// as lost beyond --waiting.
const (
	// busPatience is how long a node that starts waits for the first attempt to
	// open its bus. NATS recovers its stream first; a damaged one may take it
	// longer than anybody waits.
	busPatience = 5 * time.Second
	// A bus that does not open is tried again after a pause that doubles from the
	// first to the longest.
	firstBusPause   = 250 * time.Millisecond
	longestBusPause = 30 * time.Second
	// restartBusAfter is how long the node's own bus may take nothing before it is
	// started anew, and how long until the next time.
	restartBusAfter = 30 * time.Second
	ensureTimeout   = 10 * time.Second
	// closeBusTimeout bounds how long a node that ends waits for its bus. What the
	// bus acknowledged is safe without.
	closeBusTimeout = 10 * time.Second

	busTokenEnv = "SOJOURN_BUS_TOKEN"
	loopback    = "127.0.0.1"
)

// connectBus prepares the connection to the bus and, unless one elsewhere is
// named, the server. Nothing is opened yet.
func (n *node) connectBus(c *nodeCmd, data *dataFolder) (err error) {
	if n.busBytes, err = parseSize("--bus-bytes", c.BusBytes); err != nil {
		return err
	}
	if c.Bus != "" {
		n.bus, err = connectBus(data, c.Bus)
		return err
	}
	// Where it listened last time, and with the same token: a hub that is connected
	// finds it at once, also when the disk is too full for another bus.json.
	listen := loopback + ":0"
	if data.readJSON("bus.json", &n.busAt) && n.busAt.Token != "" {
		if earlier, err := bus.HostPort(n.busAt.URL); err == nil {
			listen = earlier
		}
	} else {
		secret := make([]byte, 32)
		rand.Read(secret)
		n.busAt = bus.Address{Token: hex.EncodeToString(secret)}
	}
	n.server = bus.NewServer(bus.ServerConfig{
		Dir: data.busDir(), Listen: listen, Token: n.busAt.Token, MaxBytes: n.busBytes, Logger: n.logger,
	})
	n.bus, err = bus.ConnectTo(n.server, n.busAt.Token)
	return err
}

// startBus opens the bus, and keeps it open until stopBus. It returns after the
// first attempt, or when that takes long.
func (n *node) startBus(data *dataFolder) {
	ctx, stop := context.WithCancel(context.Background())
	tried := make(chan struct{})
	n.stopBus = stop
	n.keeping.Go(func() { n.keepBus(ctx, data, sync.OnceFunc(func() { close(tried) })) })
	patience := time.NewTimer(busPatience)
	defer patience.Stop()
	select {
	case <-tried:
	case <-patience.C:
		n.logger.Warn("the bus is still opening; the traffic goes on, and records wait. Should it take minutes, its folder is damaged: "+
			"stop the node and move the folder away; what it holds is then not stored", "folder", data.busDir())
	}
}

// keepBus opens the bus, again and again until that succeeds, and starts it anew
// when it takes nothing anymore, as after its disk was full. It calls tried
// after the first attempt.
func (n *node) keepBus(ctx context.Context, data *dataFolder, tried func()) {
	err := n.openBus(ctx, data)
	told, pause := "", firstBusPause
	for ctx.Err() == nil {
		if err != nil && err.Error() != told {
			told = err.Error()
			n.logger.Warn("the bus is not open; the traffic goes on, and records wait", "error", err)
		} else if err == nil && told != "" {
			n.logger.Info("the bus is open")
			told, pause = "", firstBusPause
		}
		tried()
		switch {
		case n.server == nil:
			return // one elsewhere: the publisher goes on trying
		case err == nil:
			n.awaitFailing(ctx)
		default:
			wait(ctx, pause)
			pause = min(2*pause, longestBusPause)
		}
		if ctx.Err() == nil {
			err = n.openBus(ctx, data)
		}
	}
}

// openBus starts the node's own bus, anew when it runs, and makes the stream.
func (n *node) openBus(ctx context.Context, data *dataFolder) error {
	if n.server != nil {
		if err := n.openServer(data); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, ensureTimeout)
	defer cancel()
	if n.server != nil {
		if err := n.bus.Reach(ctx); err != nil {
			return err
		}
	}
	return n.bus.EnsureStream(ctx, n.busBytes)
}

// openServer starts the server and tells where, when that is new.
func (n *node) openServer(data *dataFolder) error {
	err := n.server.Restart()
	if err != nil && !isFree(n.server.Addr()) {
		n.server.ListenOn(loopback + ":0")
		err = n.server.Restart()
	}
	if err != nil {
		return err
	}
	at := bus.Address{URL: "nats://" + n.server.Addr(), Token: n.busAt.Token}
	if at == n.busAt {
		return nil
	}
	if err := data.writeJSON("bus.json", at); err != nil {
		return errors.Join(err, errors.New("the hub cannot find the bus"))
	}
	n.busAt = at
	return nil
}

// awaitFailing returns when the bus has taken nothing for long, or ctx is done.
func (n *node) awaitFailing(ctx context.Context) {
	tick := time.NewTicker(restartBusAfter)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if failing := n.publisher.Failing(); failing > restartBusAfter {
			n.logger.Warn("starting the bus anew", "failing for", failing)
			return
		}
	}
}

// closeBus closes the bus. One that is still opening is left to the end of the
// process.
func (n *node) closeBus() {
	n.stopBus()
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		n.keeping.Wait()
		if n.bus != nil {
			n.bus.Close()
		}
		if n.server != nil {
			n.server.Close()
		}
	}()
	timeout := time.NewTimer(closeBusTimeout)
	defer timeout.Stop()
	select {
	case <-closed:
	case <-timeout.C:
		n.logger.Warn("ending while the bus is still opening")
	}
}

func isFree(addr string) bool {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// findBus returns where the bus is now: at url, or where the node of the data
// folder said last.
func findBus(data *dataFolder, url string) (bus.Address, error) {
	if url != "" {
		return bus.Address{URL: url, Token: os.Getenv(busTokenEnv)}, nil
	}
	var at bus.Address
	if !data.readJSON("bus.json", &at) {
		return at, fmt.Errorf("no node has run on the data folder %s yet", data.dir)
	}
	return at, nil
}
