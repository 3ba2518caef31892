package ingest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"slices"
	"time"

	"spinscope/backend/candle"
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// newestPosition is above that of every event.
var newestPosition = market.Position{Slot: math.MaxUint64, Index: math.MaxUint32, Ordinal: math.MaxUint16}

// errStop ends an iteration over stored events; it never leaves the package.
var errStop = errors.New("stop")

const (
	commitEvents     = 2400   // events in a commit, about, unless Config says otherwise; Badger takes 12,500 rows at once
	checkpointEvents = 20_000 // books become durable after this many events,
	checkpointSlots  = 150    // a checkpoint that has moved so far is worth a commit of its own
	checkpointTime   = 300    // or this many seconds of chain time
	idleTime         = 3600   // a mint without an event for this long, in seconds of chain time, leaves memory
	mostMints        = 20_000 // mints held in memory after a checkpoint
	latestTime       = 1 << 40
	quickSource      = 2 * time.Millisecond // a source that gives the next batch within it is quick
)

// Config tells the writer what to read and keep.
type Config struct {
	Programs      []program.Plug
	PriceDecimals int               // those that prices on chain have; 0: found per event from its own amounts
	Intervals     []market.Interval // whose candles are built; those that are not stored are left out
	Logger        *slog.Logger
	// Coins are those whose events are kept of programs that are not read whole (program.CoinPlug). Nil: none.
	Coins Coins
	// Horizon gives the block time, Unix seconds, below which history is deleted: such transactions are left out, as they
	// would be counted twice. It is called for each slot. Nil: nothing is deleted.
	Horizon func() int64
	Publish func(*market.Commit) // called after each commit, in order; must not block and not change the commit
	// Addresses says which coins are read by addresses of their own; nil: none, and every batch is the program's.
	Addresses Addresses
	Recheck   func() // asks the source to look at recent slots again; must not block. May be nil
	// CommitEvents is about how many events go into one commit; 0: 2,400.
	CommitEvents int
	// SealCandles is about how many of the candles that chain time closes go into one commit; 0: 5,000.
	SealCandles int
}

// Coins says which coins are followed. It is asked by the writer's goroutine, for every event of such a program.
type Coins interface {
	// Follows reports whether events of the coin are kept.
	Follows(coin market.Pubkey) bool

	// At is what trades at an address that events name in the place of their coin (market.Located); false when nothing is
	// known of it.
	At(place market.Pubkey) (market.Place, bool)
}

// Ingest is the single writer. One goroutine at a time may call its methods, Counters excepted.
type Ingest struct {
	store           Store
	log             *slog.Logger
	publish         func(*market.Commit)
	horizon         func() int64
	chain           chain
	intervals       []market.Interval // the finest first
	most            int               // events in a commit, about
	maxClosedAtOnce int
	reader          *program.Reader
	pricers         [1 << 8]program.Pricer // by program; nil for those that are not read
	byCoin          [1 << 8]bool           // the program is not read whole
	coins           Coins                  // may be nil
	events          []market.Event         // reused by the reader
	fresh           []*market.Transaction  // reused by takeSlot
	joins           []market.Event         // of takeSlot, for transactions that are stored in part

	addresses Addresses     // nil: no coin is read by its own
	program   market.Pubkey // whose transactions are all read
	reached   map[market.Pubkey]market.Reached
	stored    map[market.Pubkey]market.Slot // checkpoints of addresses as the store has them
	clocks    map[market.Pubkey]*coinClock  // by coin
	moved     []*coinClock                  // those that have gone on since candles were closed

	at         Resume
	mints      map[market.Pubkey]*mintState
	due        dueHeap
	window     window
	nextCommit nextCommit

	pending *pending  // nil when everything handed over is written
	taken   time.Time // when the last batch was, by the wall clock

	sinceCheckpoint int   // events
	checkpointAt    int64 // chain time
	counters        counters
}

