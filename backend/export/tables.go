package export

import (
	"slices"

	"spinscope/backend/market"
)

// pairColumns say what a coin is paid in. They stand behind the others, in files with coins of other pairs than the zero one
// only: everybody else's stay as they were before there were others.
var pairColumns = []column{
	{"program", label, 0},
	{"quote_mint", label, 0},
	{"quote_symbol", label, 0},
	{"quote_decimals", integer, 0},
}

// quoteAmount stands behind pairColumns where a file has trades; sol_amount is empty of trades that are not in SOL.
var quoteAmount = column{"quote_amount", units, 0}

// columnsOf are the columns of a file with coins of the pairs. Fractions have as many digits as the coin with most needs.
func columnsOf(kind Kind, pairs []market.Pair) []column {
	columns := map[Kind][]column{Candles: candleColumns, Trades: tradeColumns, Orders: orderColumns, Gaps: gapColumns}[kind]
	others := slices.ContainsFunc(pairs, func(p market.Pair) bool { return p != market.Pair{} })
	if !others || kind == Gaps {
		return columns
	}

	base, quote := market.TokenDecimals, market.LamportsDecimals
	for _, p := range pairs {
		base, quote = max(base, p.BaseDecimals()), max(quote, p.QuoteDecimals())
	}

	columns = append(slices.Clone(columns), pairColumns...)
	if kind == Trades {
		columns = append(columns, quoteAmount)
	}
	for i := range columns {
		switch c := &columns[i]; c.name {
		case "volume", "buy_volume", "token_amount":
			c.scale = base
		case "quote_volume", "sol_amount", "quote_amount":
			c.scale = quote
		default:
			continue
		}
		columns[i].typ = decimal // as one of 64 bits has no place for further digits
	}

	return columns
}

// paired reports whether the columns of pairColumns stand at i.
func (r *record) paired(i int) bool {
	return len(r.columns) > i && r.columns[i].name == pairColumns[0].name
}

// putPair fills the columns of pairColumns, which begin at i.
func putPair(r *record, i int, pair market.Pair) {
	r.text(i, pair.Program().String())
	r.key(i+1, pair.Quote())
	r.text(i+2, pair.QuoteSymbol())
	r.integer(i+3, int64(pair.QuoteDecimals()))
}

var candleColumns = []column{
	{"mint", label, 0},
	{"interval", label, 0},
	{"time", integer, 0},
	{"timestamp", moment, 0},
	{"open", decimal, 28},
	{"high", decimal, 28},
	{"low", decimal, 28},
	{"close", decimal, 28},
	{"volume", decimal, 6},
	{"quote_volume", decimal, 9},
	{"buy_volume", decimal, 6},
	{"trades", count, 0},
	{"is_final", flag, 0},
}

func putCandle(r *record, mint market.Pubkey, pair market.Pair, interval market.Interval, c *market.Candle) {
	r.key(0, mint)
	r.text(1, interval.String())
	r.integer(2, c.Time)
	r.integer(3, c.Time)
	r.price(4, c.Open)
	r.price(5, c.High)
	r.price(6, c.Low)
	r.price(7, c.Close)
	r.amount(8, c.Volume, pair.BaseDecimals())
	r.amount(9, c.QuoteVolume, pair.QuoteDecimals())
	r.amount(10, c.BuyVolume, pair.BaseDecimals())
	r.number(11, c.Trades)
	r.flag(12, c.Final)
	if end := len(candleColumns); r.paired(end) {
		putPair(r, end, pair)
	}
}

var tradeColumns = []column{
	{"mint", label, 0},
	{"time", integer, 0},
	{"timestamp", moment, 0},
	{"slot", count, 0},
	{"index", integer, 0},
	{"ordinal", integer, 0},
	{"signature", base58, 0},
	{"event_type", label, 0},
	{"side", label, 0},
	{"price", decimal, 28},
	{"token_amount", units, 6},
	{"sol_amount", units, 9},
	{"user", label, 0},
}

// putTrade fills r with the event's trade; false when the event is none.
func putTrade(r *record, pair market.Pair, e *market.Event) bool {
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
	r.integer(2, e.BlockTime)
	r.number(3, uint64(e.Slot))
	r.integer(4, int64(e.Index))
	r.integer(5, int64(e.Ordinal))
	r.signature(6, e.Signature)
	r.text(7, e.Kind().String())
	r.text(8, side)
	r.price(9, trade.Price)
	r.amount(10, market.U64(trade.Base), pair.BaseDecimals())
	if pair.Quote() == market.WrappedSOL {
		r.amount(11, market.U64(trade.Quote), pair.QuoteDecimals())
	}

	r.key(12, e.Owner)
	if end := len(tradeColumns); r.paired(end) {
		putPair(r, end, pair)
		r.amount(end+len(pairColumns), market.U64(trade.Quote), pair.QuoteDecimals())
	}

	return true
}

var orderColumns = []column{
	{"mint", label, 0},
	{"order_pda", label, 0},
	{"user", label, 0},
	{"order_type", integer, 0},
	{"lock_lp_start_price", raw, 0},
	{"lock_lp_end_price", raw, 0},
	{"price_decimals", integer, 0},
	{"lock_lp_sol_amount", amount, 0},
	{"lock_lp_token_amount", amount, 0},
	{"start_time", integer, 0},
	{"end_time", integer, 0},
	{"margin_sol_amount", amount, 0},
	{"borrow_amount", amount, 0},
	{"position_asset_amount", amount, 0},
	{"borrow_fee", count, 0},
	{"price_exact", exact, 28},
	{"latest_trade_time", integer, 0},
}

func putOrder(r *record, pair market.Pair, o *market.Order) {
	t := &o.Terms
	r.key(0, o.MintAccount)
	r.key(1, o.Address)
	r.key(2, t.User)
	r.integer(3, int64(t.OrderType))
	r.decimal(4, t.LockLpStartPrice)
	r.decimal(5, t.LockLpEndPrice)
	r.integer(6, int64(o.Scale))
	r.number(7, t.LockLpSolAmount)
	r.number(8, t.LockLpTokenAmount)
	r.integer(9, int64(t.StartTime))
	r.integer(10, int64(t.EndTime))
	r.number(11, t.MarginSolAmount)
	r.number(12, t.BorrowAmount)
	r.number(13, t.PositionAssetAmount)
	r.integer(14, int64(t.BorrowFee))
	r.price(15, o.LatestPrice)
	r.integer(16, o.LatestTradeTime)
	if end := len(orderColumns); r.paired(end) {
		putPair(r, end, pair)
	}
}

var gapColumns = []column{
	{"mint", label, 0},
	{"from_slot", count, 0},
	{"to_slot", count, 0},
	{"state", label, 0},
	{"cause", text, 0},
	{"seq", count, 0},
	{"from_time", integer, 0},
	{"to_time", integer, 0},
}

// putGap leaves the mint of a gap of the whole program empty.
func putGap(r *record, g *datedGap) {
	if !g.Mint.IsZero() {
		r.key(0, g.Mint)
	}
	r.number(1, uint64(g.From))
	r.number(2, uint64(g.To))
	r.text(3, g.State.String())
	r.text(4, g.Cause)
	r.number(5, uint64(g.Seq))
	if g.from != 0 {
		r.integer(6, g.from)
	}
	if g.to != 0 {
		r.integer(7, g.to)
	}
}
