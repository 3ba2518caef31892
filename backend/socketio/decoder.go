package socketio

import (
	"errors"

	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

// guard is the parser given to the library. It lets through only what the
// library must see, CONNECT and DISCONNECT, after judging it; events and
// acknowledgements go straight to the session.
type guard struct{}

// NewEncoder returns the library's encoder.
func (guard) NewEncoder() parser.Encoder { return parser.NewEncoder() }

// NewDecoder returns the decoder of one client.
func (guard) NewDecoder() parser.Decoder { return &decoder{} }

type decoder struct{ emitter }

// errForeign is returned for data that no transport of this package read.
var errForeign = errors.New("data from an unknown transport")

// Add takes one message. An error makes the library close the session.
func (d *decoder) Add(data any) error {
	in, ok := data.(*inbound)
	if !ok {
		return errForeign
	}
	return in.session.receive(in, func(p *parser.Packet) { d.Emit("decoded", p) })
}

// Destroy has nothing to release.
func (*decoder) Destroy() {}
