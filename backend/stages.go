package backend

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/server"
	"spinscope/backend/server/stream"
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

// mostFlying is how many published commits may wait for the stream; of more the oldest are not measured.
const mostFlying = 4096

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

// stages measures each stage. apply is called while nothing is under way, publish by one goroutine at a time, queued by
// the stream's. Of history, which does not pass through apply, only what follows the commit is measured.
type stages struct {
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

// apply measures next, which takes in a batch.
func (s *stages) apply(next func(context.Context, market.Batch) error) func(context.Context, market.Batch) error {
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

// publish measures next, which hands a commit on.
func (s *stages) publish(next func(*market.Commit)) func(*market.Commit) {
	return func(c *market.Commit) {
		committed := time.Now()
		if !s.mark.IsZero() {
			s.histograms[applyToCommit].observe(committed.Sub(s.mark))
		}
		s.mu.Lock()
		if len(s.flying) == mostFlying {
			s.flying = slices.Delete(s.flying, 0, mostFlying/2)
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

// queued notes that everything up to a commit has been queued to the clients, or concerned none.
func (s *stages) queued(upTo market.Seq, pushed bool) {
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

// idle tells whether all that was published has been queued to the clients.
func (s *stages) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.flying) == 0
}

// list is the histograms as they are now, and the stream's, which covers them all.
func (s *stages) list(whole stream.Latency) []server.Stage {
	list := make([]server.Stage, 0, numStages+1)
	for i := range s.histograms {
		h := &s.histograms[i]
		stage := server.Stage{Name: stageNames[i], Bounds: stageBounds, Sum: time.Duration(h.sum.Load()).Seconds()}
		for j := range h.counts {
			stage.Counts = append(stage.Counts, h.counts[j].Load())
		}
		list = append(list, stage)
	}
	total := server.Stage{Name: "receive_to_queue", Counts: whole.Counts, Sum: float64(whole.Sum) / 1000}
	for _, ms := range whole.Bounds {
		total.Bounds = append(total.Bounds, float64(ms)/1000)
	}
	return append(list, total)
}
