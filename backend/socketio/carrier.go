package socketio

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io-go-parser/parser"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

// errHeartbeat is the end of a client that pings: in Engine.IO 4 the server does.
var errHeartbeat = errors.New("invalid heartbeat direction")

// hearer is whom a transport tells what comes: the session's socket or, while it is only offered, the offer.
type hearer interface {
	heard(p *packet.Packet)
	failed(err error)
	ended()
}

// carrier is what the two transports have in common, and what the library asks of one. It speaks to one hearer by calls,
// where the library's own has a map of listeners.
type carrier struct {
	emitter   // nobody listens; the library's interface asks for it
	self      linked
	state     readyState
	discarded atomic.Bool
	to        atomic.Pointer[hearer]
}

// begin makes the carrier of self usable.
func (c *carrier) begin(self linked) {
	c.self = self
	c.state.set(stateOpen)
}

// tell makes h the one that is told, nil nobody.
func (c *carrier) tell(h hearer) {
	if h == nil {
		c.to.Store(nil)
		return
	}
	c.to.Store(&h)
}

// OnPacket passes a packet on.
func (c *carrier) OnPacket(p *packet.Packet) {
	if to := c.to.Load(); to != nil {
		(*to).heard(p)
	}
}

// OnError says that the transport has failed.
func (c *carrier) OnError(what string, err error) {
	if to := c.to.Load(); to != nil {
		if err != nil {
			err = fmt.Errorf("%s: %w", what, err)
		} else {
			err = errors.New(what)
		}
		(*to).failed(err)
	}
}

// OnClose says that the transport has ended, once.
func (c *carrier) OnClose() {
	if c.ReadyState() == stateClosed {
		return
	}
	c.SetReadyState(stateClosed)
	if to := c.to.Load(); to != nil {
		(*to).ended()
	}
}

// Close ends the transport, once; fn is called when it has.
func (c *carrier) Close(fn ...types.Callable) {
	if state := c.ReadyState(); state == stateClosed || state == stateClosing {
		return
	}
	c.SetReadyState(stateClosing)
	c.self.DoClose(append(fn, nil)[0])
}

// Discard says that another transport has taken over, or that nothing is waited for.
func (c *carrier) Discard() { c.discarded.Store(true) }

// Discarded reports whether Discard was called.
func (c *carrier) Discarded() bool { return c.discarded.Load() }

// ReadyState returns open, closing or closed.
func (c *carrier) ReadyState() string { return c.state.get() }

// SetReadyState stores open, closing or closed.
func (c *carrier) SetReadyState(state string) { c.state.set(state) }

// Writable is true: the session's queue takes everything.
func (*carrier) Writable() bool { return true }

// SupportsBinary is true.
func (*carrier) SupportsBinary() bool { return true }

// Protocol is that of Engine.IO 4.
func (*carrier) Protocol() int { return 4 }

// Parser returns the library's, which is not used.
func (*carrier) Parser() parser.Parser { return parser.Parserv4() }

// Proto returns the transport itself.
func (c *carrier) Proto() transports.Transport { return c.self }

// Sid is not kept here.
func (*carrier) Sid() string { return "" }

// The rest of what the library may set has no meaning here.

// SetSid does nothing.
func (*carrier) SetSid(string) {}

// SetWritable does nothing.
func (*carrier) SetWritable(bool) {}

// SetSupportsBinary does nothing.
func (*carrier) SetSupportsBinary(bool) {}

// SetHttpCompression does nothing.
func (*carrier) SetHttpCompression(*types.HttpCompression) {} //nolint:revive,staticcheck // the library's name

// SetPerMessageDeflate does nothing.
func (*carrier) SetPerMessageDeflate(*types.PerMessageDeflate) {}

// SetMaxHttpBufferSize does nothing.
func (*carrier) SetMaxHttpBufferSize(int64) {} //nolint:revive,staticcheck // the library's name

// HttpCompression is none.
func (*carrier) HttpCompression() *types.HttpCompression { return nil } //nolint:revive,staticcheck // the library's name

// PerMessageDeflate is none.
func (*carrier) PerMessageDeflate() *types.PerMessageDeflate { return nil }

// MaxHttpBufferSize is not kept here.
func (*carrier) MaxHttpBufferSize() int64 { return 0 } //nolint:revive,staticcheck // the library's name

// Prototype does nothing.
func (*carrier) Prototype(transports.Transport) {}

// Construct does nothing.
func (*carrier) Construct(*types.HttpContext) {}

// OnData does nothing: packets are read by the transports themselves.
func (*carrier) OnData(types.BufferInterface) {}
