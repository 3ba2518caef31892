package pumpswap

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// ProgramID is the deployed program.
var ProgramID = market.MustPubkey("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA")

// Program is the program's number.
const Program market.Program = 2

// The kinds of the program's events. The numbers are stored, never renumber them.
const (
	KindBuy market.Kind = market.Kind(Program)<<8 + 1 + iota
	KindSell
	KindCreatePool
	KindDeposit
	KindWithdraw
	KindInitBoost
	KindBoostBuyAndBurn
)

func init() {
	market.DeclareProgram(Program, "pumpswap",
		"Buy", "Sell", "CreatePool", "Deposit", "Withdraw", "InitBoost", "BoostBuyAndBurn")
}

// The first eight bytes of an event, sha256("event:<Name>Event")[:8] read as a big-endian number.
const (
	discBuy             uint64 = 0x67f4521f2cf57777
	discSell            uint64 = 0x3e2f370aa503dc2a
	discCreatePool      uint64 = 0xb1310cd2a076a774
	discDeposit         uint64 = 0x78f83d531f8e6b90
	discWithdraw        uint64 = 0x1609851aa02c47c0
	discInitBoost       uint64 = 0xae7c4af90451f611
	discBoostBuyAndBurn uint64 = 0x3f451c16305cc2b9
)

// instructions are the names that trades come by, which need no memory of their own.
var instructions = []string{"buy", "sell", "buy_exact_quote_in", "multi_hop_swap"}

// head is what buys and sells begin with; it reports whether the layout ends in it.
func (e *Swap) head(c *program.Codec) (ends bool) {
	c.I64(&e.Timestamp)
	c.U64(&e.BaseAmount)
	c.U64(&e.Limit)
	c.U64(&e.UserBaseReserves)
	c.U64(&e.UserQuoteReserves)
	c.U64(&e.PoolBaseReserves)
	c.U64(&e.PoolQuoteReserves)
	c.U64(&e.QuoteAmount)
	c.U64(&e.LPFeeBasisPoints)
	c.U64(&e.LPFee)
	c.U64(&e.ProtocolFeeBasisPoints)
	c.U64(&e.ProtocolFee)
	c.U64(&e.QuoteAmountLPFee)
	c.U64(&e.UserQuoteAmount)
	c.Key(&e.Pool)
	c.Key(&e.User)
	c.Key(&e.UserBaseAccount)
	c.Key(&e.UserQuoteAccount)
	c.Key(&e.ProtocolRecipient)
	c.Key(&e.ProtocolRecipientToken)
	if c.Ends() {
		return true
	}

	c.Key(&e.CoinCreator)
	c.U64(&e.CoinCreatorFeeBasisPoints)
	c.U64(&e.CoinCreatorFee)
	return c.Ends()
}

// extras are what buys and sells have grown by alike.
func (e *Swap) extras(c *program.Codec) {
	c.U64(&e.CashbackFeeBasisPoints)
	c.U64(&e.Cashback)
	if c.Ends() {
		return
	}

	c.U64(&e.BuybackFeeBasisPoints)
	c.U64(&e.BuybackFee)
	if c.Ends() {
		return
	}

	c.I128(&e.VirtualQuoteReserves)
	c.Bool(&e.CanBoost)
	c.U64(&e.BaseSupply)
	if c.Ends() {
		return
	}

	c.U64(&e.HolderRewardsBasisPoints)
	c.U64(&e.HolderRewards)
	if c.Ends() {
		return
	}
	c.U64(&e.CreatorFeeUnclaimed)
}

// Layout implements program.Growing.
func (e *Buy) Layout(c *program.Codec) {
	if e.head(c) {
		return
	}
	c.Bool(&e.TrackVolume)
	c.U64(&e.TotalUnclaimedTokens)
	c.U64(&e.TotalClaimedTokens)
	c.U64(&e.CurrentSolVolume)
	c.I64(&e.LastUpdateTimestamp)
	if c.Ends() {
		return
	}
	c.U64(&e.MinBaseAmountOut)
	c.Text(&e.IxName, instructions...)
	if c.Ends() {
		return
	}
	e.extras(c)
}

// Layout implements program.Growing.
func (e *Sell) Layout(c *program.Codec) {
	if e.head(c) {
		return
	}
	e.extras(c)
}

