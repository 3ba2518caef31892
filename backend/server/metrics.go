package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
	"spinscope/backend/server/rest"
)

// meter counts requests and, at each scrape, reads the state of the program.
type meter struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	api      rest.Deps
}

func newMeter(registry *prometheus.Registry, api rest.Deps) *meter {
	m := &meter{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "spinscope_http_requests_total", Help: "API requests answered.",
		}, []string{"route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "spinscope_http_request_seconds", Help: "Time to answer an API request.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"route"}),
		api: api,
	}
	registry.MustRegister(m.requests, m.seconds, m,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

var (
	buildDesc       = describe("spinscope_build_info", "Always 1; the label is the version that runs.", "version")
	seqDesc         = describe("spinscope_store_seq", "Number of the store's newest commit.")
	eventsDesc      = describe("spinscope_store_events", "Events stored now; deleted and rolled back ones are taken off.", "kind")
	lastEventDesc   = describe("spinscope_last_event_timestamp_seconds", "Block time of the newest event.")
	chainTimeDesc   = describe("spinscope_chain_time_seconds", "Chain time of the store.")
	slotDesc        = describe("spinscope_slot", "Newest slot known.")
	lagDesc         = describe("spinscope_lag_slots", "Slots behind the cluster.")
	connectedDesc   = describe("spinscope_feed_connected", "1 while the cluster is connected, read live and stored.")
	failuresDesc    = describe("spinscope_feed_failures", "Failed attempts to reach the cluster.")
	connectionsDesc = describe("spinscope_stream_connections", "Socket.IO clients connected.")
	topicsDesc      = describe("spinscope_stream_subscriptions", "Subscriptions of all clients.")
	messagesDesc    = describe("spinscope_stream_messages_total", "Messages sent to clients.")
)

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(out chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{
		buildDesc, seqDesc, eventsDesc, lastEventDesc, chainTimeDesc, slotDesc, lagDesc, connectedDesc, failuresDesc,
		connectionsDesc, topicsDesc, messagesDesc,
	} {
		out <- desc
	}
}

// Collect implements prometheus.Collector.
func (m *meter) Collect(out chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counter := func(desc *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, value, labels...)
	}
	state, counts := m.api.Reader.State(), m.api.Reader.Stats()
	gauge(buildDesc, 1, m.api.Version)
	gauge(seqDesc, float64(state.Seq))
	gauge(chainTimeDesc, float64(state.ChainTime))
	gauge(lastEventDesc, float64(counts.LastEventTime))
	for _, id := range registry.All() {
		for _, kind := range market.KindsOf(id) {
			if n := counts.Kinds.Of(kind); n > 0 || id == registry.First {
				gauge(eventsDesc, float64(n), kind.String())
			}
		}
	}

	slot := state.Slot
	if m.api.Feed != nil {
		feed := m.api.Feed()
		slot = max(slot, feed.Slot)
		connected := 0.0
		if feed.Connection == "connected" && !feed.Stalled {
			connected = 1
		}
		gauge(connectedDesc, connected)
		gauge(lagDesc, float64(feed.Lag))
		gauge(failuresDesc, float64(feed.Failures))
	}

	gauge(slotDesc, float64(slot))
	if m.api.Stream != nil {
		connections := m.api.Stream.Metrics().Connections
		gauge(connectionsDesc, float64(connections.ActiveConnections))
		gauge(topicsDesc, float64(connections.TotalSubscriptions))
		counter(messagesDesc, float64(connections.TotalMessagesSent))
	}
}

// count counts next's requests by route. The route is the pattern that matched, so that strangers cannot make labels.
func (m *meter) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		recorder := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		defer func() { // an aborted download counts too
			m.requests.WithLabelValues(r.Pattern, strconv.Itoa(recorder.status)).Inc()
			m.seconds.WithLabelValues(r.Pattern).Observe(time.Since(start).Seconds())
		}()
		next.ServeHTTP(recorder, r)
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

// Unwrap gives http.ResponseController the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// WriteHeader notes the status.
func (s *statusRecorder) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}
