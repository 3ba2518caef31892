package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// columns are those of the fields that events name, beside those that exports have of SpinPet by the same names.
var columns = []program.Column{
	{Name: "user", Type: program.ColumnLabel},
	{Name: "mint_account", Type: program.ColumnLabel},
	{Name: "curve_account", Type: program.ColumnLabel},
	{Name: "pool", Type: program.ColumnLabel},
	{Name: "creator", Type: program.ColumnLabel},
	{Name: "quote_mint", Type: program.ColumnLabel},
	{Name: "instruction", Type: program.ColumnForeign},
	{Name: "price_decimals", Type: program.ColumnInteger},
	{Name: "price_exact", Type: program.ColumnPrice},
	{Name: "is_buy", Type: program.ColumnFlag},
	{Name: "token_amount", Type: program.ColumnAmount},
	{Name: "sol_amount", Type: program.ColumnAmount},
	{Name: "quote_amount", Type: program.ColumnAmount},
	{Name: "fee_amount", Type: program.ColumnAmount},
	{Name: "creator_fee_amount", Type: program.ColumnAmount},
	{Name: "virtual_token_reserves", Type: program.ColumnAmount},
	{Name: "virtual_quote_reserves", Type: program.ColumnAmount},
	{Name: "real_token_reserves", Type: program.ColumnAmount},
	{Name: "real_quote_reserves", Type: program.ColumnAmount},
	{Name: "token_total_supply", Type: program.ColumnAmount},
	{Name: "is_mayhem_mode", Type: program.ColumnFlag},
	{Name: "name", Type: program.ColumnForeign},
	{Name: "symbol", Type: program.ColumnForeign},
	{Name: "uri", Type: program.ColumnForeign},
}

// eachPaid gives what a trade came to: the quote always, and by its own name where it is SOL.
func eachPaid(w program.Sink, body market.Trader, quoteMint market.Pubkey) {
	base, quote, buy := body.Amounts()
	w.Flag("is_buy", buy)
	w.Number("token_amount", base)
	if quoteMint == WrappedSOL {
		w.Number("sol_amount", quote)
	}
	w.Number("quote_amount", quote)
	w.Key("quote_mint", quoteMint)
}

// EachField implements program.Fielded.
func (e *Trade) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	eachPaid(w, e, e.Quote())
	w.Number("fee_amount", e.Fee)
	w.Key("creator", e.Creator)
	w.Number("creator_fee_amount", e.CreatorFee)

	virtual, actual := e.VirtualSolReserves, e.RealSolReserves
	if e.Quote() != WrappedSOL {
		virtual, actual = e.VirtualQuoteReserves, e.RealQuoteReserves
	}
	w.Number("virtual_token_reserves", e.VirtualTokenReserves)
	w.Number("virtual_quote_reserves", virtual)
	w.Number("real_token_reserves", e.RealTokenReserves)
	w.Number("real_quote_reserves", actual)
	w.Text("instruction", e.IxName)
}

// EachField implements program.Fielded.
func (e *Create) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	w.Key("creator", e.Creator)
	w.Key("quote_mint", Quote(e.QuoteMint))
	w.Number("token_total_supply", e.TokenTotalSupply)
	w.Flag("is_mayhem_mode", e.IsMayhemMode)
	w.Text("name", e.Name)
	w.Text("symbol", e.Symbol)
	w.Text("uri", e.URI)
}

// EachField implements program.Fielded.
func (e *Complete) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	w.Key("quote_mint", Quote(e.QuoteMint))
}

// EachField implements program.Fielded.
func (e *PostCompleteBuy) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	eachPaid(w, e, e.Quote())
	w.Number("fee_amount", e.Fee)
	w.Number("creator_fee_amount", e.CreatorFee)
}

// EachField implements program.Fielded.
func (e *Migration) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	w.Key("pool", e.Pool)
	w.Key("quote_mint", Quote(e.QuoteMint))
	w.Number("token_amount", e.MintAmount)
	w.Number("quote_amount", e.SolAmount)
}
