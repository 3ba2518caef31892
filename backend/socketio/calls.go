package socketio

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// recovered logs a panic of what. Deferred by everything that runs foreign code.
func (s *Server) recovered(what string) {
	if r := recover(); r != nil {
		s.counts.panics.Add(1)
		s.opts.Logger.Error("panic recovered", "component", "socketio", "in", what,
			"err", fmt.Sprint(r), "stack", string(debug.Stack()))
	}
}

// errRefused is what a client sees when Connect panicked.
var errRefused = errors.New("internal error")

func (c *Conn) callConnect(auth map[string]any) (err error) {
	h := c.ns.handler.Load()
	if h.Connect == nil {
		return nil
	}
	done := false
	defer func() {
		if !done {
			err = errRefused
		}
	}()
	defer c.ses.server.recovered("connect handler")
	err = h.Connect(c, auth)
	done = true
	return err
}

func (c *Conn) callEvent(a arrival) {
	defer c.ses.server.recovered("event handler")
	h := c.ns.handler.Load()
	switch {
	case a.limited && h.Limited != nil:
		h.Limited(c, c.ack(a.id))
	case !a.limited && h.Event != nil:
		h.Event(c, a.name, a.args, c.ack(a.id))
	}
}

func (c *Conn) callDisconnect(reason string) {
	defer c.ses.server.recovered("disconnect handler")
	if h := c.ns.handler.Load(); h.Disconnect != nil {
		h.Disconnect(c, reason)
	}
}

// ack answers once; nil when the client did not ask.
func (c *Conn) ack(id *uint64) func(any) {
	if id == nil {
		return nil
	}
	var answered atomic.Bool
	return func(payload any) {
		if answered.Swap(true) {
			return
		}
		frames, err := encodeAck(c.ns.name, *id, payload)
		if err != nil {
			c.ses.server.opts.Logger.Error("acknowledgement not encodable", "component", "socketio", "client", c.id, "err", err)
			return
		}
		if len(frames[0]) > batchSize { // the application has waited for space
			_ = c.sendBy(c.ses.answer, frames)
			return
		}
		_ = c.send(frames...)
	}
}
