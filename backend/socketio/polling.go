package socketio

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

// polling is the HTTP long-polling transport. A GET takes what waits in the
// session's outbox, or waits for it; a POST brings packets.
type polling struct {
	carrier
	session *session

	mu       sync.Mutex
	poll     *types.HttpContext // the GET that waits
	unwatch  func() bool
	released bool // the session's listeners are attached, OPEN may go
	posting  bool
	closing  func() // what the engine waits for until the next GET is told that the session ends
	leaving  bool   // the client said CLOSE while no GET waited: the next one is answered as if it had
	serving  bool   // an answer is being written
	seen     int64  // when the last GET came or was answered
}

func newPolling(rq *request) *polling {
	p := &polling{}
	p.begin(p)
	rq.session = newSession(rq)
	p.session = rq.session
	p.seen = nanotime()
	p.session.out.setSink(p)
	return p
}

func (p *polling) of() *session { return p.session }
func (p *polling) Name() string { return transports.POLLING }

// HandlesUpgrades is false.
func (*polling) HandlesUpgrades() bool { return false }

// OnRequest takes one HTTP request of the session.
func (p *polling) OnRequest(ctx *types.HttpContext) {
	switch {
	case ctx.Method() == http.MethodGet:
		p.onPoll(ctx)
	case ctx.Method() == http.MethodPost && p.ReadyState() == stateOpen:
		p.onPost(ctx)
	default:
		answerBad(ctx)
	}
}

func (p *polling) onPoll(ctx *types.HttpContext) {
	p.mu.Lock()
	if p.poll != nil {
		p.mu.Unlock()
		p.OnError("overlapping poll", nil)
		answerBad(ctx)
		return
	}

	p.seen = nanotime()
	if p.closing != nil {
		p.mu.Unlock()
		p.lastPoll(ctx)
		return
	}
	if p.ReadyState() != stateOpen {
		p.mu.Unlock()
		answerBad(ctx)
		return
	}

	p.poll = ctx
	p.unwatch = context.AfterFunc(ctx.Context(), func() { p.abandoned(ctx) })
	p.mu.Unlock()
	kick(p.session.out.wake())
	if p.session.offered.Load() {
		p.endSoon()
	}
}

// lastPoll answers a GET of a session that ends. Each takes of what waits; the last one is told.
func (p *polling) lastPoll(ctx *types.HttpContext) {
	body := p.session.out.takePolled(maxPolledBytes)
	p.mu.Lock()
	fn, leaving := p.closing, p.leaving
	silent := p.session.silent.Load() && !leaving
	if silent && len(body) > 0 {
		fn = nil
	} else {
		p.closing = nil
	}

	p.mu.Unlock()

	switch {
	case leaving:
		body = []byte{'6'}
	case !silent:
		body = newFrame(opText, []byte{'1'}).appendPolled(body)
	}

	if len(body) > 0 {
		_ = p.answer(ctx, body)
	} else {
		answerStopped(ctx)
	}

	p.session.out.done()
	if fn != nil {
		fn()
	}
}

// offerPause is how long a GET waits while a WebSocket is offered: the client upgrades when its GET has ended.
const offerPause = 100 * time.Millisecond

func (p *polling) endSoon() {
	time.AfterFunc(offerPause, func() {
		if p.session.offered.Load() {
			p.answerPending('6')
		}
	})
}

// abandoned ends the session of a client that gave its GET up.
func (p *polling) abandoned(ctx *types.HttpContext) {
	if p.claim(ctx) == nil {
		return
	}
	p.OnError("poll connection closed prematurely", nil)
}

// claim takes the waiting GET, only if it is ctx unless ctx is nil.
func (p *polling) claim(ctx *types.HttpContext) *types.HttpContext {
	p.mu.Lock()
	defer p.mu.Unlock()
	poll := p.poll
	if poll == nil || ctx != nil && poll != ctx {
		return nil
	}
	p.poll = nil
	p.unwatch()
	return poll
}

// release lets OPEN go: the session can take the client's answer now.
func (p *polling) release() {
	p.mu.Lock()
	p.released = true
	p.mu.Unlock()
	kick(p.session.out.wake())
}

