package plain

import (
	"errors"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// ServeEvents makes a request a stream of server-sent events and serves it until it ends. begin runs once the client is
// connected, in this goroutine: it has it subscribed.
func (s *Server) ServeEvents(w http.ResponseWriter, r *http.Request, begin func(c *Conn)) {
	if !s.admit(w, r) {
		return
	}
	defer s.opts.Places.Release()

	out := &eventWriter{w: w, control: http.NewResponseController(w), stall: s.opts.StallTimeout}
	gone := make(chan struct{})
	c := s.newConn(r, events, sync.OnceFunc(func() { close(gone) }))
	c.stalled = out.stalled.Load
	out.took = c.took
	if !s.enter(c) {
		refuse(w, http.StatusServiceUnavailable, errStopping)
		return
	}
	defer s.part(c)
	if err := s.callConnect(c, nil); err != nil {
		s.counts.refused.Add(1)
		refuse(w, http.StatusUnauthorized, err)
		return
	}

	header := w.Header()
	header.Set("Content-Type", "text/event-stream; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Accel-Buffering", "no") // nginx would gather what is sent
	_ = out.control.SetReadDeadline(time.Time{})

	var writing sync.WaitGroup
	writing.Go(func() {
		defer c.drop()
		s.writeEvents(c, out)
	})
	writing.Go(func() {
		select {
		case <-r.Context().Done():
			c.cut("transport close", false)
		case <-gone:
		}
	})

	s.call("subscribing", func() { begin(c) })
	<-gone
	c.queue.close()
	writing.Wait()
	s.callDisconnect(c, c.why("transport close"))
}

// writeEvents writes what waits until there is no more, and a comment whenever nothing came for the time of a heartbeat.
func (s *Server) writeEvents(c *Conn, out *eventWriter) {
	heartbeat := time.NewTicker(s.opts.PingInterval)
	defer heartbeat.Stop()
	for {
		m, more, end := c.queue.take()
		switch {
		case end:
			return
		case !more:
			select {
			case <-c.queue.wake:
				continue
			case <-heartbeat.C:
				m = message{data: []byte(": still here\n\n")}
			}
		default:
			heartbeat.Reset(s.opts.PingInterval)
		}

		err := out.write(m.data)
		if more {
			c.queue.written(m)
		}
		if err != nil {
			if c.stalled() {
				c.cut("slow consumer: stalled", true)
			} else {
				c.cut("transport close", false)
			}
			return
		}
	}
}

// eventWriter writes in pieces, each of which has its own time.
type eventWriter struct {
	w       http.ResponseWriter
	control *http.ResponseController
	stall   time.Duration
	took    func(n int)
	stalled atomic.Bool
}

func (e *eventWriter) write(data []byte) error {
	for len(data) > 0 {
		_ = e.control.SetWriteDeadline(time.Now().Add(e.stall))
		n, err := e.w.Write(data[:min(len(data), chunk)])
		if err == nil {
			err = e.control.Flush()
		}
		if err != nil {
			e.stalled.CompareAndSwap(false, errors.Is(err, os.ErrDeadlineExceeded))
			return err
		}
		e.took(n)
		data = data[n:]
	}
	return nil
}
