package plain

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// form is how messages are written to a client.
type form uint8

const (
	lines  form = iota // a WebSocket: one JSON object each
	events             // server-sent events
	numForms
)

// transports are their names.
var transports = [numForms]string{lines: "websocket, plain", events: "server-sent events"}

// Conn is one client. Its methods are safe for concurrent use and do nothing once the client has left.
type Conn struct {
	server        *Server
	form          form
	id            string
	remoteAddr    string
	userAgent     string
	authorization string
	since         time.Time
	queue         *queue
	in, out       atomic.Int64
	bytesOut      atomic.Int64
	moved         atomic.Int64 // Unix nanoseconds: when the client last took something
	drop          func()       // closes the connection under it, without waiting
	stalled       func() bool  // the client took nothing of a write for the stall timeout
	marked        atomic.Bool  // the client may resume from a place: broadcasts name theirs
	refused       atomic.Bool  // Connect refused it: the connection ends when it was told

	mu     sync.Mutex
	reason string
	data   any

	rooms map[string]struct{} // guarded by Server.mu
}

func (s *Server) newConn(r *http.Request, f form, drop func()) *Conn {
	c := &Conn{
		server: s, form: f, id: newID(), remoteAddr: strings.Clone(r.RemoteAddr), userAgent: strings.Clone(r.UserAgent()),
		since: time.Now(), queue: newQueue(tally{s.opts.MaxQueuedMessages, s.opts.MaxQueuedBytes}), drop: drop,
		rooms: map[string]struct{}{},
	}
	if credentials := r.Header.Values("Authorization"); len(credentials) == 1 {
		c.authorization = strings.Clone(credentials[0])
	}
	return c
}

// ID returns the id that the server knows the client by.
func (c *Conn) ID() string { return c.id }

// RemoteAddr returns the client's address, host:port.
func (c *Conn) RemoteAddr() string { return c.remoteAddr }

// UserAgent returns the User-Agent header of the request.
func (c *Conn) UserAgent() string { return c.userAgent }

// Authorization returns the Authorization header of the request, "" when it had none or several.
func (c *Conn) Authorization() string { return c.authorization }

// Since returns when the client came.
func (c *Conn) Since() time.Time { return c.since }

// Data returns what SetData stored, nil at first.
func (c *Conn) Data() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data
}

// SetData stores one value for the application.
func (c *Conn) SetData(v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data = v
}

// Answer sends an event that does not count against the bounds of the client's queue. payload is encoded as JSON, or taken as it
// is when it is a json.RawMessage. Call [Conn.Drain] before each part of something long.
func (c *Conn) Answer(event string, payload any) error {
	text, err := encode(payload)
	if err != nil {
		return err
	}
	return c.send(message{data: encodeEvent(c.form, event, text, ""), free: true}, 0)
}

// Mark tells a client of server-sent events from where it may resume, without an event, and has each broadcast from now on
// name its own place; before, none does. Others are told nothing.
func (c *Conn) Mark(id string) {
	if c.form == events && id != "" && !c.marked.Swap(true) {
		_ = c.send(message{data: []byte("id: " + id + "\n\n"), free: true}, 0)
	}
}

// acknowledge answers a request that asked for it.
func (c *Conn) acknowledge(id json.RawMessage, payload any) {
	text, err := encode(payload)
	if err != nil {
		c.server.opts.Logger.Error("acknowledgement not encodable", "component", "plain", "client", c.id, "err", err)
		return
	}
	dst := append([]byte(`{"event":"ack","id":`), id...)
	dst = append(append(append(dst, `,"data":`...), text...), '}')
	_ = c.send(message{data: dst, free: true}, 0)
}

func (c *Conn) send(m message, unit uint64) error {
	err := c.queue.push(m, unit)
	switch err {
	case nil:
		c.out.Add(1)
		c.server.counts.out.Add(1)
	case ErrSlow: //nolint:errorlint // the queue's own
		c.cut("slow consumer: queue full", true)
	}
	return err
}

// Drain waits until at most a quarter of the client's queue is in use, answers included. It fails with [ErrClosed] or the
// context's error.
func (c *Conn) Drain(ctx context.Context) error { return c.queue.drain(ctx) }

// Crowded reports whether more than a quarter of the client's queue is in use, so that Drain would wait.
func (c *Conn) Crowded() bool { return c.queue.crowded() }

// Join puts the client into a room; joining twice is the same as once.
func (c *Conn) Join(room string) { c.server.join(c, room) }

// Leave takes the client out of a room.
func (c *Conn) Leave(room string) { c.server.leave(c, room) }

// cut ends the connection. Only the first reason counts. It never waits.
func (c *Conn) cut(reason string, slow bool) {
	c.mu.Lock()
	first := c.reason == ""
	if first {
		c.reason = reason
	}
	c.mu.Unlock()
	if first && slow {
		c.server.counts.slow.Add(1)
		c.server.opts.Logger.Warn("slow consumer cut", "component", "plain", "client", c.id, "reason", reason)
	}
	c.queue.close()
	c.drop()
}

func (c *Conn) why(otherwise string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason != "" {
		return c.reason
	}
	return otherwise
}

// took notes that the client took bytes.
func (c *Conn) took(n int) {
	c.moved.Store(time.Now().UnixNano())
	c.bytesOut.Add(int64(n))
	c.server.counts.bytesOut.Add(int64(n))
}

func encode(payload any) ([]byte, error) {
	if text, ok := payload.(json.RawMessage); ok {
		return text, nil
	}
	return json.Marshal(payload)
}

// encodeEvent writes an event in a form. payload is JSON in one line.
func encodeEvent(f form, event string, payload []byte, id string) []byte {
	dst := make([]byte, 0, len(event)+len(payload)+len(id)+32)
	if f == lines {
		dst = append(append(append(dst, `{"event":"`...), event...), `","data":`...)
		return append(append(dst, payload...), '}')
	}
	if id != "" {
		dst = append(append(append(dst, "id: "...), id...), '\n')
	}
	dst = append(append(append(dst, "event: "...), event...), "\ndata: "...)
	return append(append(dst, payload...), "\n\n"...)
}

// request is a message of a client.
type request struct {
	Event string          `json:"event"`
	Data  any             `json:"data"`
	ID    json.RawMessage `json:"id"`
}

// maxID bounds the id that an acknowledgement echoes.
const maxID = 256

// parse reads a message: one JSON object with the event's name, its payload, and an id when an acknowledgement is wanted.
func parse(text []byte) (request, error) {
	var r request
	if text = bytes.TrimSpace(text); len(text) == 0 || text[0] != '{' {
		return r, errForm
	}
	if err := json.Unmarshal(text, &r); err != nil || r.Event == "" {
		return r, errForm
	}
	if string(r.ID) == "null" {
		r.ID = nil
	}
	if len(r.ID) > maxID || len(r.ID) > 0 && r.ID[0] != '"' && r.ID[0] != '-' && (r.ID[0] < '0' || r.ID[0] > '9') {
		return r, errID
	}
	return r, nil
}
