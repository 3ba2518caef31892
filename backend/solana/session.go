package solana

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wake"
)

// errPreferred is returned when a preferred endpoint answers again.
var errPreferred = errors.New("a preferred endpoint is back")

// link is one connection to one endpoint, which all addresses share: a socket, the clock's polling, and the client
// that history is read with. Safe for concurrent use.
type link struct {
	endpoint Endpoint
	index    int // of endpoint
	rpc      *rpcClient
	tip      *tip
	second   *second
	socket   *socket
	group    *sync.WaitGroup
	lost     atomic.Bool  // the socket ended, and nobody has asked since whether the chain is still the same
	lagging  atomic.Int64 // addresses that are behind: the log tells of the first, and when there is none any more
	crowd    crowd

	down chan struct{} // closed when the connection is of no more use
	once sync.Once
	err  error // why; to be read when down is closed
}

// fail ends the connection. The first reason counts.
func (l *link) fail(err error) {
	l.once.Do(func() {
		l.err = err
		close(l.down)
	})
}

// session is the reading of one address over one connection.
type session struct {
	*run
	*link
	queue    *queue
	history  *history
	ticks    <-chan struct{} // one token when the clock has something new that is the session's own affair
	working  sync.Mutex      // held but for the waiting of live; who holds it meanwhile tells how far the address has come
	finds    chan find       // results of a rescan
	scanning bool
	checking atomic.Bool                 // a recheck runs
	repairs  map[market.Signature]bool   // held ones whose self-calls are asked for
	held     []market.Transaction        // live ones that wait for their block time, in order of arrival
	behind   bool                        // it is among link.lagging
	since    time.Time                   // when history was read and the held ones were first looked at
	moves    func(from market.Slot) bool // reports whether the socket announced slots above from
	up       func()                      // to be called when the connection counts as live; nil once it was
	scanned  time.Time                   // when the last rescan began, and at which slot
	scanSlot market.Slot
	lists    bool        // nothing comes live: the subscription is refused
	depth    market.Slot // slots that the node still has behind finalized; 0: all, or not known
}

// connect reads over one connection; it returns when that is of no more use, and never nil. live is called when the program
// has caught up; after a chain that stood still, when it moves again.
func (c *shared) connect(ctx context.Context, index int, first *run, live func()) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait() // after the cancel below
	defer cancel()

	endpoint := c.config.Endpoints[index]
	rpc := newRPC(endpoint, c.config.MaxRequestsPerSecond, c.config.ReconnectInterval)
	defer rpc.close()

	c.heed(rpc, index)
	if err := c.admit(ctx, rpc, endpoint); err != nil {
		return err
	}

	c.clock.reset()
	l := &link{
		endpoint: endpoint, index: index, rpc: rpc, tip: newTip(rpc, c.config.readable()),
		group: &group, down: make(chan struct{}), crowd: crowd{again: make(chan struct{}, 1)},
	}
	l.second = c.openSecond(ctx, l)
	queue := newQueue(c.config.buffered)
	socket, err := dial(ctx, endpoint, socketOptions{
		program: c.config.Program, commitment: c.config.Commitment, silence: c.config.SilenceTimeout,
		queue: queue, logger: c.logger, onSlot: c.clock.announced, arrivals: &c.arrivals,
	})
	if err != nil {
		c.stats.failed(index, err)
		return err
	}

	l.socket = socket
	c.link.Store(l)
	defer c.link.Store(nil)

	c.watch(ctx, l)
	l.group.Go(func() { c.follow(ctx, l) })
	l.group.Go(func() { c.tellProgress(ctx, l) })

	reading, stop := context.WithCancel(ctx)
	defer stop()

	l.group.Go(func() { c.stopFor(reading, l, stop) })
	err = first.read(reading, l, queue, live)
	if reading.Err() != nil && ctx.Err() == nil {
		return l.err // down is closed
	}
	return err
}

// stopFor ends the reading of the program's history soon after the connection was lost, if others wait for the next one: it
// goes on from where it was. While none is followed it goes on over a lost socket.
func (c *shared) stopFor(ctx context.Context, l *link, stop context.CancelFunc) {
	select {
	case <-l.down:
	case <-ctx.Done():
		return
	}
	if sleep(ctx, c.config.SilenceTimeout) == nil && len(c.feed.Addresses()) > 1 {
		stop()
	}
}

// watch starts what finds out that a connection is of no more use.
func (c *shared) watch(ctx context.Context, l *link) {
	l.group.Go(func() {
		err := l.socket.run(ctx, c.config.PingInterval)
		l.lost.Store(true)
		c.connection.change(func(s *Status) { s.Garbage += l.socket.unread.Load() })
		err = fmt.Errorf("socket to %s: %w", Redact(l.endpoint.WS), err)
		if ctx.Err() == nil {
			c.connection.fail(err, false) // while history is read the session goes on
		}
		l.fail(err)
	})
	l.group.Go(func() {
		l.fail(c.clock.run(ctx, l.rpc, c.config.Commitment, c.config.SilenceTimeout, func(err error) {
			c.connection.fail(err, false)
			if _, refused := errors.AsType[*rpcError](err); refused { // other failures were counted with their request
				c.stats.failed(l.index, err)
			}
		}))
	})
	if l.index > 0 {
		l.group.Go(func() {
			if c.probe(ctx, l.index) == nil {
				l.fail(errPreferred)
			}
		})
	}
}

