package telemetry

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
)

// The stages between the cluster and the clients, in the order that a trade passes them.
const (
	receiveToApply  = iota // received from the cluster until the writer takes it: the wait for order and block time
	applyToCommit          // read, folded, and stored
	commitToPublish        // handed to the hub's readers
	publishToQueue         // in the batch window, encoded, and queued to the clients
	numStages
)

var stageNames = [numStages]string{"receive_to_apply", "apply_to_commit", "commit_to_publish", "publish_to_queue"}

// stageBounds are the upper ends of the histograms' buckets, seconds.
var stageBounds = []float64{
	.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30,
}

// maxFlying is how many published commits may wait for the stream; of more the oldest are not measured.
const maxFlying = 4096

// histogram is safe for concurrent use.
type histogram struct {
	counts [19]atomic.Uint64 // one more than stageBounds
	sum    atomic.Int64      // nanoseconds
}

func (h *histogram) observe(d time.Duration) {
	d = max(d, 0)
	place, _ := slices.BinarySearch(stageBounds, d.Seconds())
	h.counts[place].Add(1)
	h.sum.Add(int64(d))
}

// Stages measures each stage. What Apply returns is called while nothing is under way, what Publish returns by one goroutine
// at a time, Queued by the stream's. Of history, which does not pass through Apply, only what follows the commit is
// measured. The zero value is ready.
type Stages struct {
	histograms [numStages]histogram
	mark       time.Time // when the writer took what the next commit holds; zero while history is read

	mu     sync.Mutex
	flying []flight
}

// flight is a published commit on its way to the clients.
type flight struct {
	seq market.Seq
	at  time.Time
}

// Apply measures next, which takes in a batch.
func (s *Stages) Apply(next func(context.Context, market.Batch) error) func(context.Context, market.Batch) error {
	return func(ctx context.Context, b market.Batch) error {
		s.mark = time.Now()
		for i := range b.Transactions {
			if at := b.Transactions[i].ReceivedAt; !at.IsZero() {
				s.histograms[receiveToApply].observe(s.mark.Sub(at))
			}
		}
		defer func() { s.mark = time.Time{} }()
		return next(ctx, b)
	}
}

// Publish measures next, which hands a commit on.
func (s *Stages) Publish(next func(*market.Commit)) func(*market.Commit) {
	return func(c *market.Commit) {
		committed := time.Now()
		if !s.mark.IsZero() {
			s.histograms[applyToCommit].observe(committed.Sub(s.mark))
		}

		s.mu.Lock()
		if len(s.flying) == maxFlying {
			s.flying = slices.Delete(s.flying, 0, maxFlying/2)
		}
		s.flying = append(s.flying, flight{c.Seq, committed})
		s.mu.Unlock()

		next(c)
		published := time.Now()
		if !s.mark.IsZero() {
			s.mark = published // a batch may make several commits
		}
		s.histograms[commitToPublish].observe(published.Sub(committed))
	}
}

// Queued notes that everything up to a commit has been queued to the clients, or concerned none.
func (s *Stages) Queued(upTo market.Seq, pushed bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for n < len(s.flying) && s.flying[n].seq <= upTo {
		if pushed {
			s.histograms[publishToQueue].observe(now.Sub(s.flying[n].at))
		}
		n++
	}
	s.flying = slices.Delete(s.flying, 0, n)
}

// Idle reports whether all that was published has been queued to the clients.
func (s *Stages) Idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.flying) == 0
}

// Collect adds the histograms as they are now.
func (s *Stages) Collect(m *Metrics) {
	for i := range s.histograms {
		h := &s.histograms[i]
		stage := Histogram{Stage: stageNames[i], Bounds: stageBounds, Sum: time.Duration(h.sum.Load()).Seconds()}
		for j := range h.counts {
			stage.Counts = append(stage.Counts, h.counts[j].Load())
		}
		m.Stage(stage)
	}
}
