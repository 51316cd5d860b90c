package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"time"

	"sojourn/internal/client"
)

// serveCmd supervises a node and a hub.
type serveCmd struct {
	commonFlags
	nodeFlags
	hubFlags
	demoFlags
}

// Help is shown by --help after the description.
func (serveCmd) Help() string {
	return `Examples:
  sojourn serve --upstream http://127.0.0.1:3000
      in front of your API: send requests to http://127.0.0.1:8080 instead
  sojourn serve --policy sojourn.yaml --proxy 0.0.0.0:80
      several applications, each with its upstream, from a policy file
  sojourn serve --demo
      a demo shop behind it and demo traffic in front of it`
}

const (
	// stopTimeout is how long a stop may take in all before processes are killed.
	// It lies above what the proxy, the flush and the drain may take together.
	stopTimeout = 90 * time.Second
	// linkTimeout bounds asking the hub for a sign-in link.
	linkTimeout = 5 * time.Second
)

// Run starts the processes, keeps them running, and stops them in order: first
// the traffic, then what stores it.
func (c *serveCmd) Run(a *app) error {
	outliveReaders()
	if err := c.storeFlag.hand(); err != nil {
		return err
	}
	data, err := openData(c.Data)
	if err != nil {
		return err
	}
	unlock, err := data.lock("serve")
	if err != nil {
		return err
	}
	defer unlock()
	logger := c.logger(a)
	demo, err := c.startDemo(a, data, logger)
	if err != nil {
		return stopped(a, err)
	}
	defer demo.stop()

	node := newChild(a, logger, "node", append(c.commonFlags.args(), c.nodeFlags.args()...))
	hub := newChild(a, logger, "hub", append(c.commonFlags.args(), c.hubFlags.args()...))
	s := &serving{node: node, hub: hub, ended: make(chan error, 2), logger: logger}
	defer s.stop()
	s.start(node)
	proxied, err := node.waitReady(a.ctx, s.ended)
	if err != nil {
		return stopped(a, err)
	}
	s.start(hub)
	consoleURL, err := hub.waitReady(a.ctx, s.ended)
	if err != nil {
		return stopped(a, err)
	}
	c.greet(a, data, proxied, consoleURL)
	demo.drive("http://" + proxied)
	select {
	case <-a.ctx.Done():
		return nil
	case err := <-s.ended:
		return err
	}
}

// stopped turns an interrupted start into a clean end.
func stopped(a *app, err error) error {
	if a.ctx.Err() != nil {
		return nil
	}
	return err
}

// greet prints where things are.
func (c *serveCmd) greet(a *app, data *dataFolder, proxied, consoleURL string) {
	upstream := c.Upstream
	if upstream == "" {
		upstream = "the applications of " + c.Policy
	}
	fmt.Fprintf(a.stdout, "\n  Sojourn is running.\n\n  proxy     %s://%s  →  %s\n  console   %s\n", c.scheme(), proxied, upstream, consoleURL)
	ctx, cancel := context.WithTimeout(a.ctx, linkTimeout)
	defer cancel()
	token, err := data.adminToken()
	if err != nil {
		fmt.Fprintf(a.stdout, "\n  No sign-in link: %v\n\n", err)
		return
	}
	api, err := client.New(consoleURL, token)
	if err == nil {
		var code, codeErr = api.SignInCode(ctx)
		if err = codeErr; err == nil {
			fmt.Fprintf(a.stdout, "  sign in   %s\n\n  The link works once, for 15 minutes; `sojourn sign-in --data %s` prints another.\n  Stop with Ctrl-C.\n\n", code.Link, c.Data)
			return
		}
	}
	fmt.Fprintf(a.stdout, "\n  No sign-in link (%v); `sojourn sign-in --data %s` prints one.\n\n", err, c.Data)
}

// serving is the pair of processes.
type serving struct {
	node, hub *child
	started   []*child
	ended     chan error // a child that came to its end by itself
	logger    *slog.Logger
}

func (s *serving) start(c *child) {
	s.started = append(s.started, c)
	go func() {
		if err := c.run(); err != nil {
			s.ended <- err
		}
	}()
}

// stop ends what was started: the node lets running requests finish and hands
// its last records to the bus, the hub writes them, then both close. A second
// signal, or the deadline, kills what still runs.
func (s *serving) stop() {
	again := make(chan os.Signal, 1)
	signal.Notify(again, stopSignals()...)
	defer signal.Stop(again)
	began, deadline := time.Now(), time.After(stopTimeout)
	wait := func(done <-chan struct{}) error {
		for {
			select {
			case <-done:
				return nil
			case <-again:
				if time.Since(began) > sameSignal {
					return errors.New("stopped by a second signal")
				}
			case <-deadline:
				return fmt.Errorf("not stopped within %v", stopTimeout)
			}
		}
	}
	var err error
	for _, c := range s.started { // the node first
		c.terminate()
		if err == nil {
			err = wait(c.drained)
		}
	}
	for i := len(s.started) - 1; i >= 0; i-- {
		c := s.started[i]
		c.finish()
		if err == nil {
			err = wait(c.over)
		}
		if err != nil {
			s.logger.Error("killing a process", "process", c.name, "cause", err)
			c.kill()
			<-c.over
		}
	}
}
