package ingest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

const (
	maxEvents        = 2400   // events in a commit, about, unless Config says otherwise; Badger takes 12,500 rows at once
	checkpointEvents = 20_000 // open candles become durable after this many events,
	checkpointTime   = 300    // or this many seconds of chain time
	checkpointSlots  = 150    // a checkpoint that has moved so far is worth a commit of its own
	idleTime         = 3600   // a mint without an event for this long, in seconds of chain time, leaves memory

	quickSource = 2 * time.Millisecond // a source that gives the next batch within it is quick
)

// Config tells the writer what to read and keep.
type Config struct {
	Programs      []program.Plug
	PriceDecimals int               // those that prices on chain have; 0: found per event from its own amounts
	Intervals     []market.Interval // whose candles are built; those that are not stored are left out
	Logger        *slog.Logger
	// Coins are those whose events are kept of programs that are not read whole (program.CoinPlug). Nil: none.
	Coins Coins
	// Whole are those of such programs of which all coins are kept, as the source tells of them. Pools, which is needed for them,
	// says what trades where.
	Whole []market.Program
	Pools Pools
	// Horizon gives the block time, Unix seconds, below which history is deleted: such transactions are left out, as they
	// would be counted twice. It is called for each slot. Nil: nothing is deleted.
	Horizon func() int64
	Publish func(*market.Commit) // called after each commit, in order; must not block and not change the commit
	// Addresses says which coins are read by addresses of their own; nil: none, and every batch is the program's.
	Addresses Addresses
	Recheck   func() // asks the source to look at recent slots again; must not block. May be nil
	// CommitEvents is about how many events go into one commit; 0: 2,400.
	CommitEvents int
	// CloseCandles is about how many of the candles that chain time closes go into one commit; 0: 5,000.
	CloseCandles int
}

// Coins says which coins are followed. It is asked by the writer's goroutine, for every event of such a program.
type Coins interface {
	// Follows reports whether events of the coin are kept.
	Follows(coin market.Pubkey) bool

	// At is what trades at an address that events name in the place of their coin (market.Located); false when nothing is
	// known of it.
	At(place market.Pubkey) (market.Place, bool)
}

// Resume is where the store stands when the writer starts.
type Resume struct {
	Seq        market.Seq
	Slot       market.Slot
	ChainTime  int64
	Checkpoint market.Slot
	Replay     market.Position // events after it are not in the durable open candles
}

// Ingest is the single writer. One goroutine at a time may call its methods, Counters excepted.
type Ingest struct {
	log       *slog.Logger
	horizon   func() int64
	maxEvents int // events in a commit, about
	reader    *program.Reader
	programs  []market.Program
	layouts   *layouts

	commits  commits
	places   places
	window   window
	cutLogs  cutLogs
	births   births
	progress progress
	mints    mints
	orders   orders
	prices   prices
	counters counters

	seq    market.Seq
	replay market.Position // events after it are not in the durable open candles
	taken  time.Time       // when the last batch was, by the wall clock

	events  []market.Event        // reused by the reader
	fresh   []*market.Transaction // reused by takeSlot
	missing []market.Event        // of takeSlot, for transactions that are stored in part
}

