package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"sojourn/internal/record"
)

// What the hub asks nodes over the bus, and how long it waits for all of them.
const (
	askStatus  = "status"
	askMetrics = "metrics"
	askWait    = 500 * time.Millisecond
	// countEvery is how often the nodes on a bus elsewhere are counted anew.
	countEvery = 10 * time.Second
)

// System tells the state of the whole installation; the API serves it.
func (h *hub) System(ctx context.Context) (record.System, error) {
	days, aside, err := h.store.Status(ctx)
	if err != nil {
		return record.System{}, err
	}
	s := record.System{
		Version: version, Started: record.TimeOf(h.started), Retention: *h.retention.Load(), Revision: h.revision.Load(),
		Nodes: []record.NodeStatus{}, Bus: h.bus.Status(ctx), Writer: h.writer.status(), Disk: h.floor.status(h.writer.paused.Load()),
		Days: slices.Concat([]record.DayStatus{}, days), SetAside: slices.Concat([]record.SetAside{}, aside),
	}
	for _, answer := range h.gather(ctx, askStatus) {
		var node record.NodeStatus
		if json.Unmarshal(answer, &node) == nil {
			s.Nodes = append(s.Nodes, node)
		}
	}
	slices.SortFunc(s.Nodes, func(a, b record.NodeStatus) int { return strings.Compare(a.Name, b.Name) })
	return s, nil
}

// gather asks all nodes. The bus of the data folder has one. On a bus elsewhere
// nodes come and go: a count waits for the slowest, and until the next one gather
// waits no longer than it takes as many to answer.
func (h *hub) gather(ctx context.Context, question string) [][]byte {
	if !h.bus.Connected() {
		return nil
	}
	if h.oneNode {
		return h.bus.Gather(ctx, question, 1, askWait)
	}
	h.nodesMu.Lock()
	expected := h.nodes
	if time.Since(h.counted) > countEvery {
		expected, h.counted = 0, time.Now() // 0 waits for all
	}
	h.nodesMu.Unlock()
	answers := h.bus.Gather(ctx, question, expected, askWait)
	h.nodesMu.Lock()
	h.nodes = len(answers)
	h.nodesMu.Unlock()
	return answers
}

// metrics serves the hub's own metrics and, under a label with the node's name,
// those of every node.
func (h *hub) metrics() http.Handler {
	own := prometheus.NewRegistry()
	process := prometheus.WrapRegistererWith(prometheus.Labels{"process": "hub"}, own)
	process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	count := func(name, help string, v func() uint64) {
		own.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(v()) }))
	}
	w := h.writer
	count("sojourn_writer_stored_total", "Requests written to the store.", w.stored.Load)
	count("sojourn_writer_skipped_total", "Requests delivered again that the store already had.", w.skipped.Load)
	count("sojourn_writer_too_old_total", "Requests older than the retention, not stored.", w.tooOld.Load)
	count("sojourn_writer_future_total", "Requests more than a day in the future, not stored.", w.future.Load)
	count("sojourn_writer_errors_total", "Writes that failed and were tried again.", w.failed.Load)
	count("sojourn_writer_undecodable_total", "Messages of the bus that could not be read whole.", w.undecodable.Load)
	own.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sojourn_writer_held", Help: "Requests that wait on the bus because their day does not take them.",
	}, func() float64 { return float64(w.held.Load()) }))
	gauge := func(name, help string, v func() float64) {
		own.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, v))
	}
	gauge("sojourn_disk_free_bytes", "Bytes left on the disk of the data folder.", func() float64 { return float64(h.floor.status(false).Free) })
	gauge("sojourn_disk_min_free_bytes", "Bytes that the store leaves free, see --min-free.", func() float64 { return float64(h.floor.least) })
	gauge("sojourn_writer_paused", "Whether the writer has stopped because the disk has too little room.", func() float64 {
		if w.paused.Load() {
			return 1
		}
		return 0
	})
	own.MustRegister(&systemCollector{h})
	nodes := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return h.nodeMetrics(), nil })
	return promhttp.HandlerFor(prometheus.Gatherers{own, nodes}, promhttp.HandlerOpts{
		ErrorHandling: promhttp.ContinueOnError, // a node's oddity must not hide the rest
	})
}

// nodeMetrics collects what the nodes answer.
func (h *hub) nodeMetrics() []*dto.MetricFamily {
	merged := map[string]*dto.MetricFamily{}
	for _, answer := range h.gather(context.Background(), askMetrics) {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(answer))
		if err != nil {
			h.logger.Warn("metrics of a node could not be read", "error", err)
			continue
		}
		for name, family := range families {
			if have := merged[name]; have != nil {
				have.Metric = append(have.Metric, family.Metric...)
			} else {
				merged[name] = family
			}
		}
	}
	out := make([]*dto.MetricFamily, 0, len(merged))
	for _, family := range merged {
		out = append(out, family)
	}
	return out
}

// encodeMetrics prints what a node has gathered, in the form nodeMetrics reads.
func encodeMetrics(from prometheus.Gatherer) ([]byte, error) {
	families, err := from.Gather()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&out, family); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

// systemCollector exports the sizes that the system page shows.
type systemCollector struct{ hub *hub }

var (
	busConnected = prometheus.NewDesc("sojourn_bus_connected", "Whether the hub reaches the bus.", nil, nil)
	busMessages  = prometheus.NewDesc("sojourn_bus_messages", "Batches on the bus.", nil, nil)
	busBytes     = prometheus.NewDesc("sojourn_bus_bytes", "Bytes on the bus.", nil, nil)
	busMaxBytes  = prometheus.NewDesc("sojourn_bus_max_bytes", "Limit of the bytes on the bus.", nil, nil)
	storeBytes   = prometheus.NewDesc("sojourn_store_bytes", "Bytes of all days.", nil, nil)
	storeRows    = prometheus.NewDesc("sojourn_store_requests", "Requests in all days.", nil, nil)
	storeDays    = prometheus.NewDesc("sojourn_store_days", "Days in the store.", nil, nil)
	storeFailing = prometheus.NewDesc("sojourn_store_failing_days", "Days whose file cannot be opened now.", nil, nil)
	storeAside   = prometheus.NewDesc("sojourn_store_set_aside", "Files of days that could not be opened.", nil, nil)
	buildInfo    = prometheus.NewDesc("sojourn_build_info", "The version that runs.", []string{"version"}, nil)
)

// Describe sends nothing: an unchecked collector, since the store may not answer.
func (c *systemCollector) Describe(chan<- *prometheus.Desc) {}

// Collect asks the bus and the store.
func (c *systemCollector) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), askWait)
	defer cancel()
	gauge(buildInfo, 1, version)
	b := c.hub.bus.Status(ctx)
	connected := 0.0
	if b.Connected {
		connected = 1
		gauge(busMessages, float64(b.Messages))
		gauge(busBytes, float64(b.Bytes))
		gauge(busMaxBytes, float64(b.MaxBytes))
	}
	gauge(busConnected, connected)
	days, aside, err := c.hub.store.Status(ctx)
	if err != nil {
		return
	}
	var bytes, rows, failing int64
	for _, d := range days {
		bytes, rows = bytes+d.Bytes, rows+d.Requests
		if d.Error != "" {
			failing++
		}
	}
	gauge(storeFailing, float64(failing))
	gauge(storeBytes, float64(bytes))
	gauge(storeRows, float64(rows))
	gauge(storeDays, float64(len(days)))
	gauge(storeAside, float64(len(aside)))
}
