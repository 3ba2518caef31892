package plain

import (
	"context"
	"sync"
)

// message is one encoded message on its way to a client.
type message struct {
	data []byte // shared between clients, never changed
	free bool   // does not count against the bounds: the application has waited for space
}

// tally counts messages and their bytes.
type tally struct{ messages, bytes int }

func (t *tally) add(m message) { t.messages++; t.bytes += len(m.data) }
func (t *tally) sub(m message) { t.messages--; t.bytes -= len(m.data) }

// queue is what waits to be written to one client, in order. A message that was taken counts until it is written.
type queue struct {
	limits tally

	mu      sync.Mutex
	list    []message
	all     tally  // of what waits and what is taken
	counted tally  // of it what counts against the bounds
	unit    uint64 // the last one that was let in
	ending  bool   // takes no more; what waits is still written
	closed  bool
	drained chan struct{} // closed when something was written, for drain
	wake    chan struct{} // tells the writer
}

func newQueue(limits tally) *queue { return &queue{limits: limits, wake: make(chan struct{}, 1)} }

// push queues a message. Pushes of one unit, when it is not 0, are let in or refused as one: the first decides. It fails with
// ErrSlow when the bounds leave no space, and with ErrClosed.
func (q *queue) push(m message, unit uint64) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.ending || q.closed {
		return ErrClosed
	}
	if !m.free && (unit == 0 || unit != q.unit) && q.full(m) {
		return ErrSlow
	}
	if unit != 0 {
		q.unit = unit
	}
	if !m.free {
		q.counted.add(m)
	}
	q.all.add(m)
	q.list = append(q.list, m)
	q.tell()
	return nil
}

// full reports whether the bounds leave no space; a single message goes through an empty queue whatever its size.
func (q *queue) full(m message) bool {
	return q.counted.messages+1 > q.limits.messages || q.counted.bytes > 0 && q.counted.bytes+len(m.data) > q.limits.bytes
}

func (q *queue) tell() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take gives the next message. more is false when there is none; end when there will be none.
func (q *queue) take() (m message, more, end bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return message{}, false, true
	}
	if len(q.list) == 0 {
		q.list = nil
		return message{}, false, q.ending
	}
	m, q.list = q.list[0], q.list[1:]
	return m, true, false
}

// written says that a message that was taken is written.
func (q *queue) written(m message) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.all.sub(m)
	if !m.free {
		q.counted.sub(m)
	}
	q.release()
}

func (q *queue) release() {
	if q.drained != nil {
		close(q.drained)
		q.drained = nil
	}
}

// finish lets what waits be written, and takes no more.
func (q *queue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ending = true
	q.tell()
}

// close throws away what waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.list = true, nil
	q.release()
	q.tell()
}

// crowded reports whether drain would wait: more than a quarter of the bounds is in use.
func (q *queue) crowded() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.closed && q.crowdedLocked()
}

func (q *queue) crowdedLocked() bool {
	return q.all.messages > q.limits.messages/4 || q.all.bytes > q.limits.bytes/4
}

// drain waits until at most a quarter of the bounds is in use.
func (q *queue) drain(ctx context.Context) error {
	for {
		q.mu.Lock()
		if q.closed || q.ending {
			q.mu.Unlock()
			return ErrClosed
		}
		if !q.crowdedLocked() {
			q.mu.Unlock()
			return nil
		}
		if q.drained == nil {
			q.drained = make(chan struct{})
		}
		drained := q.drained
		q.mu.Unlock()

		select {
		case <-drained:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (q *queue) load() tally {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.all
}
