package simnet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/simnet/launchpad"
)

// Net is a simulated cluster. Its methods are safe for concurrent use.
type Net struct {
	cfg     Config
	ready   chan struct{}
	addr    string // the fields up to here are set before ready is closed
	chain   *chain
	scribe  *scribe
	genesis string
	foreign market.Pubkey
	coins   *launchpad.World // nil: there is none; under chain.mu

	tokens  map[string]*token                 // by content identifier; under chain.mu
	kept    map[market.Pubkey]program.Account // of the market's own mints; under chain.mu
	chaos   *chaos
	sockets sockets
	limits  limits
	rate    atomic.Uint64 // bits of a float64
	clients sync.WaitGroup
	stop    context.Context //nolint:containedctx // Run's, for hijacked connections
}

// New makes a cluster; Run starts it.
func New(cfg Config) *Net {
	cfg = cfg.withDefaults()
	n := &Net{cfg: cfg, ready: make(chan struct{}), tokens: map[string]*token{}, kept: map[market.Pubkey]program.Account{}, chaos: newChaos(cfg.Seed, cfg.Faults)}
	n.SetRate(cfg.Rate)
	if cfg.Keep > 0 {
		n.SetNode("", Node{Keep: cfg.Slots(cfg.Keep)})
	}
	return n
}

// Ready is closed when the history exists and the port answers; never if Run fails before that.
func (n *Net) Ready() <-chan struct{} { return n.ready }

// Addr is the host:port that is listened on. It blocks until Ready.
func (n *Net) Addr() string {
	<-n.ready
	return n.addr
}

// RPCURL is the address of the JSON-RPC service. It blocks until Ready.
func (n *Net) RPCURL() string { return "http://" + n.Addr() + "/" }

// WSURL is the address of the PubSub service. It blocks until Ready.
func (n *Net) WSURL() string { return "ws://" + n.Addr() + "/" }

// GatewayURL is an IPFS gateway that serves the tokens' metadata and pictures. It blocks until Ready.
func (n *Net) GatewayURL() string { return "http://" + n.Addr() + "/ipfs/" }

// SetRate changes the transactions per second of chain time, 0 to 10,000; 0 puts the market at rest.
func (n *Net) SetRate(rate float64) { n.rate.Store(math.Float64bits(min(max(0, rate), maxRate))) }

// Rate is the present number of transactions per second of chain time.
func (n *Net) Rate() float64 { return math.Float64frombits(n.rate.Load()) }

// Run opens the port, writes the history and produces slots until ctx ends; then it returns nil. It may be called once.
func (n *Net) Run(ctx context.Context) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", n.cfg.Listen)
	if err != nil {
		return fmt.Errorf("open the cluster's port: %w", err)
	}

	start := n.cfg.Start
	if start.IsZero() {
		start = time.Now()
	}
	producer, err := newProducer(&n.cfg, start, n.keep)
	if err != nil {
		return err
	}

	producer.history(ctx)
	n.chain, n.coins = producer.chain, producer.coins
	n.foreign = producer.world.foreign
	n.scribe = newScribe(n.cfg.Program, n.foreign, producer.router())
	n.genesis = producer.world.key("genesis", 0).String()
	n.addr = listener.Addr().String()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	n.stop = ctx
	server := &http.Server{
		Handler: n, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() {
		served <- server.Serve(listener)
		cancel()
	}()
	close(n.ready)
	n.cfg.Logger.Info("simulated cluster started", "component", "simnet", "addr", n.addr, "slot", n.chain.next())
	n.live(ctx, producer)

	grace, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()

	if server.Shutdown(grace) != nil {
		_ = server.Close() // the listener is closed either way
	}
	err = <-served
	n.CloseSockets()
	n.clients.Wait()
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the cluster: %w", err)
	}

	return nil
}

// live produces slots at their times until ctx ends.
func (n *Net) live(ctx context.Context, p *producer) {
	began := time.Now()
	ticker := time.NewTicker(n.cfg.SlotTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		due := p.chain.live + market.Slot(time.Since(began)/n.cfg.SlotTime)
		for p.chain.next() < due && ctx.Err() == nil {
			n.step(p)
		}
	}
}

// step produces one slot and tells the subscribers.
func (n *Net) step(p *producer) {
	c := p.chain
	c.mu.Lock()
	before := [...]market.Slot{c.next() - 1, c.confirmed, c.finalized}
	ended := p.produce(n.Rate())
	cut := 0
	for _, tx := range c.in(c.at(c.next() - 1)) {
		if tx.chatty {
			cut++
		}
	}

	c.prune()
	var news [3][]*transaction
	for level := processed; level <= finalized; level++ {
		for slot := before[level] + 1; slot <= c.slotAt(level); slot++ {
			if b := c.at(slot); b != nil && !b.skipped {
				news[level] = append(news[level], c.in(b)...)
			}
		}
	}

	announced := slotNews{slot: c.announced, parent: c.processed, root: c.finalized, fresh: c.announced == c.next()}
	c.mu.Unlock()
	n.chaos.count("fork", ended)
	n.chaos.count("truncate", cut)
	n.tell(announced, news)
}
