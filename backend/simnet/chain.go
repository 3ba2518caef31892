package simnet

import (
	"cmp"
	"slices"
	"sync"

	"spinscope/backend/market"
	"spinscope/backend/simnet/launchpad"
)

// transaction is one transaction. Its log text is made when somebody asks for it, see logs.go. Only the producer
// changes one, and only where a fork moves it.
type transaction struct {
	signature   market.Signature
	slot        market.Slot
	index       uint32 // in its block; blocks hold foreign transactions too, so there are gaps
	version     uint8
	time        int64
	shape       shape
	failed      bool
	chatty      bool // logs so much that the event of the trade is lost
	ghost       bool // stands on a fork only and will vanish
	noise       uint32
	payer       market.Pubkey
	instruction string
	events      []market.Body // as the program emits them; for a failed one, before it failed
	venues      []*venue      // of the mints that they are about

	coin  *launchpad.Transaction // of the coins' market, which has no events of the fields above; nil mostly
	marks uint64                 // of all that one of the coins' market names (markOf); set by add
}

// shape is how a transaction reaches the program.
type shape uint8

const (
	direct   shape = iota
	routed         // through a foreign program, at depth 2
	spoofed        // a foreign program prints the event itself and only names the program
	injected       // the program is called, but the foreign program it calls prints an event
)

// block is one slot. The transactions of a block are consecutive in chain.transactions.
type block struct {
	time    int64
	first   uint64 // number of its first transaction
	count   uint32
	height  uint64
	skipped bool
	fork    int // blocks until the fork that it stands on is abandoned; 0 is no fork
	moves   bool
}

// chain is the ledger. One goroutine writes it.
type chain struct {
	mu           sync.RWMutex
	base         market.Slot // slot of blocks[0]
	blocks       []block
	pruned       uint64 // number of transactions[0]
	transactions []*transaction
	bySignature  map[market.Signature]*transaction
	live         market.Slot // first slot after the history
	born         market.Slot // the very first slot with a block
	forgot       bool        // blocks were pruned

	upcoming                                   int64 // block time of the announced slot
	announced, processed, confirmed, finalized market.Slot
	keep, keepSlots                            int
	lagConfirmed, lagFinalized                 int
}

const maxSlots = 1 << 20 // about five days, 40 MB

func newChain(cfg *Config, base market.Slot) *chain {
	return &chain{
		base: base, born: base, bySignature: map[market.Signature]*transaction{}, keep: cfg.MaxTransactions, keepSlots: maxSlots,
		lagConfirmed: cfg.ConfirmedLag, lagFinalized: cfg.FinalizedLag, announced: base - 1,
	}
}

// next is the slot after the newest block.
func (c *chain) next() market.Slot { return c.base + market.Slot(len(c.blocks)) }

// at returns the block of a slot, nil for one that is not there.
func (c *chain) at(slot market.Slot) *block {
	if slot < c.base || slot >= c.next() {
		return nil
	}
	return &c.blocks[slot-c.base]
}

// in returns the transactions of a block.
func (c *chain) in(b *block) []*transaction {
	if b.first < c.pruned {
		return nil // pruned, whole blocks at a time
	}
	return c.transactions[b.first-c.pruned:][:b.count]
}

// add appends the next slot's block.
func (c *chain) add(b block, transactions []*transaction) {
	b.first = c.pruned + uint64(len(c.transactions))
	b.count = uint32(len(transactions)) //nolint:gosec // a block holds few
	if len(c.blocks) > 0 {
		b.height = c.blocks[len(c.blocks)-1].height
	}
	if !b.skipped {
		b.height++
	}
	c.blocks = append(c.blocks, b)
	c.transactions = append(c.transactions, transactions...)
	for _, tx := range transactions {
		c.bySignature[tx.signature] = tx
		if tx.coin != nil {
			for _, address := range coinAccounts(tx) {
				tx.marks |= markOf(&address)
			}
		}
	}
}

// markOf has two bits of 64 set, which most other addresses have not: to look for those of an address among all transactions
// takes a small part of the time that comparing it with all that they name does.
func markOf(address *market.Pubkey) uint64 { return 1<<(address[0]&63) | 1<<(address[15]&63) }

// advance sets the three commitments from the newest block.
func (c *chain) advance() {
	last := c.next() - 1
	c.processed = c.back(last, 0)
	c.confirmed = max(c.confirmed, c.back(last, c.lagConfirmed))
	c.finalized = max(c.finalized, c.back(last, c.lagFinalized))
}

