package socketio

import (
	"encoding/json"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

// engineSocket is the library's view of a session: heartbeat, upgrade and the packets of whatever transport it has. Its
// transports take every packet at once, so nothing waits in it.
type engineSocket struct {
	emitter
	engine    *engineServer
	session   *session
	id        string
	remote    string
	state     readyState
	upgraded  atomic.Bool
	transport atomic.Pointer[transports.Transport]

	sending sync.Mutex // one packet at a time goes to the transport

	mu      sync.Mutex
	heart   *time.Timer // the next ping, or the end of waiting for its pong
	pinged  bool        // a pong is waited for
	offered *offer
}

// readyState is open, closing or closed, as the library calls them.
type readyState struct{ atomic.Pointer[string] }

var (
	stateOpening = "opening"
	stateOpen    = "open"
	stateClosing = "closing"
	stateClosed  = "closed"
)

func (s *readyState) set(state string) {
	switch state {
	case stateOpen:
		s.Store(&stateOpen)
	case stateClosing:
		s.Store(&stateClosing)
	default:
		s.Store(&stateClosed)
	}
}

func (s *readyState) get() string {
	if state := s.Load(); state != nil {
		return *state
	}
	return stateOpening
}

func newEngineSocket(e *engineServer, ses *session, id, remote string) *engineSocket {
	return &engineSocket{engine: e, session: ses, id: id, remote: remote}
}

// open says OPEN by the first transport and starts the heartbeat.
func (s *engineSocket) open(t transports.Transport) {
	s.use(t)
	s.state.set(stateOpen)
	upgrades := []string{}
	if t.Name() == transports.POLLING {
		upgrades = append(upgrades, transports.WEBSOCKET)
	}

	opts := &s.engine.server.opts
	hello, _ := json.Marshal(map[string]any{
		"sid": s.id, "upgrades": upgrades, "maxPayload": opts.MaxPayload,
		"pingInterval": opts.PingInterval.Milliseconds(), "pingTimeout": opts.PingTimeout.Milliseconds(),
	})
	s.send(packet.OPEN, types.NewStringBuffer(hello))

	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.get() == stateOpen {
		s.heart = time.AfterFunc(opts.PingInterval, s.heartbeat)
	}
}

// use makes t the way to the client.
func (s *engineSocket) use(t transports.Transport) {
	s.transport.Store(&t)
	if to, ok := t.(linked); ok {
		to.tell(s)
	}
}

// heartbeat sends the ping that is due, or ends a session that has not answered the last one.
func (s *engineSocket) heartbeat() {
	s.mu.Lock()
	late := s.pinged
	if s.heart == nil { // it has closed
		s.mu.Unlock()
		return
	}
	if !late {
		s.pinged = true
		s.heart.Reset(s.engine.server.opts.PingTimeout)
	}
	s.mu.Unlock()

	if late {
		s.closed("ping timeout", nil)
		return
	}
	s.send(packet.PING, nil)
}

func (s *engineSocket) ponged() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heart != nil {
		s.pinged = false
		s.heart.Reset(s.engine.server.opts.PingInterval)
	}
}

// heard implements hearer.
func (s *engineSocket) heard(p *packet.Packet) {
	if s.ReadyState() != stateOpen {
		return
	}
	switch p.Type {
	case packet.PING: // of protocol 3: here the server pings
		s.closed("transport error", errHeartbeat)
	case packet.PONG:
		s.ponged()
	case packet.ERROR:
		s.closed("parse error", nil)
	case packet.MESSAGE:
		s.Emit("data", p.Data)
	}
}

// failed implements hearer.
func (s *engineSocket) failed(err error) { s.closed("transport error", err) }

// ended implements hearer.
func (s *engineSocket) ended() { s.closed("transport close", nil) }

// closed ends the session, once.
func (s *engineSocket) closed(reason string, err error) {
	s.mu.Lock()
	if s.ReadyState() == stateClosed {
		s.mu.Unlock()
		return
	}

	s.SetReadyState(stateClosed)
	if s.heart != nil {
		s.heart.Stop()
		s.heart = nil
	}
	offered := s.offered
	s.mu.Unlock()

	s.letGo()
	s.Emit("close", reason, err)
	if offered != nil {
		offered.withdraw()
	}
}

// letGo hears nothing more from the transport and sees to it that it ends.
func (s *engineSocket) letGo() {
	t := s.Transport()
	if from, ok := t.(linked); ok {
		from.tell(nil)
	}
	t.Close()
}

