package export

import (
	"spinscope/backend/market"
	"spinscope/backend/wire"
)

var candleColumns = []column{
	{"mint", text},
	{"interval", text},
	{"time", integer},
	{"timestamp", moment},
	{"open", decimal},
	{"high", decimal},
	{"low", decimal},
	{"close", decimal},
	{"volume", decimal},
	{"quote_volume", decimal},
	{"buy_volume", decimal},
	{"trades", amount},
	{"is_final", flag},
}

func putCandle(r *record, mint market.Pubkey, interval market.Interval, c *market.Candle) {
	r.key(0, mint)
	r.text(1, interval.String())
	r.integer(2, c.Time)
	r.text(3, wire.Time(c.Time))
	r.price(4, c.Open)
	r.price(5, c.High)
	r.price(6, c.Low)
	r.price(7, c.Close)
	r.decimal(8, c.Volume, market.TokenDecimals)
	r.decimal(9, c.QuoteVolume, market.LamportsDecimals)
	r.decimal(10, c.BuyVolume, market.TokenDecimals)
	r.amount(11, c.Trades)
	r.flag(12, c.Final)
}

var tradeColumns = []column{
	{"mint", text},
	{"time", integer},
	{"timestamp", moment},
	{"slot", amount},
	{"index", integer},
	{"ordinal", integer},
	{"signature", text},
	{"event_type", text},
	{"side", text},
	{"price", decimal},
	{"token_amount", decimal},
	{"sol_amount", decimal},
	{"user", text},
}

// putTrade fills r with the event's trade; false when the event is none.
func putTrade(r *record, e *market.Event) bool {
	trade, ok := e.Trade()
	if !ok {
		return false
	}
	side := "sell"
	if trade.Buy {
		side = "buy"
	}
	r.key(0, e.Mint())
	r.integer(1, e.BlockTime)
	r.text(2, wire.Time(e.BlockTime))
	r.amount(3, uint64(e.Slot))
	r.integer(4, int64(e.Index))
	r.integer(5, int64(e.Ordinal))
	r.signature(6, e.Signature)
	r.text(7, e.Kind().String())
	r.text(8, side)
	r.price(9, trade.Price)
	r.decimal(10, market.U64(trade.TokenAmount), market.TokenDecimals)
	r.decimal(11, market.U64(trade.SolAmount), market.LamportsDecimals)
	r.key(12, e.Owner)
	return true
}

var orderColumns = []column{
	{"mint", text},
	{"order_pda", text},
	{"user", text},
	{"order_type", integer},
	{"lock_lp_start_price", big},
	{"lock_lp_end_price", big},
	{"price_decimals", integer},
	{"lock_lp_sol_amount", amount},
	{"lock_lp_token_amount", amount},
	{"start_time", integer},
	{"end_time", integer},
	{"margin_sol_amount", amount},
	{"borrow_amount", amount},
	{"position_asset_amount", amount},
	{"borrow_fee", integer},
	{"price_exact", big},
	{"latest_trade_time", integer},
}

func putOrder(r *record, o *market.Order) {
	t := &o.Terms
	r.key(0, o.MintAccount)
	r.key(1, o.Address)
	r.key(2, t.User)
	r.integer(3, int64(t.OrderType))
	r.decimal(4, t.LockLpStartPrice, 0)
	r.decimal(5, t.LockLpEndPrice, 0)
	r.integer(6, int64(o.Scale))
	r.amount(7, t.LockLpSolAmount)
	r.amount(8, t.LockLpTokenAmount)
	r.integer(9, int64(t.StartTime))
	r.integer(10, int64(t.EndTime))
	r.amount(11, t.MarginSolAmount)
	r.amount(12, t.BorrowAmount)
	r.amount(13, t.PositionAssetAmount)
	r.integer(14, int64(t.BorrowFee))
	r.price(15, o.LatestPrice)
	r.integer(16, o.LatestTradeTime*1000)
}

