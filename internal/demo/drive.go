package demo

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

// DriveConfig says where the live traffic goes.
type DriveConfig struct {
	Traffic
	// Target is the proxy's URL, such as http://127.0.0.1:8080.
	Target string
	// Report, when set, is called every ReportEvery from one goroutine, and once
	// at the end.
	Report func(DriveStats)
	// Transport sends the requests; nil: one of its own.
	Transport http.RoundTripper
}

// DriveStats counts what became of the requests since Drive began.
type DriveStats struct {
	Sent    int64 // answered, whatever the status
	Failed  int64 // no answer came
	Skipped int64 // not sent: the target, or this machine, was too slow
	Errors  int64 // of Sent: 5xx
	Last    error // why the last one of Failed failed; nil: none did
}

const (
	// LivePerSecond is the rate of a live demo unless told otherwise.
	LivePerSecond = 8.0
	// ReportEvery is the time between two reports.
	ReportEvery = 10 * time.Second

	driveWorkers = 64               // requests under way at once
	driveQueue   = 64               // requests waiting for one worker; beyond: skipped
	maxLate      = 15 * time.Second // a request that waited longer is skipped
	driveTimeout = 20 * time.Second // for one answer
	maxAnswer    = 1 << 20          // bytes read of one answer
)

// Drive sends the traffic to the target as time passes, until ctx ends; that is
// no error. Each client's address travels in X-Forwarded-For, so the target must
// trust the address that Drive connects from. The requests of one client go out
// one after another. A target that is away is counted and tried again with the
// next request; nothing is ever sent twice.
func Drive(ctx context.Context, cfg DriveConfig) (DriveStats, error) {
	d := &driver{cfg: cfg}
	if err := d.check(); err != nil {
		return DriveStats{}, err
	}
	if d.cfg.Transport == nil {
		own := &http.Transport{
			MaxIdleConnsPerHost: driveWorkers, IdleConnTimeout: 30 * time.Second, DisableCompression: true,
		}
		defer own.CloseIdleConnections()
		d.cfg.Transport = own
	}
	return d.run(ctx), nil
}

type driver struct {
	cfg                           DriveConfig
	sent, failed, skipped, faults atomic.Int64
	last                          atomic.Pointer[error]
}

func (d *driver) check() error {
	u, err := url.Parse(d.cfg.Target)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Path != "" && u.Path != "/" {
		return fmt.Errorf("demo target %q: must be the proxy's address, such as http://127.0.0.1:8080", d.cfg.Target)
	}
	d.cfg.Target = u.Scheme + "://" + u.Host
	return d.cfg.Traffic.check()
}

func (d *driver) run(ctx context.Context) DriveStats {
	var wg sync.WaitGroup
	queues := make([]chan step, driveWorkers)
	for i := range queues {
		queues[i] = make(chan step, driveQueue)
		wg.Go(func() { d.work(ctx, queues[i]) })
	}
	if d.cfg.Report != nil {
		wg.Go(func() { d.report(ctx) })
	}
	d.dispatch(ctx, queues)
	for _, q := range queues {
		close(q)
	}
	wg.Wait()
	if d.cfg.Report != nil {
		d.cfg.Report(d.stats())
	}
	return d.stats()
}

// dispatch hands each step, at its time, to the worker of its client.
func (d *driver) dispatch(ctx context.Context, queues []chan step) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	now := time.Now()
	for s := range schedule(d.cfg.Traffic, now, now.AddDate(100, 0, 0)) {
		timer.Reset(time.Until(s.at))
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		select {
		case queues[mix(s.client.jar)%driveWorkers] <- s:
		default:
			d.skipped.Add(1)
		}
	}
}

// work sends the steps of some clients, one after another, and keeps their jars.
func (d *driver) work(ctx context.Context, queue <-chan step) {
	known := newJars(maxJars / driveWorkers)
	for s := range queue {
		if ctx.Err() != nil {
			continue // drain
		}
		if time.Since(s.at) > maxLate {
			d.skipped.Add(1)
			continue
		}
		j := known.of(s.client)
		if !s.happens(j) {
			continue
		}
		switch status, err := d.send(ctx, &s, j); {
		case err == nil:
			d.sent.Add(1)
			if status >= 500 {
				d.faults.Add(1)
			}
		case ctx.Err() == nil: // otherwise we broke it off ourselves
			d.failed.Add(1)
			d.last.Store(&err)
		}
	}
}

func (d *driver) send(ctx context.Context, s *step, j *jar) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, driveTimeout)
	defer cancel()
	req, err := s.request(ctx, d.cfg.Target, j)
	if err != nil {
		return 0, err
	}
	req.Header.Set("X-Forwarded-For", s.client.ip.String())
	resp, err := d.cfg.Transport.RoundTrip(req) // not a client: it would follow redirects
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return 0, err
	}
	s.learn(j, resp.StatusCode, resp.Header, body)
	return resp.StatusCode, nil
}

func (d *driver) report(ctx context.Context) {
	ticker := time.NewTicker(ReportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			d.cfg.Report(d.stats())
		}
	}
}

func (d *driver) stats() DriveStats {
	s := DriveStats{Sent: d.sent.Load(), Failed: d.failed.Load(), Skipped: d.skipped.Load(), Errors: d.faults.Load()}
	if err := d.last.Load(); err != nil {
		s.Last = *err
	}
	return s
}
