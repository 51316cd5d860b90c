package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"sojourn/internal/bus"
	"sojourn/internal/generate"
	"sojourn/internal/record"
)

// sentReport is what was sent.
type sentReport struct {
	Sent    uint64  `json:"sent"` // and acknowledged by the bus
	Lost    uint64  `json:"lost"`
	Seconds float64 `json:"seconds"`
}

// stopSending bounds how long the end waits for the bus to take the rest.
const stopSending = 10 * time.Second

// live sends requests to the bus of the folder's server, as a node does.
func (c *generateCmd) live(a *app) error {
	if c.Rate <= 0 || c.Rate > maxGenerateRate || c.For < 0 {
		return fmt.Errorf("--rate %g --for %s: give a rate above 0 and up to %d, and a time above 0", c.Rate, c.For, maxGenerateRate)
	}
	data, err := openData(c.Data)
	if err != nil {
		return err
	}
	if _, err := data.serverURL(); err != nil {
		return err
	}
	conn, err := connectBus(data, "")
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Reach(a.ctx); err != nil {
		return fmt.Errorf("the bus of the server on %s: %w", data.dir, err)
	}
	var life [8]byte
	rand.Read(life[:])
	var lost atomic.Uint64
	publisher := bus.NewPublisher(conn, bus.PublisherConfig{
		Name: "generate-" + hex.EncodeToString(life[:]), Logger: c.logger(a),
		Lost: func(_ string, n int) { lost.Add(uint64(n)) },
	})
	sending, stop := context.WithCancel(context.Background())
	defer stop()
	go publisher.Run(sending)

	ctx, cancel := a.ctx, context.CancelFunc(func() {})
	if c.For > 0 {
		ctx, cancel = context.WithTimeout(a.ctx, c.For)
	}
	defer cancel()
	began := time.Now()
	bar := newProgressBar(a.stderr)
	generate.Live(ctx, c.Rate, c.Seed, func(r *record.Request) {
		publisher.Put(r)
		bar.draw(func(time.Duration) string {
			return fmt.Sprintf("%s sent, %s waiting, %s lost", thousands(publisher.Sent()), thousands(uint64(publisher.Waiting())), thousands(lost.Load()))
		})
	})
	bar.clear()
	time.AfterFunc(stopSending, stop)
	publisher.Close()
	report := sentReport{Sent: publisher.Sent(), Lost: lost.Load(), Seconds: time.Since(began).Seconds()}
	return c.tellSent(a, report)
}

func (c *generateCmd) tellSent(a *app, r sentReport) (err error) {
	if c.JSON {
		err = json.NewEncoder(a.stdout).Encode(r)
	} else {
		_, err = fmt.Fprintf(a.stdout, "%s sent in %.1f s (%s/s)\n", quantity(r.Sent, "request"), r.Seconds, thousands(uint64(float64(r.Sent)/r.Seconds)))
	}
	if r.Lost > 0 {
		err = errors.Join(err, fmt.Errorf("%s: the server did not take them in time", quantity(r.Lost, "lost request")))
	}
	return err
}
