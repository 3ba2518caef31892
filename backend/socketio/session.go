package socketio

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

// session is one Engine.IO connection, whatever carries it.
type session struct {
	server    *Server
	userAgent string
	out       outbox
	conn      engine.Socket // set before the server knows the session
	upgrade   sync.Mutex    // held while a WebSocket is being offered

	broken  atomic.Bool // a bad packet came
	cutting atomic.Bool // the client is being cut, nothing waits for it

	rx      sync.Mutex // one packet at a time, from whichever transport
	bucket  bucket
	partial *partial // a packet that waits for its attachments

	// The library's upgrade and its close do not expect each other. probe keeps
	// them apart; over says that close came first.
	probe sync.Mutex
	over  bool

	mu     sync.Mutex
	conns  map[string]*Conn
	left   map[string]bool // namespaces joined once and left
	reason string          // why this side ended the session
	ended  bool
	closed chan struct{}
}

// partial is a binary packet under way.
type partial struct {
	head head
	args []any
	got  [][]byte
	size int64
}

func newSession(rq *request) *session {
	o := &rq.server.opts
	s := &session{
		server:    rq.server,
		userAgent: rq.userAgent,
		bucket:    newBucket(o.RequestsPerSecond, o.Burst),
		closed:    make(chan struct{}),
	}
	s.out.maxN, s.out.maxBytes = o.MaxQueuedMessages, o.MaxQueuedBytes
	return s
}

// bind ties the session to its engine socket. The library has attached its own
// listeners by now, so packets may come.
func (s *session) bind() {
	conn := s.conn
	_ = conn.On("upgrade", func(args ...any) {
		if ws, ok := args[0].(*webSocket); ok {
			ws.attach(s)
			if conn.ReadyState() == "closed" { // closed in the middle of it
				ws.reset()
			}
		}
	})
	_ = conn.Once("close", func(args ...any) {
		s.probe.Lock()
		s.over = true
		s.probe.Unlock()
		reason, _ := args[0].(string)
		s.end(reason)
	})
	if conn.ReadyState() == "closed" { // before the listener was there
		s.end("transport close")
	}
}

// end runs once, when the engine socket has closed.
func (s *session) end(reason string) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended = true
	conns := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	close(s.closed)
	for _, c := range conns {
		c.finish(reason)
	}
	s.server.forget(s)
}

// cut ends the session of a client that does not keep up. It never blocks.
func (s *session) cut(why string) {
	if s.cutting.Swap(true) {
		return
	}
	s.setReason("slow consumer: " + why)
	s.out.abort()
	s.server.counts.slow.Add(1)
	s.server.tasks.start(func() {
		s.server.opts.Logger.Warn("slow consumer cut", "component", "socketio", "client", s.id(), "reason", why)
		s.kill()
	})
}

// kill closes without waiting for the client.
func (s *session) kill() {
	s.cutting.Store(true)
	s.conn.Close(true)
	if t, ok := s.conn.Transport().(linked); ok {
		t.force()
	}
}

// transportName is empty while the engine has none.
func (s *session) transportName() string {
	if t, ok := s.conn.Transport().(linked); ok {
		return t.Name()
	}
	return ""
}

func (s *session) setReason(reason string) {
	s.mu.Lock()
	if s.reason == "" {
		s.reason = reason
	}
	s.mu.Unlock()
}

// reasonOr returns why this side ended the session, or reason when it did not.
func (s *session) reasonOr(reason string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.reason != "" {
		return s.reason
	}
	return reason
}

// id names the session in logs by its first client; the engine's own id is a
// secret.
func (s *session) id() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		return c.id
	}
	return ""
}

// write queues frames for the client, in order.
func (s *session) write(frames ...frame) error {
	to, _, err := s.out.push(nanotime(), frames...)
	kick(to)
	if err == ErrSlow {
		s.cut("queue full")
	}
	if err == nil {
		s.server.counts.out.Add(int64(len(frames)))
	}
	return err
}

// deliver hands one packet to the engine.
func (s *session) deliver(from transports.Transport, p *packet.Packet) {
	s.rx.Lock()
	defer s.rx.Unlock()
	if p.Type == packet.ERROR {
		s.malformed("undecodable packet")
	}
	from.OnPacket(p)
}

func (s *session) malformed(why string) {
	if !s.broken.Swap(true) {
		s.setReason("parse error")
		s.server.counts.malformed.Add(1)
		s.server.opts.Logger.Debug("bad packet closes session", "component", "socketio", "client", s.id(), "reason", why)
	}
}

