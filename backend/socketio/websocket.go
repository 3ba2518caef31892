package socketio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

// linger is how long a closed WebSocket is still read, so that the last frames
// are not lost to a reset.
const linger = time.Second

// sendBuffer is how much the kernel may hold for one client. It frees its buffer
// in large pieces: a larger one would hide for too long that a slow client reads.
const sendBuffer = 128 << 10

// webSocket is the WebSocket transport. Everything it writes goes through the
// session's outbox, except the answer to an upgrade probe, which belongs to this
// socket before the session does.
type webSocket struct {
	carrier
	session  *session
	incoming incoming
	nc       net.Conn
	direct   *nonblock
	shard    *shard
	attached atomic.Bool // the session's outbox writes here
	reading  atomic.Bool
	readAt   int64       // when something was read last, nanotime
	quick    int         // how often in a row that was soon after the time before
	probing  atomic.Bool // a packet is handled for the upgrade
}

func newWebSocket(rq *request, nc net.Conn) *webSocket {
	w := &webSocket{nc: nc}
	w.begin(w)
	w.incoming.limit = rq.server.opts.MaxPayload
	w.direct = newNonblock(w.nc)
	if tcp, ok := w.nc.(*net.TCPConn); ok {
		_ = tcp.SetWriteBuffer(sendBuffer)
	}

	w.shard = rq.server.writers.pick()
	if rq.fresh {
		rq.session = newSession(rq)
		w.attach(rq.session)
	}

	w.session = rq.session
	return w
}

// attach makes this socket the way out of the session.
func (w *webSocket) attach(s *session) {
	w.attached.Store(true)
	s.offered.Store(false)
	kick(s.out.setSink(w))
}

func (w *webSocket) of() *session          { return w.session }
func (w *webSocket) Name() string          { return transports.WEBSOCKET }
func (w *webSocket) HandlesUpgrades() bool { return true }

// OnRequest answers a polling request that reached a session just upgraded.
func (*webSocket) OnRequest(ctx *types.HttpContext) { answerBad(ctx) }

// Send queues the library's packets. They are always taken at once, so that the
// library's unbounded buffer stays empty.
func (w *webSocket) Send(packets []*packet.Packet) {
	for _, p := range packets {
		f, err := encode(p)
		if err != nil {
			continue
		}
		if w.attached.Load() {
			w.session.send(p, f)
		} else {
			w.control(f)
		}
	}
}

// control sends a frame that answers the client's own.
func (w *webSocket) control(f frame) {
	if w.attached.Load() {
		_ = w.session.write(f) // a full queue has cut the client already
		return
	}
	_ = w.nc.SetWriteDeadline(time.Now().Add(w.session.server.opts.StallTimeout))
	if _, err := w.nc.Write(f); err != nil {
		_ = w.nc.Close()
	}
	_ = w.nc.SetWriteDeadline(time.Time{})
}

// DoClose lets the queue be written out, unless the session was cut.
func (w *webSocket) DoClose(fn types.Callable) {
	switch {
	case !w.attached.Load():
		_ = w.nc.Close()
	case w.Discarded() || w.session.cutting.Load():
		w.reset()
	case w.session.silent.Load():
		kick(w.session.out.finish())
	case w.session.large.Load():
		kick(w.session.out.finish(largeFrame))
	default:
		kick(w.session.out.finish(closeFrame))
	}

	switch {
	case fn == nil:
	case w.probing.Load(): // fn needs what the probe holds
		w.session.server.tasks.start(fn)
	default:
		fn()
	}
}

// reset drops the connection and what the kernel still holds for it.
func (w *webSocket) reset() {
	w.session.out.abort()
	if tcp, ok := w.nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = w.nc.Close()
}

func (w *webSocket) force() { w.reset() }

// kick implements sink.
func (w *webSocket) kick() {
	if w.direct == nil {
		w.session.out.setSlow()
		w.session.server.tasks.start(func() { w.writeSlowly(nil) })
		return
	}
	w.shard.add(w)
}

