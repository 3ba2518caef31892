package socketio

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/socket.io/v2/socket"
)

type connState uint8

const (
	connecting connState = iota // Connect runs
	accepted                    // Connect agreed; the answer is on its way
	live
	gone
)

// Conn is one client in one namespace. Its methods are safe for concurrent use
// and do nothing once the client has left.
type Conn struct {
	ns     *Namespace
	ses    *session
	socket *socket.Socket
	id     string
	since  time.Time
	inbox  inbox
	in     atomic.Int64
	out    atomic.Int64
	isLive atomic.Bool   // state == live, read without the lock
	gone   chan struct{} // closed by finish

	mu       sync.Mutex
	state    connState
	held     []frame // sent before the CONNECT answer, delivered after it
	heldSize int
	closing  bool // Close was called
	reason   string
	data     any

	rooms  map[string]int // room -> place in it; guarded by Namespace.rooms
	parted bool           // may join no more; guarded by Namespace.rooms
}

func newConn(ns *Namespace, ses *session, s *socket.Socket) *Conn {
	c := &Conn{ns: ns, ses: ses, socket: s, id: string(s.Id()), since: time.Now(), gone: make(chan struct{})}
	c.inbox.conn = c
	c.inbox.changed = sync.NewCond(&c.inbox.mu)
	return c
}

// ID returns the Socket.IO id the client knows itself by.
func (c *Conn) ID() string { return c.id }

// Namespace returns the namespace this client is in.
func (c *Conn) Namespace() *Namespace { return c.ns }

// RemoteAddr returns the address of the first request, host:port.
func (c *Conn) RemoteAddr() string { return c.ses.conn.RemoteAddress() }

// UserAgent returns the User-Agent header of the first request.
func (c *Conn) UserAgent() string { return c.ses.userAgent }

// Authorization returns the Authorization header of the first request, "" when it
// had none or several.
func (c *Conn) Authorization() string { return c.ses.authorization }

// Since returns when the client asked to join.
func (c *Conn) Since() time.Time { return c.since }

// Data returns what SetData stored, nil at first.
func (c *Conn) Data() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data
}

// SetData stores one value for the application.
func (c *Conn) SetData(v any) {
	c.mu.Lock()
	c.data = v
	c.mu.Unlock()
}

// Emit sends an event. payload is encoded as JSON, or taken as it is when it is
// a json.RawMessage; [Args] sends several, nil none; []byte goes as an
// attachment. It fails with [ErrClosed], with [ErrSlow] when the client is being
// cut for a full queue, or when payload cannot be encoded.
func (c *Conn) Emit(event string, payload any) error {
	frames, err := encodeEvent(c.ns.name, event, payload)
	if err != nil {
		return err
	}
	return c.send(frames...)
}

// Answer sends an event that does not count against the bounds of the client's
// queue, as a part of something long that the application decides to send. Call
// [Conn.Drain] before each part: that is what keeps the queue bounded.
func (c *Conn) Answer(event string, payload any) error {
	frames, err := encodeEvent(c.ns.name, event, payload)
	if err != nil {
		return err
	}
	return c.sendBy(c.ses.answer, frames)
}

// Drain waits until at most a quarter of the client's queue is in use, answers
// included. It fails with [ErrClosed] or the context's error.
func (c *Conn) Drain(ctx context.Context) error {
	if !c.isLive.Load() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.state == gone {
			return ErrClosed
		}
		return ctx.Err()
	}
	return c.ses.out.drain(ctx)
}

// Crowded reports whether more than a quarter of the client's queue is in use, so
// that Drain would wait.
func (c *Conn) Crowded() bool { return c.ses.out.crowded() }

// Join puts the client into a room; joining twice is the same as once.
func (c *Conn) Join(room string) { c.ns.rooms.join(c, room) }

// Leave takes the client out of a room.
func (c *Conn) Leave(room string) { c.ns.rooms.leave(c, room) }

