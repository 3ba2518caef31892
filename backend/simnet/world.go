package simnet

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"math"
	"math/rand/v2"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

const (
	numTraders   = 72
	maxOrders    = 14 // per side of a token
	orderSeconds = 172_800
	lentTokens   = 536_500_000_000_000 // base units of a token that may be lent to shorts
	startSwap    = 1000                // of 100,000
	startBorrow  = 2000
)

type trader struct {
	key    market.Pubkey
	temper temper
}

// world is the market: tokens, traders and what they do next. It is a function of its seed and of the times it is
// asked at, reads no clock and is used by one goroutine.
type world struct {
	seed     int64
	decimals int
	early    bool // the program of July 2025
	rng      *rand.Rand
	traders  []trader
	pools    []*pool
	venues   map[market.Pubkey]*venue // by mint
	fees     market.Pubkey
	base     market.Pubkey
	params   market.Pubkey
	foreign  market.Pubkey // the router and spoofer
	serial   uint64        // of transactions
	phantoms uint64
	names    []int // order in which names are given out
	weights  []float64
}

func newWorld(cfg *Config) *world {
	w := &world{
		seed: cfg.Seed, decimals: cfg.Decimals, early: cfg.Program == spinpet.EarlyProgramID,
		rng:    rand.New(rand.NewPCG(uint64(cfg.Seed), 0x5b1a)), //nolint:gosec // a game, and it must repeat
		venues: map[market.Pubkey]*venue{},
	}
	w.fees, w.base, w.params = w.key("fees", 0), w.key("base fees", 0), w.key("params", 0)
	w.foreign = w.key("router", 0)
	for i := range numTraders {
		t := temper(i) % numTempers
		if t == whale && i%8 != 3 {
			t = gambler
		}
		w.traders = append(w.traders, trader{key: w.key("trader", uint64(i)), temper: t})
	}
	w.names = w.rng.Perm(len(tokenNames))
	return w
}

// key is an address that depends on the seed only.
func (w *world) key(role string, n uint64) market.Pubkey {
	text := binary.LittleEndian.AppendUint64([]byte(role), n)
	return sha256.Sum256(binary.LittleEndian.AppendUint64(text, uint64(w.seed))) //nolint:gosec // any bits do
}

// signature is that of the n-th transaction.
func (w *world) signature(n uint64) market.Signature {
	text := binary.LittleEndian.AppendUint64([]byte("signature"), n)
	return sha512.Sum512(binary.LittleEndian.AppendUint64(text, uint64(w.seed))) //nolint:gosec // any bits do
}

// begin makes an empty transaction.
func (w *world) begin() *transaction {
	w.serial++
	tx := &transaction{signature: w.signature(w.serial), noise: w.rng.Uint32()}
	if w.rng.IntN(100) == 0 {
		tx.version = 1
	}
	return tx
}

// next is what happens next at a chain time: one transaction.
func (w *world) next(now float64) *transaction {
	tx := w.begin()
	p := w.pick(now)
	if w.expired(tx, p, now) {
		return w.finish(tx)
	}

	who := w.rng.IntN(len(w.traders))
	before := p.at.Raw()
	switch r := w.rng.Float64(); {
	case r < 0.09 && w.open(tx, p, who, now):
	case r < 0.16 && w.close(tx, p):
	case r < 0.185:
		w.mishap(tx, p, who)
		return tx
	default:
		w.spot(tx, p, who)
	}

	p.mood.traded(before, p.at.Raw())
	return w.finish(tx)
}

// finish decides how the transaction reaches the program.
func (w *world) finish(tx *transaction) *transaction {
	switch r := w.rng.Float64(); {
	case r < 0.04:
		tx.shape = routed
	case r < 0.045:
		tx.shape = injected
	}
	return tx
}

// pick chooses a token by how much trading each attracts.
func (w *world) pick(now float64) *pool {
	w.weights = w.weights[:0]
	sum := 0.0
	for _, p := range w.pools {
		p.mood.pass(w.rng, now)
		sum += p.mood.pull(now)
		w.weights = append(w.weights, sum)
	}
	r := w.rng.Float64() * sum
	for i, upTo := range w.weights {
		if r < upTo {
			return w.pools[i]
		}
	}
	return w.pools[len(w.pools)-1]
}

// size draws an amount of lamports that fits the token and the trader.
func (w *world) size(p *pool, t temper) uint64 {
	_, reserve := p.at.Reserves()
	share, limit := 0.0009*math.Exp(0.95*w.rng.NormFloat64()), 0.025
	if t == whale {
		share, limit = share*7, 0.09
	}
	lamports := float64(reserve) * min(share, limit)
	if w.rng.IntN(3) == 0 { // people like round numbers
		unit := math.Pow(10, math.Floor(math.Log10(lamports)))
		lamports = math.Ceil(lamports/unit) * unit
	}
	return max(100_000, uint64(lamports))
}