// writeReady is a writer's turn: one write, without waiting.
func (w *webSocket) writeReady(buf []byte) {
	data := w.session.out.take(buf)
	n, err := w.direct.write(data)
	w.session.wrote(n)
	switch {
	case err != nil:
		w.drop()
	case n < len(data):
		w.session.out.setSlow()
		rest := data[n:]
		if len(data) <= cap(buf) { // else it is a frame itself, which never changes
			rest = bytes.Clone(rest)
		}
		w.session.server.tasks.start(func() { w.writeSlowly(rest) })
	default:
		switch more, end := w.session.out.done(); {
		case more:
			w.shard.add(w)
		case end:
			w.end()
		}
	}
}

// writeSlowly waits for the client until its queue is empty or it is cut.
func (w *webSocket) writeSlowly(data []byte) {
	buf := batches.Get().(*[]byte)
	defer batches.Put(buf)

	for {
		if err := w.writeAll(data); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				w.session.cut("stalled")
			}
			w.drop()
			return
		}

		if more, end := w.session.out.done(); !more {
			_ = w.nc.SetWriteDeadline(time.Time{})
			if end {
				w.end()
			}
			return
		}
		data = w.session.out.take(*buf)
	}
}

// slowChunk is how much a slow client has to take within the stall timeout.
const slowChunk = 16 << 10

// writeAll writes in pieces, each of which has its own time: it is progress that
// counts, not how long the whole takes.
func (w *webSocket) writeAll(data []byte) error {
	for len(data) > 0 {
		_ = w.nc.SetWriteDeadline(time.Now().Add(w.session.server.opts.StallTimeout))
		n, err := w.nc.Write(data[:min(len(data), slowChunk)])
		w.session.wrote(n)
		if err != nil {
			return err
		}
		w.session.out.progress(0)
		data = data[n:]
	}
	return nil
}

// drop gives the connection up; its reader tells the engine.
func (w *webSocket) drop() {
	w.session.out.abort()
	w.session.out.done()
	_ = w.nc.Close()
}

// end closes after the last frame was written.
func (w *webSocket) end() {
	half, ok := w.nc.(interface{ CloseWrite() error })
	if !ok || !w.reading.Load() || half.CloseWrite() != nil {
		_ = w.nc.Close()
		return
	}
	_ = w.nc.SetReadDeadline(time.Now().Add(linger))
}

// read waits for the client, hands what it sends to the engine, and leaves the next turn to a goroutine of its own, until
// the connection ends. It is started only after the engine and Socket.IO have attached their listeners, so that no early
// packet is lost.
//
// The way of a packet through the library is deep, and a stack that has grown for it stays so. The goroutine that waits
// is a new one each time, with a stack of two kilobytes, and it has no buffer: both are lent while something is read. Only
// a client that sends all the time keeps its goroutine, as a new one costs a tenth of a request; its next pong ends that.
func (w *webSocket) read() {
	w.reading.Store(true)
	goOn := false
	defer func() {
		if !goOn {
			w.gone(nil)
		}
	}()
	defer w.session.server.recovered("websocket reader")

	for {
		if err := w.readOnce(); err != nil {
			if errors.Is(err, errTooLarge) {
				w.session.tooLarge()
			}
			w.gone(err)
			return
		}
		if !w.busy() {
			break
		}
	}
	goOn = true
	w.session.server.tasks.start(w.read)
}

const (
	quickly = int64(100 * time.Millisecond) // between two reads of a client that sends all the time
	often   = 8                             // so many of them
)

// busy reports whether the client has just sent often. It is the reader's.
func (w *webSocket) busy() bool {
	now := nanotime()
	if now-w.readAt < quickly {
		w.quick++
	} else {
		w.quick = 0
	}
	w.readAt = now
	return w.quick > often
}

func (w *webSocket) readOnce() error {
	buf, n, err := w.await()
	if buf != nil {
		defer reads.Put(buf)
	}
	if err != nil {
		return err
	}
	return w.incoming.add((*buf)[:n], w)
}

// await waits until the client has sent something.
func (w *webSocket) await() (buf *[]byte, n int, err error) {
	if w.direct != nil {
		return w.direct.read()
	}
	buf = reads.Get().(*[]byte)
	n, err = w.nc.Read(*buf)
	if n > 0 {
		err = nil // it comes again
	}
	return buf, n, err
}

// reads are the buffers for what clients send, lent for one read each.
var reads = sync.Pool{New: func() any { b := make([]byte, 4<<10); return &b }}

