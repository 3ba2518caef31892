package stream

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/follow"
	"spinscope/backend/market"
	"spinscope/backend/plain"
	"spinscope/backend/socketio"
	"spinscope/backend/wire"
)

// errStopped is returned to requests that wait for the broadcaster when it ends.
var errStopped = errors.New("the server is stopping")

// Options configure a Stream. Store and Commits must be set; for numbers, zero takes the default of docs/protocol.md.
type Options struct {
	Store            Store
	Commits          *follow.Follower
	Alerts           Alerts                             // nil: none are stored
	Coins            Coins                              // nil: none are followed by their own addresses
	Rank             Rank                               // nil: rankings are refused
	Intervals        []market.Interval                  // served, shortest first; nil is all
	HistoryDefault   int                                // candles of a subscription's history, and of a request without limit: 100
	HistoryMax       int                                // candles of the largest answer: 5000
	MaxSubscriptions int                                // per client, over all kinds: 50
	BatchSize        int                                // updates that wait at most: 100
	BatchTimeout     time.Duration                      // how long an update waits at most: 50 ms
	Patience         time.Duration                      // how long a client may know a later commit than the store, as another node's, before it is told of a gap; 0: not at all
	Authorize        func(token string) bool            // decides on auth.token; nil lets everybody in
	Queued           func(upTo market.Seq, pushed bool) // told after each flush; pushed: it held something. Must not block; may be nil
	Now              func() time.Time                   // nil is time.Now
	Logger           *slog.Logger                       // nil is silent
}

// Stream serves the two namespaces. It is a follow.Sink.
type Stream struct {
	store            Store
	alerts           Alerts
	commits          *follow.Follower
	rank             Rank
	broadcaster      *broadcaster
	desk             *desk
	counts           *counters
	intervals        []market.Interval
	historyDefault   int
	historyMax       int
	maxSubscriptions int
	patience         time.Duration
	authorize        func(token string) bool
	now              func() time.Time
	log              *slog.Logger
	ctx              context.Context // ends with Run; requests have none of their own
	stop             context.CancelFunc
	jobs             sync.WaitGroup // clients that are set aside
	reading          chan struct{}  // bounds who reads the store for clients that are behind
	failed           chan error     // the store's, while a client was set aside
	alertSeq         atomic.Uint64  // commit of the newest alert that was pushed
}

// New makes a stream of the commits after the follower's cursor. Run must be called.
func New(options Options) *Stream {
	log := options.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	st := &Stream{
		store:            options.Store,
		alerts:           options.Alerts,
		rank:             options.Rank,
		desk:             newDesk(options.Coins),
		commits:          options.Commits,
		counts:           newCounters(),
		intervals:        options.Intervals,
		historyDefault:   orDefault(options.HistoryDefault, 100),
		historyMax:       orDefault(options.HistoryMax, 5000),
		maxSubscriptions: orDefault(options.MaxSubscriptions, 50),
		patience:         options.Patience,
		authorize:        options.Authorize,
		now:              options.Now,
		log:              log.With("component", "stream"),
		reading:          make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		failed:           make(chan error, 1),
	}
	if st.intervals == nil {
		st.intervals = market.AllIntervals()
	}

	if st.now == nil {
		st.now = time.Now
	}
	st.historyDefault = min(st.historyDefault, st.historyMax)
	st.counts.since = st.now()
	st.ctx, st.stop = context.WithCancel(context.Background())
	seq := st.commits.Cursor()
	st.broadcaster = &broadcaster{
		window:   orDefault(options.BatchTimeout, 50*time.Millisecond),
		limit:    orDefault(options.BatchSize, 100),
		log:      st.log,
		now:      st.now,
		pairOf:   st.store.Pair,
		counts:   st.counts,
		kick:     make(chan struct{}, 1),
		done:     make(chan struct{}),
		topics:   make(map[key]*topic),
		filtered: make(map[key][]*topic),
		derive:   newDeriver(st.store, st.intervals, st.fail),
		sessions: make(map[*session]struct{}),
		apart:    make(map[*subscription]struct{}),
		late:     make(map[*waiter]struct{}),
		absorbed: seq,
		flushed:  seq,
		queued:   options.Queued,
	}
	if st.broadcaster.queued == nil {
		st.broadcaster.queued = func(market.Seq, bool) {}
	}

	return st
}

// fail ends Run with an error of the store, unless another one has done so.
func (st *Stream) fail(err error) {
	select {
	case st.failed <- err:
	default:
	}
}

func orDefault[T int | time.Duration](value, fallback T) T {
	if value <= 0 {
		return fallback
	}
	return value
}

