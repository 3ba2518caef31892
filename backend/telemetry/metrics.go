package telemetry

// namespace begins the name of every metric.
const namespace = "spinscope_"

// Collector adds what a part of the program tells of itself.
type Collector func(*Metrics)

// Metric is one value.
type Metric struct {
	Name, Help string
	Counter    bool // it only rises; else it is a gauge
	Labels     []Label
	Value      float64
}

// Label tells a metric from others of its name.
type Label struct{ Name, Value string }

// Histogram is how long things took on one stage. Bounds are the upper ends of the buckets in seconds, ascending; Counts
// has one more, for what took longer, and is not cumulative.
type Histogram struct {
	Stage  string
	Bounds []float64
	Counts []uint64
	Sum    float64 // seconds
}

// Metrics is what one scrape gathers. One goroutine uses it; the zero value is empty.
type Metrics struct {
	Values []Metric
	Stages []Histogram
}

// Gather asks every collector.
func Gather(collectors []Collector) *Metrics {
	m := &Metrics{}
	for _, collect := range collectors {
		collect(m)
	}
	return m
}

// Counter adds a value that only rises. The name is without the program's.
func (m *Metrics) Counter(name, help string, value uint64) {
	m.Values = append(m.Values, Metric{Name: namespace + name, Help: help, Counter: true, Value: float64(value)})
}

// CounterOf adds a counter of one kind of things: label names what tells the kinds apart, of this one.
func (m *Metrics) CounterOf(label, of, name, help string, value uint64) {
	m.CounterOfEach([]Label{{label, of}}, name, help, value)
}

// CounterOfEach is CounterOf for kinds that several labels tell apart.
func (m *Metrics) CounterOfEach(labels []Label, name, help string, value uint64) {
	m.Values = append(m.Values, Metric{Name: namespace + name, Help: help, Counter: true, Labels: labels, Value: float64(value)})
}

// GaugeOf is Gauge of one kind of things: label names what tells the kinds apart, of this one.
func (m *Metrics) GaugeOf(label, of, name, help string, value float64) {
	m.Values = append(m.Values, Metric{Name: namespace + name, Help: help, Labels: []Label{{label, of}}, Value: value})
}

// Gauge adds a value that rises and falls.
func (m *Metrics) Gauge(name, help string, value float64) {
	m.Values = append(m.Values, Metric{Name: namespace + name, Help: help, Value: value})
}

// Stage adds the histogram of a stage.
func (m *Metrics) Stage(h Histogram) { m.Stages = append(m.Stages, h) }