// onMessage implements taker.
func (w *webSocket) onMessage(op byte, payload []byte) error {
	w.session.server.counts.bytesIn.Add(int64(len(payload)))
	switch {
	case op == opBinary:
		return w.deliver(w.session.message(payload, true))
	case bytes.Equal(payload, []byte{'1'}):
		return errClose
	case w.attached.Load() && isEvent(payload):
		if failed := w.session.takeEvent(payload[1:]); failed != nil {
			return w.deliver(failed)
		}
		return nil
	}
	return w.deliver(w.session.decodeText(payload))
}

// onControl implements taker: a ping is answered.
func (w *webSocket) onControl(op byte, payload []byte) error {
	if op == opPing {
		w.control(newFrame(opPong, payload))
	}
	return nil
}

// isEvent reports whether a text is an event or an acknowledgement, which the library does not need to see.
func isEvent(text []byte) bool {
	return len(text) > 1 && text[0] == '4' && (text[1] == '2' || text[1] == '3')
}

func (w *webSocket) deliver(p *packet.Packet) error {
	if w.attached.Load() {
		w.session.deliver(w, p)
		return nil
	}
	w.session.probe.Lock()
	defer w.session.probe.Unlock()
	if w.session.over {
		return net.ErrClosed
	}
	if isProbe(p) {
		w.answerProbe()
		return nil
	}
	w.probing.Store(true)
	defer w.probing.Store(false)
	w.OnPacket(p)
	return nil
}

func isProbe(p *packet.Packet) bool {
	text, ok := p.Data.(*bytes.Reader)
	if p.Type != packet.PING || !ok {
		return false
	}
	data, _ := io.ReadAll(text)
	_, _ = text.Seek(0, io.SeekStart)
	return string(data) == "probe"
}

// answerProbe does what the library would, without its interval, whose goroutine stays for ever when it is stopped in
// the moment it fires.
func (w *webSocket) answerProbe() {
	w.control(newFrame(opText, []byte("3probe")))
	w.session.offered.Store(true)
	if p, ok := w.session.conn.Transport().(*polling); ok {
		p.endSoon()
	}
}

// errClose is returned when the client sent an Engine.IO CLOSE.
var errClose = errors.New("closed by the client")

// farewell is the close frame that answers the client's, or its CLOSE; nil when err is neither.
func farewell(err error) frame {
	var closed closeCode
	switch {
	case errors.Is(err, errClose):
		return closeFrame
	case !errors.As(err, &closed):
		return nil
	case closed == statusNone:
		return newFrame(opClose)
	default:
		return newFrame(opClose, binary.BigEndian.AppendUint16(nil, uint16(closed)))
	}
}

// verdict is the close frame that says what the client did wrong, nil when it did not.
func verdict(err error) frame {
	var wrong protocolError
	switch {
	case errors.Is(err, errTooLarge):
		return largeFrame
	case errors.As(err, &wrong):
		return newFrame(opClose, binary.BigEndian.AppendUint16(nil, uint16(statusProtocol)), []byte(wrong))
	}
	return nil
}

// gone tells the engine that the connection ended. Only the first call counts.
func (w *webSocket) gone(err error) {
	defer func() { _ = w.nc.Close() }()
	if !w.attached.Load() {
		w.session.probe.Lock()
		defer w.session.probe.Unlock()
		w.session.offered.Store(false)
		if !w.session.over {
			w.OnClose()
		}
		return
	}

	if w.ReadyState() != stateClosed {
		if last := farewell(err); last != nil {
			kick(w.session.out.conclude(last))
			w.OnClose()
			w.lastWords()
			return
		}

		if last := verdict(err); last != nil {
			kick(w.session.out.conclude(last))
			w.OnError("websocket error", err)
			w.SetReadyState(stateClosed)
			w.lastWords()
			return
		}

		w.session.out.abort()
		switch {
		case err == nil, errors.Is(err, net.ErrClosed), errors.Is(err, io.EOF):
			w.OnClose()
		default:
			w.OnError("websocket error", err)
			w.SetReadyState(stateClosed)
		}
	}
}

// lastWords waits until the client, which was told that the connection ends, has closed its end.
func (w *webSocket) lastWords() {
	_ = w.nc.SetReadDeadline(time.Now().Add(linger))
	_, _ = io.Copy(io.Discard, w.nc)
}

func kick(s sink) {
	if s != nil {
		s.kick()
	}
}
