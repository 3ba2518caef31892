package socketio

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

// polling is the HTTP long-polling transport. A GET takes what waits in the
// session's outbox, or waits for it; a POST brings packets.
type polling struct {
	transports.Transport
	session *session

	mu       sync.Mutex
	poll     *types.HttpContext // the GET that waits
	unwatch  func() bool
	released bool // the session's listeners are attached, OPEN may go
	posting  bool
	closing  func() // what the engine waits for until the next GET takes CLOSE
}

func newPolling(rq *request, ctx *types.HttpContext) *polling {
	p := &polling{Transport: transports.MakeTransport()}
	p.Prototype(p)
	p.Construct(ctx)
	rq.session = newSession(rq)
	p.session = rq.session
	p.session.out.setSink(p)
	p.SetWritable(true)
	return p
}

func (p *polling) of() *session { return p.session }
func (p *polling) Name() string { return transports.POLLING }

// OnRequest takes one HTTP request of the session.
func (p *polling) OnRequest(ctx *types.HttpContext) {
	switch {
	case ctx.Method() == http.MethodGet:
		p.onPoll(ctx)
	case ctx.Method() == http.MethodPost && p.ReadyState() == "open":
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
	if p.closing != nil {
		fn := p.closing
		p.closing = nil
		p.mu.Unlock()
		p.answer(ctx, newFrame(opText, []byte{'1'}).appendPolled(p.session.out.takePolled(batchSize)))
		fn()
		return
	}
	if p.ReadyState() != "open" {
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
	p.mu.Unlock()
	body := p.session.out.takePolled(int(p.session.server.opts.MaxPayload))
	if len(body) == 0 { // aborted meanwhile
		body = []byte{'6'}
	}
	// Answering may wait for the client, which the caller must not.
	p.session.server.tasks.start(func() {
		p.answer(ctx, body)
		if more, _ := p.session.out.done(); more {
			p.session.out.idle()
			kick(p.session.out.wake())
		}
	})
}

func (p *polling) answer(ctx *types.HttpContext, body []byte) {
	if g, ok := ctx.Response().(*gate); ok {
		g.writeBefore(time.Now().Add(p.session.server.opts.StallTimeout))
	}
	ctx.ResponseHeaders.Set("Content-Type", "text/plain; charset=UTF-8")
	ctx.ResponseHeaders.Set("Cache-Control", "no-store")
	ctx.SetStatusCode(http.StatusOK)
	n, _ := ctx.Write(body)
	p.session.wrote(n)
}

// answerPending answers the waiting GET with one bare packet.
func (p *polling) answerPending(kind byte) bool {
	ctx := p.claim(nil)
	if ctx == nil {
		return false
	}
	p.session.server.tasks.start(func() { p.answer(ctx, []byte{kind}) })
	return true
}

func (p *polling) onPost(ctx *types.HttpContext) {
	p.mu.Lock()
	overlap := p.posting
	p.posting = true
	p.mu.Unlock()
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
			p.answerPending('6')
			p.session.out.abort()
			p.OnClose()
			break
		}
		p.session.deliver(p, p.decode(raw))
		if p.session.broken.Load() {
			answerBad(ctx)
			return
		}
	}
	ctx.ResponseHeaders.Set("Content-Type", "text/html")
	ctx.ResponseHeaders.Set("Cache-Control", "no-store")
	ctx.SetStatusCode(http.StatusOK)
	_, _ = io.WriteString(ctx, "ok")
}

// readBody reads at most MaxPayload bytes and answers what it refuses.
func (p *polling) readBody(ctx *types.HttpContext) ([]byte, error) {
	opts := p.session.server.opts
	if g, ok := ctx.Response().(*gate); ok {
		g.readBefore(time.Now().Add(opts.StallTimeout))
		defer g.readBefore(time.Time{})
	}
	body, err := io.ReadAll(http.MaxBytesReader(ctx.Response(), ctx.Request().Body, opts.MaxPayload))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		ctx.SetStatusCode(http.StatusRequestEntityTooLarge)
		_, _ = io.WriteString(ctx, "payload too large")
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
			_ = p.session.write(f) // a full queue has cut the client already
		}
	}
	p.Emit("drain")
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
	told := p.answerPending('1')
	switch {
	case fn == nil:
		p.session.out.abort()
	case told || p.Discarded() || p.session.broken.Load() || p.session.cutting.Load():
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
	ctx.ResponseHeaders.Set("Content-Type", "application/json")
	ctx.SetStatusCode(http.StatusBadRequest)
	_, _ = io.WriteString(ctx, `{"code":3,"message":"Bad request"}`)
}