// back is the slot of the block that lies so many produced blocks behind the one at or before slot.
func (c *chain) back(slot market.Slot, blocks int) market.Slot {
	for ; slot > c.base; slot-- {
		if b := c.at(slot); !b.skipped {
			if blocks == 0 {
				return slot
			}
			blocks--
		}
	}
	return c.base
}

// endForks abandons the forks whose time has come: ghosts vanish, and the rest of the block may move to the next one,
// its own slot counting as skipped from then on.
func (c *chain) endForks() (ended int) {
	for slot := c.next(); slot > max(c.base, c.finalized); {
		slot--
		b := c.at(slot)
		if b.fork == 0 {
			continue
		}
		if b.fork--; b.fork > 0 {
			continue
		}
		ended++
		c.dropGhosts(slot, b)
		if b.moves {
			c.moveOn(slot, b)
		}
	}
	return ended
}

func (c *chain) dropGhosts(slot market.Slot, b *block) {
	from := int(b.first - c.pruned)
	to := from + int(b.count)
	kept := from
	for _, tx := range c.transactions[from:to] {
		if tx.ghost {
			delete(c.bySignature, tx.signature)
			continue
		}
		c.transactions[kept] = tx
		kept++
	}
	gone := to - kept
	c.transactions = slices.Delete(c.transactions, kept, to)
	b.count -= uint32(gone) //nolint:gosec // at most count
	for later := slot + 1; later < c.next(); later++ {
		c.at(later).first -= uint64(gone)
	}
}

func (c *chain) moveOn(slot market.Slot, b *block) {
	later := slot + 1
	for later < c.next() && c.at(later).skipped {
		later++
	}

	if later == c.next() || b.count == 0 || c.at(later).fork > 0 {
		return
	}
	into := c.at(later)
	moved := c.in(b)
	shift := moved[len(moved)-1].index + 1
	for _, tx := range moved {
		tx.slot, tx.time = later, into.time
	}

	for _, tx := range c.in(into) {
		tx.index += shift
	}
	for s := slot + 1; s <= later; s++ {
		c.at(s).first = b.first
	}

	into.count += b.count
	b.count, b.skipped = 0, true
	for s := slot; s < c.next(); s++ {
		c.at(s).height--
	}
}

// prune forgets the oldest blocks when there are a tenth more transactions or slots than are kept.
func (c *chain) prune() {
	if len(c.transactions) <= c.keep+c.keep/10 && len(c.blocks) <= c.keepSlots+c.keepSlots/10 {
		return
	}
	cut := max(0, len(c.blocks)-c.keepSlots)
	limit := c.pruned + uint64(max(0, len(c.transactions)-c.keep))
	for cut < len(c.blocks) && c.blocks[cut].first < limit && c.base+market.Slot(cut) < c.finalized {
		cut++
	}

	if cut == 0 {
		return
	}
	gone := int(c.blocks[cut-1].first + uint64(c.blocks[cut-1].count) - c.pruned)
	for _, tx := range c.transactions[:gone] {
		delete(c.bySignature, tx.signature)
	}

	c.transactions = slices.Clone(c.transactions[gone:])
	c.blocks = slices.Clone(c.blocks[cut:])
	c.base += market.Slot(cut)
	c.pruned += uint64(gone)
	c.forgot = true
}

// upTo is how many of the kept transactions stand in slots up to and including slot.
func (c *chain) upTo(slot market.Slot) int {
	at, _ := slices.BinarySearchFunc(c.transactions, slot, func(tx *transaction, s market.Slot) int {
		if tx.slot <= s {
			return -1
		}
		return 1
	})
	return at
}

// place is the position of a transaction among the kept ones.
func (c *chain) place(tx *transaction) int {
	at, _ := slices.BinarySearchFunc(c.transactions, tx, func(a, b *transaction) int {
		return cmp.Or(cmp.Compare(a.slot, b.slot), cmp.Compare(a.index, b.index))
	})
	return at
}

// commitment is how sure the cluster is of a slot.
type commitment uint8

const (
	processed commitment = iota
	confirmed
	finalized
)

func (l commitment) String() string { return [...]string{"processed", "confirmed", "finalized"}[l] }

// slotAt is the newest slot of a commitment.
func (c *chain) slotAt(level commitment) market.Slot {
	return [...]market.Slot{c.processed, c.confirmed, c.finalized}[level]
}

// levelOf is how sure the cluster is of a slot now.
func (c *chain) levelOf(slot market.Slot) commitment {
	switch {
	case slot <= c.finalized:
		return finalized
	case slot <= c.confirmed:
		return confirmed
	}
	return processed
}
