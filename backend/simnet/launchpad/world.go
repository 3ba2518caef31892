package launchpad

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
)

const (
	numTraders     = 40
	migrationDelay = 4.0 // chain seconds between completion and the pool's opening, at least
)

// Config describes a market. The zero value of a field means what its comment says.
type Config struct {
	Seed      int64          // equal configurations give equal markets
	Coins     int            // there at the beginning; below 1 is 4
	MaxCoins  int            // no more are created; 0 is Coins
	NewEvery  float64        // mean chain seconds between further coins; 0 is never
	USDC      bool           // every fourth coin is priced in USDC
	Truncated float64        // share of the migrations whose log is cut
	Derive    program.Derive // finds addresses of programs, needed
	URI       func(mint market.Pubkey) string
}

// World is the market. One goroutine uses it.
type World struct {
	cfg     Config
	rng     *rand.Rand
	coins   []*coin
	traders []market.Pubkey
	router  market.Pubkey
	born    float64 // when the next further coin comes
}

// New makes a market without coins; the first calls of Next create them.
func New(cfg Config) (*World, error) {
	if cfg.Coins < 1 {
		cfg.Coins = 4
	}
	cfg.MaxCoins = max(cfg.MaxCoins, cfg.Coins)
	if cfg.URI == nil {
		cfg.URI = func(market.Pubkey) string { return "" }
	}

	w := &World{cfg: cfg, rng: rand.New(rand.NewPCG(uint64(cfg.Seed), 0x9a3d)), born: math.Inf(1)} //nolint:gosec // a game, and it must repeat
	w.router = w.key("launch router", 0)
	for i := range numTraders {
		w.traders = append(w.traders, w.key("launch trader", uint64(i)))
	}

	// An address that cannot be derived is found now and not in the middle of a market.
	if _, err := w.newCoin(0, 0); err != nil {
		return nil, err
	}
	return w, nil
}

// Router is the foreign program through which some trades come.
func (w *World) Router() market.Pubkey { return w.router }

// Coins are those created so far, in that order.
func (w *World) Coins() []Coin {
	list := make([]Coin, len(w.coins))
	for i, c := range w.coins {
		list[i] = c.Coin
	}
	return list
}

// key is an address that depends on the seed only.
func (w *World) key(role string, n uint64) market.Pubkey {
	text := binary.LittleEndian.AppendUint64([]byte(role), n)
	return sha256.Sum256(binary.LittleEndian.AppendUint64(text, uint64(w.cfg.Seed))) //nolint:gosec // any bits do
}

// newCoin makes the n-th coin with fresh reserves.
func (w *World) newCoin(n int, now float64) (*coin, error) {
	age := &generations[n%len(generations)]
	c := &coin{
		Coin: Coin{
			Mint: w.key("launch mint", uint64(n)), Creator: w.key("launch creator", uint64(n)), Quote: market.WrappedSOL, QuoteDecimals: 9, //nolint:gosec // small
			Name: coinName(n), Symbol: coinSymbol(n), Mayhem: n%8 == 7, Created: int64(now),
		},
		age: age, virtualQuote: freshSOL, virtualToken: curveVirtual, realToken: curveReal, held: make([]uint64, numTraders),
	}
	if w.cfg.USDC && age.quotes && n%4 == 3 {
		c.Quote, c.QuoteDecimals, c.virtualQuote = market.USDC, 6, freshUSDC
	}

	c.URI = w.cfg.URI(c.Mint)

	var err error
	if c.Curve, err = pump.Curve(w.cfg.Derive, c.Mint); err == nil {
		c.authority, err = pump.PoolAuthority(w.cfg.Derive, c.Mint)
	}
	if err == nil {
		c.Pool, err = pumpswap.PoolAddress(w.cfg.Derive, pumpswap.CanonicalIndex, c.authority, c.Mint, c.Quote)
	}

	if err == nil {
		c.OtherPool, err = pumpswap.PoolAddress(w.cfg.Derive, 1, c.Creator, c.Quote, c.Mint)
	}
	if err == nil {
		c.metadata, err = token.MetadataAddress(w.cfg.Derive, c.Mint)
	}
	if err != nil {
		return nil, fmt.Errorf("addresses of the coin %s: %w", c.Mint, err)
	}
	return c, nil
}

