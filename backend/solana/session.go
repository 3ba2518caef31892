package solana

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
)

// errPreferred is returned when a preferred endpoint answers again.
var errPreferred = errors.New("a preferred endpoint is back")

// session is one connection to one endpoint: a socket, the clock's polling, and the reading of history beside them.
type session struct {
	*run
	rpc      *rpcClient
	queue    *queue
	history  *history
	finds    chan find  // results of a rescan
	down     chan error // ends the session
	feed     *Feed
	scanning bool
	checking atomic.Bool // a recheck runs
	lost     atomic.Bool // the socket ended, and nobody has asked since whether the chain is still the same
	endpoint Endpoint
	group    *sync.WaitGroup
	held     []market.Transaction // live ones that wait for their block time, in order of arrival
	behind   bool                 // the log has told of a lag
	since    time.Time            // when history was read and the held ones were first looked at
}

// connect runs one session; it returns when the connection is of no more use, and never nil. live is called when the
// session has caught up.
func (r *run) connect(ctx context.Context, index int, feed *Feed, live func()) error {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait() // after the cancel below
	defer cancel()

	endpoint := r.config.Endpoints[index]
	rpc := newRPC(endpoint, r.config.MaxRequestsPerSecond, r.config.ReconnectInterval)
	defer rpc.close()
	rpc.told = r.figures.answered(index)
	rpc.limited = func(pause time.Duration) {
		r.board.fail(fmt.Errorf("%s: %w, pausing %v", endpoint, errLimited, pause.Round(time.Millisecond)), true)
		r.logger.Debug("rate limited", "endpoint", endpoint, "pause", pause)
	}
	if err := r.admit(ctx, rpc, endpoint); err != nil {
		return err
	}
	r.clock.reset()
	s := &session{
		run: r, endpoint: endpoint, rpc: rpc, queue: newQueue(r.config.buffered), finds: make(chan find), down: make(chan error, 4), feed: feed, group: &group,
		history: &history{
			rpc: rpc, program: r.config.Program, commitment: r.config.readable(), failed: r.config.IncludeFailed,
			ledger: r.ledger, clock: r.clock, orders: r.orders, logger: r.logger, workers: workers,
		},
	}
	if r.config.MaxRequestsPerSecond > 0 {
		s.history.workers = 1 // so that the clock's questions do not queue behind many batches
	}
	socket, err := dial(ctx, endpoint, socketOptions{
		program: r.config.Program, commitment: r.config.Commitment, silence: r.config.SilenceTimeout,
		queue: s.queue, logger: r.logger, onSlot: r.clock.announced,
	})
	if err != nil {
		r.figures.failed(index, err)
		return err
	}
	group.Go(func() {
		err := socket.run(ctx, r.config.PingInterval)
		s.lost.Store(true)
		r.board.change(func(s *Status) { s.Garbage += socket.unread.Load() })
		err = fmt.Errorf("socket to %s: %w", Redact(endpoint.WS), err)
		if ctx.Err() == nil {
			r.board.fail(err, false) // while history is read the session goes on
		}
		s.down <- err
	})
	group.Go(func() {
		s.down <- r.clock.run(ctx, rpc, r.config.Commitment, r.config.SilenceTimeout, func(err error) {
			r.board.fail(err, false)
			if _, refused := errors.AsType[*rpcError](err); refused { // other failures were counted with their request
				r.figures.failed(index, err)
			}
		})
	})
	if index > 0 {
		group.Go(func() {
			if r.probe(ctx, index) == nil {
				s.down <- errPreferred
			}
		})
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	live()
	return s.live(ctx)
}

// probe returns nil when an endpoint before index works from request to announced slot, else only when ctx ends.
func (r *run) probe(ctx context.Context, index int) error {
	for {
		if err := sleep(ctx, jitter(3*r.config.ReconnectInterval)); err != nil {
			return err
		}
		for i, endpoint := range r.config.Endpoints[:index] {
			err := r.try(ctx, i)
			if err == nil {
				return nil
			}
			r.logger.Debug("preferred endpoint still down", "endpoint", endpoint, "err", err)
		}
	}
}

// try tells whether an endpoint is fit for use.
func (r *run) try(ctx context.Context, index int) (err error) {
	endpoint := r.config.Endpoints[index]
	var slot market.Slot
	outer := ctx
	defer func() {
		if !errors.Is(outer.Err(), context.Canceled) { // else it was not the endpoint that ended it
			r.figures.tried(index, slot, err)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, 2*r.config.SilenceTimeout)
	defer cancel()
	rpc := newRPC(endpoint, 0, r.config.ReconnectInterval)
	defer rpc.close()
	rpc.told = r.figures.answered(index)
	one := slotCall(r.config.Commitment, &slot)
	if err := rpc.do(ctx, 1, one); err != nil {
		return err
	}
	if one.err != nil {
		return one.err
	}
	if here := r.clock.slot(); slot+mostLag < here {
		return fmt.Errorf("%w: %d slots behind", errStuck, here-slot)
	}
	announced := make(chan struct{}, 1)
	socket, err := dial(ctx, endpoint, socketOptions{
		program: r.config.Program, commitment: r.config.Commitment, silence: r.config.SilenceTimeout,
		queue: newQueue(r.config.buffered), logger: r.logger, onSlot: func(market.Slot) { token(announced) },
	})
	if err != nil {
		r.figures.failed(index, err)
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
