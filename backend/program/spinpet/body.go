package spinpet

import "spinscope/backend/market"

// Program is SpinPet's number. Records that do not name their program are SpinPet's.
const Program market.Program = 0

// The kinds of the program's events. The numbers are stored, never renumber them.
const (
	KindTokenCreated market.Kind = market.Kind(Program)<<8 + 1 + iota
	KindBuySell
	KindLongShort
	KindForceLiquidate
	KindFullClose
	KindPartialClose
	KindMilestoneDiscount
)

func init() {
	market.DeclareProgram(Program, "spinpet",
		"TokenCreated", "BuySell", "LongShort", "ForceLiquidate", "FullClose", "PartialClose", "MilestoneDiscount")
}

// The bodies of the seven events. Field names, order and units follow the layouts in docs/events.md; amounts are token base
// units or lamports, times Unix seconds, prices raw as on chain.

// TokenCreated announces a mint and its curve. The early program has only payer, mint, curve, name, symbol and uri.
type TokenCreated struct {
	Payer, Mint, Curve, PoolToken, PoolSol market.Pubkey
	FeeRecipient, BaseFeeRecipient, Params market.Pubkey
	SwapFee, BorrowFee                     uint16 // of 100000
	FeeDiscountFlag                        uint8
	Name, Symbol, URI                      string
	Early                                  bool // the six-field layout
}

// BuySell is a spot trade. SolAmount excludes the fee on a buy and is net of it on a sell.
type BuySell struct {
	Payer, Mint            market.Pubkey
	IsBuy                  bool
	TokenAmount, SolAmount uint64
	LatestPrice            market.U128
}

// LongShort opens a margin order.
type LongShort struct {
	Payer, Mint, Order market.Pubkey
	LatestPrice        market.U128
	Terms              market.Terms
}

// Close is what a full and a partial close have in common.
type Close struct {
	Payer, UserSolAccount, Mint market.Pubkey
	IsCloseLong                 bool
	FinalTokenAmount            uint64
	FinalSolAmount              uint64
	UserCloseProfit             uint64 // lamports
	LatestPrice                 market.U128
	Order                       market.Pubkey
}

// FullClose ends a margin order.
type FullClose struct{ Close }

// PartialClose reduces a margin order to Terms.
type PartialClose struct {
	Close
	Terms market.Terms
	Long  bool // the 340-byte layout of October 2025
}

// ForceLiquidate ends a margin order whose range the price reached. It stands before the trade that caused it.
type ForceLiquidate struct{ Payer, Mint, Order market.Pubkey }

// MilestoneDiscount lowers a curve's fees.
type MilestoneDiscount struct {
	Payer, Mint, Curve market.Pubkey
	SwapFee, BorrowFee uint16 // of 100000
	FeeDiscountFlag    uint8
}

// Kind implements market.Body.
func (*TokenCreated) Kind() market.Kind { return KindTokenCreated }

// Kind implements market.Body.
func (*BuySell) Kind() market.Kind { return KindBuySell }

// Kind implements market.Body.
func (*LongShort) Kind() market.Kind { return KindLongShort }

// Kind implements market.Body.
func (*FullClose) Kind() market.Kind { return KindFullClose }

// Kind implements market.Body.
func (*PartialClose) Kind() market.Kind { return KindPartialClose }

// Kind implements market.Body.
func (*ForceLiquidate) Kind() market.Kind { return KindForceLiquidate }

// Kind implements market.Body.
func (*MilestoneDiscount) Kind() market.Kind { return KindMilestoneDiscount }

// MintAccount implements market.Body.
func (b *TokenCreated) MintAccount() market.Pubkey { return b.Mint }

// MintAccount implements market.Body.
func (b *BuySell) MintAccount() market.Pubkey { return b.Mint }

// MintAccount implements market.Body.
func (b *LongShort) MintAccount() market.Pubkey { return b.Mint }

// MintAccount implements market.Body.
func (b *Close) MintAccount() market.Pubkey { return b.Mint }

// MintAccount implements market.Body.
func (b *ForceLiquidate) MintAccount() market.Pubkey { return b.Mint }

// MintAccount implements market.Body.
func (b *MilestoneDiscount) MintAccount() market.Pubkey { return b.Mint }
