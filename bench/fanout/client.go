package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/bench/fanout/serve"
)

// WebSocket opcodes.
const (
	opText  = 0x1
	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xA
)

// client is one subscriber: a WebSocket client that does as little as it can, so that what is measured is the server.
type client struct {
	nc     net.Conn
	buf    []byte
	r, w   int           // the unread part of buf
	at     int64         // when it was read, Unix nanoseconds
	resume *sync.RWMutex // nil, or it reads only while this can be had

	round *round
	next  uint64 // seq that comes next in round
	late  []time.Duration
}

// round is a series of pushes and how they arrived.
type round struct {
	first, last uint64
	timed       bool // note how late each push came
	remaining   atomic.Int64
	delivered   atomic.Int64
	disordered  atomic.Int64
	lastAt      atomic.Int64 // Unix nanoseconds
	finished    chan struct{}
}

func newRound(first uint64, count, clients int, timed bool) *round {
	r := &round{first: first, last: first + uint64(count) - 1, timed: timed, finished: make(chan struct{})}
	r.remaining.Store(int64(clients))
	return r
}

var errHandshake = errors.New("unexpected answer")

// dial opens a WebSocket. buffer is how much one read may take; receive, if not 0, what the kernel may hold.
func dial(ctx context.Context, address, path string, buffer, receive int) (*client, error) {
	nc, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}

	if receive > 0 {
		_ = nc.(*net.TCPConn).SetReadBuffer(receive)
	}
	c := &client{nc: nc, buf: make([]byte, buffer)}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	if _, err := io.WriteString(nc, request); err != nil {
		return nil, errors.Join(err, nc.Close())
	}

	for {
		if end := bytes.Index(c.buf[:c.w], []byte("\r\n\r\n")); end >= 0 {
			if !bytes.HasPrefix(c.buf, []byte("HTTP/1.1 101 ")) {
				return nil, errors.Join(fmt.Errorf("%w: %.60q", errHandshake, c.buf[:c.w]), nc.Close())
			}
			c.r = end + 4
			return c, nil
		}
		if err := c.fill(); err != nil {
			return nil, errors.Join(err, nc.Close())
		}
	}
}

// fill reads once, after making room.
func (c *client) fill() error {
	if c.r > 0 {
		c.w = copy(c.buf, c.buf[c.r:c.w])
		c.r = 0
	}
	if c.w == len(c.buf) {
		c.buf = append(c.buf, make([]byte, len(c.buf))...)
	}

	if c.resume != nil {
		c.resume.RLock()
		c.resume.RUnlock() //nolint:staticcheck // only waits
	}
	n, err := c.nc.Read(c.buf[c.w:])
	c.w += n
	c.at = time.Now().UnixNano()
	if n > 0 {
		return nil
	}

	return err
}

// frame returns the next frame; its payload lasts until the next call.
func (c *client) frame() (op byte, payload []byte, err error) {
	for {
		if b := c.buf[c.r:c.w]; len(b) >= 2 {
			header, n := 2, int(b[1]&0x7f)
			switch {
			case n == 126 && len(b) >= 4:
				header, n = 4, int(binary.BigEndian.Uint16(b[2:]))
			case n == 127 && len(b) >= 10:
				header, n = 10, int(binary.BigEndian.Uint64(b[2:]))
			case n >= 126:
				n = len(b) // the header is not whole
			}

			if len(b) >= header+n {
				c.r += header + n
				return b[0] & 0x0f, b[header : header+n], nil
			}
		}

		if err := c.fill(); err != nil {
			return 0, nil, err
		}
	}
}

// send writes a masked frame; the mask is all zeroes.
func (c *client) send(op byte, payload string) error {
	f := []byte{0x80 | op}
	if len(payload) < 126 {
		f = append(f, 0x80|byte(len(payload)))
	} else {
		f = binary.BigEndian.AppendUint16(append(f, 0x80|126), uint16(len(payload)))
	}
	f = append(append(f, 0, 0, 0, 0), payload...)
	_, err := c.nc.Write(f)
	return err
}

