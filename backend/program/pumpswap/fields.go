package pumpswap

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// columns are those of the fields that events name.
var columns = append(program.CoinColumns(),
	program.Column{Name: "lp_fee_amount", Type: program.ColumnAmount},
	program.Column{Name: "pool_base_reserves", Type: program.ColumnAmount},
	program.Column{Name: "pool_quote_reserves", Type: program.ColumnAmount},
	program.Column{Name: "lp_token_amount", Type: program.ColumnAmount},
	program.Column{Name: "base_decimals", Type: program.ColumnCount},
	program.Column{Name: "quote_decimals", Type: program.ColumnCount},
)

// eachSwap gives what a swap came to, on the side of the coin.
func (e *Swap) eachSwap(w program.Sink, body market.Trader, instruction string) {
	w.Key("user", e.User)
	w.Key("mint_account", e.MintAccount())
	w.Key("pool", e.Pool)
	program.EachPaid(w, body, e.place.Pair.Quote())
	w.Number("fee_amount", e.ProtocolFee)
	w.Number("creator_fee_amount", e.CoinCreatorFee)
	w.Number("lp_fee_amount", e.LPFee)
	w.Number("pool_base_reserves", e.PoolBaseReserves)
	w.Number("pool_quote_reserves", e.PoolQuoteReserves)
	w.Text("instruction", instruction)
}

// EachField implements program.Fielded.
func (e *Buy) EachField(w program.Sink) { e.eachSwap(w, e, e.IxName) }

// EachField implements program.Fielded.
func (e *Sell) EachField(w program.Sink) { e.eachSwap(w, e, "sell") }

// EachField implements program.Fielded.
func (e *CreatePool) EachField(w program.Sink) {
	w.Key("mint_account", e.MintAccount())
	w.Key("pool", e.Pool)
	w.Key("creator", e.Creator)
	w.Key("quote_mint", e.Sides().Quote())
	w.Number("base_decimals", uint64(e.BaseMintDecimals))
	w.Number("quote_decimals", uint64(e.QuoteMintDecimals))
	w.Number("pool_base_reserves", e.PoolBaseAmount)
	w.Number("pool_quote_reserves", e.PoolQuoteAmount)
}

// eachLiquidity gives what was put in or taken out.
func (e *Liquidity) eachLiquidity(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.MintAccount())
	w.Key("pool", e.Pool)
	w.Number("lp_token_amount", e.LPTokenAmount)
	w.Number("pool_base_reserves", e.PoolBaseReserves)
	w.Number("pool_quote_reserves", e.PoolQuoteReserves)
}

// EachField implements program.Fielded.
func (e *Deposit) EachField(w program.Sink) { e.eachLiquidity(w) }

// EachField implements program.Fielded.
func (e *Withdraw) EachField(w program.Sink) { e.eachLiquidity(w) }

// EachField implements program.Fielded.
func (e *InitBoost) EachField(w program.Sink) {
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	w.Key("pool", e.Pool)
	w.Number("pool_quote_reserves", e.RealQuoteReserves)
}

// EachField implements program.Fielded.
func (e *BoostBuyAndBurn) EachField(w program.Sink) {
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	w.Key("pool", e.Pool)
	w.Number("token_amount", e.BaseBurned)
	w.Number("quote_amount", e.Used)
	w.Number("pool_base_reserves", e.BaseAfter)
	w.Number("pool_quote_reserves", e.RealQuoteAfter)
}
