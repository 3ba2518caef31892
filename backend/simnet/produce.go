package simnet

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/simnet/launchpad"
)

const (
	firstLiveSlot = 312_000_000
	skippedShare  = 0.02   // of the slots
	maxRate       = 10_000 // transactions per second
	growth        = 1000.0 // seconds: so long ago the market was half as busy
)

// producer writes the chain, slot by slot. One goroutine uses it. Everything that decides the ledger is drawn from
// generators of its own, so that what clients do has no influence.
type producer struct {
	cfg         *Config
	world       *world
	chain       *chain
	slots       *rand.Rand // skipped slots, transactions per slot, places in a block
	forks       *rand.Rand // faults that touch the ledger
	slotSeconds float64    // of chain time
	start       float64    // chain time of the first live slot
	created     int        // tokens
	births      []float64  // when the tokens of the beginning are created
	nextBirth   float64    // of the live part
	upcoming    block      // the slot that is announced
	tokens      func(*token)

	coins    *launchpad.World // nil: there is none
	launches *rand.Rand       // which transactions are of coins
}

func newProducer(cfg *Config, start time.Time, tokens func(*token)) (*producer, error) {
	coins, err := newCoins(cfg)
	if err != nil {
		return nil, fmt.Errorf("the market of coins: %w", err)
	}

	p := &producer{
		cfg: cfg, world: newWorld(cfg), slotSeconds: cfg.SlotTime.Seconds() * cfg.Speed,
		slots:  rand.New(rand.NewPCG(uint64(cfg.Seed), 1)), //nolint:gosec // a game, and it must repeat
		forks:  rand.New(rand.NewPCG(uint64(cfg.Seed), 2)), //nolint:gosec // as above
		start:  float64(start.UnixNano()) / 1e9,
		tokens: tokens,

		coins: coins, launches: rand.New(rand.NewPCG(uint64(cfg.Seed), 3)), //nolint:gosec // as above
	}
	past := max(1, int(cfg.History.Seconds()/p.slotSeconds)) // there is always a newest block
	p.chain = newChain(cfg, market.Slot(max(1, firstLiveSlot-past)))
	p.chain.live = p.chain.base + market.Slot(past) //nolint:gosec // not negative
	p.plan(p.timeOf(p.chain.base))
	p.prepare()

	return p, nil
}

// plan sets when the first tokens are created: one at once, one shortly before the live part, the others early on.
func (p *producer) plan(first float64) {
	length := p.start - first
	for i := range p.cfg.Mints {
		share := 0.45 * float64(i) / float64(p.cfg.Mints)
		if i > 2 && i == p.cfg.Mints-1 {
			share = 0.93
		}
		p.births = append(p.births, first+max(share*length, float64(i)*p.slotSeconds))
	}
	p.nextBirth = math.Inf(1)
	if p.cfg.NewMintEvery > 0 {
		p.nextBirth = p.start + (0.3+p.slots.ExpFloat64())*p.cfg.NewMintEvery.Seconds()
	}
}

// timeOf is the chain time at which a slot begins.
func (p *producer) timeOf(slot market.Slot) float64 {
	return p.start + (float64(slot)-float64(p.chain.live))*p.slotSeconds
}

// prepare decides about the next slot without producing it.
func (p *producer) prepare() {
	slot := p.chain.next()
	p.upcoming = block{time: int64(math.Floor(p.timeOf(slot))), skipped: slot > p.chain.base && p.slots.Float64() < skippedShare}
	if !p.upcoming.skipped {
		p.chain.announced, p.chain.upcoming = slot, p.upcoming.time
	}
}

// produce writes the slot that was announced and announces the next one. rate is in transactions per second.
func (p *producer) produce(rate float64) (ended int) {
	slot, b := p.chain.next(), p.upcoming
	var transactions []*transaction
	if !b.skipped {
		transactions = p.fill(slot, &b, rate)
	}
	p.chain.add(b, transactions)
	ended = p.chain.endForks()
	p.chain.advance()
	p.prepare()
	return ended
}

// fill makes the transactions of a block.
func (p *producer) fill(slot market.Slot, b *block, rate float64) (transactions []*transaction) {
	now := p.timeOf(slot)
	for p.birth(now) {
		tx, about := p.world.create(now)
		p.created++
		p.tokens(about)
		transactions = append(transactions, tx)
	}

	for range poisson(p.slots, rate*p.slotSeconds) {
		if p.coins != nil && p.launches.Float64() < p.cfg.CoinShare {
			transactions = append(transactions, p.nextCoin(now))
			continue
		}
		transactions = append(transactions, p.world.next(now))
	}

	if len(transactions) > 0 && p.cfg.Faults.Fork > 0 && p.forks.Float64() < p.cfg.Faults.Fork {
		b.fork = 2 + p.forks.IntN(max(1, p.cfg.FinalizedLag-6))
		b.moves = p.forks.IntN(2) == 0
		for range 1 + p.forks.IntN(2) {
			if tx := p.world.phantom(p.forks); tx != nil {
				transactions = append(transactions, tx)
			}
		}
	}

	var index uint32
	for _, tx := range transactions {
		index += p.slots.Uint32N(4)
		tx.slot, tx.index, tx.time, tx.venues = slot, index, b.time, p.world.venuesOf(tx)
		index++
		if !tx.failed && p.cfg.Faults.Truncate > 0 && p.forks.Float64() < p.cfg.Faults.Truncate {
			tx.chatty = true
		}
	}

	return transactions
}

// birth reports whether a token is to be created now.
func (p *producer) birth(now float64) bool {
	if p.created < len(p.births) {
		return p.births[p.created] <= now
	}
	if now < p.nextBirth || p.created >= p.cfg.MaxMints {
		return false
	}
	p.nextBirth = now + p.slots.ExpFloat64()*p.cfg.NewMintEvery.Seconds()
	return true
}

// history writes everything before the live part, unless ctx ends.
func (p *producer) history(ctx context.Context) {
	for p.chain.next() < p.chain.live && ctx.Err() == nil {
		rate := min(max(0, p.cfg.Rate), maxRate)
		if p.cfg.HistoryTransactions > 0 {
			rate = min(maxRate, float64(p.cfg.HistoryTransactions)/p.cfg.History.Seconds())
		} else {
			rate /= 1 + (p.start-p.timeOf(p.chain.next()))/growth
		}
		p.produce(rate)
		p.chain.prune()
	}
}

// poisson draws how many events of that mean rate happen.
func poisson(rng *rand.Rand, mean float64) int {
	if mean <= 0 {
		return 0
	}
	if mean > 60 {
		return max(0, int(math.Round(mean+math.Sqrt(mean)*rng.NormFloat64())))
	}
	limit, product, count := math.Exp(-mean), rng.Float64(), 0
	for product > limit {
		product *= rng.Float64()
		count++
	}
	return count
}
