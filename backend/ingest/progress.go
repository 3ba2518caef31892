package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"spinscope/backend/market"
)

// Addresses says which coins are read by addresses of their own, beside the program whose transactions are all read. It is
// asked by the writer's goroutine; what it says may change at any time, but a coin that was ever read so never has none again:
// no chain time but that of its addresses closes its candles.
type Addresses interface {
	// Of are the addresses that a coin's trades name, all of them; none for a coin that is read by its program's.
	Of(coin market.Pubkey) []market.Pubkey
	// Coins are those that are read by an address.
	Coins(address market.Pubkey) []market.Pubkey
}

// clock is the chain time of what is read together: of the program, or of a coin that is read by addresses of its own.
// Everything that they name with a lower block time was delivered. It never goes back, also when the coin gets a further
// address, whose history is read from the coin's place on.
type clock struct {
	time int64
	ends endHeap // of open candles
}

// candleEnd says that a mint may have candles to close at a chain time. Entries may be out of date: closing finds nothing
// then. They hold the address only, so that a mint can leave memory and still be closed in time.
type candleEnd struct {
	at   int64
	mint market.Pubkey
}

// endHeap is a binary heap with the earliest end first.
type endHeap []candleEnd

func (h *endHeap) push(entry candleEnd) {
	*h = append(*h, entry)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if s[parent].at <= s[i].at {
			break
		}
		s[parent], s[i] = s[i], s[parent]
		i = parent
	}
}

func (h *endHeap) pop() candleEnd {
	s := *h
	top := s[0]
	last := len(s) - 1
	s[0] = s[last]
	s = s[:last]
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			break
		}

		if child+1 < last && s[child+1].at < s[child].at {
			child++
		}
		if s[i].at <= s[child].at {
			break
		}
		s[i], s[child] = s[child], s[i]
		i = child
	}

	*h = s
	return top
}

// progress is how far was read: of the program whose transactions are all read, and of the addresses that are read beside
// it.
type progress struct {
	slot       market.Slot
	checkpoint market.Slot
	program    clock

	address   market.Pubkey // the program's
	addresses Addresses     // nil: no coin is read by its own
	reached   map[market.Pubkey]market.Reached
	stored    map[market.Pubkey]market.Slot // checkpoints of addresses as the store has them
	named     map[market.Pubkey]struct{}    // addresses whose place the next commit keeps
	moved     map[market.Pubkey]struct{}    // those that have come further since clocks were moved on
	clocks    map[market.Pubkey]*clock      // by coin

	places *places
	whole  []market.Pubkey               // addresses of programs of which all coins are kept, as they are told; none
	live   clock                         // of their coins that are not read by addresses of their own
	holds  func(coin market.Pubkey) bool // it is stored, or about to be

	advanced []*clock // those that have gone on since candles were closed
}

// load takes up how far addresses had come.
func (p *progress) load(store Store) error {
	err := store.Reached(func(r *market.Reached) error {
		p.reached[r.Address], p.stored[r.Address] = *r, r.Checkpoint
		return nil
	})
	if err != nil {
		return fmt.Errorf("read how far addresses had come: %w", err)
	}
	p.live.time = p.least(p.whole)
	return nil
}

// ofProgram reports whether a batch speaks for the program whose transactions are all read: its progress is the writer's
// own.
func (p *progress) ofProgram(batch *market.Batch) bool {
	return batch.Addresses == nil || slices.Contains(batch.Addresses, p.address)
}

// note takes in how far the addresses of a batch have come, and reports whether that is worth a commit of its own. Of a batch
// that says nothing else only a checkpoint that has gone far is kept: it may be of very many addresses, several times a second,
// and what is not kept is read again.
func (p *progress) note(batch *market.Batch) (worth bool) {
	brings := len(batch.Transactions)+len(batch.RolledBack)+len(batch.Gaps) > 0
	for _, address := range batch.Addresses {
		r, slot, at, checkpoint := p.reached[address], batch.Slot, batch.ChainTime, batch.Checkpoint
		if first, firstAt, waiting := p.places.oldest(); waiting && slices.Contains(p.whole, address) {
			slot, at, checkpoint = min(slot, first-1), min(at, firstAt), min(checkpoint, first-1)
		}
		further := checkpoint >= p.stored[address]+checkpointSlots
		worth = worth || further
		r.Address, r.Slot = address, max(r.Slot, slot)
		r.ChainTime, r.Checkpoint = max(r.ChainTime, at), max(r.Checkpoint, checkpoint)
		p.reached[address] = r
		p.moved[address] = struct{}{}
		if brings || further {
			p.named[address] = struct{}{}
		}
	}
	return worth
}