// Rooms returns the rooms joined, sorted.
func (c *Conn) Rooms() []string { return c.ns.rooms.of(c) }

// Close disconnects the client from the namespace, so that it does not reconnect
// by itself, and ends the session when it was the last. reason is what the
// Disconnect handler gets.
func (c *Conn) Close(reason string) {
	c.mu.Lock()
	if c.closing || c.state == gone {
		c.mu.Unlock()
		return
	}
	c.closing, c.reason = true, reason
	joined := c.state == live
	c.isLive.Store(false) // nothing is sent after it
	c.mu.Unlock()
	if joined {
		c.ses.server.tasks.start(c.leave)
	}
}

// leave tells the client and the library. Disconnect(true) would look like a
// network loss, which makes clients come back.
func (c *Conn) leave() {
	c.socket.Disconnect(false)
	c.finish("server namespace disconnect")
	if c.ses.remove(c) == 0 {
		c.ses.conn.Close(false)
	}
}

func (c *Conn) send(frames ...frame) error { return c.sendBy(c.ses.write, frames) }

func (c *Conn) sendBy(write func(...frame) error, frames []frame) error {
	if !c.isLive.Load() {
		if done, err := c.hold(frames); done {
			return err
		}
	}
	err := write(frames...)
	if err == nil {
		c.out.Add(1)
	}
	return err
}

// hold keeps frames until the CONNECT answer is out; false means that it is.
func (c *Conn) hold(frames []frame) (bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()

	switch {
	case c.state == gone || c.closing:
		return true, ErrClosed
	case c.state == live:
		return false, nil
	}

	for _, f := range frames {
		c.heldSize += len(f)
	}
	opts := &c.ses.server.opts
	if len(c.held)+len(frames) > opts.MaxQueuedMessages || c.heldSize > opts.MaxQueuedBytes {
		c.ses.cut("queue full before connecting")
		return true, ErrSlow
	}
	c.held = append(c.held, frames...)

	return true, nil
}

// goLive runs when the CONNECT answer has been queued. It returns false when the
// client went away meanwhile.
func (c *Conn) goLive() bool {
	c.mu.Lock()
	if c.state == gone {
		c.mu.Unlock()
		return false
	}

	c.state = live
	if len(c.held) > 0 && c.ses.write(c.held...) == nil {
		c.out.Add(int64(len(c.held)))
	}
	c.held = nil
	closing := c.closing
	c.isLive.Store(!closing)
	c.mu.Unlock()
	c.inbox.start()
	if closing {
		c.ses.server.tasks.start(c.leave)
	}

	return true
}

// finish runs once, when the client has left for whatever reason.
func (c *Conn) finish(reason string) {
	c.mu.Lock()
	before := c.state
	if before == gone {
		c.mu.Unlock()
		return
	}

	c.state, c.held = gone, nil
	if c.reason != "" {
		reason = c.reason
	} else {
		reason = c.ses.reasonOr(reason)
	}

	c.reason = reason
	c.isLive.Store(false)
	c.mu.Unlock()
	c.ns.rooms.part(c)
	c.ses.remove(c)

	// The library forgets a socket whose transport closed while it connected.
	c.ns.nsp.Remove(c.socket)
	close(c.gone)

	// While Connect runs it is not known whether Disconnect is due.
	c.inbox.finish(reason, before != connecting)
}

func (c *Conn) info(now int64) ClientInfo {
	frames, bytes, lag := c.ses.out.load(now)
	return ClientInfo{
		ID: c.id, Namespace: c.ns.name, Rooms: c.Rooms(),
		RemoteAddr: c.RemoteAddr(), UserAgent: c.UserAgent(),
		Transport: c.ses.transportName(), Since: c.since,
		QueuedMessages: frames, QueuedBytes: bytes, Lag: lag,
		MessagesIn: c.in.Load(), MessagesOut: c.out.Load(), BytesOut: c.ses.bytesOut.Load(),
	}
}
