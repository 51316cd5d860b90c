package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"sojourn/internal/demo"
	"sojourn/internal/record"
)

// demoFlags make serve a demo.
type demoFlags struct {
	Demo     bool   `help:"Put a demo shop behind the proxy and demo traffic in front of it, with the past days filled in."`
	DemoDays int    `help:"Past days that the demo fills in. Default: ${default}." default:"6" placeholder:"DAYS"`
	DemoSeed uint64 `help:"Seed of the demo traffic: the same seed, the same traffic. Default: ${default}." default:"1" placeholder:"N"`
}

// demoPolicy makes Sojourn believe the demo traffic's X-Forwarded-For, as behind
// a load balancer on this machine.
const demoPolicy = `version: 1
applications:
  - name: shop
    paths: ["/"]
client_address:
  header: X-Forwarded-For
  trusted_proxies: ["127.0.0.0/8", "::1/128"]
capture:
  exclude:
    - paths: ["/healthz"]
`

// demoLivePerSecond is calm enough to follow with the eye.
const demoLivePerSecond = 3.0

// runningDemo is the demo shop and, once driven, its traffic. A nil one does nothing.
type runningDemo struct {
	flags   demoFlags
	server  *http.Server
	logger  *slog.Logger
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// startDemo starts the shop, makes it the upstream and fills in the past days.
// It returns nil when no demo was asked for.
func (c *serveCmd) startDemo(a *app, data *dataFolder, logger *slog.Logger) (*runningDemo, error) {
	if !c.Demo {
		return nil, nil
	}
	if c.Upstream != "" {
		return nil, errors.New("--demo brings its own upstream: leave --upstream away, or --demo")
	}
	if len(c.TLSCert) > 0 {
		return nil, errors.New("--demo sends its traffic without TLS: leave --tls-cert away, or --demo")
	}
	l, err := net.Listen("tcp", loopback+":0")
	if err != nil {
		return nil, fmt.Errorf("the demo shop cannot listen: %w", err)
	}
	d := &runningDemo{flags: c.demoFlags, logger: logger, server: &http.Server{
		Handler:           demo.NewShop(demo.ShopConfig{Seed: c.DemoSeed, Latency: demo.NaturalLatency, Faults: demo.UsualFaults}),
		ReadHeaderTimeout: time.Minute,
	}}
	d.ctx, d.cancel = context.WithCancel(a.ctx)
	d.running.Go(func() { d.server.Serve(l) })
	c.Upstream = "http://" + l.Addr().String()
	if c.Policy == "" {
		c.Policy = data.path("demo-policy.yaml")
		if err := os.WriteFile(c.Policy, []byte(demoPolicy), 0o600); err != nil {
			d.stop()
			return nil, fmt.Errorf("data folder %s is not writable: %w", data.dir, err)
		}
	}
	if err := d.fillPast(a, data, c.Policy); err != nil {
		d.stop()
		return nil, err
	}
	return d, nil
}

// filling is a stretch of the past that a demo fills in. It is remembered until
// all of it is in the store: an interrupted one is completed with the same files,
// and importing those again adds nothing.
type filling struct {
	Seed uint64       `json:"seed"`
	From time.Time    `json:"from"`
	To   time.Time    `json:"to"`
	Days []record.Day `json:"days"` // that the store did not have
}

const (
	fillingFile = "demo.json"
	fillingDir  = "demo-past" // of the files to import
)

// fillPast writes what the past days saw as HAR files and imports them, except
// for days that the store has already.
func (d *runningDemo) fillPast(a *app, data *dataFolder, policy string) error {
	var interrupted filling
	if data.readJSON(fillingFile, &interrupted) {
		if err := d.fill(a, data, policy, &interrupted); err != nil {
			return err
		}
	}
	now := time.Now().UTC().Truncate(time.Second)
	f := d.missing(data, now)
	if len(f.Days) == 0 {
		return nil
	}
	if err := data.writeJSON(fillingFile, f); err != nil {
		return err
	}
	return d.fill(a, data, policy, f)
}

// missing returns the filling of the days up to now that the store does not have.
func (d *runningDemo) missing(data *dataFolder, now time.Time) *filling {
	today := record.TimeOf(now).Day()
	first := today - record.Day(d.flags.DemoDays)
	f := &filling{Seed: d.flags.DemoSeed, From: first.Start().Std(), To: now}
	for day := first; day <= today; day++ {
		if _, err := os.Stat(filepath.Join(data.daysDir(), day.String()+".duckdb")); err != nil {
			f.Days = append(f.Days, day)
		}
	}
	return f
}

// fill fills in what f says, and forgets f.
func (d *runningDemo) fill(a *app, data *dataFolder, policy string, f *filling) error {
	files, err := d.writeDays(data, f)
	defer os.RemoveAll(data.path(fillingDir))
	if err != nil {
		return fmt.Errorf("writing the demo's past days: %w", err)
	}
	if len(files) > 0 {
		fmt.Fprintf(a.stderr, "Filling in the last %d days of the demo…\n", d.flags.DemoDays)
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(d.ctx, self, append([]string{"import", "--data", data.dir, "--policy", policy}, files...)...)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.Stderr = a.stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("filling in the demo's past days: %w", err)
		}
	}
	return os.Remove(data.path(fillingFile))
}

// writeDays writes one file for each day of f, and returns them.
func (d *runningDemo) writeDays(data *dataFolder, f *filling) (files []string, err error) {
	dir := data.path(fillingDir)
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return nil, err
	}
	cfg := demo.HARConfig{Traffic: demo.Traffic{Seed: f.Seed, PerSecond: demo.HistoryPerSecond}, From: f.From, To: f.To}
	_, err = demo.WriteHARDays(d.ctx, cfg, func(at time.Time) (io.WriteCloser, error) {
		day := record.TimeOf(at).Day()
		if !slices.Contains(f.Days, day) {
			return nil, nil
		}
		file := filepath.Join(dir, day.String()+".har")
		files = append(files, file)
		return os.Create(file)
	})
	return files, err
}

// drive sends live traffic to the proxy until stop.
func (d *runningDemo) drive(target string) {
	if d == nil {
		return
	}
	d.running.Go(func() {
		_, err := demo.Drive(d.ctx, demo.DriveConfig{
			Traffic: demo.Traffic{Seed: d.flags.DemoSeed, PerSecond: demoLivePerSecond, Steady: true}, Target: target,
		})
		if err != nil {
			d.logger.Error("the demo traffic stopped", "error", err)
		}
	})
}

// stop ends the traffic, then the shop.
func (d *runningDemo) stop() {
	if d == nil {
		return
	}
	d.cancel()
	d.server.Close()
	d.running.Wait()
}