// meet gives the coins of a batch's addresses clocks of their own, and returns those that had none.
func (p *progress) meet(batch *market.Batch) (coins []market.Pubkey) {
	if p.addresses == nil {
		return nil
	}
	for _, address := range batch.Addresses {
		for _, coin := range p.addresses.Coins(address) {
			if p.clocks[coin] == nil && p.ownClock(coin) != nil {
				coins = append(coins, coin)
			}
		}
	}
	return coins
}

// clockOf is the clock that closes a coin's candles. byCoin: it is of a program that is not read whole.
func (p *progress) clockOf(coin market.Pubkey, byCoin bool) *clock {
	if c := p.ownClock(coin); c != nil {
		return c
	}
	if byCoin && len(p.whole) > 0 {
		return &p.live
	}
	return &p.program
}

// ownClock is that of a coin that is or was read by addresses of its own, nil for others.
func (p *progress) ownClock(coin market.Pubkey) *clock {
	if p.addresses == nil {
		return nil
	}
	if c := p.clocks[coin]; c != nil {
		return c
	}
	if len(p.addresses.Of(coin)) == 0 {
		return nil
	}

	c := &clock{time: p.completeTo(coin)}
	if len(p.whole) > 0 && p.holds(coin) {
		c.time = max(c.time, p.live.time) // which has closed candles of it
	}
	p.clocks[coin] = c
	return c
}

// isRead reports whether a coin is read by addresses of its own now. Of one that was, the programs of which all coins are kept
// tell from then on.
func (p *progress) isRead(coin market.Pubkey) bool {
	return p.places.coins != nil && p.places.coins.Follows(coin)
}

// completeTo is the chain time up to which all addresses of a coin were delivered, 0 while one was not read yet.
func (p *progress) completeTo(coin market.Pubkey) int64 { return p.least(p.addresses.Of(coin)) }

// least is the chain time up to which all of some addresses were delivered, 0 while one was not read yet.
func (p *progress) least(addresses []market.Pubkey) int64 {
	least := int64(0)
	for i, address := range addresses {
		if t := p.reached[address].ChainTime; i == 0 || t < least {
			least = t
		}
	}
	return least
}

// advance moves the clocks on to the next commit.
func (p *progress) advance(next *nextCommit) {
	defer clear(p.moved)
	p.slot = max(p.slot, next.slot)
	p.program.time = max(p.program.time, next.chainTime)
	if len(p.whole) > 0 {
		p.advanceWhole()
	}
	if p.addresses == nil {
		return
	}

	for address := range p.moved {
		for _, coin := range p.addresses.Coins(address) {
			c := p.clocks[coin]
			if c == nil {
				continue
			}
			if t := p.completeTo(coin); t > c.time {
				c.time = t
				p.advanced = append(p.advanced, c)
			}
		}
	}
}

// advanceWhole moves the clocks on of the coins that are not read by addresses of their own, or not any more. Chain time counts
// seconds, so that they are looked at once a second.
func (p *progress) advanceWhole() {
	t := p.least(p.whole)
	if t <= p.live.time {
		return
	}
	p.live.time = t
	p.advanced = append(p.advanced, &p.live)
	for coin, c := range p.clocks {
		if c.time < t && !p.isRead(coin) {
			c.time = t
			p.advanced = append(p.advanced, c)
		}
	}
}

// advanceAll has the candles of all coins looked at, as after a start.
func (p *progress) advanceAll() {
	p.advanced = slices.AppendSeq(append(p.advanced, &p.live), maps.Values(p.clocks))
}

