package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"sojourn/internal/demo"
)

// demoCmd runs the demo API and the demo traffic, or writes past traffic down.
type demoCmd struct {
	API       string  `help:"Address that the demo API listens on; empty: no API." default:"127.0.0.1:9090"`
	Target    string  `help:"Where the traffic goes: the proxy in front of the API." default:"http://127.0.0.1:8080"`
	Rate      float64 `help:"Requests a second, on average. Default: a lively shop's, with --har a small one's." placeholder:"N"`
	Rhythm    bool    `help:"More traffic by day than by night, as with --har."`
	Seed      uint64  `help:"The same seed, the same people and the same traffic." default:"1"`
	NoTraffic bool    `help:"Only the API."`
	HAR       string  `name:"har" help:"Write past traffic to this HAR file (- for standard output) and end." placeholder:"FILE"`
	Days      int     `help:"With --har: whole days before today; today follows up to now." default:"6"`
}

// Help is shown by --help after the description.
func (demoCmd) Help() string {
	return `The API is a small shop. The traffic tells each client's address in
X-Forwarded-For: let the policy's client_address trust 127.0.0.1 to see them apart.

Examples:
  sojourn demo
      the API on 127.0.0.1:9090, traffic to a proxy on 127.0.0.1:8080; start
      that with: sojourn serve --upstream http://127.0.0.1:9090
  sojourn demo --rate 50 --seed 7
      more traffic, and other people
  sojourn demo --no-traffic
      the API alone
  sojourn demo --api "" --target http://10.0.0.5
      traffic alone, to somewhere else
  sojourn demo --har past.har --days 6 && sojourn import past.har
      the last six days at once`
}

const (
	maxDemoDays       = 366
	demoHeaderTimeout = 10 * time.Second // for a request's head
	demoStopTimeout   = 5 * time.Second  // for requests under way at the end
)

// Run works until the command is interrupted, or the HAR is written.
func (c *demoCmd) Run(a *app) error {
	if c.HAR != "" {
		return c.writeHAR(a)
	}
	if c.API == "" && c.NoTraffic {
		return errors.New(`nothing to do: --api "" and --no-traffic leave neither API nor traffic`)
	}
	ctx, cancel := context.WithCancel(a.ctx)
	var parts sync.WaitGroup
	defer parts.Wait()
	defer cancel()
	failed := make(chan error, 2)
	if c.API != "" {
		l, err := net.Listen("tcp", c.API)
		if err != nil {
			return fmt.Errorf("the demo API cannot listen on %s: %w; choose another address with --api", c.API, err)
		}
		fmt.Fprintf(a.stdout, "Demo API on http://%s\n", l.Addr())
		parts.Go(func() { failed <- c.serveAPI(ctx, l) })
	}
	if !c.NoTraffic {
		rate := c.traffic(demo.LivePerSecond)
		fmt.Fprintf(a.stdout, "Demo traffic to %s, about %g requests a second, seed %d\n", c.Target, rate.PerSecond, rate.Seed)
		parts.Go(func() {
			_, err := demo.Drive(ctx, demo.DriveConfig{Traffic: rate, Target: c.Target, Report: reportTo(a.stdout)})
			failed <- err
		})
	}
	select {
	case <-a.ctx.Done():
		return nil
	case err := <-failed:
		return err
	}
}

func (c *demoCmd) traffic(usual float64) demo.Traffic {
	t := demo.Traffic{Seed: c.Seed, PerSecond: c.Rate, Steady: !c.Rhythm}
	if c.Rate == 0 {
		t.PerSecond = usual
	}
	return t
}

func (c *demoCmd) serveAPI(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           demo.NewShop(demo.ShopConfig{Seed: c.Seed, Latency: demo.NaturalLatency, Faults: demo.UsualFaults}),
		ReadHeaderTimeout: demoHeaderTimeout,
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), demoStopTimeout)
		defer cancel()
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		stop()
		return fmt.Errorf("the demo API stopped: %w", err)
	}
	<-stopped
	return nil
}

// reportTo prints what happened since the last report, and a failure while it
// lasts.
func reportTo(w io.Writer) func(demo.DriveStats) {
	var before demo.DriveStats
	return func(now demo.DriveStats) {
		fmt.Fprintf(w, "%s  %d answered (%d with 5xx)", time.Now().Format(time.TimeOnly), now.Sent-before.Sent, now.Errors-before.Errors)
		if n := now.Skipped - before.Skipped; n > 0 {
			fmt.Fprintf(w, ", %d skipped: too slow", n)
		}
		if n := now.Failed - before.Failed; n > 0 {
			fmt.Fprintf(w, ", %d failed: %v", n, now.Last)
		}
		fmt.Fprintln(w)
		before = now
	}
}

func (c *demoCmd) writeHAR(a *app) (err error) {
	if c.Days < 0 || c.Days > maxDemoDays {
		return fmt.Errorf("--days %d: must be 0 to %d", c.Days, maxDemoDays)
	}
	out, name := a.stdout, "standard output"
	if c.HAR != "-" {
		f, err := os.Create(c.HAR)
		if err != nil {
			return fmt.Errorf("--har: %w", err)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out, name = f, c.HAR
	}
	now, began := time.Now().UTC(), time.Now()
	past := c.traffic(demo.HistoryPerSecond)
	past.Steady = false
	stats, err := demo.WriteHAR(a.ctx, out, demo.HARConfig{
		Traffic: past, From: now.Truncate(24*time.Hour).AddDate(0, 0, -c.Days), To: now,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "%d requests of %d days and today written to %s in %.1f s\n",
		stats.Requests, c.Days, name, time.Since(began).Seconds())
	return nil
}
