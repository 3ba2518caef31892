package spinpet

import "spinscope/backend/program"

// Shapes implements program.Shaped.
func (plug) Shapes() []program.Shape {
	return []program.Shape{
		program.ShapeOf[TokenCreatedEvent](KindTokenCreated),
		program.ShapeOf[BuySellEvent](KindBuySell),
		program.ShapeOf[LongShortEvent](KindLongShort),
		program.ShapeOf[ForceLiquidateEvent](KindForceLiquidate),
		program.ShapeOf[FullCloseEvent](KindFullClose),
		program.ShapeOf[PartialCloseEvent](KindPartialClose),
		program.ShapeOf[MilestoneDiscountEvent](KindMilestoneDiscount),
	}
}

// TokenCreatedEvent announces a mint. Programs of July 2025 leave out everything from pool_token_account to
// fee_discount_flag.
type TokenCreatedEvent struct {
	EventType string `json:"event_type" enum:"TokenCreated"`
	program.EventHead
	Payer            string  `json:"payer"`
	MintAccount      string  `json:"mint_account"`
	CurveAccount     string  `json:"curve_account"`
	PoolTokenAccount string  `json:"pool_token_account,omitempty"`
	PoolSolAccount   string  `json:"pool_sol_account,omitempty"`
	FeeRecipient     string  `json:"fee_recipient,omitempty"`
	BaseFeeRecipient string  `json:"base_fee_recipient,omitempty"`
	ParamsAccount    string  `json:"params_account,omitempty"`
	SwapFee          *uint16 `json:"swap_fee,omitempty"          doc:"Of 100000"`
	BorrowFee        *uint16 `json:"borrow_fee,omitempty"        doc:"Of 100000"`
	FeeDiscountFlag  *uint8  `json:"fee_discount_flag,omitempty" doc:"0 full, 1 half, 2 a quarter, 3 an eighth"`
	Name             string  `json:"name"`
	Symbol           string  `json:"symbol"`
	URI              string  `json:"uri"`
}

// BuySellEvent is a spot trade.
type BuySellEvent struct {
	EventType string `json:"event_type" enum:"BuySell"`
	program.EventHead
	Payer       string         `json:"payer"`
	MintAccount string         `json:"mint_account"`
	IsBuy       bool           `json:"is_buy"`
	TokenAmount program.Amount `json:"token_amount" doc:"Token base units, 10^-6 token"`
	SolAmount   program.Amount `json:"sol_amount"   doc:"Lamports; without the fee on a buy, net of it on a sell"`
	LatestPrice string         `json:"latest_price" doc:"Raw u128 as on chain; price_exact has it in SOL"`
}

// OrderTerms are the terms of a margin order.
type OrderTerms struct {
	OrderType           uint8           `json:"order_type" doc:"1 long, 2 short"`
	Mint                string          `json:"mint"`
	User                string          `json:"user"`
	LockLpStartPrice    string          `json:"lock_lp_start_price" doc:"Raw u128"`
	LockLpEndPrice      string          `json:"lock_lp_end_price"   doc:"Raw u128"`
	LockLpSolAmount     program.Amount  `json:"lock_lp_sol_amount"`
	LockLpTokenAmount   program.Amount  `json:"lock_lp_token_amount"`
	StartTime           uint32          `json:"start_time" doc:"Unix seconds"`
	EndTime             uint32          `json:"end_time"   doc:"Unix seconds"`
	MarginInitSolAmount *program.Amount `json:"margin_init_sol_amount,omitempty" doc:"Only in the layout of October 2025"`
	MarginSolAmount     program.Amount  `json:"margin_sol_amount"     doc:"Lamports"`
	BorrowAmount        program.Amount  `json:"borrow_amount"         doc:"Lamports of a long, token base units of a short"`
	PositionAssetAmount program.Amount  `json:"position_asset_amount" doc:"Token base units of a long, lamports of a short"`
	BorrowFee           uint16          `json:"borrow_fee"            doc:"Of 100000"`
	RealizedSolAmount   *program.Amount `json:"realized_sol_amount,omitempty" doc:"Only in the layout of October 2025"`
}

// LongShortEvent opens a margin order.
type LongShortEvent struct {
	EventType string `json:"event_type" enum:"LongShort"`
	program.EventHead
	Payer       string `json:"payer"`
	MintAccount string `json:"mint_account"`
	OrderPDA    string `json:"order_pda"`
	LatestPrice string `json:"latest_price" doc:"Raw u128"`
	OrderTerms
}

// CloseFields are what a full and a partial close have in common.
type CloseFields struct {
	Payer            string         `json:"payer"`
	UserSolAccount   string         `json:"user_sol_account"`
	MintAccount      string         `json:"mint_account"`
	IsCloseLong      bool           `json:"is_close_long"`
	FinalTokenAmount program.Amount `json:"final_token_amount"`
	FinalSolAmount   program.Amount `json:"final_sol_amount"`
	UserCloseProfit  program.Amount `json:"user_close_profit" doc:"Lamports"`
	LatestPrice      string         `json:"latest_price"      doc:"Raw u128"`
	OrderPDA         string         `json:"order_pda"`
}

// FullCloseEvent ends a margin order.
type FullCloseEvent struct {
	EventType string `json:"event_type" enum:"FullClose"`
	program.EventHead
	CloseFields
}

// PartialCloseEvent reduces a margin order to the terms it states.
type PartialCloseEvent struct {
	EventType string `json:"event_type" enum:"PartialClose"`
	program.EventHead
	CloseFields
	OrderTerms
}

// ForceLiquidateEvent ends a margin order whose range the price reached. What follows order_pda is not in the program's
// event: it is the order as it stood, and left out when that was opened before the stored history.
type ForceLiquidateEvent struct {
	EventType string `json:"event_type" enum:"ForceLiquidate"`
	program.EventHead
	Payer               string          `json:"payer" doc:"Of the trade that triggered it"`
	MintAccount         string          `json:"mint_account"`
	OrderPDA            string          `json:"order_pda"`
	User                string          `json:"user,omitempty"                  doc:"Whose order it was"`
	OrderType           uint8           `json:"order_type,omitempty"            doc:"1 long, 2 short"`
	LockLpStartPrice    string          `json:"lock_lp_start_price,omitempty"   doc:"SOL per whole token × 10^price_decimals"`
	LockLpEndPrice      string          `json:"lock_lp_end_price,omitempty"     doc:"SOL per whole token × 10^price_decimals"`
	PriceDecimals       *uint8          `json:"price_decimals,omitempty"`
	MarginSolAmount     *program.Amount `json:"margin_sol_amount,omitempty"     doc:"Lamports"`
	BorrowAmount        *program.Amount `json:"borrow_amount,omitempty"         doc:"Lamports of a long, token base units of a short"`
	PositionAssetAmount *program.Amount `json:"position_asset_amount,omitempty" doc:"Token base units of a long, lamports of a short"`
}

// MilestoneDiscountEvent lowers a curve's fees.
type MilestoneDiscountEvent struct {
	EventType string `json:"event_type" enum:"MilestoneDiscount"`
	program.EventHead
	Payer           string `json:"payer"`
	MintAccount     string `json:"mint_account"`
	CurveAccount    string `json:"curve_account"`
	SwapFee         uint16 `json:"swap_fee"`
	BorrowFee       uint16 `json:"borrow_fee"`
	FeeDiscountFlag uint8  `json:"fee_discount_flag"`
}