// put says in a commit how far addresses have come: those that it has transactions of, those whose checkpoint has gone far,
// and all of the coins that it closes candles of, as a restart must not find those coins at an earlier chain time.
func (p *progress) put(c *market.Commit) {
	c.Slot, c.ChainTime = p.slot, p.program.time
	for i := range c.Candles {
		change := &c.Candles[i]
		if change.Type != market.Final {
			continue
		}
		for _, address := range p.whole {
			p.named[address] = struct{}{}
		}
		if p.addresses != nil && p.clocks[change.Mint] != nil {
			for _, address := range p.addresses.Of(change.Mint) {
				p.named[address] = struct{}{}
			}
		}
	}

	for address := range p.named {
		if r, ok := p.reached[address]; ok {
			c.Reached = append(c.Reached, r)
			p.stored[address] = r.Checkpoint
		}
	}
	slices.SortFunc(c.Reached, func(a, b market.Reached) int { return slices.Compare(a.Address[:], b.Address[:]) })
}

const causeTruncated = "log truncated: " // before the signature

// TruncatedIn is the transaction whose cut log left the gap; false for a gap of another cause.
func TruncatedIn(gap *market.Gap) (market.Signature, bool) {
	return gap.Transaction(causeTruncated)
}

const maxCutLogs = 10_000 // about 3 MB

// cutLogs are the gaps of transactions whose log was truncated: all, or the newest maxCutLogs. What is older stays a gap when
// another node shows the transaction whole.
type cutLogs struct {
	commits *commits
	gaps    map[market.Signature]market.Gap
	log     *slog.Logger
}

// load takes up the gaps from the store.
func (l *cutLogs) load() error {
	l.gaps = map[market.Signature]market.Gap{}
	gaps, err := l.commits.store.Gaps(context.Background(), nil, new(market.GapUnfillable))
	if err != nil {
		return fmt.Errorf("read gaps: %w", err)
	}
	for i := range gaps {
		if signature, ok := TruncatedIn(&gaps[i]); ok {
			l.gaps[signature] = gaps[i]
		}
	}
	l.forget()
	return nil
}

// open records that a transaction's later events were lost: the cluster cuts logs at 10,000 bytes. The gap is one of the
// mint that all the events before the cut are about, if there is one.
func (l *cutLogs) open(tx *market.Transaction, events []market.Event) {
	gap := market.Gap{From: tx.Slot, To: tx.Slot, Cause: causeTruncated + tx.Signature.String(), State: market.GapUnfillable}
	for i := range events {
		mint := events[i].Mint()
		if i > 0 && mint != gap.Mint {
			gap.Mint = market.Pubkey{}
			break
		}
		gap.Mint = mint
	}

	l.commits.next.gaps = append(l.commits.next.gaps, gap)
	l.gaps[tx.Signature] = gap
	l.forget()
	l.log.Warn("log truncated by the cluster; its later events are lost", "sig", tx.Signature, "slot", tx.Slot)
}

// fill closes the gap of a transaction that is no longer at its place, or came whole.
func (l *cutLogs) fill(signature market.Signature) {
	if gap, ok := l.gaps[signature]; ok {
		delete(l.gaps, signature)
		gap.State = market.GapFilled
		l.commits.next.gaps = append(l.commits.next.gaps, gap)
	}
}

// has reports whether the transaction's log is known to be cut.
func (l *cutLogs) has(signature market.Signature) bool {
	_, ok := l.gaps[signature]
	return ok
}

// forget drops the oldest quarter of too many.
func (l *cutLogs) forget() {
	if len(l.gaps) <= maxCutLogs {
		return
	}
	slots := make([]market.Slot, 0, len(l.gaps))
	for _, gap := range l.gaps {
		slots = append(slots, gap.From)
	}
	slices.Sort(slots)
	floor := slots[len(slots)-maxCutLogs*3/4]
	maps.DeleteFunc(l.gaps, func(_ market.Signature, gap market.Gap) bool { return gap.From < floor })
}
