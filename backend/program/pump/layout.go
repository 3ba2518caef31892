package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// ProgramID is the deployed program.
var ProgramID = market.MustPubkey("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P")

// Program is the program's number.
const Program market.Program = 1

// The kinds of the program's events. The numbers are stored, never renumber them.
const (
	KindTrade market.Kind = market.Kind(Program)<<8 + 1 + iota
	KindCreate
	KindComplete
	KindPostCompleteBuy
	KindMigration
)

func init() {
	market.DeclareProgram(Program, "pump",
		"Trade", "Create", "Graduated", "PostCompleteBuy", "CompletePumpAmmMigration")
	market.DeclareFormerName(KindComplete, "Complete")
}

// The first eight bytes of an event, sha256("event:<Name>")[:8] read as a big-endian number.
const (
	discTrade           uint64 = 0xbddb7fd34ee661ee // TradeEvent
	discCreate          uint64 = 0x1b72a94ddeeb6376 // CreateEvent
	discComplete        uint64 = 0x5f72619cd42e9808 // CompleteEvent
	discPostCompleteBuy uint64 = 0x6fb06d8b316cd5fb // PostCompleteBuyEvent
	discMigration       uint64 = 0xbde95db95c94ea94 // CompletePumpAmmMigrationEvent
)

// instructions are the names that trades come by, which need no memory of their own.
var instructions = []string{"buy", "sell", "buy_exact_sol_in", "buy_exact_quote_in", "multi_hop_swap"}

// Layout implements program.Growing.
func (e *Trade) Layout(c *program.Codec) {
	c.Key(&e.Mint)
	c.U64(&e.SolAmount)
	c.U64(&e.TokenAmount)
	c.Bool(&e.IsBuy)
	c.Key(&e.User)
	c.I64(&e.Timestamp)
	c.U64(&e.VirtualSolReserves)
	c.U64(&e.VirtualTokenReserves)
	if c.Ends() {
		return
	}

	c.U64(&e.RealSolReserves)
	c.U64(&e.RealTokenReserves)
	if c.Ends() {
		return
	}

	c.Key(&e.FeeRecipient)
	c.U64(&e.FeeBasisPoints)
	c.U64(&e.Fee)
	c.Key(&e.Creator)
	c.U64(&e.CreatorFeeBasisPoints)
	c.U64(&e.CreatorFee)
	if c.Ends() {
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

	c.Text(&e.IxName, instructions...)
	if c.Ends() {
		return
	}

	c.Bool(&e.MayhemMode)
	if c.Ends() {
		return
	}

	c.U64(&e.CashbackFeeBasisPoints)
	c.U64(&e.Cashback)
	if c.Ends() {
		return
	}

	c.U64(&e.BuybackFeeBasisPoints)
	c.U64(&e.BuybackFee)
	e.shareholders(c)
	c.Key(&e.QuoteMint)
	c.U64(&e.QuoteAmount)
	c.U64(&e.VirtualQuoteReserves)
	c.U64(&e.RealQuoteReserves)
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

func (e *Trade) shareholders(c *program.Codec) {
	const size = 32 + 2
	n := c.Count(len(e.Shareholders), size)
	if len(e.Shareholders) != n {
		e.Shareholders = make([]Shareholder, n)
	}
	for i := range e.Shareholders {
		c.Key(&e.Shareholders[i].Address)
		c.U16(&e.Shareholders[i].BasisPoints)
	}
}

// Layout implements program.Growing.
func (e *Create) Layout(c *program.Codec) {
	c.Text(&e.Name)
	c.Text(&e.Symbol)
	c.Text(&e.URI)
	c.Key(&e.Mint)
	c.Key(&e.BondingCurve)
	c.Key(&e.User)
	if c.Ends() {
		return
	}

	c.Key(&e.Creator)
	c.I64(&e.Timestamp)
	c.U64(&e.VirtualTokenReserves)
	c.U64(&e.VirtualSolReserves)
	c.U64(&e.RealTokenReserves)
	c.U64(&e.TokenTotalSupply)
	if c.Ends() {
		return
	}

	c.Key(&e.TokenProgram)
	c.Bool(&e.IsMayhemMode)
	if c.Ends() {
		return
	}

	c.Bool(&e.IsCashbackEnabled)
	if c.Ends() {
		return
	}

	c.Key(&e.QuoteMint)
	c.U64(&e.VirtualQuoteReserves)
	if c.Ends() {
		return
	}

	c.U64(&e.CreatorFeeBasisPoints)
	c.Bool(&e.IsHolderReward)
	c.U8(&e.Depth)
}

// Layout implements program.Growing.
func (e *Complete) Layout(c *program.Codec) {
	c.Key(&e.User)
	c.Key(&e.Mint)
	c.Key(&e.BondingCurve)
	c.I64(&e.Timestamp)
	if c.Ends() {
		return
	}
	c.Key(&e.QuoteMint)
}

// Layout implements program.Growing.
func (e *PostCompleteBuy) Layout(c *program.Codec) {
	c.Keys(&e.User, &e.Mint, &e.BondingCurve, &e.QuoteMint)
	c.I64(&e.Timestamp)
	c.U64s(&e.BaseOut, &e.QuoteIn, &e.FeeBasisPoints, &e.Fee, &e.CreatorFeeBasisPoints, &e.CreatorFee, &e.BuybackFee)
	c.U64s(&e.PoolBaseReservesBefore, &e.PoolQuoteReservesBefore, &e.PoolBaseReservesAfter, &e.PoolQuoteReservesAfter)
}

// Layout implements program.Growing.
func (e *Migration) Layout(c *program.Codec) {
	c.Keys(&e.User, &e.Mint)
	c.U64s(&e.MintAmount, &e.SolAmount, &e.PoolMigrationFee)
	c.Key(&e.BondingCurve)
	c.I64(&e.Timestamp)
	c.Key(&e.Pool)
	if c.Ends() {
		return
	}
	c.Key(&e.QuoteMint)
}

// Discriminator implements program.Growing.
func (*Trade) Discriminator() uint64 { return discTrade }

// Discriminator implements program.Growing.
func (*Create) Discriminator() uint64 { return discCreate }

// Discriminator implements program.Growing.
func (*Complete) Discriminator() uint64 { return discComplete }

// Discriminator implements program.Growing.
func (*PostCompleteBuy) Discriminator() uint64 { return discPostCompleteBuy }

// Discriminator implements program.Growing.
func (*Migration) Discriminator() uint64 { return discMigration }

// Kind implements market.Body.
func (*Trade) Kind() market.Kind { return KindTrade }

// Kind implements market.Body.
func (*Create) Kind() market.Kind { return KindCreate }

// Kind implements market.Body.
func (*Complete) Kind() market.Kind { return KindComplete }

// Kind implements market.Body.
func (*PostCompleteBuy) Kind() market.Kind { return KindPostCompleteBuy }

// Kind implements market.Body.
func (*Migration) Kind() market.Kind { return KindMigration }

// MintAccount implements market.Body.
func (e *Trade) MintAccount() market.Pubkey { return e.Mint }

// MintAccount implements market.Body.
func (e *Create) MintAccount() market.Pubkey { return e.Mint }

// MintAccount implements market.Body.
func (e *Complete) MintAccount() market.Pubkey { return e.Mint }

// MintAccount implements market.Body.
func (e *PostCompleteBuy) MintAccount() market.Pubkey { return e.Mint }

// MintAccount implements market.Body.
func (e *Migration) MintAccount() market.Pubkey { return e.Mint }