// New makes a writer over a store that stands at the given place. Call Recover before the first Apply.
func New(cfg Config, store Store, at Resume) *Ingest {
	in := &Ingest{
		log: cfg.Logger, horizon: cfg.Horizon, maxEvents: cmp.Or(max(cfg.CommitEvents, 0), maxEvents),
		reader: program.NewReader(cfg.Programs...),
		seq:    at.Seq, replay: at.Replay,
	}

	in.commits = commits{store: store, publish: cfg.Publish, counters: &in.counters}
	in.window = window{commits: &in.commits}
	in.places = places{coins: cfg.Coins, pools: cfg.Pools, commits: &in.commits, addresses: map[market.Program]market.Pubkey{}, waiting: map[market.Pubkey][]market.Event{}}
	in.cutLogs = cutLogs{commits: &in.commits, log: cfg.Logger}
	in.births = births{commits: &in.commits, addresses: cfg.Addresses, slots: map[market.Pubkey]market.Slot{}}
	in.progress = progress{
		slot: at.Slot, checkpoint: at.Checkpoint, program: clock{time: at.ChainTime},
		addresses: cfg.Addresses, reached: map[market.Pubkey]market.Reached{}, stored: map[market.Pubkey]market.Slot{},
		named: map[market.Pubkey]struct{}{}, moved: map[market.Pubkey]struct{}{}, clocks: map[market.Pubkey]*clock{}, places: &in.places,
	}
	in.progress.holds = func(coin market.Pubkey) bool {
		_, held := in.mints.states[coin]
		_, found, err := store.Token(coin)
		return held || found || err != nil // in doubt its candles may have been closed
	}
	in.mints = mints{
		commits: &in.commits, progress: &in.progress, byCoin: &in.places.byCoin, intervals: slices.Sorted(slices.Values(market.StoredOf(cfg.Intervals))),
		maxClosed: cmp.Or(max(cfg.CloseCandles, 0), maxClosedAtOnce), states: map[market.Pubkey]*mintState{}, checkpointAt: at.ChainTime,
	}
	in.orders = orders{
		commits: &in.commits, changes: map[market.Pubkey]market.OrderChange{}, replays: map[market.Pubkey]market.Pubkey{},
	}
	in.layouts = newLayouts(cfg.Logger)
	in.prices = prices{
		chain: priceChain{recheck: cfg.Recheck}, watched: cfg.Recheck != nil || cfg.Publish != nil,
		counters: &in.counters, log: cfg.Logger,
	}

	if len(cfg.Programs) > 0 {
		in.progress.address = cfg.Programs[0].Address()
	}
	for _, plug := range cfg.Programs {
		in.programs = append(in.programs, plug.ID())
		in.prices.pricers[plug.ID()] = plug.NewPricer(cfg.PriceDecimals)
		_, in.places.byCoin[plug.ID()] = plug.(program.CoinPlug)
		in.places.addresses[plug.ID()] = plug.Address()
		if in.places.byCoin[plug.ID()] && cfg.Pools != nil && slices.Contains(cfg.Whole, plug.ID()) {
			in.places.whole[plug.ID()] = true
			in.progress.whole = append(in.progress.whole, plug.Address())
		}
	}
	return in
}

// Apply reads a batch, commits what is new in it and publishes that, all before it returns. On an error nothing of the
// failed commit is visible, and the writer must not be used again.
func (in *Ingest) Apply(ctx context.Context, batch market.Batch) error {
	return in.apply(ctx, &batch, false)
}

// Take is Apply for a source that has more to give. The last commit may still be under way when it returns, and is
// written while the next batches are read. What is read by then, and what a quick source gives, is gathered for one
// commit of CommitEvents about; Flush commits what is left. An error of a commit is returned by the next call of any
// method.
func (in *Ingest) Take(ctx context.Context, batch market.Batch) error {
	return in.apply(ctx, &batch, true)
}

// Flush commits what Take gathered and waits until everything is committed and published.
func (in *Ingest) Flush() error { return in.commit(false) }

// Close makes the open candles durable, so that the next start has nothing to fold again.
func (in *Ingest) Close() error {
	if err := in.Flush(); err != nil {
		return err
	}
	in.mints.checkpoint(true)
	return in.write(false)
}

