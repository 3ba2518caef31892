package launchpad

import (
	"math/bits"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
)

// What a curve begins with, and what is left for the pool, in base units.
const (
	supply        = 1_000_000_000_000_000
	curveVirtual  = 1_073_000_000_000_000
	curveReal     = 793_100_000_000_000
	poolTokens    = supply - curveReal
	freshSOL      = 30_000_000_000 // lamports
	freshUSDC     = 4_200_000_000  // millionths of a dollar
	migrationFee  = 15_000_001     // lamports
	boostPart     = 207            // of 1,000: the part of a pool's quote that is virtual
	tokenDecimals = 6
)

// Fees in basis points.
const (
	curveFee    = 95
	creatorFee  = 30
	lpFee       = 20
	protocolFee = 5
)

// venue is where a coin trades now.
type venue uint8

const (
	onCurve   venue = iota
	completed       // the curve is sold out and the pool not yet open
	onPool
)

// Coin is what stands fast of a coin.
type Coin struct {
	Mint          market.Pubkey
	Curve         market.Pubkey // pump's account of it
	Pool          market.Pubkey // the pool that it moves to
	OtherPool     market.Pubkey // another pool of it, whose base is the quote: no part of the coin's series
	Creator       market.Pubkey
	Quote         market.Pubkey // what it is priced in, market.WrappedSOL or market.USDC
	QuoteDecimals uint8
	Name, Symbol  string
	URI           string
	Mayhem        bool // its curve's reserves are moved without a trade now and then
	Created       int64
}

// coin is a coin with its reserves.
type coin struct {
	Coin
	authority market.Pubkey
	metadata  market.Pubkey // where the name is kept of a mint that does not hold it itself
	age       *generation
	weight    float64 // share of the trading
	appetite  float64 // how many of its trades are buys
	held      []uint64

	at                         venue
	due                        float64 // when it migrates, once completed
	virtualQuote, virtualToken uint64  // of the curve
	realQuote, realToken       uint64
	base, quote, virtual       uint64 // of the pool; virtual counts towards the price and cannot be taken out
	otherBase, otherQuote      uint64 // of the other pool, by its own sides: base is the quote mint
}

// mulDiv is a·b/c, rounded down. c must be greater than the high half of the product, as it is where a or b is at most c.
func mulDiv(a, b, c uint64) uint64 {
	high, low := bits.Mul64(a, b)
	quotient, _ := bits.Div64(high, low, c)
	return quotient
}

// basis is the share of an amount, rounded up as the programs round their fees.
func basis(amount, points uint64) uint64 { return (amount*points + 9_999) / 10_000 }

// quoteMint is how pump's events write what the coin is priced in: zero is SOL.
func (c *coin) quoteMint() market.Pubkey {
	if c.Quote == market.WrappedSOL {
		return market.Pubkey{}
	}
	return c.Quote
}

// poolQuote is what counts towards the pool's price.
func (c *coin) poolQuote() uint64 { return c.quote + c.virtual }

// curveTrade is a trade on the curve as pump tells it, after the reserves were changed.
func (c *coin) curveTrade(user market.Pubkey, tokens, quote uint64, buy bool, now int64, instruction string) *pump.Trade {
	e := &pump.Trade{
		Mint: c.Mint, TokenAmount: tokens, IsBuy: buy, User: user, Timestamp: now, VirtualTokenReserves: c.virtualToken,
		RealTokenReserves: c.realToken, FeeRecipient: c.authority, FeeBasisPoints: curveFee, Fee: basis(quote, curveFee),
		Creator: c.Creator, CreatorFeeBasisPoints: creatorFee, CreatorFee: basis(quote, creatorFee), IxName: instruction,
		MayhemMode: c.Mayhem, QuoteMint: c.quoteMint(), Tail: program.Tail{Parts: c.age.trade},
	}
	if c.Quote == market.WrappedSOL {
		e.SolAmount, e.VirtualSolReserves, e.RealSolReserves = quote, c.virtualQuote, c.realQuote
	}
	e.QuoteAmount, e.VirtualQuoteReserves, e.RealQuoteReserves = quote, c.virtualQuote, c.realQuote
	return e
}