// Next is what happens next at a chain time: one transaction.
func (w *World) Next(now float64) Transaction {
	if w.isBirth(now) {
		if tx, ok := w.create(now); ok {
			return tx
		}
	}

	for _, c := range w.coins {
		if c.at == completed && c.due <= now {
			return w.migrate(c, now)
		}
	}

	c := w.pick()
	if c == nil {
		return w.route(Transaction{Payer: w.traders[0], Calls: []Call{{Program: w.router, Instruction: "Idle"}}})
	}

	who := w.rng.IntN(numTraders)
	var tx Transaction
	if c.at == onCurve {
		tx = w.tradeOnCurve(c, who, now)
	} else {
		tx = w.tradeInPool(c, who, now)
	}

	if w.rng.IntN(6) == 0 {
		tx = w.route(tx)
	}
	return tx
}

// isBirth reports whether a coin is to be created now.
func (w *World) isBirth(now float64) bool {
	if len(w.coins) < w.cfg.Coins {
		return true
	}
	if math.IsInf(w.born, 1) && w.cfg.NewEvery > 0 {
		w.born = now + w.rng.ExpFloat64()*w.cfg.NewEvery
	}
	if now < w.born || len(w.coins) >= w.cfg.MaxCoins {
		return false
	}
	w.born = now + w.rng.ExpFloat64()*w.cfg.NewEvery
	return true
}

// pick is a coin that trades, by how much trading each attracts; nil when none does at the moment.
func (w *World) pick() *coin {
	sum := 0.0
	for _, c := range w.coins {
		if c.at != completed {
			sum += c.weight
		}
	}
	r := w.rng.Float64() * sum
	for _, c := range w.coins {
		if c.at == completed {
			continue
		}
		if r -= c.weight; r < 0 {
			return c
		}
	}
	return nil
}

// route has a foreign program call what the transaction calls.
func (w *World) route(tx Transaction) Transaction {
	tx.Calls = []Call{{Program: w.router, Instruction: "Route", Inner: tx.Calls}}
	tx.Accounts = append(tx.Accounts, w.router)
	return tx
}

// create makes a coin, with its creator's first buy in the same transaction.
func (w *World) create(now float64) (Transaction, bool) {
	n := len(w.coins)
	c, err := w.newCoin(n, now)
	if err != nil {
		return Transaction{}, false
	}

	c.weight = math.Pow(float64(n+1), -0.5)
	c.appetite = 0.52 + 0.14*w.rng.Float64()
	w.coins = append(w.coins, c)

	who := w.rng.IntN(numTraders)
	tx := Transaction{
		Payer: w.traders[who], Accounts: []market.Pubkey{c.Mint, c.Curve},
		Truth: []Fact{{
			Kind: FactCreated, Mint: c.Mint, Venue: c.Curve, QuoteMint: c.Quote, User: w.traders[who], Symbol: c.Symbol,
			PriceQuote: c.virtualQuote, PriceBase: c.virtualToken,
		}},
		Created: &c.Coin,
	}
	created := &pump.Create{
		Name: c.Name, Symbol: c.Symbol, URI: c.URI, Mint: c.Mint, BondingCurve: c.Curve, User: w.traders[who], Creator: c.Creator,
		Timestamp: int64(now), VirtualTokenReserves: c.virtualToken, RealTokenReserves: c.realToken, TokenTotalSupply: supply,
		IsMayhemMode: c.Mayhem, QuoteMint: c.quoteMint(), VirtualQuoteReserves: c.virtualQuote, Tail: program.Tail{Parts: c.age.create},
	}
	if c.Quote == market.WrappedSOL {
		created.VirtualSolReserves = c.virtualQuote
	}

	tokens := uint64(float64(curveReal) * 0.02 * w.rng.Float64())
	trade, fact := w.buyOnCurve(c, who, max(1_000_000, tokens), now, "buy")
	tx.Calls = []Call{
		{Program: pump.ProgramID, Instruction: "Create", Events: []program.Growing{created}},
		{Program: pump.ProgramID, Instruction: "Buy", Events: []program.Growing{trade}},
	}
	tx.Truth = append(tx.Truth, fact)
	return tx, true
}

