package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"spinscope/backend/market"
)

const (
	lateAfter   = 60      // seconds behind chain time from which an event is history
	historySlot = 150     // slots behind the newest one from which a mint's unknown event is taken for history: about a minute
	maxWarm     = 50_000  // events read back to fill a mint's windows
	maxCells    = 500_000 // steps kept in all windows together, about 30 MB
	sweepEvery  = 60      // seconds of block time
)

// Market is what an Evaluator looks up. What it gives may be newer than the commit being fed, but never older.
type Market interface {
	// EventsBack calls fn with a mint's events before a position, newest first, until fn returns false.
	EventsBack(mint market.Pubkey, before market.Position, fn func(*market.Event) bool) error
	// Terms are those that an order had before a position; false when they are not known.
	Terms(order market.Pubkey, before market.Position) (market.Terms, bool, error)
	// Pair is the market of a coin, the zero Pair for one that is not known.
	Pair(mint market.Pubkey) market.Pair
	// Supply is how many base units of a coin there are, at the decimals of its pair; false while that is not known.
	Supply(mint market.Pubkey) (supply uint64, known bool)
	// Name is the symbol that a token gave itself, "" when not known.
	Name(mint market.Pubkey) string
}

// Evaluator holds the rules and what they need to know of each mint.
type Evaluator struct {
	look   Market
	memory memory
	rules  map[string]*Rule
	*Interest
	linked []*Rule // connection_lost
	mints  map[market.Pubkey]*mint
	cells  int
	clock  uint64 // counts events, to tell which mint rested longest
	head   market.Slot
	limit  int // cells before some are shed
	swept  int64
	seq    market.Seq
	now    int64
	fired  []Alert
}

// Interest tells which events a set of rules looks at. It is not changed once made.
type Interest struct {
	byMint    map[market.Pubkey][]*Rule // price, move, volume and liquidation rules of one mint
	broad     []*Rule                   // those of all mints
	created   []*Rule                   // new_token
	byWallet  map[market.Pubkey][]*Rule // wallet_trade
	trades    bool                      // some of broad look at trades
	liquidity bool                      // some of broad look at liquidations
}

// mint is what is known of one mint that a rule looks at. It can always be read again from the events.
type mint struct {
	rules   []*Rule
	warm    bool // the windows and the price hold all before last
	last    market.Position
	price   market.Price
	at      int64 // when that was, Unix seconds
	priced  bool
	moves   map[int64]*moves
	volumes map[int64]*volumes
	cells   int
	used    uint64
}

// New makes an evaluator without rules.
func New(look Market) *Evaluator {
	e := &Evaluator{look: look, memory: newMemory(), limit: maxCells}
	e.Use(nil)
	return e
}

// Restore takes in the marks that were stored. Call it before anything else.
func (e *Evaluator) Restore(marks []Mark) {
	for _, m := range marks {
		e.memory.read(m)
	}
	e.head = e.memory.head
}

// Use replaces the rules. What rules have told that stay as they are is remembered.
func (e *Evaluator) Use(rules []Rule) {
	in := &Interest{byMint: map[market.Pubkey][]*Rule{}, byWallet: map[market.Pubkey][]*Rule{}}
	e.rules, e.linked, e.Interest = make(map[string]*Rule, len(rules)), nil, in
	e.mints, e.cells = map[market.Pubkey]*mint{}, 0
	for i := range rules {
		r := &rules[i]
		e.rules[r.ID] = r
		switch {
		case r.Kind == NewToken:
			in.created = append(in.created, r)
		case r.Kind == ConnectionLost:
			e.linked = append(e.linked, r)
		case r.Kind == WalletTrade:
			in.byWallet[r.Wallet] = append(in.byWallet[r.Wallet], r)
		case !r.Mint.IsZero():
			in.byMint[r.Mint] = append(in.byMint[r.Mint], r)
		default:
			in.broad = append(in.broad, r)
			in.trades = in.trades || r.Kind != Liquidation
			in.liquidity = in.liquidity || r.Kind == Liquidation
		}
	}

	e.memory.prune(e.rules)
}

// Wants reports whether some rule may look at an event.
func (in *Interest) Wants(event *market.Event) bool {
	if len(in.byWallet) > 0 && len(in.byWallet[event.Owner]) > 0 {
		return true
	}
	switch event.Body.(type) {
	case market.Creation:
		return len(in.created) > 0
	case market.Liquidation:
		return in.liquidity || len(in.byMint) > 0 && len(in.byMint[event.Mint()]) > 0
	case market.Trader:
		return in.trades || len(in.byMint) > 0 && len(in.byMint[event.Mint()]) > 0
	}
	return false
}

// Adopt takes over the marks of an evaluator that looked at rules of this one.
func (e *Evaluator) Adopt(marks []Mark) {
	for _, m := range marks {
		if m.Value != nil && m.Key[0] != markHead {
			e.memory.read(m)
			e.memory.dirty[string(m.Key)] = m.Value
		}
	}
}

// Spent are the rules with once that have fired, by id, with the CreatedAt they had.
func (e *Evaluator) Spent() map[string]int64 { return maps.Clone(e.memory.spent) }

// Marks are the marks that changed since the last call. Store them with what Feed or Connection returned.
func (e *Evaluator) Marks() []Mark {
	if e.head != e.memory.head {
		e.memory.setHead(e.head)
	}
	return e.memory.take()
}

