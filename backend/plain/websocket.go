package plain

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"spinscope/backend/bucket"
)

// chunk is how much a slow client has to take within the stall timeout.
const chunk = 16 << 10

// ServeHTTP makes a request a WebSocket and serves it until it ends.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.admit(w, r) {
		return
	}
	defer s.opts.Places.Release()

	hijack := &hijacker{ResponseWriter: w, stall: s.opts.StallTimeout}
	ws, err := websocket.Accept(hijack, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // Allow has looked at Origin
	if err != nil {
		s.counts.refused.Add(1)
		return // it was answered
	}
	ws.SetReadLimit(s.opts.MaxPayload)

	c := s.newConn(r, lines, func() { _ = hijack.conn.Close() })
	hijack.conn.took.Store(new(c.took))
	c.stalled = hijack.conn.stalled.Load
	if !s.enter(c) {
		_ = hijack.conn.Close()
		return
	}
	s.serveLines(c, ws)
}

// serveLines runs a connection's goroutines until it has ended.
func (s *Server) serveLines(c *Conn, ws *websocket.Conn) {
	ctx, stop := context.WithCancel(context.Background())
	var writing, pinging sync.WaitGroup
	writing.Go(func() {
		s.writeLines(c, ws)
		if c.refused.Load() {
			_ = ws.Close(websocket.StatusPolicyViolation, "refused")
		}
		c.drop() // the reader ends
	})
	pinging.Go(func() { s.ping(ctx, c, ws) })

	connected, reason := s.readLines(c, ws)
	if connected {
		s.callDisconnect(c, c.why(reason))
	}
	stop()
	if c.refused.Load() {
		writing.Wait() // what it was told is on its way, or its time is over
	}
	c.queue.close()
	c.drop()
	writing.Wait()
	pinging.Wait()
	s.part(c)
	_ = ws.CloseNow()
}

// writeLines writes what waits until there is no more.
func (s *Server) writeLines(c *Conn, ws *websocket.Conn) {
	for {
		m, more, end := c.queue.take()
		switch {
		case end:
			return
		case !more:
			<-c.queue.wake
			continue
		}
		err := ws.Write(context.Background(), websocket.MessageText, m.data) // each part of it has a deadline
		c.queue.written(m)
		if err != nil {
			if c.stalled() {
				c.cut("slow consumer: stalled", true)
			} else {
				c.cut("transport error", false)
			}
			return
		}
	}
}

// ping cuts a client that answers no ping and takes nothing.
func (s *Server) ping(ctx context.Context, c *Conn, ws *websocket.Conn) {
	ticker := time.NewTicker(s.opts.PingInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		answered, stop := context.WithTimeout(ctx, s.opts.PingTimeout)
		err := ws.Ping(answered)
		stop()
		switch {
		case err == nil, ctx.Err() != nil:
		case time.Since(time.Unix(0, c.moved.Load())) < s.opts.PingTimeout/2: // what came before the ping is still on its way
		default:
			c.cut("ping timeout", false)
			return
		}
	}
}

// readLines serves the client's messages until the connection ends, and tells why it did. connected says that Connect agreed.
func (s *Server) readLines(c *Conn, ws *websocket.Conn) (connected bool, reason string) {
	if !s.opts.Token || c.authorization != "" {
		if err := s.callConnect(c, nil); err != nil {
			s.turnAway(c, err)
			return false, ""
		}
		connected = true
	}

	rate := bucket.New(s.opts.RequestsPerSecond, s.opts.Burst)
	for {
		ctx, cancel := context.WithCancel(context.Background())
		if !connected { // who says nothing is not waited for
			ctx, cancel = context.WithTimeout(context.Background(), s.opts.StallTimeout)
		}
		text, err := s.read(ctx, ws)
		cancel()
		if err != nil {
			return connected, endOf(err)
		}
		c.in.Add(1)

		request, err := parse(text)
		switch {
		case !connected:
			auth, _ := request.Data.(map[string]any)
			if err != nil || request.Event != authEvent {
				auth = nil
			}
			if err := s.callConnect(c, auth); err != nil {
				s.turnAway(c, err)
				return false, ""
			}
			connected = true
			c.ack(request.ID)(success{true})
		case err != nil:
			s.counts.malformed.Add(1)
			s.call("malformed handler", func() { s.handler.Malformed(c, err) })
		case request.Event == authEvent: // the header had it, or none is needed
			c.ack(request.ID)(success{true})
		case !rate.Take(time.Now()):
			s.counts.limited.Add(1)
			s.call("limited handler", func() { s.handler.Limited(c, c.maybe(request.ID)) })
		default:
			s.call("event handler", func() { s.handler.Event(c, request.Event, request.Data, c.maybe(request.ID)) })
		}
	}
}

// authEvent is the event that a client begins with where a token is needed.
const authEvent = "auth"

type success struct {
	Success bool `json:"success"`
}

// ack answers a request; it does nothing when none was asked for.
func (c *Conn) ack(id json.RawMessage) func(any) {
	return func(payload any) {
		if len(id) > 0 {
			c.acknowledge(id, payload)
		}
	}
}

// maybe is nil when no acknowledgement was asked for.
func (c *Conn) maybe(id json.RawMessage) func(any) {
	if len(id) == 0 {
		return nil
	}
	return c.ack(id)
}

func (s *Server) call(what string, fn func()) {
	defer s.recovered(what)
	fn()
}

// errBinary ends a connection that sends binary messages.
var errBinary = errors.New("binary message")

func (s *Server) read(ctx context.Context, ws *websocket.Conn) ([]byte, error) {
	kind, r, err := ws.Reader(ctx)
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageText {
		_ = ws.Close(websocket.StatusUnsupportedData, "messages are text")
		return nil, errBinary
	}
	text, err := io.ReadAll(r)
	s.counts.in.Add(1)
	s.counts.bytesIn.Add(int64(len(text)))
	return text, err
}

// turnAway tells a client that it is refused; the writer closes then.
func (s *Server) turnAway(c *Conn, err error) {
	s.counts.refused.Add(1)
	s.opts.Logger.Info("client refused", "component", "plain", "client", c.remoteAddr, "err", err)
	_ = c.Answer("error", s.handler.Refusal(err))
	c.refused.Store(true)
	c.queue.finish()
}

// endOf is why a connection ended, in words for the log.
func endOf(err error) string {
	switch status := websocket.CloseStatus(err); {
	case errors.Is(err, errBinary):
		return "binary message"
	case errors.Is(err, websocket.ErrMessageTooBig):
		return "message too large"
	case status >= 0:
		return "closed by the client"
	default:
		return "transport close"
	}
}

// hijacker hands the connection over for an upgrade, with deadlines for what is written.
type hijacker struct {
	http.ResponseWriter
	stall time.Duration
	conn  *pacedConn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = nc.SetDeadline(time.Time{})
	h.conn = &pacedConn{Conn: nc, stall: h.stall}
	return h.conn, bufio.NewReadWriter(buffers.Reader, bufio.NewWriter(h.conn)), nil
}
