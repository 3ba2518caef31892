package socketio

import (
	"encoding/json"
	"errors"
	"sync/atomic"

	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

// Namespace is one channel of a server. Its methods are safe for concurrent use.
type Namespace struct {
	server  *Server
	name    string
	nsp     socket.Namespace
	handler atomic.Pointer[Handler]
	rooms   *rooms
}

// Name returns the name, with its leading slash.
func (n *Namespace) Name() string { return n.name }

// Members returns how many clients are in a room; "" counts all.
func (n *Namespace) Members(room string) int { return n.rooms.count(room) }

// Rooms returns the rooms that have members, with their number.
func (n *Namespace) Rooms() map[string]int { return n.rooms.sizes() }

// Broadcast sends one event to every client in a room; "" is everybody. payload
// must be valid JSON and is not looked at; empty sends the event alone. It is
// encoded once. Clients with a full queue are cut. Broadcast never waits for a
// client; it waits for the server's own writers when they are far behind.
//
// Broadcasts that belong together have the same unit, a number above 0 that no
// others have: a client whose queue has space for the first of them gets all,
// so that one that reads is not cut because a unit is larger than its queue.
func (n *Namespace) Broadcast(room, event string, payload json.RawMessage, unit uint64) {
	to := n.rooms.find(room)
	if to == nil {
		return
	}
	var args any
	if len(payload) > 0 {
		args = payload
	}
	frames, err := encodeEvent(n.name, event, args)
	if err != nil { // an event name is always encodable
		return
	}
	if n.server.fanOut(to, frames[0], unit) {
		n.server.writers.waitWritten()
	}
}

// fanOut queues f for every member, at one moment with respect to joins, leaves
// and other broadcasts to the room. It reports whether the writers are far behind.
func (s *Server) fanOut(to *room, f frame, unit uint64) (behind bool) {
	to.mu.Lock()
	defer to.mu.Unlock()

	if len(to.members) == 0 {
		return false
	}
	at := nanotime()
	highest, sent := 0, int64(0)
	for _, c := range to.members {
		if !c.isLive.Load() {
			_ = c.send(f)
			continue
		}

		sink, waits, err := c.ses.out.push(at, unit, f)
		kick(sink)
		switch {
		case err == nil:
			c.out.Add(1)
			sent++
			highest = max(highest, waits)
		case errors.Is(err, ErrSlow):
			c.ses.cut("queue full")
		}
	}

	s.counts.broadcasts.Add(1)
	s.counts.out.Add(sent)
	return highest > s.opts.MaxQueuedMessages/4 || highest*len(f) > s.opts.MaxQueuedBytes/4
}

// admit is the library's middleware: it runs before CONNECT is answered.
func (n *Namespace) admit(s *socket.Socket, next func(*socket.ExtendedError)) {
	ses, ok := sessionOf(s.Client().Conn())
	if !ok {
		next(socket.NewExtendedError("unknown transport", nil))
		return
	}

	c := newConn(n, ses, s)
	s.SetData(c)
	_ = s.Once("disconnect", func(args ...any) {
		reason, _ := args[0].(string)
		c.finish(reason)
	})
	n.rooms.enter(c)
	if !ses.add(c) {
		c.finish("transport close")
	}

	hello := s.Handshake()
	auth, _ := hello.Auth.(map[string]any)
	// The library would keep copies of them.
	hello.Headers, hello.Query, hello.Auth, hello.Url = nil, nil, nil, ""
	err := c.callConnect(auth)
	c.connected(err)
	next(extended(err))
}

// connected does what Connect decided.
func (c *Conn) connected(err error) {
	if err != nil {
		c.ses.server.opts.Logger.Info("client refused", "component", "socketio", "client", c.RemoteAddr(), "namespace", c.ns.name, "err", err)
		c.finish("refused")
		return
	}
	c.mu.Lock()
	left, reason := c.state == gone, c.reason
	if !left {
		c.state = accepted
	}
	c.mu.Unlock()
	if left {
		c.inbox.finish(reason, true)
	}
}

func extended(err error) *socket.ExtendedError {
	if err == nil {
		return nil
	}
	var refusal *ConnectError
	if errors.As(err, &refusal) {
		return socket.NewExtendedError(refusal.Message, refusal.Data)
	}
	return socket.NewExtendedError(err.Error(), nil)
}

// joined is the library's "connection" event: CONNECT has been queued.
func (n *Namespace) joined(args ...any) {
	s, ok := args[0].(*socket.Socket)
	if !ok {
		return
	}
	defer n.server.recovered("connection")
	if c, ok := s.Data().(*Conn); ok && !c.goLive() {
		n.nsp.Remove(s) // it left before the library registered it
	}
}

// adapter is the library's view of the rooms: empty, for they are kept in
// [rooms] and nothing is broadcast through the library.
type adapter struct{ socket.Adapter }

type adapterBuilder struct{}

// New makes the adapter of one namespace.
func (adapterBuilder) New(nsp socket.Namespace) socket.Adapter {
	a := &adapter{socket.MakeAdapter()}
	a.Prototype(a)
	a.Construct(nsp)
	return a
}

// AddAll, Del and DelAll are called by the library for its own room per socket.
func (*adapter) AddAll(socket.SocketId, *types.Set[socket.Room]) {}

// Del does nothing.
func (*adapter) Del(socket.SocketId, socket.Room) {}

// DelAll does nothing.
func (*adapter) DelAll(socket.SocketId) {}
