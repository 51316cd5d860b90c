package proxy

import (
	"github.com/prometheus/client_golang/prometheus"
)

// statusClasses are the values of the code label: the first digit of the
// status, and none where there was no response.
var statusClasses = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// durationBuckets are the upper bounds of the duration histogram, in seconds.
var durationBuckets = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// metrics are the proxy's. No label has a value that clients can make up.
type metrics struct {
	requests       [len(statusClasses)]prometheus.Counter // by statusClasses
	duration       prometheus.Histogram
	upstreamErrors *prometheus.CounterVec
	panics         prometheus.Counter
	waits          prometheus.Counter
	handshakes     prometheus.Counter // failed ones
	all            []prometheus.Collector
}

func newMetrics(s *Server) *metrics {
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "sojourn_proxy_requests_total",
		Help: "Exchanges that ended, by class of their status; none: no response was sent.",
	}, []string{"code"})
	m := &metrics{
		duration: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "sojourn_proxy_request_seconds",
			Help:    "Time from a request's head to the last byte of its response.",
			Buckets: durationBuckets,
		}),
		upstreamErrors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "sojourn_proxy_upstream_errors_total",
			Help: "Exchanges that their upstream did not answer.",
		}, []string{"application"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sojourn_inspector_panics_total",
			Help: "Panics of the inspector; the exchanges passed all the same.",
		}),
		waits: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sojourn_proxy_connection_waits_total",
			Help: "Times that accepting connections had to wait for the limit.",
		}),
		handshakes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "sojourn_proxy_handshake_failures_total",
			Help: "Connections on which TLS or HTTP/2 could not begin, or broke.",
		}),
	}
	for i, class := range statusClasses {
		m.requests[i] = requests.WithLabelValues(class)
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "sojourn_proxy_open_exchanges",
		Help: "Exchanges that are running.",
	}, func() float64 { return float64(s.open.Load()) })
	m.all = []prometheus.Collector{requests, m.duration, m.upstreamErrors, m.panics, m.waits, m.handshakes, open}
	return m
}

func (m *metrics) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	for _, c := range m.all {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (m *metrics) ended(status int, seconds float64) {
	class := status / 100
	if class >= len(statusClasses) {
		class = 0
	}
	m.requests[class].Inc()
	m.duration.Observe(seconds)
}
