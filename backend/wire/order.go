package wire

import "spinscope/backend/market"

// Order is an open margin order.
type Order struct {
	OrderType           uint8   `json:"order_type" doc:"1 long, 2 short"`
	Mint                string  `json:"mint"`
	User                string  `json:"user"`
	LockLpStartPrice    string  `json:"lock_lp_start_price" doc:"SOL per whole token × 10^price_decimals"`
	LockLpEndPrice      string  `json:"lock_lp_end_price"   doc:"SOL per whole token × 10^price_decimals"`
	LockLpSolAmount     Amount  `json:"lock_lp_sol_amount"   doc:"Lamports"`
	LockLpTokenAmount   Amount  `json:"lock_lp_token_amount" doc:"Token base units"`
	StartTime           uint32  `json:"start_time" doc:"Unix seconds"`
	EndTime             uint32  `json:"end_time"   doc:"Unix seconds"`
	MarginSolAmount     Amount  `json:"margin_sol_amount"     doc:"Lamports"`
	BorrowAmount        Amount  `json:"borrow_amount"         doc:"Lamports of a long, token base units of a short"`
	PositionAssetAmount Amount  `json:"position_asset_amount" doc:"Token base units of a long, lamports of a short"`
	BorrowFee           uint16  `json:"borrow_fee" doc:"Of 100000"`
	OrderPDA            string  `json:"order_pda"`
	LatestPrice         string  `json:"latest_price" doc:"When the order last changed; SOL per whole token × 10^price_decimals"`
	LatestTradeTime     int64   `json:"latest_trade_time" doc:"Unix milliseconds"`
	PriceExact          string  `json:"price_exact" doc:"latest_price in SOL per whole token, every digit"`
	PriceDecimals       uint8   `json:"price_decimals"`
	Name                *string `json:"name"   doc:"The token's; null when unknown"`
	Symbol              *string `json:"symbol" doc:"The token's; null when unknown"`
	Image               *string `json:"image"  doc:"Where the token's metadata says its picture is, as in uri_data; this server's copy is at /api/image/{mint}; null when unknown"`
}

// NewOrder is o on the wire. Prices keep the order's own scale, so that they can be compared with each other.
func NewOrder(o *market.Order) Order {
	return Order{
		OrderType:           o.Terms.OrderType,
		Mint:                o.MintAccount.String(),
		User:                o.Terms.User.String(),
		LockLpStartPrice:    o.Terms.LockLpStartPrice.String(),
		LockLpEndPrice:      o.Terms.LockLpEndPrice.String(),
		LockLpSolAmount:     Amount(o.Terms.LockLpSolAmount),
		LockLpTokenAmount:   Amount(o.Terms.LockLpTokenAmount),
		StartTime:           o.Terms.StartTime,
		EndTime:             o.Terms.EndTime,
		MarginSolAmount:     Amount(o.Terms.MarginSolAmount),
		BorrowAmount:        Amount(o.Terms.BorrowAmount),
		PositionAssetAmount: Amount(o.Terms.PositionAssetAmount),
		BorrowFee:           o.Terms.BorrowFee,
		OrderPDA:            o.Address.String(),
		LatestPrice:         rawPrice(o.LatestPrice, o.Scale),
		LatestTradeTime:     o.LatestTradeTime * 1000,
		PriceExact:          o.LatestPrice.String(),
		PriceDecimals:       o.Scale,
	}
}

// rawPrice is p × 10^decimals in whole digits; digits beyond the scale are cut, and on chain there were none.
func rawPrice(p market.Price, decimals uint8) string {
	if decimals > market.PriceDecimals {
		decimals = market.PriceDecimals
	}
	text := market.U128(p).String()
	if cut := market.PriceDecimals - int(decimals); cut < len(text) {
		return text[:len(text)-cut]
	}
	return "0"
}