// kick implements sink: it answers the waiting GET, if there is one.
func (p *polling) kick() {
	p.mu.Lock()
	if p.poll == nil || !p.released {
		p.session.out.idle()
		p.mu.Unlock()
		return
	}

	ctx := p.poll
	p.poll = nil
	p.unwatch()
	p.serving = true
	p.mu.Unlock()
	body := p.session.out.takePolled(maxPolledBytes)
	if len(body) == 0 { // aborted meanwhile
		body = []byte{'6'}
	}

	// Answering may wait for the client, which the caller must not.
	p.session.server.tasks.start(func() {
		if err := p.answer(ctx, body); err != nil {
			p.lost(err)
			return
		}
		if more, _ := p.session.out.done(); more {
			p.session.out.idle()
			kick(p.session.out.wake())
		}
	})
}

// maxPolledBytes is about how much one GET is answered, unless a single packet is larger.
const maxPolledBytes = 128 << 10

// slowest is how many bytes a second a client must read. What it was given it may be reading from the kernel's buffers,
// which does not show.
const slowest = 16 << 10

// answer writes in pieces, each of which has its own time. An error means that the client did not take all.
func (p *polling) answer(ctx *types.HttpContext, body []byte) error {
	defer ctx.Flush() // ends the request
	w := ctx.Response()
	for name, values := range ctx.ResponseHeaders.All() {
		w.Header().Set(name, values[0])
	}

	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)

	size := len(body)
	for len(body) > 0 {
		if g, ok := w.(*detachableWriter); ok {
			g.writeBefore(time.Now().Add(p.session.server.opts.StallTimeout))
		}
		n, err := w.Write(body[:min(len(body), slowChunk)]) //nolint:gosec // text/plain, by no page
		p.session.wrote(n)
		if err != nil {
			return err
		}
		p.session.out.progress(0)
		body = body[n:]
	}

	p.session.out.progress(time.Duration(size) * time.Second / slowest)
	p.mu.Lock()
	p.serving, p.seen = false, nanotime()
	p.mu.Unlock()
	return nil
}

// lost ends the session of a client that did not take an answer: what it held is gone.
func (p *polling) lost(err error) {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.session.cut("stalled")
		return
	}
	p.session.out.abort()
	p.OnError("poll connection closed in the middle of an answer", nil)
}

// absent reports whether the client has stopped asking: no GET has come for a while.
func (p *polling) absent() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.poll == nil && !p.serving && time.Duration(nanotime()-p.seen) > p.session.server.opts.StallTimeout/4
}

// answerPending answers the waiting GET with one bare packet.
func (p *polling) answerPending(kind byte) bool {
	return p.endPending(func(ctx *types.HttpContext) { _ = p.answer(ctx, []byte{kind}) })
}

// endPending lets a goroutine of its own answer the waiting GET. It reports whether there was one.
func (p *polling) endPending(how func(*types.HttpContext)) bool {
	ctx := p.claim(nil)
	if ctx == nil {
		return false
	}
	p.session.server.tasks.start(func() { how(ctx) })
	return true
}

func (p *polling) onPost(ctx *types.HttpContext) {
	p.mu.Lock()
	overlap, leaving := p.posting, p.leaving
	p.posting = true
	p.mu.Unlock()
	if leaving {
		answerBad(ctx)
		return
	}
	if overlap {
		p.OnError("overlapping post", nil)
		answerBad(ctx)
		return
	}

	defer func() {
		p.mu.Lock()
		p.posting = false
		p.mu.Unlock()
	}()

	if ctx.Headers().Peek("Content-Type") == "application/octet-stream" {
		p.OnError("invalid content", nil)
		answerBad(ctx)
		return
	}

	body, err := p.readBody(ctx)
	if err != nil {
		return
	}

	p.session.server.counts.bytesIn.Add(int64(len(body)))
	for raw := range bytes.SplitSeq(body, []byte{separator}) {
		if len(raw) > 0 && raw[0] == '1' {
			p.leave()
			break
		}

		p.session.deliver(p, p.decode(raw))
		if p.session.broken.Load() {
			if p.session.large.Load() {
				answerLarge(ctx)
			} else {
				answerBad(ctx)
			}
			return
		}
	}

	ctx.ResponseHeaders.Set("Content-Type", "text/html")
	ctx.ResponseHeaders.Set("Cache-Control", "no-store")
	ctx.SetStatusCode(http.StatusOK)
	_, _ = io.WriteString(ctx, "ok")
}