func (w *World) buyOnCurve(c *coin, who int, tokens uint64, now float64, instruction string) (*pump.Trade, Fact) {
	quote := c.buyOnCurve(tokens)
	c.held[who] += tokens
	return c.curveTrade(w.traders[who], tokens, quote, true, int64(now), instruction), w.curveFact(c, who, tokens, quote, true)
}

func (w *World) curveFact(c *coin, who int, tokens, quote uint64, buy bool) Fact {
	return Fact{
		Kind: FactTrade, Mint: c.Mint, Venue: c.Curve, QuoteMint: c.Quote, User: w.traders[who], Buy: buy, TokenAmount: tokens,
		QuoteAmount: quote, PriceQuote: c.virtualQuote, PriceBase: c.virtualToken,
	}
}

func (w *World) poolFact(c *coin, who int, tokens, quote uint64, buy bool) Fact {
	return Fact{
		Kind: FactTrade, Mint: c.Mint, Venue: c.Pool, QuoteMint: c.Quote, User: w.traders[who], Buy: buy, TokenAmount: tokens,
		QuoteAmount: quote, PriceQuote: c.poolQuote(), PriceBase: c.base,
	}
}

// size draws an amount of tokens for a venue that has so many.
func (w *World) size(there uint64) uint64 {
	share := min(0.05, 0.006*math.Exp(0.9*w.rng.NormFloat64()))
	return max(1_000_000, uint64(float64(there)*share))
}

// seller is a trader who holds the coin, and what he sells; zero when nobody holds enough.
func (w *World) seller(c *coin, first int, wanted uint64) (who int, tokens uint64) {
	for i := range c.held {
		who = (first + i) % len(c.held)
		if c.held[who] > wanted/3 && c.held[who] > 1_000_000 {
			return who, min(wanted, c.held[who])
		}
	}
	return first, 0
}

// tradeOnCurve is a buy or a sell on the curve; the buy that takes the last tokens completes it.
func (w *World) tradeOnCurve(c *coin, who int, now float64) Transaction {
	if c.Mayhem && w.rng.IntN(12) == 0 {
		c.virtualQuote += c.virtualQuote / 20_000 // moved without a trade
	}
	tx := Transaction{Payer: w.traders[who], Accounts: []market.Pubkey{c.Mint, c.Curve}}
	call := Call{Program: pump.ProgramID}
	tokens := w.size(c.virtualToken)

	if w.rng.Float64() > c.appetite {
		if seller, held := w.seller(c, who, tokens); held > 0 {
			before := *c
			quote := c.sellOnCurve(held)
			tx.Payer, call.Instruction = w.traders[seller], "Sell"
			call.Events = []program.Growing{c.curveTrade(tx.Payer, held, quote, false, int64(now), "sell")}
			tx.Truth, tx.Calls = []Fact{w.curveFact(c, seller, held, quote, false)}, []Call{call}
			c.held[seller] -= held
			if w.fails(&tx) {
				c.restore(&before)
				c.held[seller] += held
			}
			return tx
		}
	}

	call.Instruction = "Buy"
	instruction := [...]string{"buy", "buy_exact_sol_in"}[w.rng.IntN(2)]
	if c.age.quotes {
		call.Instruction, instruction = "BuyExactQuoteInV2", "buy_exact_quote_in"
	}

	before, wanted := *c, tokens
	tokens = min(tokens, c.realToken)
	trade, fact := w.buyOnCurve(c, who, tokens, now, instruction)
	call.Events, tx.Truth = []program.Growing{trade}, []Fact{fact}
	if c.realToken == 0 {
		w.complete(c, who, wanted-tokens, now, &call, &tx)
	}

	tx.Calls = []Call{call}
	if c.at == onCurve && w.fails(&tx) {
		c.restore(&before)
		c.held[who] -= tokens
	}

	return tx
}