func (s *engineSocket) send(kind packet.Type, data io.Reader) {
	if state := s.ReadyState(); state == stateClosing || state == stateClosed {
		return
	}
	s.sending.Lock()
	defer s.sending.Unlock()
	s.Transport().Send([]*packet.Packet{{Type: kind, Data: data}})
}

// Send sends a message.
func (s *engineSocket) Send(data io.Reader, _ *packet.Options, sent engine.SendCallback) engine.Socket {
	s.send(packet.MESSAGE, data)
	if sent != nil {
		sent(s.Transport())
	}
	return s
}

// Write is the same as Send.
func (s *engineSocket) Write(data io.Reader, o *packet.Options, sent engine.SendCallback) engine.Socket {
	return s.Send(data, o, sent)
}

// Close ends the session: when the client has been told, or at once with discard.
func (s *engineSocket) Close(discard bool) {
	s.mu.Lock()
	switch state := s.ReadyState(); {
	case discard && (state == stateOpen || state == stateClosing):
	case state == stateOpen:
		s.SetReadyState(stateClosing)
	default:
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()

	if discard {
		s.Transport().Discard()
	}
	s.Transport().Close(func() { s.closed("forced close", nil) })
}

// MaybeUpgrade waits for the client's word to go on by t.
func (s *engineSocket) MaybeUpgrade(t transports.Transport) {
	ws, ok := t.(*webSocket)
	if !ok {
		t.Close()
		return
	}

	o := &offer{to: s, ws: ws}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offered = o
	o.timeout = time.AfterFunc(offerTime, o.withdraw)
	ws.tell(o)
	if s.ReadyState() == stateClosed {
		s.engine.server.tasks.start(o.withdraw)
	}
}

// Upgrading reports whether a WebSocket is offered.
func (s *engineSocket) Upgrading() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.offered != nil
}

// SetReadyState stores open, closing or closed.
func (s *engineSocket) SetReadyState(state string) { s.state.set(state) }

// ReadyState returns opening, open, closing or closed.
func (s *engineSocket) ReadyState() string { return s.state.get() }

// Upgraded reports whether a WebSocket has taken over.
func (s *engineSocket) Upgraded() bool { return s.upgraded.Load() }

// Protocol is that of Engine.IO 4.
func (*engineSocket) Protocol() int { return 4 }

// Request returns one without headers: what is wanted of the first request is kept by the session.
func (s *engineSocket) Request() *types.HttpContext { return s.engine.bare }

// RemoteAddress is that of the first request, host:port.
func (s *engineSocket) RemoteAddress() string { return s.remote }

// Id is the session's, which must stay a secret of its client.
func (s *engineSocket) Id() string { return s.id } //nolint:revive,staticcheck // the library's name

// Transport returns the one in use, nil before there is one.
func (s *engineSocket) Transport() transports.Transport {
	if t := s.transport.Load(); t != nil {
		return *t
	}
	return nil
}

// Construct is for the library's own sockets; one of these is whole when it is made.
func (*engineSocket) Construct(string, engine.BaseServer, transports.Transport, *types.HttpContext, int) {
}

// offerTime is how long a client may take over its upgrade.
const offerTime = 10 * time.Second

// offer is a WebSocket that a session may go on with.
type offer struct {
	to      *engineSocket
	ws      *webSocket
	timeout *time.Timer
}

// over takes the offer away from its session; only the first call returns true.
func (o *offer) over() bool {
	o.to.mu.Lock()
	defer o.to.mu.Unlock()
	if o.to.offered != o {
		return false
	}
	o.to.offered = nil
	o.timeout.Stop()
	o.ws.tell(nil)
	return true
}

// withdraw ends an offer that was not taken.
func (o *offer) withdraw() {
	if o.over() {
		o.ws.Close()
	}
}

// heard implements hearer. Probes are answered before they come here.
func (o *offer) heard(p *packet.Packet) {
	s := o.to
	if p.Type != packet.UPGRADE || s.ReadyState() == stateClosed {
		o.withdraw()
		return
	}
	if !o.over() {
		return
	}

	s.Transport().Discard()
	s.upgraded.Store(true)
	s.sending.Lock()
	s.letGo()
	s.use(o.ws)
	s.Emit("upgrade", o.ws)
	s.sending.Unlock()
	if s.ReadyState() == stateClosing {
		o.ws.Close(func() { s.closed("forced close", nil) })
	}
}

// failed implements hearer.
func (o *offer) failed(error) { o.withdraw() }

// ended implements hearer.
func (o *offer) ended() { o.withdraw() }
