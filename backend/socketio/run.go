package socketio

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/zishang520/socket.io/v2/socket"
)

const (
	stallCheck = time.Second
	ghostCheck = 10 * time.Second
)

// Run cuts stalled clients and sweeps dead ones until ctx is done, and returns
// nil. It does not close the server.
func (s *Server) Run(ctx context.Context) error {
	stall := time.NewTicker(min(stallCheck, s.opts.StallTimeout))
	defer stall.Stop()
	ghosts := time.NewTicker(ghostCheck)
	defer ghosts.Stop()
	var suspects map[any]struct{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-stall.C:
			s.cutStalled()
		case <-ghosts.C:
			suspects = s.sweep(suspects)
		}
	}
}

func (s *Server) cutStalled() {
	now := nanotime()
	for _, ses := range s.all() {
		if ses.out.stuck(now) > s.opts.StallTimeout {
			ses.cut("stalled")
		}
	}
}

// sweep removes what the library forgot: sockets and sessions whose transport has gone. What is seen so for the first
// time may be on its way out by itself: it is returned, to be given to the next sweep.
func (s *Server) sweep(before map[any]struct{}) (suspects map[any]struct{}) {
	suspects = map[any]struct{}{}
	stale := func(who any) bool {
		if _, known := before[who]; known {
			s.counts.ghosts.Add(1)
			return true
		}
		suspects[who] = struct{}{}
		return false
	}
	for _, ses := range s.all() {
		if ses.conn.ReadyState() == stateClosed && stale(ses) {
			ses.announceEnd()
			ses.end("transport close")
		}
	}

	for _, n := range s.channels() {
		n.nsp.Sockets().Range(func(_ socket.SocketId, sock *socket.Socket) bool {
			if sock.Client().Conn().ReadyState() == stateClosed && stale(sock) {
				n.nsp.Remove(sock)
				if c, ok := sock.Data().(*Conn); ok {
					c.finish("transport close")
				}
			}
			return true
		})
	}

	return suspects
}

// Close refuses new clients, lets the queues of the connected ones be written,
// ends their sessions and waits until every session and handler has ended. When
// ctx ends first, it drops what is left and returns the context's error.
//
// To a client it looks as if the network had failed, so that it comes back by
// itself: most take a WebSocket close frame, or Engine.IO's CLOSE, for the
// server's last word and stay away.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()

	for _, ses := range s.all() {
		ses.stop()
	}

	err := s.tasks.wait(ctx)
	for _, ses := range s.all() {
		ses.kill()
	}
	s.io.Close(nil)
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), linger)
	defer cancel()
	_ = s.tasks.wait(last)
	return err
}

// Stats returns the totals and gauges of this moment.
func (s *Server) Stats() Stats {
	c := &s.counts
	st := Stats{
		ConnectionsTotal: c.opened.Load(), Refused: c.refused.Load(),
		MessagesIn: c.in.Load(), MessagesOut: c.out.Load(),
		BytesIn: c.bytesIn.Load(), BytesOut: c.bytesOut.Load(),
		Broadcasts: c.broadcasts.Load(), Dropped: c.dropped.Load(),
		SlowConsumers: c.slow.Load(), Limited: c.limited.Load(),
		Malformed: c.malformed.Load(), Panics: c.panics.Load(), Ghosts: c.ghosts.Load(),
	}
	now := nanotime()
	for _, ses := range s.all() {
		frames, bytes, _ := ses.out.load(now)
		st.Connections++
		st.QueuedMessages += int64(frames)
		st.QueuedBytes += int64(bytes)
		st.Dropped += ses.out.drops()
	}

	return st
}

// Clients returns every client of every namespace, oldest first.
func (s *Server) Clients() []ClientInfo {
	now := nanotime()
	var clients []ClientInfo
	for _, n := range s.channels() {
		for _, c := range n.rooms.everyone() {
			clients = append(clients, c.info(now))
		}
	}
	slices.SortFunc(clients, func(a, b ClientInfo) int {
		if d := a.Since.Compare(b.Since); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	return clients
}

func (s *Server) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*session, 0, len(s.sessions))
	for ses := range s.sessions {
		all = append(all, ses)
	}
	return all
}

func (s *Server) channels() []*Namespace {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Namespace, 0, len(s.namespaces))
	for _, n := range s.namespaces {
		all = append(all, n)
	}
	return all
}
