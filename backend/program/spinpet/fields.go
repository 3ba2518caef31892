package spinpet

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// EachField implements program.Fielded.
func (b *BuySell) EachField(w program.Sink) {
	w.Key("payer", b.Payer)
	w.Key("mint_account", b.Mint)
	w.Flag("is_buy", b.IsBuy)
	w.Number("token_amount", b.TokenAmount)
	w.Number("sol_amount", b.SolAmount)
	w.Big("latest_price", b.LatestPrice)
}

// EachField implements program.Fielded.
func (b *LongShort) EachField(w program.Sink) {
	w.Key("payer", b.Payer)
	w.Key("mint_account", b.Mint)
	w.Key("order_pda", b.Order)
	w.Big("latest_price", b.LatestPrice)
	eachTerm(w, &b.Terms, false)
}

// EachField implements program.Fielded.
func (b *PartialClose) EachField(w program.Sink) {
	b.Close.EachField(w)
	eachTerm(w, &b.Terms, b.Long)
}

// EachField implements program.Fielded.
func (b *ForceLiquidate) EachField(w program.Sink) {
	w.Key("payer", b.Payer)
	w.Key("mint_account", b.Mint)
	w.Key("order_pda", b.Order)
}

// EachEnded implements program.Ending.
func (*ForceLiquidate) EachEnded(w program.Sink, o *market.Order) {
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

// EachField implements program.Fielded.
func (b *MilestoneDiscount) EachField(w program.Sink) {
	w.Key("payer", b.Payer)
	w.Key("mint_account", b.Mint)
	w.Key("curve_account", b.Curve)
	eachFee(w, b.SwapFee, b.BorrowFee, b.FeeDiscountFlag)
}

// EachField implements program.Fielded.
func (b *TokenCreated) EachField(w program.Sink) {
	w.Key("payer", b.Payer)
	w.Key("mint_account", b.Mint)
	w.Key("curve_account", b.Curve)
	if !b.Early {
		w.Key("pool_token_account", b.PoolToken)
		w.Key("pool_sol_account", b.PoolSol)
		w.Key("fee_recipient", b.FeeRecipient)
		w.Key("base_fee_recipient", b.BaseFeeRecipient)
		w.Key("params_account", b.Params)
		eachFee(w, b.SwapFee, b.BorrowFee, b.FeeDiscountFlag)
	}
	w.Text("name", b.Name)
	w.Text("symbol", b.Symbol)
	w.Text("uri", b.URI)
}

func eachFee(w program.Sink, swap, borrow uint16, flag uint8) {
	w.Number("swap_fee", uint64(swap))
	w.Number("borrow_fee", uint64(borrow))
	w.Number("fee_discount_flag", uint64(flag))
}

// EachField implements program.Fielded, for full closes.
func (b *Close) EachField(w program.Sink) {
	w.Key("payer", b.Payer)
	w.Key("user_sol_account", b.UserSolAccount)
	w.Key("mint_account", b.Mint)
	w.Flag("is_close_long", b.IsCloseLong)
	w.Number("final_token_amount", b.FinalTokenAmount)
	w.Number("final_sol_amount", b.FinalSolAmount)
	w.Number("user_close_profit", b.UserCloseProfit)
	w.Big("latest_price", b.LatestPrice)
	w.Key("order_pda", b.Order)
}

// eachTerm gives a margin order's terms; long adds the two amounts that only the 340-byte PartialClose has.
func eachTerm(w program.Sink, t *market.Terms, long bool) {
	w.Number("order_type", uint64(t.OrderType))
	w.Key("mint", t.Mint)
	w.Key("user", t.User)
	w.Big("lock_lp_start_price", t.LockLpStartPrice)
	w.Big("lock_lp_end_price", t.LockLpEndPrice)
	w.Number("lock_lp_sol_amount", t.LockLpSolAmount)
	w.Number("lock_lp_token_amount", t.LockLpTokenAmount)
	w.Number("start_time", uint64(t.StartTime))
	w.Number("end_time", uint64(t.EndTime))
	if long {
		w.Number("margin_init_sol_amount", t.MarginInitSolAmount)
	}

	w.Number("margin_sol_amount", t.MarginSolAmount)
	w.Number("borrow_amount", t.BorrowAmount)
	w.Number("position_asset_amount", t.PositionAssetAmount)
	w.Number("borrow_fee", uint64(t.BorrowFee))
	if long {
		w.Number("realized_sol_amount", t.RealizedSolAmount)
	}
}
