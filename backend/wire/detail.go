package wire

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Sum is a total of 64-bit amounts: a JSON number up to 2^53, a decimal string above.
//
//ts:type number | string
type Sum market.U128

// MarshalJSON implements json.Marshaler.
func (s Sum) MarshalJSON() ([]byte, error) {
	if s.Hi == 0 {
		return Amount(s.Lo).MarshalJSON()
	}
	return appendU128(nil, market.U128(s)), nil
}

// URIData is what a token's uri says of it.
type URIData struct {
	Name        *string `json:"name"`
	Symbol      *string `json:"symbol"`
	Description *string `json:"description"`
	Image       *string `json:"image"`
	ShowName    *bool   `json:"showName"`
	CreatedOn   *string `json:"createdOn"`
	Twitter     *string `json:"twitter"`
	Website     *string `json:"website"`
	Telegram    *string `json:"telegram"`
}

// Detail is everything known of a mint. Fields from its creation are null until its TokenCreated was seen, but for what the
// mint's accounts say (Add).
type Detail struct {
	MintAccount            string   `json:"mint_account"`
	Payer                  *string  `json:"payer"`
	CurveAccount           *string  `json:"curve_account"`
	PoolTokenAccount       *string  `json:"pool_token_account"`
	PoolSolAccount         *string  `json:"pool_sol_account"`
	FeeRecipient           *string  `json:"fee_recipient"`
	BaseFeeRecipient       *string  `json:"base_fee_recipient"`
	ParamsAccount          *string  `json:"params_account"`
	Name                   *string  `json:"name"`
	Symbol                 *string  `json:"symbol"`
	URI                    *string  `json:"uri"`
	SwapFee                *uint16  `json:"swap_fee"          doc:"Of 100000, as of the last discount"`
	BorrowFee              *uint16  `json:"borrow_fee"        doc:"Of 100000, as of the last discount"`
	FeeDiscountFlag        *uint8   `json:"fee_discount_flag" doc:"0 full, 1 half, 2 a quarter, 3 an eighth"`
	CreateTimestamp        *int64   `json:"create_timestamp"  doc:"Unix milliseconds"`
	LatestPrice            *string  `json:"latest_price"      doc:"SOL per whole token × 10^28; null before the first trade"`
	PriceExact             *string  `json:"price_exact"       doc:"latest_price in SOL per whole token, every digit"`
	LatestTradeTime        *int64   `json:"latest_trade_time" doc:"Unix milliseconds"`
	TotalSolAmount         Sum      `json:"total_sol_amount"         doc:"Lamports traded"`
	TotalMarginSolAmount   Sum      `json:"total_margin_sol_amount"  doc:"Lamports of margin put up"`
	TotalForceLiquidations uint64   `json:"total_force_liquidations"`
	TotalCloseProfit       Sum      `json:"total_close_profit"       doc:"Lamports"`
	TotalTrades            uint64   `json:"total_trades"`
	CreatedBy              *string  `json:"created_by"`
	LastUpdatedAt          *int64   `json:"last_updated_at" doc:"Block time of the last event, Unix milliseconds"`
	URIData                *URIData `json:"uri_data"        doc:"Null until it was fetched"`
	Pair
	MintFacts
}

// NewDetail is t on the wire, without uri_data and what Add adds.
func NewDetail(t *market.Token) Detail {
	d := Detail{
		Pair:                   NewPair(t.Pair),
		MintAccount:            t.Mint.String(),
		TotalSolAmount:         Sum(t.TotalSolAmount),
		TotalMarginSolAmount:   Sum(t.TotalMarginSolAmount),
		TotalForceLiquidations: t.TotalLiquidations,
		TotalCloseProfit:       Sum(t.TotalCloseProfit),
		TotalTrades:            t.Trades,
	}
	created := createdFields{detail: &d}
	if t.Created != nil {
		name, symbol, uri := t.Created.Names()
		d.Name, d.Symbol, d.URI = &name, &symbol, &uri
		d.CreateTimestamp = new(t.CreateTime * 1000)
		program.EachField(&created, t.Created)
		d.CreatedBy = d.Payer
	}

	if t.SwapFee != 0 || t.BorrowFee != 0 || created.fees {
		d.SwapFee, d.BorrowFee, d.FeeDiscountFlag = new(t.SwapFee), new(t.BorrowFee), new(t.FeeDiscountFlag)
	}
	if !t.LatestPrice.IsZero() {
		d.LatestPrice, d.PriceExact = new(market.U128(t.LatestPrice).String()), new(t.LatestPrice.String())
		d.LatestTradeTime = new(t.LatestTradeTime * 1000)
	}

	if t.LastEventTime != 0 {
		d.LastUpdatedAt = new(t.LastEventTime * 1000)
	}
	return d
}

// createdFields takes from a token's creation what a detail has of it.
type createdFields struct {
	detail *Detail
	fees   bool // it states fees; the token has them as of the last change
}

// Key implements Sink.
func (w *createdFields) Key(name string, value market.Pubkey) {
	d := w.detail
	var field **string
	switch name {
	case "payer":
		field = &d.Payer
	case "curve_account":
		field = &d.CurveAccount
	case "pool_token_account":
		field = &d.PoolTokenAccount
	case "pool_sol_account":
		field = &d.PoolSolAccount
	case "fee_recipient":
		field = &d.FeeRecipient
	case "base_fee_recipient":
		field = &d.BaseFeeRecipient
	case "params_account":
		field = &d.ParamsAccount
	default:
		return
	}

	*field = new(value.String())
}

// Number implements Sink.
func (w *createdFields) Number(name string, _ uint64) { w.fees = w.fees || name == "swap_fee" }

// Text implements Sink.
func (*createdFields) Text(string, string) {}

// Big implements Sink.
func (*createdFields) Big(string, market.U128) {}

// Flag implements Sink.
func (*createdFields) Flag(string, bool) {}