// restore takes the reserves back to what they were; what traders hold is not among them.
func (c *coin) restore(before *coin) {
	held := c.held
	*c = *before
	c.held = held
}

// fails makes some transactions fail after they logged their events, so that nothing of it happened.
func (w *World) fails(tx *Transaction) bool {
	if w.rng.IntN(8) != 0 {
		return false
	}
	tx.Failed, tx.Truth = true, nil
	return true
}

// complete ends the curve. What the buyer asked for beyond its end the newest programs sell him at once, at the price of
// the pool that opens next.
func (w *World) complete(c *coin, who int, rest uint64, now float64, call *Call, tx *Transaction) {
	c.at, c.due = completed, now+migrationDelay+6*w.rng.Float64()
	call.Events = append(call.Events, &pump.Complete{
		User: w.traders[who], Mint: c.Mint, BondingCurve: c.Curve, Timestamp: int64(now), QuoteMint: c.quoteMint(),
		Tail: program.Tail{Parts: c.age.complete},
	})
	tx.Truth = append(tx.Truth, Fact{
		Kind: FactCompleted, Mint: c.Mint, Venue: c.Curve, QuoteMint: c.Quote, User: w.traders[who],
		PriceQuote: c.virtualQuote, PriceBase: c.virtualToken,
	})

	// The fee is one in lamports; of another quote it is as small a part.
	total := c.realQuote - min(c.realQuote/5_000, migrationFee)
	c.base, c.quote, c.virtual = poolTokens, total, 0
	if !c.age.boost || rest == 0 {
		return
	}

	quote := mulDiv(c.quote, rest, c.base-rest) + 1
	event := &pump.PostCompleteBuy{
		User: w.traders[who], Mint: c.Mint, BondingCurve: c.Curve, QuoteMint: c.Quote, Timestamp: int64(now), BaseOut: rest, QuoteIn: quote,
		FeeBasisPoints: curveFee, Fee: basis(quote, curveFee), PoolBaseReservesBefore: c.base, PoolQuoteReservesBefore: c.quote,
	}
	c.base, c.quote = c.base-rest, c.quote+quote
	c.held[who] += rest
	event.PoolBaseReservesAfter, event.PoolQuoteReservesAfter = c.base, c.quote
	call.Events = append(call.Events, event)
	fact := w.poolFact(c, who, rest, quote, true)
	fact.Venue = c.Curve // pump sells it, and the transaction names no pool yet
	tx.Truth = append(tx.Truth, fact)
}

// migrate opens the pool of a completed curve.
func (w *World) migrate(c *coin, now float64) Transaction {
	c.at = onPool
	if c.age.boost {
		c.virtual = mulDiv(c.quote, boostPart, 1000)
		c.quote -= c.virtual
	}

	opened := &pumpswap.CreatePool{
		Timestamp: int64(now), Index: pumpswap.CanonicalIndex, Creator: c.authority, BaseMint: c.Mint, QuoteMint: c.Quote,
		BaseMintDecimals: tokenDecimals, QuoteMintDecimals: c.QuoteDecimals, BaseAmountIn: c.base, QuoteAmountIn: c.quote,
		PoolBaseAmount: c.base, PoolQuoteAmount: c.quote, MinimumLiquidity: 100, Pool: c.Pool, LPMint: w.key("lp mint", uint64(len(w.coins))),
		CoinCreator: c.Creator, IsMayhemMode: c.Mayhem, Tail: program.Tail{Parts: c.age.pool},
	}
	calls := []Call{{Program: pumpswap.ProgramID, Instruction: "CreatePool", Events: []program.Growing{opened}}}
	if c.virtual > 0 {
		calls = append(calls, Call{Program: pumpswap.ProgramID, Instruction: "InitBoost", Events: []program.Growing{&pumpswap.InitBoost{
			Timestamp: int64(now), Mint: c.Mint, BondingCurve: c.Curve, Pool: c.Pool, VirtualQuoteReserves: market.I128{Lo: c.virtual},
			RealQuoteReserves: c.quote,
		}}})
	}

	moved := &pump.Migration{
		User: w.traders[0], Mint: c.Mint, MintAmount: c.base, SolAmount: c.quote, PoolMigrationFee: migrationFee, BondingCurve: c.Curve,
		Timestamp: int64(now), Pool: c.Pool, QuoteMint: c.quoteMint(), Tail: program.Tail{Parts: c.age.migration},
	}
	return Transaction{
		Payer: w.traders[0], Accounts: []market.Pubkey{c.Mint, c.Curve, c.Pool}, Cut: w.rng.Float64() < w.cfg.Truncated,
		Calls: []Call{{Program: pump.ProgramID, Instruction: "Migrate", Inner: calls, Events: []program.Growing{moved}}},
		Truth: []Fact{{
			Kind: FactMigrated, Mint: c.Mint, Venue: c.Pool, QuoteMint: c.Quote, User: w.traders[0],
			PriceQuote: c.poolQuote(), PriceBase: c.base,
		}},
	}
}

