package socketio

import (
	"bytes"
	"context"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

type requestKey struct{}

// request carries what the transports need through the library, in the context
// of one HTTP request.
type request struct {
	server        *Server
	session       *session   // the session named by sid, or the one just begun
	fresh         bool       // no sid: a handshake
	socket        *webSocket // the transport made for this request, to be read from
	bound         bool       // the handshake succeeded
	offering      bool       // holds session.upgrade
	userAgent     string
	authorization string
}

func requestOf(ctx context.Context) (*request, bool) {
	rq, ok := ctx.Value(requestKey{}).(*request)
	return rq, ok
}

// linked is a transport of this package.
type linked interface {
	transports.Transport
	of() *session
	tell(h hearer) // of what comes, from now on
	force()        // give up everything that waits for the client
}

// sessionOf returns the session behind an engine socket.
func sessionOf(conn engine.Socket) (*session, bool) {
	t, ok := conn.Transport().(linked)
	if !ok {
		return nil, false
	}
	return t.of(), true
}

// inbound is one message on its way through the engine to the decoder.
type inbound struct {
	*bytes.Reader
	session *session
	raw     []byte
	binary  bool
	failed  error // what is wrong with it, when that is known already
}

// errorPacket reports an undecodable packet to the engine, which closes the
// session. Data must not be shared between sessions, so it is made each time.
func errorPacket() *packet.Packet {
	return &packet.Packet{Type: packet.ERROR, Data: bytes.NewReader(nil)}
}

var packetTypes = map[byte]packet.Type{
	'0': packet.OPEN, '1': packet.CLOSE, '2': packet.PING, '3': packet.PONG,
	'4': packet.MESSAGE, '5': packet.UPGRADE, '6': packet.NOOP,
}

var packetBytes = map[packet.Type]byte{
	packet.OPEN: '0', packet.CLOSE: '1', packet.PING: '2', packet.PONG: '3',
	packet.MESSAGE: '4', packet.UPGRADE: '5', packet.NOOP: '6',
}

// decodeText reads one text packet of Engine.IO 4. raw must stay unchanged while
// the packet is handled.
func (s *session) decodeText(raw []byte) *packet.Packet {
	if len(raw) == 0 {
		return errorPacket()
	}
	kind, ok := packetTypes[raw[0]]
	if !ok {
		return errorPacket()
	}
	if kind == packet.MESSAGE {
		return s.message(raw[1:], false)
	}
	return &packet.Packet{Type: kind, Data: bytes.NewReader(raw[1:])}
}

func (s *session) message(raw []byte, binary bool) *packet.Packet {
	return &packet.Packet{Type: packet.MESSAGE, Data: &inbound{Reader: bytes.NewReader(raw), session: s, raw: raw, binary: binary}}
}

// encode builds the frame of a packet the library sends.
func encode(p *packet.Packet) (frame, error) {
	var body bytes.Buffer
	text := true
	if p.Data != nil {
		if _, err := body.ReadFrom(p.Data); err != nil {
			return nil, err
		}
		_, raw := p.Data.(*types.BytesBuffer)
		text = !raw
	}
	if !text {
		return newFrame(opBinary, body.Bytes()), nil
	}
	return newFrame(opText, []byte{packetBytes[p.Type]}, body.Bytes()), nil
}
