package market

// Body is the content of an event: one of the seven pointers below. Field names, order and units follow the layouts in
// docs/events.md; amounts are token base units or lamports, times Unix seconds, prices raw as on chain.
type Body interface {
	Kind() Kind
	MintAccount() Pubkey
}

// Order types on chain.
const (
	OrderLong  uint8 = 1 // longs sit in the "down" list
	OrderShort uint8 = 2 // shorts sit in the "up" list
)

// TokenCreated announces a mint and its curve. The early program has only payer, mint, curve, name, symbol and uri.
type TokenCreated struct {
	Payer, Mint, Curve, PoolToken, PoolSol Pubkey
	FeeRecipient, BaseFeeRecipient, Params Pubkey
	SwapFee, BorrowFee                     uint16 // of 100000
	FeeDiscountFlag                        uint8
	Name, Symbol, URI                      string
	Early                                  bool // the six-field layout
}

// BuySell is a spot trade. SolAmount excludes the fee on a buy and is net of it on a sell.
type BuySell struct {
	Payer, Mint            Pubkey
	IsBuy                  bool
	TokenAmount, SolAmount uint64
	LatestPrice            U128
}

// Terms are the terms of a margin order, as LongShort and PartialClose state them.
type Terms struct {
	OrderType                          uint8 // OrderLong or OrderShort
	Mint, User                         Pubkey
	LockLpStartPrice, LockLpEndPrice   U128 // the liquidation range, raw
	LockLpSolAmount, LockLpTokenAmount uint64
	StartTime, EndTime                 uint32
	MarginInitSolAmount                uint64 // only in the long PartialClose layout
	MarginSolAmount, BorrowAmount      uint64
	PositionAssetAmount                uint64
	BorrowFee                          uint16
	RealizedSolAmount                  uint64 // only in the long PartialClose layout
}

// LongShort opens a margin order.
type LongShort struct {
	Payer, Mint, Order Pubkey
	LatestPrice        U128
	Terms              Terms
}

// Close is what a full and a partial close have in common.
type Close struct {
	Payer, UserSolAccount, Mint Pubkey
	IsCloseLong                 bool
	FinalTokenAmount            uint64
	FinalSolAmount              uint64
	UserCloseProfit             uint64 // lamports
	LatestPrice                 U128
	Order                       Pubkey
}

// FullClose ends a margin order.
type FullClose struct{ Close }

// PartialClose reduces a margin order to Terms.
type PartialClose struct {
	Close
	Terms Terms
	Long  bool // the 340-byte layout of October 2025
}

// ForceLiquidate ends a margin order whose range the price reached. It stands before the trade that caused it.
type ForceLiquidate struct{ Payer, Mint, Order Pubkey }

// MilestoneDiscount lowers a curve's fees.
type MilestoneDiscount struct {
	Payer, Mint, Curve Pubkey
	SwapFee, BorrowFee uint16 // of 100000
	FeeDiscountFlag    uint8
}

// Kind implements Body.
func (*TokenCreated) Kind() Kind { return KindTokenCreated }

// Kind implements Body.
func (*BuySell) Kind() Kind { return KindBuySell }

// Kind implements Body.
func (*LongShort) Kind() Kind { return KindLongShort }

// Kind implements Body.
func (*FullClose) Kind() Kind { return KindFullClose }

// Kind implements Body.
func (*PartialClose) Kind() Kind { return KindPartialClose }

// Kind implements Body.
func (*ForceLiquidate) Kind() Kind { return KindForceLiquidate }

// Kind implements Body.
func (*MilestoneDiscount) Kind() Kind { return KindMilestoneDiscount }

// MintAccount implements Body.
func (b *TokenCreated) MintAccount() Pubkey { return b.Mint }

// MintAccount implements Body.
func (b *BuySell) MintAccount() Pubkey { return b.Mint }

// MintAccount implements Body.
func (b *LongShort) MintAccount() Pubkey { return b.Mint }

// MintAccount implements Body.
func (b *Close) MintAccount() Pubkey { return b.Mint }

// MintAccount implements Body.
func (b *ForceLiquidate) MintAccount() Pubkey { return b.Mint }

// MintAccount implements Body.
func (b *MilestoneDiscount) MintAccount() Pubkey { return b.Mint }

func (b *BuySell) amounts() (token, sol uint64, buy bool) { return b.TokenAmount, b.SolAmount, b.IsBuy }

// amounts of an opening: a long borrows SOL and buys tokens with it, a short borrows tokens and sells them.
func (b *LongShort) amounts() (token, sol uint64, buy bool) {
	if b.Terms.OrderType == OrderShort {
		return b.Terms.BorrowAmount, b.Terms.PositionAssetAmount, false
	}
	return b.Terms.PositionAssetAmount, b.Terms.BorrowAmount, true
}

func (b *Close) amounts() (token, sol uint64, buy bool) {
	return b.FinalTokenAmount, b.FinalSolAmount, !b.IsCloseLong
}