// eventColumns are every field that an event of any kind has; most are empty in any one row. The names are the wire's,
// and index, block_time and price_decimals make the row complete: an event can be rebuilt from it. The last ones are
// those of known holes.
var eventColumns = []column{
	{"event_type", text},
	{"signature", text},
	{"slot", amount},
	{"index", integer},
	{"ordinal", integer},
	{"block_time", integer},
	{"timestamp", moment},
	{"provisional", flag},
	{"payer", text},
	{"mint_account", text},
	{"user", text},
	{"order_pda", text},
	{"latest_price", big},
	{"price_decimals", integer},
	{"price_exact", big},
	{"is_buy", flag},
	{"token_amount", amount},
	{"sol_amount", amount},
	{"is_close_long", flag},
	{"user_sol_account", text},
	{"final_token_amount", amount},
	{"final_sol_amount", amount},
	{"user_close_profit", amount},
	{"order_type", amount},
	{"mint", text},
	{"lock_lp_start_price", big},
	{"lock_lp_end_price", big},
	{"lock_lp_sol_amount", amount},
	{"lock_lp_token_amount", amount},
	{"start_time", amount},
	{"end_time", amount},
	{"margin_init_sol_amount", amount},
	{"margin_sol_amount", amount},
	{"borrow_amount", amount},
	{"position_asset_amount", amount},
	{"realized_sol_amount", amount},
	{"swap_fee", amount},
	{"borrow_fee", amount},
	{"fee_discount_flag", amount},
	{"curve_account", text},
	{"pool_token_account", text},
	{"pool_sol_account", text},
	{"fee_recipient", text},
	{"base_fee_recipient", text},
	{"params_account", text},
	{"name", foreign},
	{"symbol", foreign},
	{"uri", foreign},
	{"from_slot", amount},
	{"to_slot", amount},
	{"state", text},
	{"cause", text},
	{"from_time", integer},
	{"to_time", integer},
}

var eventColumn = func() map[string]int {
	places := make(map[string]int, len(eventColumns))
	for i, c := range eventColumns {
		places[c.name] = i
	}
	return places
}()

func putEvent(r *record, e *market.Event) {
	sink := eventSink{r}
	wire.NewEvent(e).Each(sink)
	r.integer(eventColumn["index"], int64(e.Index))
	r.integer(eventColumn["block_time"], e.BlockTime)
	if e.Scale != 0 {
		r.integer(eventColumn["price_decimals"], int64(e.Scale))
	}
}

// eventSink puts the fields that wire names into their columns.
type eventSink struct{ r *record }

func (s eventSink) Text(name, value string) { s.r.text(eventColumn[name], value) }

func (s eventSink) Key(name string, value market.Pubkey) { s.r.key(eventColumn[name], value) }

func (s eventSink) Number(name string, value uint64) { s.r.amount(eventColumn[name], value) }

func (s eventSink) Big(name string, value market.U128) { s.r.decimal(eventColumn[name], value, 0) }

func (s eventSink) Flag(name string, value bool) { s.r.flag(eventColumn[name], value) }

var gapColumns = []column{
	{"mint", text},
	{"from_slot", amount},
	{"to_slot", amount},
	{"state", text},
	{"cause", text},
	{"seq", amount},
	{"from_time", integer},
	{"to_time", integer},
}

// putGap leaves the mint of a gap of the whole program empty.
func putGap(r *record, g *hole) {
	if !g.Mint.IsZero() {
		r.key(0, g.Mint)
	}
	r.amount(1, uint64(g.From))
	r.amount(2, uint64(g.To))
	r.text(3, g.State.String())
	r.text(4, g.Cause)
	r.amount(5, uint64(g.Seq))
	if g.from != 0 {
		r.integer(6, g.from)
	}
	if g.to != 0 {
		r.integer(7, g.to)
	}
}

// putGapEvent is putGap for an export of events, where an analyst could not tell a quiet hour from a hole otherwise.
func putGapEvent(r *record, g *hole) {
	r.text(eventColumn["event_type"], gapType)
	if !g.Mint.IsZero() {
		r.key(eventColumn["mint_account"], g.Mint)
	}
	r.amount(eventColumn["from_slot"], uint64(g.From))
	r.amount(eventColumn["to_slot"], uint64(g.To))
	r.text(eventColumn["state"], g.State.String())
	r.text(eventColumn["cause"], g.Cause)
	if g.from != 0 {
		r.integer(eventColumn["from_time"], g.from)
	}
	if g.to != 0 {
		r.integer(eventColumn["to_time"], g.to)
	}
}