// until reads text frames up to one that holds what.
func (c *client) until(what string) error {
	for {
		op, payload, err := c.frame()
		if err != nil {
			return fmt.Errorf("wait for %q: %w", what, err)
		}
		if op == opText && bytes.Contains(payload, []byte(what)) {
			return nil
		}
		if err := c.answer(op, payload); err != nil {
			return err
		}
	}
}

// answer answers heartbeats: of WebSocket, of Engine.IO, of centrifuge.
func (c *client) answer(op byte, payload []byte) error {
	switch {
	case op == opPing:
		return c.send(opPong, string(payload))
	case op == opClose:
		return io.EOF
	case string(payload) == "2":
		return c.send(opText, "3")
	case string(payload) == "{}":
		return c.send(opText, "{}")
	}
	return nil
}

// read takes pushes until the connection ends. current is the round they belong to.
func (c *client) read(current *atomic.Pointer[round]) error {
	for {
		op, payload, err := c.frame()
		if err != nil {
			return err
		}
		if op != opText || len(payload) < 20 {
			if err := c.answer(op, payload); err != nil {
				return err
			}
			continue
		}

		if payload[0] == '{' && bytes.Contains(payload, []byte("{}")) { // centrifuge puts heartbeats and pushes together
			if err := c.send(opText, "{}"); err != nil {
				return err
			}
		}

		r := current.Load()
		if r == nil {
			continue
		}

		if r != c.round {
			c.round, c.next, c.late = r, r.first, nil
		}
		c.pushes(r, payload)
	}
}

// pushes takes those of one frame; centrifuge puts several into one.
func (c *client) pushes(r *round, payload []byte) {
	taken := int64(0)
	for {
		_, rest, found := bytes.Cut(payload, []byte(`"seq":`))
		if !found {
			break
		}

		seq := digits(rest)
		if r.timed {
			if _, slot, ok := bytes.Cut(rest, []byte(`"slot":`)); ok {
				c.late = append(c.late, time.Duration(c.at-int64(digits(slot))))
			}
		}

		payload = rest
		taken++
		switch {
		case seq < c.next:
			r.disordered.Add(1)
		default:
			c.next = seq + 1
		}

		if seq == r.last {
			defer func() {
				if r.remaining.Add(-1) == 0 {
					close(r.finished)
				}
			}()
		}
	}

	r.delivered.Add(taken)
	r.lastAt.Store(c.at)
}

func digits(text []byte) (n uint64) {
	for _, d := range text {
		if d < '0' || d > '9' {
			break
		}
		n = 10*n + uint64(d-'0')
	}
	return n
}

// dialect is how a server is subscribed to.
type dialect struct {
	path string
	join func(*client) error
}

var dialects = map[string]dialect{
	"plain": {"/", func(*client) error { return nil }},
	"socketio": {"/socket.io/?EIO=4&transport=websocket", func(c *client) error {
		prefix := serve.Namespace + ","
		for _, step := range []struct{ wait, send string }{
			{`0{"`, "40" + prefix},
			{"connection_success", "42" + prefix + `["subscribe_kline",{"symbol":` + strconv.Quote(serve.Symbol) + `,"interval":"m1"}]`},
			{"subscription_confirmed", ""},
		} {
			if err := c.until(step.wait); err != nil {
				return err
			}
			if step.send == "" {
				break
			}
			if err := c.send(opText, step.send); err != nil {
				return err
			}
		}
		return nil
	}},
	"centrifuge": {"/", func(c *client) error {
		if err := c.send(opText, `{"id":1,"connect":{}}`); err != nil {
			return err
		}
		if err := c.until(`"id":1,`); err != nil {
			return err
		}
		if err := c.send(opText, `{"id":2,"subscribe":{"channel":`+strconv.Quote(serve.Room)+`}}`); err != nil {
			return err
		}
		return c.until(`"id":2,`)
	}},
}
