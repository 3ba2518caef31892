package plain

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var (
	errForm = errors.New(`a message is one JSON object: {"event": NAME, "data": PAYLOAD, "id": a number or text to have it acknowledged}`)
	errID   = fmt.Errorf("id must be a number or a string of at most %d bytes", maxID)
)

// Server serves WebSockets (ServeHTTP) and server-sent events (ServeEvents). Its methods are safe for concurrent use.
type Server struct {
	opts    Options
	handler Handler
	counts  counts

	mu      sync.Mutex
	conns   map[*Conn]struct{}
	rooms   map[string]map[*Conn]struct{}
	closing bool
	none    chan struct{} // closed when the last connection has ended; made by Close
}

type counts struct {
	opened                                                                [numForms]atomic.Int64
	refused, in, out, bytesIn, bytesOut, slow, limited, malformed, panics atomic.Int64
}

// New makes a server. Handle must be called before it serves.
func New(opts Options) *Server {
	return &Server{opts: opts.withDefaults(), conns: map[*Conn]struct{}{}, rooms: map[string]map[*Conn]struct{}{}}
}

// Handle says what happens to clients. All fields of h must be set.
func (s *Server) Handle(h Handler) { s.handler = h }

// Broadcast sends one event to every client in a room. payload must be JSON in one line. Clients with a full queue are cut.
//
// Broadcasts that belong together have the same unit, a number above 0 that no others have: a client whose queue has space for
// the first of them gets all.
func (s *Server) Broadcast(room, event string, payload json.RawMessage, unit uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var encoded [numForms + 1][]byte
	for c := range s.rooms[room] {
		way, id := c.form, ""
		if c.form == events && unit != 0 && c.marked.Load() {
			way = numForms // as events, with the place
			id = s.opts.EventID(unit)
		}
		if encoded[way] == nil {
			encoded[way] = encodeEvent(c.form, event, payload, id)
		}
		_ = c.send(message{data: encoded[way]}, unit)
	}
}

func (s *Server) join(c *Conn, room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.conns[c]; !there {
		return
	}
	if s.rooms[room] == nil {
		s.rooms[room] = map[*Conn]struct{}{}
	}
	s.rooms[room][c] = struct{}{}
	c.rooms[room] = struct{}{}
}

func (s *Server) leave(c *Conn, room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaveLocked(c, room)
}

func (s *Server) leaveLocked(c *Conn, room string) {
	delete(c.rooms, room)
	if delete(s.rooms[room], c); len(s.rooms[room]) == 0 {
		delete(s.rooms, room)
	}
}

// errStopping refuses clients once the server closes.
var errStopping = errors.New("server is shutting down")

// admit decides whether a request may become a connection, and answers it when not. A place is taken when it may.
func (s *Server) admit(w http.ResponseWriter, r *http.Request) bool {
	status, err := http.StatusForbidden, error(nil)
	if s.opts.Allow != nil {
		err = s.opts.Allow(r)
	}
	if err == nil {
		status = http.StatusServiceUnavailable
		if err = s.opts.Places.Reserve(); err == nil {
			return true
		}
	}
	s.counts.refused.Add(1)
	s.opts.Logger.Info("client refused", "component", "plain", "client", r.RemoteAddr, "err", err)
	refuse(w, status, err)
	return false
}

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": false, "data": nil, "message": err.Error()})
}

// enter registers a connection; false when the server closes.
func (s *Server) enter(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.conns[c] = struct{}{}
	s.counts.opened[c.form].Add(1)
	return true
}

// part takes a connection out of everything. Its place is free again.
func (s *Server) part(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for room := range c.rooms {
		s.leaveLocked(c, room)
	}
	delete(s.conns, c)
	if len(s.conns) == 0 && s.none != nil {
		close(s.none)
		s.none = nil
	}
}

