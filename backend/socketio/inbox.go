package socketio

import "sync"

// arrival is one event on its way to the handler.
type arrival struct {
	name    string
	args    []any
	id      *uint64 // acknowledgement wanted
	limited bool
}

// inbox runs the handlers of one Conn, one event at a time and in order. Its
// goroutine exists only while there is something to do.
type inbox struct {
	conn     *Conn
	mu       sync.Mutex
	changed  *sync.Cond
	waiting  []arrival
	open     bool   // Connect has been answered
	running  bool   // run is under way
	handling bool   // an event's handler runs
	over     bool   // the Conn has left; what waits is dropped
	called   bool   // Disconnect has been called
	tell     bool   // Disconnect is to be called
	reason   string // for Disconnect
}

// push waits while MaxPending events wait or run, and drops a when it is over.
func (b *inbox) push(a arrival) {
	limit := b.conn.ses.server.opts.MaxPending
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.over && b.pending() >= limit {
		b.changed.Wait()
	}
	if b.over {
		return
	}
	b.waiting = append(b.waiting, a)
	b.startLocked()
}

func (b *inbox) pending() int {
	if b.handling {
		return len(b.waiting) + 1
	}
	return len(b.waiting)
}

// waitHandled waits until everything pushed has been handled. It returns false when
// the Conn has left meanwhile.
func (b *inbox) waitHandled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !b.over && (!b.open || b.pending() > 0) {
		b.changed.Wait()
	}
	return !b.over
}

// start lets the handlers run.
func (b *inbox) start() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
	b.changed.Broadcast()
	b.startLocked()
}

// finish drops what waits. With tell, Disconnect is the last call.
func (b *inbox) finish(reason string, tell bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.over, b.waiting = true, nil
	b.tell = b.tell || tell
	b.reason = reason
	b.open = b.open || tell
	b.changed.Broadcast()
	b.startLocked()
}

func (b *inbox) startLocked() {
	if b.running || !b.open || len(b.waiting) == 0 && (!b.tell || b.called) {
		return
	}
	b.running = true
	b.conn.ses.server.tasks.start(b.run)
}

func (b *inbox) run() {
	b.mu.Lock()
	defer b.mu.Unlock()

	for {
		switch {
		case b.over && b.tell && !b.called:
			b.called = true
			b.unlocked(func() { b.conn.callDisconnect(b.reason) })
		case len(b.waiting) > 0:
			a := b.waiting[0]
			b.waiting[0] = arrival{}
			b.waiting = b.waiting[1:]
			b.handling = true
			b.unlocked(func() { b.conn.callEvent(a) })
			b.handling = false
			b.changed.Broadcast()
		default:
			b.running, b.waiting = false, nil
			b.changed.Broadcast()
			return
		}
	}
}

func (b *inbox) unlocked(fn func()) {
	b.mu.Unlock()
	defer b.mu.Lock()
	fn()
}
