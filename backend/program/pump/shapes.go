package pump

import "spinscope/backend/program"

// Shapes implements program.Shaped.
func (plug) Shapes() []program.Shape {
	return []program.Shape{
		program.ShapeOf[TradeEvent](KindTrade),
		program.ShapeOf[CreateEvent](KindCreate),
		program.ShapeOf[GraduatedEvent](KindComplete),
		program.ShapeOf[PostCompleteBuyEvent](KindPostCompleteBuy),
		program.ShapeOf[MigrationEvent](KindMigration),
	}
}

// CoinPayment is what a trade of a coin came to.
type CoinPayment struct {
	IsBuy       bool            `json:"is_buy"`
	TokenAmount program.Amount  `json:"token_amount" doc:"Base units of the coin"`
	SolAmount   *program.Amount `json:"sol_amount,omitempty" doc:"Lamports, where it is paid in SOL"`
	QuoteAmount program.Amount  `json:"quote_amount" doc:"Base units of what it is paid in, without fees"`
	QuoteMint   string          `json:"quote_mint"   doc:"What it is paid in"`
}

// TradeEvent is a buy or a sell on the curve of a pump coin.
type TradeEvent struct {
	EventType string `json:"event_type" enum:"Trade"`
	Program   string `json:"program"    enum:"pump"`
	program.EventHead
	User        string `json:"user"`
	MintAccount string `json:"mint_account"`
	CoinPayment
	FeeAmount            program.Amount `json:"fee_amount"`
	Creator              string         `json:"creator"`
	CreatorFeeAmount     program.Amount `json:"creator_fee_amount"`
	VirtualTokenReserves program.Amount `json:"virtual_token_reserves" doc:"After the trade, as the other three"`
	VirtualQuoteReserves program.Amount `json:"virtual_quote_reserves"`
	RealTokenReserves    program.Amount `json:"real_token_reserves"`
	RealQuoteReserves    program.Amount `json:"real_quote_reserves"`
	Instruction          string         `json:"instruction" doc:"Such as buy; empty before October 2025"`
}

// CreateEvent announces a coin and its curve.
type CreateEvent struct {
	EventType string `json:"event_type" enum:"Create"`
	Program   string `json:"program"    enum:"pump"`
	program.EventHead
	User             string         `json:"user"`
	MintAccount      string         `json:"mint_account"`
	CurveAccount     string         `json:"curve_account"`
	Creator          string         `json:"creator"`
	QuoteMint        string         `json:"quote_mint"`
	TokenTotalSupply program.Amount `json:"token_total_supply" doc:"Base units; 0 before May 2025"`
	IsMayhemMode     bool           `json:"is_mayhem_mode"`
	Name             string         `json:"name"`
	Symbol           string         `json:"symbol"`
	URI              string         `json:"uri"`
}

// GraduatedEvent says that a coin's curve is sold out: it goes on in its pool, in the same series of candles.
type GraduatedEvent struct {
	EventType string `json:"event_type" enum:"Graduated"`
	Program   string `json:"program"    enum:"pump"`
	program.EventHead
	User        string `json:"user"`
	MintAccount string `json:"mint_account"`
	Curve       string `json:"curve"      doc:"Where it traded until now"`
	Pool        string `json:"pool"       doc:"Where it trades once the pool is open"`
	QuoteMint   string `json:"quote_mint"`
}

// PostCompleteBuyEvent is the rest of the buy that completed a curve, at the price of the pool that opens next.
type PostCompleteBuyEvent struct {
	EventType string `json:"event_type" enum:"PostCompleteBuy"`
	Program   string `json:"program"    enum:"pump"`
	program.EventHead
	User         string `json:"user"`
	MintAccount  string `json:"mint_account"`
	CurveAccount string `json:"curve_account"`
	CoinPayment
	FeeAmount        program.Amount `json:"fee_amount"`
	CreatorFeeAmount program.Amount `json:"creator_fee_amount"`
}

// MigrationEvent says that a coin's pool was opened.
type MigrationEvent struct {
	EventType string `json:"event_type" enum:"CompletePumpAmmMigration"`
	Program   string `json:"program"    enum:"pump"`
	program.EventHead
	User         string         `json:"user"`
	MintAccount  string         `json:"mint_account"`
	CurveAccount string         `json:"curve_account"`
	Pool         string         `json:"pool"`
	QuoteMint    string         `json:"quote_mint"`
	TokenAmount  program.Amount `json:"token_amount" doc:"Base units that were put into the pool"`
	QuoteAmount  program.Amount `json:"quote_amount" doc:"The same of what the coin is paid in"`
}
