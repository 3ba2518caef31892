package wire

import "spinscope/backend/market"

// eachEnded gives the order that a liquidation ended.
func eachEnded(w Sink, o *market.Order) {
	t := &o.Terms
	w.Key("user", t.User)
	w.Number("order_type", uint64(t.OrderType))
	w.Big("lock_lp_start_price", t.LockLpStartPrice)
	w.Big("lock_lp_end_price", t.LockLpEndPrice)
	w.Number("price_decimals", uint64(o.Scale))
	w.Number("margin_sol_amount", t.MarginSolAmount)
	w.Number("borrow_amount", t.BorrowAmount)
	w.Number("position_asset_amount", t.PositionAssetAmount)
}