// worth is how many tokens so many lamports are worth on the curve.
func (p *pool) worth(lamports uint64, buy bool) uint64 {
	tokens, err := p.at.TokensFor(lamports, buy)
	if err != nil {
		return 0
	}
	return tokens
}

// spot is a buy or a sell.
func (w *world) spot(tx *transaction, p *pool, who int) {
	t := w.traders[who].temper
	buy := w.rng.Float64() < p.inclination(t)
	lamports := w.size(p, t)
	if !buy {
		lamports = uint64(float64(lamports) * p.haste())
	}
	tokens := p.worth(lamports, buy)
	if !buy {
		if who, tokens = w.seller(p, who, tokens); tokens == 0 {
			buy, tokens = true, p.worth(w.size(p, t), true)
		}
	}
	w.trade(tx, p, who, tokens, buy)
}

// seller is a trader who holds the token, and how much of the amount wanted he sells; 0 if nobody holds any.
func (w *world) seller(p *pool, first int, wanted uint64) (who int, tokens uint64) {
	for i := range p.held {
		who = (first + i) % len(p.held)
		if held := p.held[who]; held > wanted/3 {
			tokens = min(held, wanted)
			if held-tokens < held/20 || w.rng.IntN(12) == 0 && held < 4*wanted {
				tokens = held // everything
			}
			return who, tokens
		}
	}
	return first, 0
}

// trade does a spot trade.
func (w *world) trade(tx *transaction, p *pool, who int, tokens uint64, buy bool) {
	tx.payer = w.traders[who].key
	result, ok := p.trade(tokens, buy, nil)
	if !ok || tokens == 0 {
		tokens = 1_000_000
		buy = true
		result, _ = p.trade(tokens, buy, nil)
	}
	p.apply(result)
	event := spotEvent(p, tx.payer, tokens, result, buy)
	if buy {
		p.held[who] += tokens
		tx.instruction = "Buy"
	} else {
		p.held[who] -= tokens
		tx.instruction = "Sell"
	}
	w.emit(tx, p, result, event)
}

func spotEvent(p *pool, payer market.Pubkey, tokens uint64, o outcome, buy bool) *spinpet.BuySell {
	event := &spinpet.BuySell{Payer: payer, Mint: p.mint, IsBuy: buy, TokenAmount: tokens, SolAmount: o.sol, LatestPrice: o.at.Raw()}
	if !buy {
		event.SolAmount -= p.fee(o.sol)
	}
	return event
}

// emit adds a trade's events in the program's order: liquidations, milestones, the trade.
func (w *world) emit(tx *transaction, p *pool, o outcome, event market.Body) {
	for _, order := range o.hit {
		tx.events = append(tx.events, &spinpet.ForceLiquidate{Payer: tx.payer, Mint: p.mint, Order: order.order})
	}
	tx.events = append(tx.events, p.milestone(tx.payer)...)
	tx.events = append(tx.events, event)
}

// mishap is a transaction that changes nothing: one that fails after it logged its event, or a foreign program that
// prints an event of its own making.
func (w *world) mishap(tx *transaction, p *pool, who int) {
	tx.payer = w.traders[who].key
	buy := w.rng.IntN(2) == 0
	tokens := p.worth(w.size(p, whale), buy)
	result, ok := p.trade(tokens, buy, nil)
	if !ok {
		result.at = p.at
	}

	if tx.instruction = "Sell"; buy {
		tx.instruction = "Buy"
	}
	tx.events = []market.Body{spotEvent(p, tx.payer, tokens, result, buy)}
	if w.rng.IntN(5) == 0 {
		tx.shape = spoofed
		return
	}

	tx.failed = true
	if w.rng.IntN(6) == 0 {
		tx.shape = routed
	}
}

// phantom is a trade that happens on a fork only; the market never hears of it.
func (w *world) phantom(rng *rand.Rand) *transaction {
	if len(w.pools) == 0 {
		return nil
	}
	w.phantoms++
	p := w.pools[rng.IntN(len(w.pools))]
	tokens := uint64(1+rng.IntN(2_000_000)) * 1_000_000
	result, ok := p.trade(tokens, true, nil)
	if !ok {
		return nil
	}
	payer := w.traders[rng.IntN(len(w.traders))].key
	return &transaction{
		signature: w.signature(1<<63 | w.phantoms), noise: rng.Uint32(), ghost: true, payer: payer, instruction: "Buy",
		events: []market.Body{spotEvent(p, payer, tokens, result, true)},
	}
}