// read reads the address over a connection, whose live transactions come in the queue, until that is of no more use.
func (r *run) read(ctx context.Context, l *link, queue *queue, live func()) error {
	s := &session{
		run: r, link: l, queue: queue, finds: make(chan find), repairs: map[market.Signature]bool{},
		history: r.newHistory(l.rpc), up: live, moves: l.socket.moves,
	}
	s.history.other = l.second

	if err := s.catchUp(ctx); err != nil {
		return err
	}
	s.rise()
	return s.live(ctx)
}

// rise calls the connection live, unless nothing shows that a chain that stood still has moved: to connect to it again
// and again is no change that anybody should be told of.
func (s *session) rise() {
	if still := market.Slot(s.still.Load()); s.up != nil && (still == 0 || s.moves(still)) {
		s.up()
		s.up = nil
	}
}

// heed lets a client keep to what its endpoint was found to allow, and tell how it does.
func (c *shared) heed(rpc *rpcClient, index int) {
	endpoint, spell, answered := c.config.Endpoints[index], c.spells[index], c.stats.answered(index)
	rpc.batch = c.batches[index]
	rpc.refused = func(calls int, err error) {
		c.logger.Info("a batch was refused, asking for fewer calls at once", "endpoint", endpoint, "refused", calls, "calls", rpc.batch.now(), "err", err)
	}
	rpc.limited = func(pause time.Duration, err error) {
		spell.limited(pause, err)
		c.connection.change(func(s *Status) { s.Limits++ })
		c.connection.fail(fmt.Errorf("%s: %w, pausing %v", endpoint, err, pause.Round(time.Millisecond)), true)
	}
	rpc.answered = func(method string, took time.Duration, err error) {
		answered(method, took, err)
		if err == nil {
			spell.answered()
		}
	}
}

// newHistory reads history from one endpoint.
func (r *run) newHistory(rpc *rpcClient) *history {
	h := &history{
		rpc: rpc, run: r, address: r.address, commitment: r.config.readable(), failed: r.config.IncludeFailed, selfCalls: r.config.SelfCalls,
		ledger: r.ledger, clock: r.clock, orders: r.orders, logger: r.logger, workers: workers,
	}
	if r.config.MaxRequestsPerSecond > 0 {
		h.workers = 1 // so that the clock's questions do not queue behind many batches
	}
	return h
}

// source reads history from one of the endpoints: the one in use, or another that serves the same chain.
func (s *session) source(ctx context.Context, index int) (h *history, closing func(), err error) {
	if index == s.index {
		return s.history, func() {}, nil
	}
	rpc, err := s.open(ctx, index)
	if err != nil {
		return nil, nil, err
	}
	return s.newHistory(rpc), rpc.close, nil
}

// open makes a client of an endpoint that serves the chain that is read.
func (c *shared) open(ctx context.Context, index int) (*rpcClient, error) {
	endpoint := c.config.Endpoints[index]
	rpc := newRPC(endpoint, c.config.MaxRequestsPerSecond, c.config.ReconnectInterval)
	c.heed(rpc, index)
	if err := c.admit(ctx, rpc, endpoint); err != nil {
		rpc.close()
		return nil, err
	}
	return rpc, nil
}

// probe returns nil when an endpoint before index works from request to announced slot, else only when ctx ends.
func (c *shared) probe(ctx context.Context, index int) error {
	for {
		if err := sleep(ctx, jitter(3*c.config.ReconnectInterval)); err != nil {
			return err
		}
		for i, endpoint := range c.config.Endpoints[:index] {
			err := c.try(ctx, i)
			if err == nil {
				return nil
			}
			c.logger.Debug("preferred endpoint still down", "endpoint", endpoint, "err", err)
		}
	}
}

// try reports whether an endpoint is fit for use.
func (c *shared) try(ctx context.Context, index int) (err error) {
	endpoint := c.config.Endpoints[index]
	var slot market.Slot
	outer := ctx
	defer func() {
		if !errors.Is(outer.Err(), context.Canceled) { // else it was not the endpoint that ended it
			c.stats.tried(index, slot, err)
		}
	}()

	ctx, cancel := context.WithTimeout(ctx, 2*c.config.SilenceTimeout)
	defer cancel()

	rpc := newRPC(endpoint, 0, c.config.ReconnectInterval)
	defer rpc.close()

	rpc.answered = c.stats.answered(index)
	one := slotCall(c.config.Commitment, &slot)
	if err := rpc.do(ctx, 1, one); err != nil {
		return err
	}
	if one.err != nil {
		return one.err
	}
	if here := c.clock.slot(); slot+maxLag < here {
		return fmt.Errorf("%w: %d slots behind", errStuck, here-slot)
	}

	announced := make(chan struct{}, 1)
	socket, err := dial(ctx, endpoint, socketOptions{
		program: c.config.Program, commitment: c.config.Commitment, silence: c.config.SilenceTimeout,
		queue: newQueue(c.config.buffered), logger: c.logger, onSlot: func(market.Slot) { wake.Up(announced) },
	})
	if err != nil {
		c.stats.failed(index, err)
		return err
	}

	defer socket.conn.CloseNow() //nolint:errcheck // only tried
	for len(announced) == 0 {
		if err := socket.read(ctx); err != nil {
			return err
		}
	}

	return nil
}
