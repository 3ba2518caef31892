package socketio

import (
	"context"
	"errors"
	"sync"
	"time"
)

var (
	// ErrClosed is returned when the client is no longer connected.
	ErrClosed = errors.New("socketio: client is closed")
	// ErrSlow is returned when the client's queue is full; the client is cut.
	ErrSlow = errors.New("socketio: client does not read, queue is full")
)

// sink is where an outbox goes: the transport in use. kick is called, without
// the outbox's lock, when the outbox turns busy; the sink then takes until done
// or idle makes it quiet again.
type sink interface{ kick() }

type outState uint8

const (
	outOpen   outState = iota
	outEnding          // takes no more; the sink ends the connection after the last frame
	outClosed
)

// outbox is the bounded queue of frames of one session, in order. Frames a sink
// has taken count against the bounds until they are written.
type outbox struct {
	mu        sync.Mutex
	ring      []queued
	head, n   int
	bytes     int
	taken     int
	takenSize int
	takenAt   int64 // when the oldest taken frame was queued
	state     outState
	busy      bool // the sink has been kicked and is at work
	slow      bool // the sink waits for the client, not for its turn
	sink      sink
	maxN      int
	maxBytes  int
	dropped   int64
	waiting   chan struct{} // closed by done, for drain
}

type queued struct {
	frame frame
	at    int64 // nanotime
}

// epoch anchors nanotime, which is monotonic and cheap to keep as an int64.
var epoch = time.Now()

func nanotime() int64 { return int64(time.Since(epoch)) }

// push queues frames together. It returns the sink to kick, if any, and how many
// frames wait for the writers' turn (0 when the client itself is slow).
func (o *outbox) push(at int64, frames ...frame) (kick sink, behind int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != outOpen {
		o.dropped += int64(len(frames))
		return nil, 0, ErrClosed
	}
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	// A single frame above the byte limit still goes through an empty queue.
	over := o.bytes+o.takenSize > 0 && o.bytes+o.takenSize+size > o.maxBytes
	if over || o.n+o.taken+len(frames) > o.maxN {
		o.dropped += int64(len(frames))
		return nil, 0, ErrSlow
	}
	for _, f := range frames {
		o.append(f, at)
	}
	if !o.slow {
		behind = o.n
	}
	return o.wakeLocked(), behind, nil
}

func (o *outbox) append(f frame, at int64) {
	if o.n == len(o.ring) {
		grown := make([]queued, max(4, 2*o.n))
		k := copy(grown, o.ring[o.head:])
		copy(grown[k:], o.ring[:o.head])
		o.ring, o.head = grown, 0
	}
	o.ring[(o.head+o.n)%len(o.ring)] = queued{f, at}
	o.n++
	o.bytes += len(f)
}

func (o *outbox) wakeLocked() sink {
	if o.busy || o.n == 0 || o.sink == nil {
		return nil
	}
	o.busy = true
	return o.sink
}

// wake returns the sink to kick when frames wait and no sink is at work.
func (o *outbox) wake() sink {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.wakeLocked()
}

// idle says that the sink cannot take now; the next push or wake kicks again.
func (o *outbox) idle() {
	o.mu.Lock()
	o.busy = false
	o.mu.Unlock()
}

// setSink moves the session to another transport, in order.
func (o *outbox) setSink(s sink) (kick sink) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sink = s
	return o.wakeLocked()
}

func (o *outbox) pop() frame {
	q := &o.ring[o.head]
	f := q.frame
	if o.taken == 0 {
		o.takenAt = q.at
	}
	*q = queued{}
	o.head = (o.head + 1) % len(o.ring)
	o.n--
	o.bytes -= len(f)
	o.taken++
	o.takenSize += len(f)
	if o.n == 0 && len(o.ring) > 16 {
		o.ring, o.head = nil, 0
	}
	return f
}

// take moves as many waiting frames as fit into buf and returns them joined. A
// first frame larger than buf is returned itself.
func (o *outbox) take(buf []byte) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	buf = buf[:0]
	for o.n > 0 {
		next := o.ring[o.head].frame
		if len(buf)+len(next) > cap(buf) {
			if len(buf) == 0 {
				return o.pop()
			}
			break
		}
		buf = append(buf, next...)
		o.pop()
	}
	return buf
}

// maxPolled is how many packets one polling payload holds: python-engineio takes
// no more than 16.
const maxPolled = 16

// takePolled moves waiting frames into one polling payload of at most about
// limit bytes and maxPolled packets, at least one.
func (o *outbox) takePolled(limit int) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	var body []byte
	for packets := 0; o.n > 0 && packets < maxPolled && (packets == 0 || len(body)+len(o.ring[o.head].frame) <= limit); packets++ {
		body = o.pop().appendPolled(body)
	}
	return body
}

// done says that what was taken is written. more means that the sink stays busy
// and takes again; end that it ends the connection.
func (o *outbox) done() (more, end bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.taken, o.takenSize = 0, 0
	if o.waiting != nil {
		close(o.waiting)
		o.waiting = nil
	}
	if o.n > 0 && o.state != outClosed {
		return true, false
	}
	o.busy, o.slow = false, false
	return false, o.state == outEnding
}

func (o *outbox) setSlow() {
	o.mu.Lock()
	o.slow = true
	o.mu.Unlock()
}

// finish lets what waits be written, then last, then ends the connection.
func (o *outbox) finish(last frame) (kick sink) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != outOpen {
		return nil
	}
	o.append(last, nanotime())
	o.state = outEnding
	return o.wakeLocked()
}

// abort throws away what waits.
func (o *outbox) abort() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outClosed {
		return
	}
	o.state = outClosed
	o.dropped += int64(o.n + o.taken)
	o.ring, o.head, o.n, o.bytes = nil, 0, 0, 0
	if o.waiting != nil {
		close(o.waiting)
		o.waiting = nil
	}
}

// load returns what waits, with what is being written, and for how long the
// oldest frame has.
func (o *outbox) load(now int64) (frames, bytes int, lag time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, bytes = o.n+o.taken, o.bytes+o.takenSize
	switch {
	case o.state == outClosed:
		return 0, 0, 0
	case o.taken > 0:
		lag = time.Duration(now - o.takenAt)
	case o.n > 0:
		lag = time.Duration(now - o.ring[o.head].at)
	}
	return frames, bytes, lag
}

func (o *outbox) drops() int64 {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.dropped
}

// drain waits until at most a quarter of the bounds is in use.
func (o *outbox) drain(ctx context.Context) error {
	for {
		o.mu.Lock()
		if o.state != outOpen {
			o.mu.Unlock()
			return ErrClosed
		}
		if o.n+o.taken <= o.maxN/4 && o.bytes+o.takenSize <= o.maxBytes/4 {
			o.mu.Unlock()
			return nil
		}
		if o.waiting == nil {
			o.waiting = make(chan struct{})
		}
		written := o.waiting
		o.mu.Unlock()
		select {
		case <-written:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
