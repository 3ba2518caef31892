package socketio

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"

	"spinscope/backend/bucket"
)

// session is one Engine.IO connection, whatever carries it.
type session struct {
	server        *Server
	userAgent     string
	authorization string
	out           outbox
	conn          engine.Socket // set before the server knows the session
	bytesOut      atomic.Int64
	upgrade       sync.Mutex // held while a WebSocket is being offered

	offered atomic.Bool // a WebSocket is to take over: GETs end soon
	broken  atomic.Bool // a bad packet came
	large   atomic.Bool // it was larger than a message may be
	cutting atomic.Bool // the client is being cut, nothing waits for it
	silent  atomic.Bool // it ends without a word of farewell: the client shall come back

	rx      sync.Mutex // one packet at a time, from whichever transport
	bucket  bucket.Bucket
	partial *partial // a packet that waits for its attachments

	// The library's upgrade and its close do not expect each other. probe keeps
	// them apart; over says that close came first.
	probe sync.Mutex
	over  bool

	mu     sync.Mutex
	conns  map[string]*Conn
	name   string          // id of the Conn that came last, for the log
	left   map[string]bool // namespaces joined once and left
	reason string          // why this side ended the session
	ended  bool
	closed chan struct{}
}

func newSession(rq *request) *session {
	o := &rq.server.opts
	s := &session{
		server:        rq.server,
		userAgent:     rq.userAgent,
		authorization: rq.authorization,
		bucket:        bucket.New(o.RequestsPerSecond, o.Burst),
		closed:        make(chan struct{}),
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
			if conn.ReadyState() == stateClosed { // closed in the middle of it
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
	if conn.ReadyState() == stateClosed { // before the listeners were there
		s.announceEnd()
	}
}

// announceEnd repeats the engine socket's "close", for listeners that came too late for it: this package's and the
// library's, whose registry would keep the session. Each listens once, so nobody hears it twice.
func (s *session) announceEnd() { s.conn.Emit("close", "transport close", error(nil)) }

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

	joined := s.name != ""
	s.mu.Unlock()
	if !joined {
		s.server.opts.Logger.Info("connection ended before it joined a namespace", "component", "socketio",
			"client", s.conn.RemoteAddress(), "reason", s.reasonOr(explained(reason)))
	}

	close(s.closed)
	for _, c := range conns {
		c.finish(reason)
	}
	s.server.forget(s)
}

// explained puts the library's words for the end of a session that joined no namespace into clearer ones.
func explained(reason string) string {
	if reason == "forced close" {
		return "asked for no namespace that is there in time"
	}
	return reason
}

// cut ends the session of a client that does not keep up, or that has gone and cannot say so. It never blocks.
func (s *session) cut(why string) {
	if s.cutting.Swap(true) {
		return
	}
	poller, ok := s.conn.Transport().(*polling)
	absent := ok && poller.absent()
	if absent {
		s.setReason("went away: stopped polling")
	} else {
		s.setReason("slow consumer: " + why)
		s.server.counts.slow.Add(1)
	}

	s.out.abort()

	s.server.tasks.start(func() {
		if !absent {
			s.server.opts.Logger.Warn("slow consumer cut", "component", "socketio", "client", s.id(), "reason", why)
		}
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

// stop ends the session in good order, as the server does.
func (s *session) stop() {
	s.setReason("server shutting down")
	s.silent.Store(true)
	s.conn.Close(false)
}

// wrote counts bytes that the client's socket took.
func (s *session) wrote(n int) {
	s.bytesOut.Add(int64(n))
	s.server.counts.bytesOut.Add(int64(n))
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

// tooLarge notes that the client sent more than one message may have.
func (s *session) tooLarge() {
	s.large.Store(true)
	s.setReason(fmt.Sprintf("message of more than %d bytes", s.server.opts.MaxPayload))
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

// id names the session in logs by its newest client; the engine's own id is a
// secret.
func (s *session) id() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.name
}

// write queues frames for the client, in order.
func (s *session) write(frames ...frame) error {
	to, _, err := s.out.push(nanotime(), 0, frames...)
	return s.queued(to, err, len(frames))
}

// send queues a packet of the library. What answers the client's packets may be the one too many, a heartbeat never is. It
// goes before what waits: a client that reads slowly must see it in time.
func (s *session) send(p *packet.Packet, f frame) {
	switch p.Type {
	case packet.MESSAGE:
		_ = s.write(f) // a full queue has cut the client already
	case packet.PING:
		to, _, err := s.out.pushFirst(nanotime(), f)
		_ = s.queued(to, err, 1)
	default:
		_ = s.answer(f)
	}
}

// answer queues frames that do not count against the bounds.
func (s *session) answer(frames ...frame) error {
	to, _, err := s.out.pushFree(nanotime(), frames...)
	return s.queued(to, err, len(frames))
}

func (s *session) queued(to sink, err error, frames int) error {
	kick(to)
	if errors.Is(err, ErrSlow) {
		s.cut("queue full")
	}
	if err == nil {
		s.server.counts.out.Add(int64(frames))
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

// takeEvent takes an event or an acknowledgement past the library, which answers one client half as many again. What is wrong
// is returned as the packet that tells the library.
func (s *session) takeEvent(raw []byte) (failed *packet.Packet) {
	s.rx.Lock()
	defer s.rx.Unlock()
	if s.conn.ReadyState() != stateOpen {
		return nil
	}
	in := &inbound{session: s, raw: raw}
	if in.failed = s.route(in, nil); in.failed == nil {
		return nil
	}
	in.Reader = bytes.NewReader(raw)
	return &packet.Packet{Type: packet.MESSAGE, Data: in}
}

func (s *session) malformed(why string) {
	if !s.broken.Swap(true) {
		s.setReason("parse error")
		s.server.counts.malformed.Add(1)
		s.server.opts.Logger.Debug("bad packet closes session", "component", "socketio", "client", s.id(), "reason", why)
	}
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
	s.name = c.id
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
