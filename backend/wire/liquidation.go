package wire

import (
	"math"
	"strconv"

	"spinscope/backend/liquidation"
	"spinscope/backend/market"
)

// Signed is an amount of the chain with a sign: a JSON number up to 2^53 to either side of 0, a decimal string beyond.
//
//ts:type number | string
type Signed int64

// MarshalJSON implements json.Marshaler.
func (s Signed) MarshalJSON() ([]byte, error) {
	const safe = 1 << 53
	text := strconv.AppendInt(nil, int64(s), 10)
	if s > safe || s < -safe {
		text = append(append([]byte{'"'}, text...), '"')
	}
	return text, nil
}

// Liquidations answers /api/liquidations: what a price that moves meets, to either side.
type Liquidations struct {
	MintAccount string          `json:"mint_account"`
	Price       *float64        `json:"price" doc:"Of the last trade, SOL per whole token; null before the first"`
	PriceExact  *string         `json:"price_exact" doc:"The same with every digit"`
	SwapFee     *uint16         `json:"swap_fee" doc:"Of 100000, as close_sol_amount counts it; null while the creation is not stored, and then it counts none"`
	Down        LiquidationSide `json:"down" doc:"Longs, which a falling price meets"`
	Up          LiquidationSide `json:"up"   doc:"Shorts, which a rising price meets"`
}

// LiquidationSide are the open orders of one side of the price, the nearest first.
type LiquidationSide struct {
	Orders  []LiquidationOrder  `json:"orders" doc:"The nearest; no more than limit"`
	Total   int                 `json:"total" doc:"How many there are in all"`
	Beyond  int                 `json:"beyond" doc:"Of them, those whose range the curve does not reach; they are in no sum, and not in orders"`
	Next    *LiquidationNext    `json:"next" doc:"The first to fall; null when there is none"`
	Cascade *LiquidationCascade `json:"cascade" doc:"What falls with it; null when there is none"`
}

// LiquidationNext is the order that falls first.
type LiquidationNext struct {
	Price           float64 `json:"price" doc:"SOL per whole token at which it falls"`
	Distance        float64 `json:"distance" doc:"From the price, as a fraction: -0.031 is 3.1 % below"`
	SolAmount       Amount  `json:"sol_amount" doc:"Lamports that its closing trade moves"`
	NeededSolAmount Amount  `json:"needed_sol_amount" doc:"Lamports that trades must move until it falls, fees not counted"`
}

// LiquidationCascade is what falls together with the first order, without any further trade.
type LiquidationCascade struct {
	Orders    int     `json:"orders" doc:"How many, the first included"`
	Price     float64 `json:"price" doc:"Where the price comes to rest, SOL per whole token"`
	Distance  float64 `json:"distance" doc:"From the price, as a fraction"`
	SolAmount Sum     `json:"sol_amount" doc:"Lamports that their closing trades move"`
}

// LiquidationOrder is an open order as the price stands.
type LiquidationOrder struct {
	Order
	Distance         *float64 `json:"distance" doc:"From the price to the start of its range, as a fraction: -0.031 is 3.1 % below; null without a price"`
	NeededSolAmount  Amount   `json:"needed_sol_amount" doc:"Lamports that trades must move until it falls, fees not counted, nor what the orders before it move"`
	TotalSolAmount   Sum      `json:"total_sol_amount" doc:"Lamports that the closing trades of this order and of those before it move"`
	TotalTokenAmount Sum      `json:"total_token_amount" doc:"Token base units likewise"`
	Group            int      `json:"group" doc:"From 0; orders of one group fall together, without a further trade"`
	EntryPrice       *float64 `json:"entry_price" doc:"SOL per whole token on average, of what opening it traded and is not closed; fees not counted"`
	Leverage         *float64 `json:"leverage" doc:"What opening it moved, as far as it is not closed, by the margin; null without margin"`
	CloseSolAmount   *Amount  `json:"close_sol_amount" doc:"Lamports that its owner would be given back if it were closed now, after the swap fee; what borrowing costs is not counted, nor liquidations on the way of its trade"`
	ProfitSolAmount  *Signed  `json:"profit_sol_amount" doc:"The same less the margin"`
}

// NewLiquidationSide is a side on the wire, with at most limit orders. The values are of its orders, in their order.
func NewLiquidationSide(side *liquidation.Side, total int, price market.Price, values []liquidation.Worth, limit int) LiquidationSide {
	out := LiquidationSide{Orders: make([]LiquidationOrder, min(limit, len(side.Orders))), Total: total, Beyond: side.Beyond}
	for i := range out.Orders {
		one := &side.Orders[i]
		out.Orders[i] = LiquidationOrder{
			Order: NewOrder(one.Order), Distance: distance(price, one.Start), NeededSolAmount: Amount(one.Needed),
			TotalSolAmount: Sum(one.Quote), TotalTokenAmount: Sum(one.Tokens), Group: one.Group,
			EntryPrice: number(values[i].Entry), Leverage: number(values[i].Leverage),
		}
		if values[i].Known {
			out.Orders[i].CloseSolAmount, out.Orders[i].ProfitSolAmount = new(Amount(values[i].Close)), new(Signed(values[i].Profit))
		}
	}

	rest, count, moved, ok := side.Rest()
	if !ok || price.IsZero() {
		return out
	}
	first := &side.Orders[0]
	out.Next = &LiquidationNext{
		Price: first.Start.Float(), Distance: *distance(price, first.Start),
		SolAmount: Amount(first.Terms.LockLpSolAmount), NeededSolAmount: Amount(first.Needed),
	}
	out.Cascade = &LiquidationCascade{Orders: count, Price: rest.Float(), Distance: *distance(price, rest), SolAmount: Sum(moved)}
	return out
}

// distance is how far a price is from another, as a fraction; nil without one.
func distance(from, to market.Price) *float64 {
	if from.IsZero() {
		return nil
	}
	return new(to.Float()/from.Float() - 1)
}

// number is x, nil for what is none.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