func (in *Ingest) apply(ctx context.Context, batch *market.Batch, ahead bool) error {
	quick := time.Since(in.taken) < quickSource
	defer func() { in.taken = time.Now() }()

	ofProgram := in.progress.ofProgram(batch)
	if !ofProgram {
		for _, coin := range in.progress.meet(batch) {
			in.mints.adopt(coin)
		}
	}

	if err := in.resolve(); err != nil {
		return err
	}
	for slot := range slots(batch.Transactions) {
		if err := in.takeSlot(slot); err != nil {
			return err
		}
		if err := in.commitFull(ctx); err != nil {
			return err
		}
	}

	for _, signature := range batch.RolledBack {
		if err := in.rollBack(signature); err != nil {
			return err
		}
		if err := in.commitFull(ctx); err != nil {
			return err
		}
	}

	if err := in.moveDisplaced(); err != nil {
		return err
	}
	in.note(batch, ofProgram)

	if ahead && len(in.commits.next.events) < in.maxEvents && (quick || in.commits.busy()) {
		return nil
	}
	return in.commit(ahead)
}

// note takes in the gaps of a batch and how far it was read.
func (in *Ingest) note(batch *market.Batch, ofProgram bool) {
	next, p := &in.commits.next, &in.progress
	next.gaps = append(next.gaps, batch.Gaps...)
	p.slot = max(p.slot, batch.Slot)
	if in.prices.chain.ask(p.slot, max(p.program.time, batch.ChainTime)) {
		in.counters.rechecks.Add(1)
	}

	// Moving the checkpoint alone is not worth a commit each time: what is not recorded is only read again.
	if !ofProgram {
		next.force = p.note(batch) || next.force
		return
	}
	if batch.Checkpoint > p.checkpoint {
		next.force = next.force || batch.Checkpoint >= p.checkpoint+checkpointSlots
		next.checkpoint = batch.Checkpoint
	}
	next.chainTime = max(next.chainTime, batch.ChainTime)
}

// commitFull commits the next commit if it is large enough, so that no commit takes long, and between two of them looks
// whether it is to end: what is left of the batch is then taken in by the next run, as its checkpoint was not reached.
func (in *Ingest) commitFull(ctx context.Context) error {
	if len(in.commits.next.events)+len(in.commits.next.removed) < in.maxEvents {
		return nil
	}
	if err := in.commit(true); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("apply batch: %w", context.Cause(ctx))
	}
	return nil
}

// commit finishes the next commit at its chain time, writes it and publishes it. One that changes nothing is dropped. When
// very many candles close, the rest of them follows in commits of their own. With ahead the last one may still be under
// way when it returns.
func (in *Ingest) commit(ahead bool) error {
	next := &in.commits.next
	in.progress.advance(next)
	for _, state := range next.touched {
		if err := in.mints.finish(state); err != nil {
			return fmt.Errorf("candles of %s: %w", state.candles.Mint, err)
		}
	}
	if err := in.orders.finish(); err != nil {
		return err
	}

	for more := true; more; {
		var err error
		if more, err = in.mints.close(in.mints.closeEnded); err != nil {
			return err
		}

		for _, state := range next.touched {
			in.mints.emit(state)
		}
		in.mints.checkpoint(false)
		in.mints.dismiss()
		if err := in.write(ahead || more); err != nil {
			return err
		}
	}

	return nil
}

// write hands the next commit as it stands over to be committed and published; unless ahead, it waits until that is done.
func (in *Ingest) write(ahead bool) error {
	next := &in.commits.next
	defer func() {
		in.commits.begin()
		clear(in.progress.named)
	}()

	if err := in.commits.wait(); err != nil {
		return err
	}
	if err := in.births.clip(next); err != nil {
		return err
	}
	if next.empty() {
		return nil
	}

	c := next.take()
	in.progress.put(c)
	c.Seq, c.Checkpoint = in.seq+1, next.checkpoint
	if ahead {
		in.commits.send(c)
	} else if err := in.commits.put(c); err != nil {
		return err
	}

	in.seq = c.Seq
	in.progress.checkpoint = max(in.progress.checkpoint, next.checkpoint)
	if c.Replay != (market.Position{}) {
		in.replay = c.Replay
	}
	in.mints.sinceCheckpoint += len(c.Events)
	return nil
}