// tradeInPool is a buy or a sell in the coin's pool, now and then with the opposite trade in the other pool beside it.
func (w *World) tradeInPool(c *coin, who int, now float64) Transaction {
	tx := Transaction{Payer: w.traders[who], Accounts: []market.Pubkey{c.Mint, c.Pool}}
	call := Call{Program: pumpswap.ProgramID}
	tokens := w.size(c.base)
	before := *c

	sold := uint64(0)
	if w.rng.Float64() > 0.5 {
		if seller, held := w.seller(c, who, tokens); held > 0 {
			if event, net := c.sellToPool(w.traders[seller], held, int64(now)); event != nil {
				tx.Payer, call.Instruction, call.Events = w.traders[seller], "Sell", []program.Growing{event}
				tx.Truth = []Fact{w.poolFact(c, seller, held, net, false)}
				who, sold = seller, held
			}
		}
	}

	if sold == 0 {
		event, net := c.buyFromPool(w.traders[who], tokens, w.rng.IntN(3) == 0, int64(now))
		call.Instruction, call.Events = "Buy", []program.Growing{event}
		tx.Truth = []Fact{w.poolFact(c, who, tokens, net, true)}
	}

	tx.Calls = []Call{call}

	if w.rng.IntN(10) == 0 {
		w.arbitrage(c, who, now, &tx)
	}
	switch {
	case w.fails(&tx):
		c.restore(&before)
	case sold > 0:
		c.held[who] -= sold
	default:
		c.held[who] += tokens
	}

	return tx
}

// arbitrage adds a trade in the other pool, whose base side is the quote: there a buy takes the quote out and so sells the
// coin.
func (w *World) arbitrage(c *coin, who int, now float64, tx *Transaction) {
	if c.otherBase == 0 {
		c.otherBase, c.otherQuote = c.poolQuote()/50, c.base/50
	}
	base := c.otherBase / 200
	net := mulDiv(c.otherQuote, base, c.otherBase-base) + 1
	event := &pumpswap.Buy{Swap: pumpswap.Swap{
		Timestamp: int64(now), BaseAmount: base, PoolBaseReserves: c.otherBase, PoolQuoteReserves: c.otherQuote, QuoteAmount: net,
		QuoteAmountLPFee: net, UserQuoteAmount: net, Pool: c.OtherPool, User: w.traders[who], Tail: program.Tail{Parts: c.age.buy},
	}, IxName: "buy"}
	c.otherBase, c.otherQuote = c.otherBase-base, c.otherQuote+net

	tx.Calls = append(tx.Calls, Call{Program: pumpswap.ProgramID, Instruction: "Buy", Events: []program.Growing{event}})
	tx.Accounts = append(tx.Accounts, c.OtherPool)
	tx.Truth = append(tx.Truth, Fact{
		Kind: FactOther, Mint: c.Mint, Venue: c.OtherPool, QuoteMint: c.Quote, User: w.traders[who], TokenAmount: net, QuoteAmount: base,
		PriceQuote: c.otherBase, PriceBase: c.otherQuote,
	})
}