// Feed looks at the next commit and returns what fired, in the order of the events. now is the chain's present, Unix
// seconds: what happened more than a minute before is marked late.
func (e *Evaluator) Feed(c *market.Commit, now int64) ([]Alert, error) {
	e.seq, e.now, e.fired = c.Seq, now, nil
	var moved map[identity]bool
	for i := range c.Removed {
		gone := &c.Removed[i]
		if moved == nil {
			moved = map[identity]bool{}
		}
		moved[identity{gone.Signature, gone.Ordinal}] = true
		e.forget(gone.Mint())
	}

	for i := range c.Events {
		event := &c.Events[i]
		e.clock++
		if !e.Wants(event) {
			continue
		}
		if moved[identity{event.Signature, event.Ordinal}] { // looked at when it was somewhere else
			e.forget(event.Mint())
			continue
		}

		if err := e.event(c, event); err != nil {
			return nil, fmt.Errorf("look at event %s/%d for alerts: %w", event.Signature, event.Ordinal, err)
		}
		e.head = max(e.head, event.Slot)
		if event.BlockTime >= e.swept+sweepEvery {
			e.swept = event.BlockTime
			e.memory.sweep(event.BlockTime, e.rules)
		}
	}

	if e.cells > e.limit {
		e.shed()
	}
	return e.fired, nil
}

// identity is what tells events apart.
type identity struct {
	signature market.Signature
	ordinal   uint16
}

func (e *Evaluator) event(c *market.Commit, event *market.Event) error {
	e.ofWallet(event)
	switch body := event.Body.(type) {
	case market.Creation:
		for _, r := range e.created {
			if e.counts(r, event) {
				e.fire(r, event, newTokenText(body), "0")
			}
		}
		return nil
	case market.Liquidation:
		return e.liquidated(c, event, body)
	}
	if trade, ok := event.Trade(); ok {
		return e.trade(event, &trade)
	}
	return nil
}

// ofWallet looks at what a wallet does: a trade, margin orders' too, and the liquidation of an order of its. With a least size a
// rule is about trades alone.
func (e *Evaluator) ofWallet(event *market.Event) {
	for _, r := range e.byWallet[event.Owner] {
		if !r.Mint.IsZero() && r.Mint != event.Mint() || !e.counts(r, event) {
			continue
		}
		pair := e.look.Pair(event.Mint())
		trade, traded := event.Trade()
		switch {
		case traded && trade.Quote >= market.Units(r.MinSize, sizeDecimals, pair.QuoteDecimals()):
			value := market.U64(trade.Quote).Decimal(pair.QuoteDecimals())
			e.fire(r, event, e.walletText(r, event, trade.Buy, value), value)
		case event.Liquidates() && r.MinSize == 0:
			e.fire(r, event, fmt.Sprintf("%s: order of %s liquidated", e.name(event.Mint()), r.Wallet.Short()), "")
		}
	}
}

// counts reports whether a rule may fire for an event.
func (e *Evaluator) counts(r *Rule, event *market.Event) bool {
	return !r.Muted && event.BlockTime*1000 >= r.CreatedAt && !e.memory.isSpent(r)
}

func (e *Evaluator) liquidated(c *market.Commit, event *market.Event, body market.Liquidation) error {
	var terms market.Terms
	read, known := false, false
	for _, r := range e.rulesOf(event.Mint()) {
		if r.Kind != Liquidation || !e.counts(r, event) {
			continue
		}
		if !read {
			var err error
			if terms, known, err = e.termsOf(c, event, body.OrderAccount()); err != nil {
				return err
			}
			read = true
		}

		_, size := terms.Size()
		decimals := e.look.Pair(event.Mint()).QuoteDecimals()
		switch {
		case known && size >= market.Units(r.MinSize, sizeDecimals, decimals):
			value := market.U64(size).Decimal(decimals)
			e.fire(r, event, e.liquidationText(event.Mint(), &terms, value), value)
		case !known && r.MinSize == 0:
			e.fire(r, event, e.liquidationText(event.Mint(), nil, ""), "")
		}
	}

	return nil
}

// termsOf are the terms of an order that an event ends: the commit has them, or the events before.
func (e *Evaluator) termsOf(c *market.Commit, event *market.Event, order market.Pubkey) (market.Terms, bool, error) {
	for i := range c.Orders {
		if o := &c.Orders[i].Order; o.Address == order && o.Terms.OrderType != 0 {
			return o.Terms, true, nil
		}
	}
	terms, known, err := e.look.Terms(order, event.Position)
	if err != nil {
		return terms, false, fmt.Errorf("read order %s: %w", order, err)
	}
	return terms, known && terms.OrderType != 0, nil
}

// rulesOf are the rules that look at a mint, in one order always.
func (e *Evaluator) rulesOf(key market.Pubkey) []*Rule {
	own := e.byMint[key]
	switch {
	case len(own) == 0:
		return e.broad
	case len(e.broad) == 0:
		return own
	}
	return slices.Concat(own, e.broad)
}

// shed forgets the mints that rested longest, until half of the memory is free. They are read again when they trade.
func (e *Evaluator) shed() {
	keys := make([]market.Pubkey, 0, len(e.mints))
	for key := range e.mints {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y market.Pubkey) int { return cmp.Compare(e.mints[x].used, e.mints[y].used) })
	for _, key := range keys {
		if e.cells <= e.limit/2 {
			return
		}
		e.forget(key)
	}
}

func (e *Evaluator) forget(key market.Pubkey) {
	if m := e.mints[key]; m != nil {
		e.cells -= m.cells
		delete(e.mints, key)
	}
}