// buyOnCurve moves the curve's reserves; it gives at most what is left.
func (c *coin) buyOnCurve(tokens uint64) (quote uint64) {
	quote = mulDiv(c.virtualQuote, tokens, c.virtualToken-tokens) + 1
	c.virtualQuote, c.realQuote = c.virtualQuote+quote, c.realQuote+quote
	c.virtualToken, c.realToken = c.virtualToken-tokens, c.realToken-tokens
	return quote
}

// sellOnCurve moves the curve's reserves.
func (c *coin) sellOnCurve(tokens uint64) (quote uint64) {
	quote = min(mulDiv(c.virtualQuote, tokens, c.virtualToken+tokens), c.realQuote)
	c.virtualQuote, c.realQuote = c.virtualQuote-quote, c.realQuote-quote
	c.virtualToken, c.realToken = c.virtualToken+tokens, c.realToken+tokens
	return quote
}

// swap is what a buy and a sell of the pool have in common, before the reserves are changed.
func (c *coin) swap(user market.Pubkey, now int64, base, net uint64, parts uint8) pumpswap.Swap {
	s := pumpswap.Swap{
		Timestamp: now, BaseAmount: base, PoolBaseReserves: c.base, PoolQuoteReserves: c.quote, QuoteAmount: net,
		LPFeeBasisPoints: lpFee, LPFee: basis(net, lpFee), ProtocolFeeBasisPoints: protocolFee, ProtocolFee: basis(net, protocolFee),
		Pool: c.Pool, User: user, UserBaseAccount: c.authority, UserQuoteAccount: c.authority, ProtocolRecipient: c.authority,
		ProtocolRecipientToken: c.authority, CoinCreator: c.Creator, CoinCreatorFeeBasisPoints: creatorFee,
		CoinCreatorFee: basis(net, creatorFee), BaseSupply: supply, CanBoost: c.virtual > 0,
		VirtualQuoteReserves: market.I128{Lo: c.virtual}, Tail: program.Tail{Parts: parts},
	}
	return s
}

// buyFromPool takes tokens out of the pool. exact names the amount paid, and then the event swaps gross and net.
func (c *coin) buyFromPool(user market.Pubkey, tokens uint64, exact bool, now int64) (e *pumpswap.Buy, net uint64) {
	net = mulDiv(c.poolQuote(), tokens, c.base-tokens) + 1
	e = &pumpswap.Buy{Swap: c.swap(user, now, tokens, net, c.age.buy), IxName: "buy"}
	e.QuoteAmountLPFee = net + e.LPFee
	gross := e.QuoteAmountLPFee + e.ProtocolFee + e.CoinCreatorFee
	e.UserQuoteAmount, e.Limit = gross, gross+gross/100
	if exact {
		e.QuoteAmount, e.UserQuoteAmount, e.IxName = gross, net, "buy_exact_quote_in"
	}
	c.base, c.quote = c.base-tokens, c.quote+net+e.LPFee
	return e, net
}

// sellToPool gives tokens to the pool; zero net when the pool has not that much.
func (c *coin) sellToPool(user market.Pubkey, tokens uint64, now int64) (e *pumpswap.Sell, net uint64) {
	net = mulDiv(c.poolQuote(), tokens, c.base+tokens)
	if net < 1_000 || net >= c.quote {
		return nil, 0
	}
	e = &pumpswap.Sell{Swap: c.swap(user, now, tokens, net, c.age.sell)}
	e.QuoteAmountLPFee = net - e.LPFee
	e.UserQuoteAmount = e.QuoteAmountLPFee - e.ProtocolFee - e.CoinCreatorFee
	c.base, c.quote = c.base+tokens, c.quote-e.QuoteAmountLPFee
	return e, net
}
