package pump

import (
	"spinscope/backend/program"
)

// columns are those of the fields that events name.
var columns = append(program.CoinColumns(),
	program.Column{Name: "curve", Type: program.ColumnLabel},
	program.Column{Name: "virtual_token_reserves", Type: program.ColumnAmount},
	program.Column{Name: "virtual_quote_reserves", Type: program.ColumnAmount},
	program.Column{Name: "real_token_reserves", Type: program.ColumnAmount},
	program.Column{Name: "real_quote_reserves", Type: program.ColumnAmount},
	program.Column{Name: "token_total_supply", Type: program.ColumnAmount},
	program.Column{Name: "is_mayhem_mode", Type: program.ColumnFlag},
	program.Column{Name: "name", Type: program.ColumnForeign},
	program.Column{Name: "symbol", Type: program.ColumnForeign},
	program.Column{Name: "uri", Type: program.ColumnForeign},
)

// EachField implements program.Fielded.
func (e *Trade) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	program.EachPaid(w, e, e.Quote())
	w.Number("fee_amount", e.Fee)
	w.Key("creator", e.Creator)
	w.Number("creator_fee_amount", e.CreatorFee)

	virtual, actual := e.quoteReserves()
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

// EachField implements program.Fielded. The pool is not in the event, but follows from it.
func (e *Complete) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	w.Key("curve", e.BondingCurve)
	if pool, err := Pool(program.Address, e.Mint, Quote(e.QuoteMint)); err == nil { // there is one of any mint
		w.Key("pool", pool)
	}
	w.Key("quote_mint", Quote(e.QuoteMint))
}

// EachField implements program.Fielded.
func (e *PostCompleteBuy) EachField(w program.Sink) {
	w.Key("user", e.User)
	w.Key("mint_account", e.Mint)
	w.Key("curve_account", e.BondingCurve)
	program.EachPaid(w, e, e.Quote())
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
