package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/gorilla/websocket"
	"github.com/zishang520/engine.io/v2/engine"
	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io/v2/socket"
)

// Server is an [http.Handler] that serves Socket.IO.
type Server struct {
	opts    Options
	io      *socket.Server
	engine  *engineServer
	writers *writers
	tasks   *tasks
	counts  counts

	mu         sync.Mutex
	namespaces map[string]*Namespace
	sessions   map[*session]struct{}
	reserved   int // sessions and handshakes under way
	closing    bool
}

// counts are the totals behind [Stats].
type counts struct {
	opened, refused, in, out, bytesIn, bytesOut, broadcasts, dropped,
	slow, limited, malformed, panics, ghosts atomic.Int64
}

// New makes a server. The namespace "/" accepts clients and does nothing until
// [Server.Namespace] says otherwise.
func New(opts Options) *Server {
	s := &Server{
		opts:       opts.withDefaults(),
		tasks:      &tasks{},
		namespaces: map[string]*Namespace{},
		sessions:   map[*session]struct{}{},
	}
	s.writers = newWriters(s.tasks)

	o := socket.DefaultServerOptions()
	o.SetPath(strings.TrimSuffix(s.opts.Path, "/"))
	o.SetServeClient(false)
	o.SetPingInterval(s.opts.PingInterval)
	o.SetPingTimeout(s.opts.PingTimeout)
	o.SetMaxHttpBufferSize(s.opts.MaxPayload)
	o.SetConnectTimeout(s.opts.connectTimeout)
	o.SetTransports(types.NewSet("polling", "websocket"))
	o.SetParser(guard{})
	o.SetAdapter(adapterBuilder{})
	s.io = socket.NewServer(nil, o)
	s.engine = newEngine(s, o)
	s.io.Bind(s.engine)

	// After the library's own listener: whoever is told here may send at once.
	_ = s.io.Engine().On("connection", s.opened)
	s.Namespace("/", Handler{})
	return s
}

// Namespace adds a namespace, or gives the one of that name another handler. It
// is to be called before serving.
func (s *Server) Namespace(name string, h Handler) *Namespace {
	name = "/" + strings.TrimLeft(name, "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[name]
	if n == nil {
		n = &Namespace{server: s, name: name, rooms: newRooms(), nsp: s.io.Of(name, nil)}
		n.nsp.Use(n.admit)
		_ = n.nsp.On("connection", n.joined)
		s.namespaces[name] = n
	}
	n.handler.Store(&h)
	return n
}

// ServeHTTP serves every request under the path, upgrades included.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recovered("request")
	if !strings.HasPrefix(r.URL.Path+"/", s.opts.Path) {
		refuse(w, &RequestError{http.StatusNotFound, 0, "not found"})
		return
	}

	rq, err := s.begin(r)
	if err != nil {
		s.counts.refused.Add(1)
		refuse(w, err)
		return
	}

	defer s.finish(rq)
	g := newDetachableWriter(w)
	defer g.detach()

	r = r.WithContext(context.WithValue(r.Context(), requestKey{}, rq))
	s.engine.ServeHTTP(g, r)
	if rq.socket != nil {
		s.tasks.start(rq.socket.read)
	}
}

// errVersion refuses clients of Engine.IO 3 and older.
var errVersion = &RequestError{
	http.StatusBadRequest, 5,
	"unsupported protocol version: this is Socket.IO protocol 5 (Engine.IO 4), spoken by socket.io-client 3 and 4 and python-socketio 5",
}

// begin decides whether a request may reach the engine.
func (s *Server) begin(r *http.Request) (*request, error) {
	if s.opts.Allow != nil {
		if err := s.opts.Allow(r); err != nil {
			return nil, err
		}
	}

	rq := &request{server: s, userAgent: strings.Clone(r.UserAgent())}
	if credentials := r.Header.Values("Authorization"); len(credentials) == 1 {
		rq.authorization = strings.Clone(credentials[0])
	}
	query := r.URL.Query()
	sid := query.Get("sid")
	rq.fresh = sid == ""
	if version := query.Get("EIO"); rq.fresh && version != "4" {
		// The library would accept the WebSocket of an older client first, which then never learns why it ends.
		return nil, s.turnAway(r, errVersion)
	}

	if rq.fresh {
		return rq, s.turnAway(r, s.Reserve())
	}
	if conn, ok := s.io.Engine().Clients().Load(sid); ok {
		rq.session, _ = sessionOf(conn)
	}

	if rq.session != nil && websocket.IsWebSocketUpgrade(r) {
		// The library does not expect two offers at once.
		if !rq.session.upgrade.TryLock() {
			return nil, &RequestError{http.StatusBadRequest, 3, "upgrade already under way"}
		}
		rq.offering = true
	}

	return rq, nil
}

// turnAway logs err, if there is one: many clients show only that they could not connect.
func (s *Server) turnAway(r *http.Request, err error) error {
	if err != nil {
		s.opts.Logger.Info("client refused", "component", "socketio", "client", r.RemoteAddr, "err", err)
	}
	return err
}

func (s *Server) finish(rq *request) {
	if rq.offering {
		rq.session.upgrade.Unlock()
	}
	if rq.fresh && !rq.bound {
		s.Release()
	}
}

// errStopping refuses requests once the server closes.
var errStopping = &RequestError{http.StatusServiceUnavailable, 3, "server is shutting down"}

// Reserve takes one of the places of [Options.MaxConnections], also for a connection that somebody else serves; Release gives it
// back. The error says why there is none.
func (s *Server) Reserve() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return errStopping
	}
	if s.reserved >= s.opts.MaxConnections {
		return &RequestError{
			http.StatusServiceUnavailable, 3,
			fmt.Sprintf("too many connections, the limit is %d", s.opts.MaxConnections),
		}
	}
	s.reserved++
	return nil
}

// Release gives back a place that Reserve took.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved--
}

// opened is the engine's "connection" event.
func (s *Server) opened(args ...any) {
	conn, ok := args[0].(engine.Socket)
	if !ok {
		return
	}

	defer s.recovered("connection")
	ses, ok := sessionOf(conn)
	if !ok {
		conn.Close(true)
		return
	}

	s.mu.Lock()
	s.sessions[ses] = struct{}{}
	s.tasks.add() // Close waits for the session
	closing := s.closing
	s.mu.Unlock()
	s.counts.opened.Add(1)
	ses.bind()
	if p, ok := conn.Transport().(*polling); ok {
		p.release()
	}
	if closing {
		ses.stop()
	}
}

// forget drops a session that has ended.
func (s *Server) forget(ses *session) {
	s.counts.dropped.Add(ses.out.drops())
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.sessions[ses]; known {
		delete(s.sessions, ses)
		s.reserved--
		s.tasks.end()
	}
}

func refuse(w http.ResponseWriter, err error) {
	refusal := &RequestError{http.StatusForbidden, 4, err.Error()}
	_ = errors.As(err, &refusal)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(refusal.Status)
	_ = json.NewEncoder(w).Encode(map[string]any{"code": refusal.Code, "message": refusal.Message})
}