// leave ends the session as the client asked. Its GET, sent together with that, is answered whether it comes before or
// after it.
func (p *polling) leave() {
	p.session.out.abort()
	if p.answerPending('6') {
		p.OnClose()
		return
	}
	once := sync.OnceFunc(p.OnClose)
	p.mu.Lock()
	p.leaving, p.closing = true, once
	p.mu.Unlock()
	time.AfterFunc(offerPause, once)
}

// readBody reads at most MaxPayload bytes and answers what it refuses.
func (p *polling) readBody(ctx *types.HttpContext) ([]byte, error) {
	opts := p.session.server.opts
	if g, ok := ctx.Response().(*detachableWriter); ok {
		g.readBefore(time.Now().Add(opts.StallTimeout))
		defer g.readBefore(time.Time{})
	}
	body, err := io.ReadAll(http.MaxBytesReader(ctx.Response(), ctx.Request().Body, opts.MaxPayload))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		answerLarge(ctx)
	case err != nil:
		answerBad(ctx)
		p.OnError("post closed prematurely", err)
	}
	return body, err
}

func (p *polling) decode(raw []byte) *packet.Packet {
	if len(raw) == 0 || raw[0] != 'b' {
		return p.session.decodeText(raw)
	}
	data, err := base64.StdEncoding.AppendDecode(nil, raw[1:])
	if err != nil {
		return errorPacket()
	}
	return p.session.message(data, true)
}

// Send queues the library's packets. A NOOP only serves to end a waiting GET.
func (p *polling) Send(packets []*packet.Packet) {
	for _, pk := range packets {
		if pk.Type == packet.NOOP {
			p.answerPending('6')
			continue
		}
		if f, err := encode(pk); err == nil {
			p.session.send(pk, f)
		}
	}
}

// DoClose tells the client with the GET that waits or the next one. The engine
// waits for that only when it closes of its own will (fn).
func (p *polling) DoClose(fn types.Callable) {
	if fn == nil && p.Discarded() {
		// Upgraded. The client was to end its GET before it asked for that.
		if ctx := p.claim(nil); ctx != nil {
			answerBad(ctx)
		}
		return
	}

	last := func(ctx *types.HttpContext) { _ = p.answer(ctx, []byte{'1'}) }
	if p.session.silent.Load() {
		last = answerStopped
	}
	ended := p.endPending(last)
	switch {
	case fn == nil:
		p.session.out.abort()
	case ended || p.Discarded() || p.session.broken.Load() || p.session.cutting.Load():
		p.session.out.abort()
		fn()
	default:
		p.mu.Lock()
		once := sync.OnceFunc(func() { p.session.out.abort(); fn() })
		p.closing = once
		p.mu.Unlock()
		time.AfterFunc(p.session.server.opts.StallTimeout, once)
	}
}

// force ends what DoClose still waits for.
func (p *polling) force() {
	p.mu.Lock()
	fn := p.closing
	p.closing = nil
	p.mu.Unlock()
	if fn != nil {
		fn()
	}
}

func answerBad(ctx *types.HttpContext) {
	answerFailure(ctx, http.StatusBadRequest, `{"code":3,"message":"Bad request"}`)
}

func answerLarge(ctx *types.HttpContext) {
	answerFailure(ctx, http.StatusRequestEntityTooLarge, `{"code":3,"message":"payload too large"}`)
}

func answerStopped(ctx *types.HttpContext) {
	answerFailure(ctx, http.StatusServiceUnavailable, `{"code":3,"message":"`+errStopping.Message+`"}`)
}

func answerFailure(ctx *types.HttpContext, status int, body string) {
	ctx.ResponseHeaders.Set("Content-Type", "application/json")
	ctx.SetStatusCode(status)
	_, _ = io.WriteString(ctx, body)
}