// recovered logs a panic of what. Deferred by everything that runs foreign code.
func (s *Server) recovered(what string) {
	if r := recover(); r != nil {
		s.counts.panics.Add(1)
		s.opts.Logger.Error("panic recovered", "component", "plain", "in", what, "err", fmt.Sprint(r), "stack", string(debug.Stack()))
	}
}

// errFailed is what a client sees when Connect panicked.
var errFailed = errors.New("internal error")

func (s *Server) callConnect(c *Conn, auth map[string]any) (err error) {
	done := false
	defer func() {
		if !done {
			err = errFailed
		}
	}()
	defer s.recovered("connect handler")
	err = s.handler.Connect(c, auth)
	done = true
	return err
}

func (s *Server) callDisconnect(c *Conn, reason string) {
	defer s.recovered("disconnect handler")
	s.handler.Disconnect(c, reason)
}

// Close refuses new clients, lets the queues of the connected ones be written, and ends them as if the network had failed, so
// that they come back. When ctx ends first, it drops what is left and returns the context's error.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for c := range s.conns {
		c.mu.Lock()
		if c.reason == "" {
			c.reason = "server shutting down"
		}
		c.mu.Unlock()
		c.queue.finish()
	}
	if len(s.conns) > 0 && s.none == nil {
		s.none = make(chan struct{})
	}
	none := s.none
	s.mu.Unlock()
	if none == nil {
		return nil
	}

	select {
	case <-none:
		return nil
	case <-ctx.Done():
	}
	for _, c := range s.all() {
		c.cut("server shutting down", false)
	}
	select {
	case <-none:
	case <-time.After(time.Second):
	}
	return ctx.Err()
}

func (s *Server) all() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		list = append(list, c)
	}
	return list
}

// Stats are totals since the server was made, and gauges where said.
type Stats struct {
	WebSockets, Events           int64 // gauges: open connections
	WebSocketsTotal, EventsTotal int64
	Refused                      int64 // requests turned away
	MessagesIn, MessagesOut      int64
	BytesIn, BytesOut            int64
	SlowConsumers                int64 // clients cut because they did not read
	Limited                      int64 // events above the request rate
	Malformed                    int64 // messages that are none
	Panics                       int64
	QueuedMessages, QueuedBytes  int64 // gauges
}

// Stats returns the totals and gauges of this moment.
func (s *Server) Stats() Stats {
	n := &s.counts
	st := Stats{
		WebSocketsTotal: n.opened[lines].Load(), EventsTotal: n.opened[events].Load(), Refused: n.refused.Load(),
		MessagesIn: n.in.Load(), MessagesOut: n.out.Load(), BytesIn: n.bytesIn.Load(), BytesOut: n.bytesOut.Load(),
		SlowConsumers: n.slow.Load(), Limited: n.limited.Load(), Malformed: n.malformed.Load(), Panics: n.panics.Load(),
	}
	for _, c := range s.all() {
		if c.form == lines {
			st.WebSockets++
		} else {
			st.Events++
		}
		waits := c.queue.load()
		st.QueuedMessages += int64(waits.messages)
		st.QueuedBytes += int64(waits.bytes)
	}
	return st
}

// ClientInfo describes one [Conn].
type ClientInfo struct {
	ID, Transport                     string
	Since                             time.Time
	QueuedMessages, QueuedBytes       int
	MessagesIn, MessagesOut, BytesOut int64
}

// Clients returns every client, oldest first.
func (s *Server) Clients() []ClientInfo {
	var list []ClientInfo
	for _, c := range s.all() {
		waits := c.queue.load()
		list = append(list, ClientInfo{
			ID: c.id, Transport: transports[c.form], Since: c.since, QueuedMessages: waits.messages, QueuedBytes: waits.bytes,
			MessagesIn: c.in.Load(), MessagesOut: c.out.Load(), BytesOut: c.bytesOut.Load(),
		})
	}
	slices.SortFunc(list, func(a, b ClientInfo) int { return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID)) })
	return list
}

func newID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