// New makes a writer over a store that stands at the given place. Call Recover before the first Apply.
func New(cfg Config, store Store, at Resume) *Ingest {
	in := &Ingest{
		store: store, log: cfg.Logger, publish: cfg.Publish, horizon: cfg.Horizon, chain: chain{recheck: cfg.Recheck},
		intervals: slices.Sorted(slices.Values(market.StoredOf(cfg.Intervals))), most: cmp.Or(max(cfg.CommitEvents, 0), commitEvents), maxClosedAtOnce: cmp.Or(max(cfg.SealCandles, 0), maxClosedAtOnce),
		reader: program.NewReader(cfg.Programs...),
		coins:  cfg.Coins,
		at:     at, mints: map[market.Pubkey]*mintState{}, checkpointAt: at.ChainTime,
		addresses: cfg.Addresses, reached: map[market.Pubkey]market.Reached{}, stored: map[market.Pubkey]market.Slot{},
		clocks: map[market.Pubkey]*coinClock{},
	}
	if len(cfg.Programs) > 0 {
		in.program = cfg.Programs[0].Address()
	}
	for _, plug := range cfg.Programs {
		in.pricers[plug.ID()] = plug.NewPricer(cfg.PriceDecimals)
		_, in.byCoin[plug.ID()] = plug.(program.CoinPlug)
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

func (in *Ingest) apply(ctx context.Context, batch *market.Batch, ahead bool) error {
	quick := time.Since(in.taken) < quickSource
	defer func() { in.taken = time.Now() }()

	program := in.isProgram(batch)
	if !program {
		in.meet(batch)
	}
	for slot := range slots(batch.Transactions) {
		if err := in.takeSlot(slot); err != nil {
			return err
		}
		if err := in.relieve(ctx); err != nil {
			return err
		}
	}

	for _, signature := range batch.Withdrawn {
		if err := in.rollBack(signature); err != nil {
			return err
		}
		if err := in.relieve(ctx); err != nil {
			return err
		}
	}

	if err := in.placeAstray(); err != nil {
		return err
	}
	in.nextCommit.gaps = append(in.nextCommit.gaps, batch.Gaps...)
	in.at.Slot = max(in.at.Slot, batch.Slot)
	if in.chain.due(in.at.Slot, max(in.at.ChainTime, batch.ChainTime)) {
		in.counters.rechecks.Add(1)
	}

	if !program {
		in.noteReached(batch)
	} else if batch.Checkpoint > in.at.Checkpoint {
		// Moving the checkpoint alone is not worth a commit each time: what is not recorded is only read again.
		in.nextCommit.force = in.nextCommit.force || batch.Checkpoint >= in.at.Checkpoint+checkpointSlots
		in.nextCommit.checkpoint = batch.Checkpoint
	}

	if program {
		in.nextCommit.chainTime = max(in.nextCommit.chainTime, batch.ChainTime)
	}
	if ahead && len(in.nextCommit.events) < in.most && (quick || in.busy()) {
		return nil
	}
	return in.commit(ahead)
}

// relieve commits the next commit that is large enough, so that no commit takes long, and between two of them looks whether it is
// to end: what is left of the batch is then taken in by the next run, as its checkpoint was not reached.
func (in *Ingest) relieve(ctx context.Context) error {
	if len(in.nextCommit.events)+len(in.nextCommit.removed) < in.most {
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

// slots cuts transactions, which are ordered, into those of each slot.
func slots(txs []market.Transaction) iter.Seq[[]market.Transaction] {
	return func(yield func([]market.Transaction) bool) {
		for len(txs) > 0 {
			n := 1
			for n < len(txs) && txs[n].Slot == txs[0].Slot {
				n++
			}
			if !yield(txs[:n]) {
				return
			}
			txs = txs[n:]
		}
	}
}

// takeSlot adds the transactions of one slot to the next commit. Those that moved leave their old places first, as they often
// change places with each other.
func (in *Ingest) takeSlot(txs []market.Transaction) error {
	in.fresh = in.fresh[:0]
	var horizon int64
	if in.horizon != nil {
		horizon = in.horizon()
	}

	for i := range txs {
		tx := &txs[i]
		if tx.BlockTime > 0 && tx.BlockTime < horizon {
			in.counters.expired.Add(1)
			continue
		}
		if tx.BlockTime <= 0 || tx.BlockTime >= latestTime {
			in.counters.badTime.Add(1)
			in.log.Warn("transaction without a usable block time left out", "sig", tx.Signature, "slot", tx.Slot)
			continue
		}

		if twin := slices.IndexFunc(in.fresh, func(other *market.Transaction) bool { return other.Signature == tx.Signature }); twin >= 0 {
			if !tx.Provisional || in.fresh[twin].Provisional {
				in.fresh[twin] = tx // the later word counts, but for an estimate against a known time
			}
			continue
		}

		known, found, err := in.find(tx)
		if err != nil {
			return fmt.Errorf("look up transaction %s: %w", tx.Signature, err)
		}

		if found && tx.Events == nil && known.same(tx) {
			tx = in.told(tx)
		}
		if found && tx.Events != nil {
			joins, whole, err := in.complete(tx, known)
			if err != nil {
				return err
			}

			if whole == nil && len(joins) == 0 {
				in.counters.repeats.Add(1)
			}
			if whole == nil {
				in.joins = append(in.joins, joins...)
				continue
			}
			tx = whole
		}

		if found {
			in.counters.moved.Add(1)
			if err := in.remove(tx.Signature, known.slot); err != nil {
				return err
			}
		}

		in.fresh = append(in.fresh, tx)
	}

	for _, tx := range in.fresh {
		if err := in.take(tx); err != nil {
			return err
		}
	}

	return in.join()
}

// take adds one transaction's events to the next commit.
func (in *Ingest) take(tx *market.Transaction) error {
	index, err := in.freeIndex(tx)
	if err != nil {
		return err
	}

	events, report := append(in.events[:0], tx.Events...), program.Report{}
	if tx.Events == nil {
		events, report = in.reader.Read(events, tx)
	}
	in.events = events
	in.counters.report(report)
	if report.Truncated {
		in.truncated(tx, events)
	}

	in.window.add(tx, index)
	in.nextCommit.slot = max(in.nextCommit.slot, tx.Slot)
	for i := range events {
		event := events[i]
		if tx.Events == nil && !in.keeps(&event) {
			in.counters.unfollowed.Add(1)
			continue
		}
		event.Index = index
		in.price(&event)
		if err := in.add(event); err != nil {
			return err
		}
	}

	return nil
}

// keeps reports whether an event of the chain is to be stored: it is of a program that is read whole, or of a coin that is
// followed. A body that names a place learns its coin here. What is imported is kept whatever it is.
func (in *Ingest) keeps(event *market.Event) bool {
	if !in.byCoin[event.Program()] {
		return true
	}
	if in.coins == nil {
		return false
	}

	if body, ok := event.Body.(market.Located); ok {
		place, known := in.coins.At(body.PlaceAccount())
		if !known {
			return false
		}
		body.Locate(place)
	}
	return in.coins.Follows(event.Mint())
}

// price sets an event's price. Exported events of programs that are not read here keep what they came with.
func (in *Ingest) price(event *market.Event) {
	pricer := in.pricers[event.Program()]
	if pricer == nil {
		return
	}
	if event.Scale != 0 {
		pricer.Learn(event.Mint(), event.Scale) // an export says which it was
		return
	}
	if report := pricer.Price(event); report.Contradicted || report.Overflow {
		in.counters.badPrice.Add(1)
		in.log.Warn("price contradicts its amounts", "sig", event.Signature, "slot", event.Slot, "mint", event.Mint(),
			"scale", event.Scale, "overflow", report.Overflow)
	}
}

// add puts one new event into the next commit and, when it comes in order, straight into its mint's candles.
func (in *Ingest) add(event market.Event) error {
	state, err := in.mint(event.Mint())
	if err != nil {
		return err
	}

	in.nextCommit.touch(state)
	late, err := in.behind(state, &event)
	if err != nil {
		return err
	}
	if err := in.applyOrder(&event, late); err != nil {
		return err
	}

	state.count(&event, false)
	in.nextCommit.events = append(in.nextCommit.events, event)
	if in.nextCommit.newest.Compare(event.Position) < 0 {
		in.nextCommit.newest = event.Position
	}

	if trade, ok := event.Trade(); ok {
		tick := candle.Tick{Trade: trade, Time: event.BlockTime, At: event.Position, Provisional: event.Provisional}
		if state.late == nil && event.BlockTime >= in.now(state) && candle.InOrder(&state.book, &tick) {
			in.follow(state, &event)
			candle.Fold(&state.book, in.intervals, &tick)
			state.touched = min(state.touched, tick.Time)
			if event.Position.Compare(in.at.Replay) <= 0 { // in order for its mint, not for all of them
				state.durable = true
			}
		} else {
			state.dirty(tick.Time, tick.At)
			in.counters.late.Add(1)
		}
	}

	if event.Liquidates() {
		state.jumped = true
	}
	state.stamp = market.Stamp{Slot: event.Slot, BlockTime: event.BlockTime, ReceivedAt: event.ReceivedAt}
	state.stamps = append(state.stamps, state.stamp)
	return nil
}

// commit finishes the next commit at its chain time, writes it and publishes it. One that changes nothing is dropped. When
// very many candles close, the rest of them follows in commits of their own. With ahead the last one may still be under
// way when it returns.
func (in *Ingest) commit(ahead bool) error {
	in.at.Slot = max(in.at.Slot, in.nextCommit.slot)
	in.at.ChainTime = max(in.at.ChainTime, in.nextCommit.chainTime)
	in.advance()
	for _, state := range in.nextCommit.touched {
		if err := in.foldNew(state); err != nil {
			return fmt.Errorf("candles of %s: %w", state.book.Mint, err)
		}
	}

	if err := in.replayOrders(); err != nil {
		return err
	}
	for more := true; more; {
		var err error
		if more, err = in.closeCandles(in.closeMint); err != nil {
			return err
		}

		for _, state := range in.nextCommit.touched {
			in.emit(state)
		}
		in.checkpoint(false)
		in.dismiss()
		if err := in.write(ahead || more); err != nil {
			return err
		}
	}

	return nil
}

// write hands the next commit as it stands over to be committed and published; unless ahead, it waits until that is done.
func (in *Ingest) write(ahead bool) error {
	d := &in.nextCommit
	defer d.reset()

	if err := in.await(); err != nil {
		return err
	}
	if d.empty() {
		return nil
	}

	c := d.take()
	in.tellReached(c)
	c.Seq, c.Slot, c.ChainTime, c.Checkpoint = in.at.Seq+1, in.at.Slot, in.at.ChainTime, d.checkpoint
	if ahead {
		in.send(c)
	} else if err := in.put(c); err != nil {
		return err
	}

	in.at.Seq = c.Seq
	in.at.Checkpoint = max(in.at.Checkpoint, d.checkpoint)
	if c.Replay != (market.Position{}) {
		in.at.Replay = c.Replay
	}

	in.sinceCheckpoint += len(c.Events)
	return nil
}

// put commits and publishes. It touches nothing that the making of the next commit does.
func (in *Ingest) put(c *market.Commit) error {
	if err := in.store.Commit(c); err != nil {
		return fmt.Errorf("commit %d events: %w", len(c.Events), err)
	}
	in.counters.events.Add(uint64(len(c.Events)))
	if in.publish != nil {
		in.publish(c)
	}
	return nil
}

// Close makes the books durable, so that the next start has nothing to fold again.
func (in *Ingest) Close() error {
	if err := in.Flush(); err != nil {
		return err
	}
	in.checkpoint(true)
	return in.write(false)
}
