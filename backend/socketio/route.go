package socketio

import (
	"time"

	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

// partial is a binary packet under way.
type partial struct {
	head head
	args []any
	got  [][]byte
	size int64
}

// receive judges one message and routes it; forward gives it to the library.
func (s *session) receive(in *inbound, forward func(*parser.Packet)) error {
	err := in.failed
	if err == nil {
		err = s.route(in, forward)
	}
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
		s.tooLarge()
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
	// A client that left and came back before it was answered says CONNECT twice.
	if c, _ := s.lookup(h.nsp); c != nil {
		if err := s.disconnect(h.nsp, forward); err != nil {
			return err
		}
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
	if !c.inbox.waitHandled() {
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
	if !ack && !s.bucket.Take(time.Now()) {
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