// Layout implements program.Growing.
func (e *CreatePool) Layout(c *program.Codec) {
	c.I64(&e.Timestamp)
	c.U16(&e.Index)
	c.Keys(&e.Creator, &e.BaseMint, &e.QuoteMint)
	c.U8(&e.BaseMintDecimals)
	c.U8(&e.QuoteMintDecimals)
	c.U64s(&e.BaseAmountIn, &e.QuoteAmountIn, &e.PoolBaseAmount, &e.PoolQuoteAmount)
	c.U64s(&e.MinimumLiquidity, &e.InitialLiquidity, &e.LPTokenAmountOut)
	c.U8(&e.PoolBump)
	c.Keys(&e.Pool, &e.LPMint, &e.UserBaseAccount, &e.UserQuoteAccount)
	if c.Ends() {
		return
	}

	c.Key(&e.CoinCreator)
	if c.Ends() {
		return
	}

	c.Bool(&e.IsMayhemMode)
	if c.Ends() {
		return
	}

	c.U64(&e.CreatorFeeBasisPoints)
	c.Bool(&e.CanEditCreatorFee)
	c.Bool(&e.IsHolderReward)
}

// Layout implements program.Growing.
func (e *Liquidity) Layout(c *program.Codec) {
	c.I64(&e.Timestamp)
	c.U64s(&e.LPTokenAmount, &e.BaseLimit, &e.QuoteLimit, &e.UserBaseReserves, &e.UserQuoteReserves)
	c.U64s(&e.PoolBaseReserves, &e.PoolQuoteReserves, &e.BaseAmount, &e.QuoteAmount, &e.LPMintSupply)
	c.Keys(&e.Pool, &e.User, &e.UserBaseAccount, &e.UserQuoteAccount, &e.UserPoolAccount)
}

// Layout implements program.Growing.
func (e *InitBoost) Layout(c *program.Codec) {
	c.I64(&e.Timestamp)
	c.Keys(&e.Mint, &e.BondingCurve, &e.Pool)
	c.I128(&e.VirtualQuoteReserves)
	c.U64(&e.RealQuoteReserves)
}

// Layout implements program.Growing.
func (e *BoostBuyAndBurn) Layout(c *program.Codec) {
	c.I64(&e.Timestamp)
	c.Keys(&e.Mint, &e.BondingCurve, &e.Pool, &e.Authority)
	c.U64s(&e.Requested, &e.Used, &e.BaseBurned)
	c.I128(&e.VirtualQuoteReserves)
	c.U64s(&e.RealQuoteAfter, &e.BaseAfter, &e.VaultRemaining)
}

// Discriminator implements program.Growing.
func (*Buy) Discriminator() uint64 { return discBuy }

// Discriminator implements program.Growing.
func (*Sell) Discriminator() uint64 { return discSell }

// Discriminator implements program.Growing.
func (*CreatePool) Discriminator() uint64 { return discCreatePool }

// Discriminator implements program.Growing.
func (*Deposit) Discriminator() uint64 { return discDeposit }

// Discriminator implements program.Growing.
func (*Withdraw) Discriminator() uint64 { return discWithdraw }

// Discriminator implements program.Growing.
func (*InitBoost) Discriminator() uint64 { return discInitBoost }

// Discriminator implements program.Growing.
func (*BoostBuyAndBurn) Discriminator() uint64 { return discBoostBuyAndBurn }

// Kind implements market.Body.
func (*Buy) Kind() market.Kind { return KindBuy }

// Kind implements market.Body.
func (*Sell) Kind() market.Kind { return KindSell }

// Kind implements market.Body.
func (*CreatePool) Kind() market.Kind { return KindCreatePool }

// Kind implements market.Body.
func (*Deposit) Kind() market.Kind { return KindDeposit }

// Kind implements market.Body.
func (*Withdraw) Kind() market.Kind { return KindWithdraw }

// Kind implements market.Body.
func (*InitBoost) Kind() market.Kind { return KindInitBoost }

// Kind implements market.Body.
func (*BoostBuyAndBurn) Kind() market.Kind { return KindBoostBuyAndBurn }

// MintAccount implements market.Body: the side of the pool that is the coin.
func (e *CreatePool) MintAccount() market.Pubkey { return e.Sides().Coin() }

// MintAccount implements market.Body.
func (e *InitBoost) MintAccount() market.Pubkey { return e.Mint }

// MintAccount implements market.Body.
func (e *BoostBuyAndBurn) MintAccount() market.Pubkey { return e.Mint }
