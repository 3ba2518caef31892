package metadata

import (
	"context"
	"slices"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// urgency is the class of a task; the lower goes first.
type urgency uint8

const (
	awaited    urgency = iota // a picture that a request waits for
	asked                     // a document that somebody wanted to see
	background                // a new token
	urgencies  = 3
)

// maxQueued bounds the tasks of each urgency; those above it are dropped, to be asked for again.
var maxQueued = [urgencies]int{awaited: 256, asked: 1024, background: 8192}

// task is one mint's fetch. Only the worker that took it, or the queue's lock holder, touches it.
type task struct {
	mint     market.Pubkey
	urgency  urgency
	picture  bool          // wanted beside the document
	attempts int           // failed ones of the present step
	due      time.Time     // of the next attempt, zero at first
	running  bool          // a worker has it
	done     chan struct{} // closed when the task is over, whatever its outcome
}

// queue holds the tasks, at most one for a mint, from when they are wanted until they are over.
type queue struct {
	mu      sync.Mutex
	tasks   map[market.Pubkey]*task
	ready   [urgencies][]*task
	delayed []*task // by due
	counts  [urgencies]int
	wake    chan struct{} // holds a token when there may be something to take
	closed  bool
}

func newQueue() *queue {
	return &queue{tasks: map[market.Pubkey]*task{}, wake: make(chan struct{}, 1)}
}

// want asks for a mint's document, or for its picture too. It gives the task, and nil when the queue is full.
func (q *queue) want(mint market.Pubkey, how urgency, picture bool) *task {
	q.mu.Lock()
	defer q.mu.Unlock()

	if q.closed {
		return nil
	}
	t := q.tasks[mint]
	switch {
	case t == nil:
		if q.counts[how] >= maxQueued[how] {
			return nil
		}
		t = &task{mint: mint, urgency: how, done: make(chan struct{})}
		q.tasks[mint] = t
		q.counts[how]++
		q.ready[how] = append(q.ready[how], t)
	case how < t.urgency && q.counts[how] < maxQueued[how]:
		if list := q.ready[t.urgency]; !t.running && t.due.IsZero() {
			q.ready[t.urgency] = slices.Delete(list, slices.Index(list, t), slices.Index(list, t)+1)
			q.ready[how] = append(q.ready[how], t)
		}
		q.counts[t.urgency]--
		q.counts[how]++
		t.urgency = how
	}

	t.picture = t.picture || picture
	wake.Up(q.wake)
	return t
}

// take waits for a task and gives it to the caller, who ends it with finish or delay. It returns nil when ctx ends.
func (q *queue) take(ctx context.Context) *task {
	for {
		t, wait := q.next(time.Now())
		if t != nil {
			return t
		}

		var alarm <-chan time.Time
		var timer *time.Timer
		if wait > 0 {
			timer = time.NewTimer(wait)
			alarm = timer.C
		}

		select {
		case <-ctx.Done():
		case <-q.wake:
		case <-alarm:
		}

		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// next gives a task, or how long until one is due; 0 is for ever.
func (q *queue) next(now time.Time) (*task, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()

	for len(q.delayed) > 0 && !q.delayed[0].due.After(now) {
		t := q.delayed[0]
		q.delayed = slices.Delete(q.delayed, 0, 1)
		t.due = time.Time{}
		q.ready[t.urgency] = append(q.ready[t.urgency], t)
	}

	for how := range q.ready {
		if list := q.ready[how]; len(list) > 0 {
			t := list[0]
			list[0] = nil
			q.ready[how] = list[1:]
			t.running = true
			wake.Up(q.wake) // there may be more, for another worker
			return t, 0
		}
	}

	if len(q.delayed) > 0 {
		return nil, q.delayed[0].due.Sub(now)
	}
	return nil, 0
}

// delay puts the task off.
func (q *queue) delay(t *task, until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	t.running, t.due = false, until
	at, _ := slices.BinarySearchFunc(q.delayed, until, func(each *task, until time.Time) int { return each.due.Compare(until) })
	q.delayed = slices.Insert(q.delayed, at, t)
	wake.Up(q.wake)
}

// wantsPicture reports whether somebody wants the picture too.
func (q *queue) wantsPicture(t *task) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return t.picture
}

// finish ends the task. It gives false, and leaves the task running, when the picture came to be wanted after all.
func (q *queue) finish(t *task, pictureTried bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if t.picture && !pictureTried {
		return false
	}
	delete(q.tasks, t.mint)
	q.counts[t.urgency]--
	close(t.done)
	return true
}

// close ends all tasks and takes no more.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, t := range q.tasks {
		close(t.done)
	}
	clear(q.tasks)
}

// waiting is the number of tasks.
func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.tasks)
}