// receive judges one message and routes it; forward gives it to the library.
func (s *session) receive(in *inbound, forward func(*parser.Packet)) error {
	err := s.route(in, forward)
	if err != nil {
		s.malformed(err.Error())
	}
	return err
}

func (s *session) route(in *inbound, forward func(*parser.Packet)) error {
	if in.binary {
		return s.attachment(in.raw)
	}
	if s.partial != nil {
		return errPacket
	}
	h, err := parseHead(in.raw)
	if err != nil {
		return err
	}
	switch h.kind {
	case parser.CONNECT:
		return s.connect(&h, forward)
	case parser.DISCONNECT:
		if len(h.data) > 0 {
			return errPacket
		}
		return s.disconnect(h.nsp, forward)
	case parser.EVENT, parser.ACK:
		return s.dispatch(&h, nil)
	case parser.BINARY_EVENT, parser.BINARY_ACK:
		if h.attachments == 0 {
			return s.dispatch(&h, nil)
		}
		args, err := h.args()
		if err != nil {
			return err
		}
		s.partial = &partial{head: h, args: args, size: int64(len(h.data))}
		s.partial.head.data = nil
		return nil
	default: // CONNECT_ERROR is the server's to send
		return errPacket
	}
}

func (s *session) attachment(raw []byte) error {
	p := s.partial
	if p == nil {
		return errPacket
	}
	p.size += int64(len(raw))
	if p.size > s.server.opts.MaxPayload {
		return errPacket
	}
	p.got = append(p.got, append([]byte(nil), raw...))
	if len(p.got) < p.head.attachments {
		return nil
	}
	s.partial = nil
	if _, err := attach(p.args, p.got); err != nil {
		return err
	}
	return s.dispatch(&p.head, p.args)
}

func (s *session) connect(h *head, forward func(*parser.Packet)) error {
	auth, err := h.auth()
	if err != nil || h.id != nil {
		return errPacket
	}
	s.mu.Lock()
	joined := s.conns[h.nsp] != nil
	s.mu.Unlock()
	if joined {
		return errState
	}
	p := &parser.Packet{Type: parser.CONNECT, Nsp: h.nsp}
	if auth != nil {
		p.Data = auth
	}
	forward(p)
	return nil
}

// disconnect leaves one namespace, after the events sent before it.
func (s *session) disconnect(nsp string, forward func(*parser.Packet)) error {
	c, err := s.lookup(nsp)
	if c == nil {
		return err
	}
	if !c.inbox.settle() {
		return nil
	}
	forward(&parser.Packet{Type: parser.DISCONNECT, Nsp: nsp})
	// The library leaves in a goroutine of its own; the next packet may be a
	// new CONNECT, so wait for it.
	select {
	case <-c.gone:
	case <-s.closed:
	}
	return nil
}

// dispatch routes an event or acknowledgement; args are given when they have been
// read already.
func (s *session) dispatch(h *head, args []any) error {
	c, err := s.lookup(h.nsp)
	if c == nil {
		return err
	}
	s.server.counts.in.Add(1)
	ack := h.kind == parser.ACK || h.kind == parser.BINARY_ACK
	if ack && h.id == nil {
		return errPacket
	}
	if !ack && !s.bucket.take(time.Now()) {
		s.server.counts.limited.Add(1)
		c.inbox.push(arrival{limited: true, id: h.id})
		return nil
	}
	if args == nil {
		if args, err = h.args(); err != nil {
			return err
		}
	}
	if ack { // this side asks for none, so there is nobody to tell
		return nil
	}
	name, args, err := event(args)
	if err != nil {
		return err
	}
	c.in.Add(1)
	c.inbox.push(arrival{name: name, args: args, id: h.id})
	return nil
}

// lookup finds the Conn of a namespace. Neither Conn nor error means that the
// client was disconnected from it and cannot know yet.
func (s *session) lookup(nsp string) (*Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.conns[nsp]; c != nil {
		return c, nil
	}
	if s.left[nsp] {
		return nil, nil
	}
	return nil, errState
}

// add registers a Conn; false means that the session has ended.
func (s *session) add(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return false
	}
	if s.conns == nil {
		s.conns = make(map[string]*Conn, 1)
	}
	s.conns[c.ns.name] = c
	return true
}

// remove takes a Conn out and returns how many are left.
func (s *session) remove(c *Conn) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns[c.ns.name] == c {
		delete(s.conns, c.ns.name)
		if s.left == nil {
			s.left = make(map[string]bool, 1)
		}
		s.left[c.ns.name] = true
	}
	return len(s.conns)
}
