package socketio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/gorilla/websocket"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

// engineServer is the library's Engine.IO server with sockets of this package. The library judges the requests and keeps
// the list; its own sockets take ten kilobytes of a client that says nothing.
type engineServer struct {
	engine.Server
	server *Server
	count  atomic.Uint64
	bare   *types.HttpContext // of no request
}

func newEngine(s *Server, o *socket.ServerOptions) *engineServer {
	e := &engineServer{Server: engine.MakeServer(), server: s}
	e.Prototype(e)
	e.Construct(o)

	e.bare = types.NewHttpContext(newDetachableWriter(nil), &http.Request{Method: http.MethodGet, URL: &url.URL{}})
	e.bare.Flush() // ends its goroutine
	return e
}

// ClientsCount returns how many there are.
func (e *engineServer) ClientsCount() uint64 { return e.count.Load() }

// ServeHTTP serves a request that [Server.begin] has let in.
func (e *engineServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := types.NewHttpContext(w, r)
	rq, ok := requestOf(r.Context())
	if !ok {
		answerBad(ctx)
		return
	}

	upgrade := websocket.IsWebSocketUpgrade(r)
	wrong, _ := e.Verify(ctx, upgrade)
	switch {
	case wrong != nil:
		answerCode(ctx, wrong)
	case upgrade:
		e.upgrade(rq, ctx)
	default:
		e.poll(rq, ctx)
	}

	if !upgrade {
		<-ctx.Done() // the answer has been written
	}
}

// poll takes a request of a polling client.
func (e *engineServer) poll(rq *request, ctx *types.HttpContext) {
	if sid := ctx.Query().Peek("sid"); sid != "" {
		if client, ok := e.Clients().Load(sid); ok {
			client.Transport().OnRequest(ctx)
		} else { // it has gone since it was verified
			answerCode(ctx, engine.UNKNOWN_SID)
		}
		return
	}

	id, err := e.GenerateId(ctx)
	if err != nil { // the system has no random numbers
		answerBad(ctx)
		return
	}
	p := newPolling(rq)
	p.OnRequest(ctx)
	e.handshake(rq, p, id, ctx.Request().RemoteAddr)
}

// upgrade makes a WebSocket of a request, for a new session or as an offer to one that polls.
func (e *engineServer) upgrade(rq *request, ctx *types.HttpContext) {
	id, err := e.GenerateId(ctx)
	if err != nil {
		answerBad(ctx)
		return
	}
	up := websocket.Upgrader{
		CheckOrigin: func(*http.Request) bool { return true }, // Options.Allow has
		Error:       func(http.ResponseWriter, *http.Request, int, error) {},
	}
	ws, err := up.Upgrade(ctx.Response(), ctx.Request(), nil)
	if err != nil {
		answerBad(ctx)
		return
	}

	nc := ws.NetConn()
	if ctx.Query().Peek("transport") != transports.WEBSOCKET {
		_ = nc.Close()
		return
	}
	sid := ctx.Query().Peek("sid")
	if sid == "" {
		rq.socket = newWebSocket(rq, nc)
		e.handshake(rq, rq.socket, id, nc.RemoteAddr().String())
		return
	}

	client, ok := e.Clients().Load(sid)
	if !ok || rq.session == nil || client.Upgrading() || client.Upgraded() {
		_ = nc.Close()
		return
	}
	rq.socket = newWebSocket(rq, nc)
	client.MaybeUpgrade(rq.socket)
}

// handshake begins the session of a transport.
func (e *engineServer) handshake(rq *request, t transports.Transport, id, remote string) {
	conn := newEngineSocket(e, rq.session, id, remote)
	rq.session.conn = conn
	conn.open(t)
	e.Clients().Store(id, conn)
	e.count.Add(1)
	_ = conn.Once("close", func(...any) {
		e.Clients().Delete(id)
		e.count.Add(^uint64(0))
	})
	rq.bound = true
	e.Emit("connection", conn)
}

// answerCode answers what the library found wrong with a request.
func answerCode(ctx *types.HttpContext, wrong *types.CodeMessage) {
	body, _ := json.Marshal(types.CodeMessage{Code: wrong.Code, Message: wrong.Message})
	answerFailure(ctx, http.StatusBadRequest, string(body))
}
