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

// tally counts frames and their bytes.
type tally struct{ frames, bytes int }

func (t *tally) add(f frame) { t.frames++; t.bytes += len(f) }
func (t *tally) sub(f frame) { t.frames--; t.bytes -= len(f) }

// outbox is the queue of frames of one session, in order. Frames a sink has
// taken count until they are written.
//
// Two kinds of frames wait in it. Most count against the bounds, and one too
// many cuts the client. Frames of an answer do not: the application waits for
// space (drain) before it queues a part of one, which bounds them as well. Nor does
// the heartbeat.
type outbox struct {
	mu       sync.Mutex
	ring     []queued
	head, n  int
	bytes    int
	taken    tally
	takenAt  int64  // when the oldest taken frame was queued
	counted  tally  // of what waits and what is taken: frames that count against the bounds
	free     tally  // of what is taken: frames that do not
	moved    int64  // when the client last took something, or the queue was last empty
	unit     uint64 // the last one that was let in
	state    outState
	busy     bool // the sink has been kicked and is at work
	slow     bool // the sink waits for the client, not for its turn
	begun    bool // the session's first frame, which opens it, has been taken
	sink     sink
	maxN     int
	maxBytes int
	dropped  int64
	waiting  chan struct{} // closed by done, for drain
}

type queued struct {
	frame frame
	at    int64 // nanotime
	free  bool  // does not count against the bounds
}

// epoch anchors nanotime, which is monotonic and cheap to keep as an int64.
var epoch = time.Now()

func nanotime() int64 { return int64(time.Since(epoch)) }

// push queues frames together. Pushes of one unit, when it is not 0, are let in
// or refused as one: the first decides. push returns the sink to kick, if any,
// and how many frames wait for the writers' turn (0 when the client itself is
// slow).
func (o *outbox) push(at int64, unit uint64, frames ...frame) (kick sink, behind int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outOpen && (unit == 0 || unit != o.unit) && o.overLocked(frames) {
		o.dropped += int64(len(frames))
		return nil, 0, ErrSlow
	}
	if unit != 0 {
		o.unit = unit
	}
	return o.pushLocked(at, false, frames)
}

// pushFree queues frames that the application has waited for space for.
func (o *outbox) pushFree(at int64, frames ...frame) (kick sink, behind int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.pushLocked(at, true, frames)
}

// pushFirst queues a frame before all that wait, but behind the first of the session, which opens it. It does not count.
func (o *outbox) pushFirst(at int64, f frame) (kick sink, behind int, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if kick, behind, err = o.pushLocked(at, true, []frame{f}); err != nil {
		return kick, behind, err
	}
	if !o.begun {
		return kick, behind, nil
	}

	last := (o.head + o.n - 1) % len(o.ring)
	first := o.ring[last]
	o.ring[last] = queued{}
	o.head = (o.head + len(o.ring) - 1) % len(o.ring) // last itself, when the ring is full
	o.ring[o.head] = first
	return kick, behind, err
}

func (o *outbox) pushLocked(at int64, free bool, frames []frame) (kick sink, behind int, err error) {
	if o.state != outOpen {
		o.dropped += int64(len(frames))
		return nil, 0, ErrClosed
	}
	for _, f := range frames {
		o.append(f, at, free)
	}
	if !o.slow {
		behind = o.n
	}
	return o.wakeLocked(), behind, nil
}

// overLocked reports whether the bounds leave no space for frames.
func (o *outbox) overLocked(frames []frame) bool {
	size := 0
	for _, f := range frames {
		size += len(f)
	}
	// A single frame above the byte limit still goes through an empty queue.
	return o.counted.frames+len(frames) > o.maxN || o.counted.bytes > 0 && o.counted.bytes+size > o.maxBytes
}

func (o *outbox) append(f frame, at int64, free bool) {
	if o.n+o.taken.frames == 0 {
		o.moved = max(o.moved, at)
	}
	if !free {
		o.counted.add(f)
	}
	if o.n == len(o.ring) {
		grown := make([]queued, max(4, 2*o.n))
		k := copy(grown, o.ring[o.head:])
		copy(grown[k:], o.ring[:o.head])
		o.ring, o.head = grown, 0
	}
	o.ring[(o.head+o.n)%len(o.ring)] = queued{f, at, free}
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
	if o.taken.frames == 0 {
		o.takenAt = q.at
	}

	o.taken.add(f)
	o.begun = true
	if q.free {
		o.free.add(f)
	}

	*q = queued{}
	o.head = (o.head + 1) % len(o.ring)
	o.n--
	o.bytes -= len(f)
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
	o.counted.frames -= o.taken.frames - o.free.frames
	o.counted.bytes -= o.taken.bytes - o.free.bytes
	o.taken, o.free = tally{}, tally{}
	o.moved = max(o.moved, nanotime())
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

// progress says that the client took some of what was taken, and is busy with
// that for a while.
func (o *outbox) progress(busy time.Duration) {
	o.mu.Lock()
	o.moved = max(o.moved, nanotime()+int64(busy))
	o.mu.Unlock()
}

// stuck returns for how long the client has taken nothing of what waits for it.
func (o *outbox) stuck(now int64) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outClosed || o.n+o.taken.frames == 0 {
		return 0
	}
	return time.Duration(now - o.moved)
}

func (o *outbox) setSlow() {
	o.mu.Lock()
	o.slow = true
	o.mu.Unlock()
}

// finish lets what waits be written, then last, if any, then ends the connection.
func (o *outbox) finish(last ...frame) (kick sink) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != outOpen {
		return nil
	}
	return o.finishLocked(last)
}

// conclude is finish without what waits, for a client that no longer wants it.
func (o *outbox) conclude(last ...frame) (kick sink) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outClosed {
		return nil
	}
	o.clearLocked()
	return o.finishLocked(last)
}

func (o *outbox) finishLocked(last []frame) (kick sink) {
	at := nanotime()
	for _, f := range last {
		o.append(f, at, true)
	}
	o.state = outEnding
	if o.busy || o.sink == nil {
		return nil
	}
	o.busy = true // also with nothing to write: the sink is to end the connection
	return o.sink
}

// clearLocked throws away what waits. What is taken is on its way.
func (o *outbox) clearLocked() {
	for ; o.n > 0; o.n-- {
		q := &o.ring[o.head]
		if !q.free {
			o.counted.sub(q.frame)
		}
		o.head = (o.head + 1) % len(o.ring)
		o.dropped++
	}
	o.ring, o.head, o.bytes = nil, 0, 0
}

// abort throws away what waits.
func (o *outbox) abort() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == outClosed {
		return
	}
	o.state = outClosed
	o.dropped += int64(o.taken.frames)
	o.clearLocked()
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
	frames, bytes = o.n+o.taken.frames, o.bytes+o.taken.bytes
	switch {
	case o.state == outClosed:
		return 0, 0, 0
	case o.taken.frames > 0:
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

// crowded reports whether drain would wait.
func (o *outbox) crowded() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state == outOpen && o.crowdedLocked()
}

func (o *outbox) crowdedLocked() bool {
	return o.n+o.taken.frames > o.maxN/4 || o.bytes+o.taken.bytes > o.maxBytes/4
}

// drain waits until at most a quarter of the bounds is in use.
func (o *outbox) drain(ctx context.Context) error {
	for {
		o.mu.Lock()
		if o.state != outOpen {
			o.mu.Unlock()
			return ErrClosed
		}
		if !o.crowdedLocked() {
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