// Mount puts the namespaces on the server, which must not serve yet. "/" accepts connections and does nothing.
func (st *Stream) Mount(server *socketio.Server) {
	server.Namespace("/", socketio.Handler{Connect: func(c *socketio.Conn, auth map[string]any) error {
		if err := st.admit(auth, c.Authorization()); err != nil {
			return unauthorized(err)
		}
		return nil
	}})
	all := spaces()
	for _, space := range all[:plainSpace] {
		namespace := server.Namespace(space.name, socketio.Handler{
			Connect: func(c *socketio.Conn, auth map[string]any) error {
				if err := st.open(space, c, auth); err != nil {
					return unauthorized(err)
				}
				return nil
			},
			Event:      func(c *socketio.Conn, name string, args []any, ack func(any)) { st.event(c, name, args, ack) },
			Limited:    func(c *socketio.Conn, ack func(any)) { st.limited(c, ack) },
			Disconnect: func(c *socketio.Conn, reason string) { st.gone(c, reason) },
		})
		st.broadcaster.casters[space.index] = namespace
	}
}

// MountPlain puts the same on a server for clients without Socket.IO, which must not serve yet.
func (st *Stream) MountPlain(server *plain.Server) {
	space := spaces()[plainSpace]
	server.Handle(plain.Handler{
		Connect:    func(c *plain.Conn, auth map[string]any) error { return st.open(space, c, auth) },
		Refusal:    func(err error) any { return wire.StreamError{Code: wire.CodeUnauthorized, Message: err.Error()} },
		Malformed:  func(c *plain.Conn, err error) { st.refuse(c, invalid("%v", err), nil) },
		Event:      func(c *plain.Conn, name string, data any, ack func(any)) { st.event(c, name, []any{data}, ack) },
		Limited:    func(c *plain.Conn, ack func(any)) { st.limited(c, ack) },
		Disconnect: func(c *plain.Conn, reason string) { st.gone(c, reason) },
	})
	st.broadcaster.casters[space.index] = server
}

// holder is a connection that keeps its session.
type holder interface {
	peer
	Data() any
	SetData(value any)
}

// What happens to clients, by whichever transport they came.

func (st *Stream) open(space *space, c holder, auth map[string]any) error {
	s, err := st.connect(space, c, auth)
	if err == nil {
		c.SetData(s)
	}
	return err
}

func (st *Stream) event(c holder, name string, args []any, ack func(any)) {
	if s, ok := c.Data().(*session); ok {
		s.request(name, args, ack)
	}
}

func (st *Stream) limited(c holder, ack func(any)) {
	st.refuse(c, &failure{Code: wire.CodeRateLimited, Message: "too many requests: this one was not served; see websocket.max_requests_per_second_per_connection"}, ack)
}

func (st *Stream) refuse(c holder, err error, ack func(any)) {
	if s, ok := c.Data().(*session); ok {
		s.refuse(err, ack)
	}
}

func (st *Stream) gone(c holder, reason string) {
	if s, ok := c.Data().(*session); ok {
		st.disconnect(s, reason)
	}
}

// isGone reports whether an error says that the client has gone.
func isGone(err error) bool {
	return errors.Is(err, socketio.ErrClosed) || errors.Is(err, plain.ErrClosed)
}

// errToken refuses a client.
var errToken = errors.New("missing or wrong token")

// unauthorized is a refusal in the words of Socket.IO.
func unauthorized(err error) error {
	return &socketio.ConnectError{
		Message: "unauthorized: give the server's token as auth.token or in an Authorization header",
		Data:    wire.StreamError{Code: wire.CodeUnauthorized, Message: err.Error()},
	}
}

// admit checks the token: auth.token or, when there is none, the Authorization header of the handshake.
func (st *Stream) admit(auth map[string]any, authorization string) error {
	if st.authorize == nil {
		return nil
	}
	token, ok := auth["token"].(string)
	if !ok || token == "" {
		token = bearer(authorization)
	}
	if st.authorize(token) {
		return nil
	}
	return errToken
}

// bearer is the token of an Authorization header, "" when it holds none.
func bearer(authorization string) string {
	scheme, token, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// connect greets a client.
func (st *Stream) connect(space *space, p peer, auth map[string]any) (*session, error) {
	if err := st.admit(auth, p.Authorization()); err != nil {
		return nil, err
	}
	s := &session{stream: st, space: space, peer: p, subs: make(map[key]*subscription)}
	st.broadcaster.welcome(s)
	st.counts.connections.Add(1)
	s.emitJSON("connection_success", space.greeting(p.ID(), st.store.ID(), st.now().Unix(), market.IntervalNames(st.intervals), func() []string {
		return symbols(st.store.LatestTraded(100))
	}))
	st.log.Info("client connected", "client", p.ID(), "namespace", space.name, "address", p.RemoteAddr())
	return s, nil
}

// disconnect takes a client out of every registry.
func (st *Stream) disconnect(s *session, reason string) {
	st.desk.forget(s)
	st.broadcaster.forget(s)
	st.log.Info("client disconnected", "client", s.peer.ID(), "namespace", s.space.name, "reason", reason)
}

// newest is the query for the last candles, as subscriptions answer it.
func (st *Stream) newest(oldest bool) historyQuery {
	return historyQuery{from: minTime, to: maxTime, limit: st.historyDefault, oldest: oldest}
}
