package pump

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Trade is a buy or a sell on the curve. Amounts are without fees; reserves are those after the trade.
//
// With another quote than SOL the fields named Sol are zero, and those named Quote count.
type Trade struct {
	Mint                                     market.Pubkey
	SolAmount, TokenAmount                   uint64 // lamports, token base units
	IsBuy                                    bool
	User                                     market.Pubkey
	Timestamp                                int64 // Unix seconds, the program's; the block's own time decides a candle
	VirtualSolReserves, VirtualTokenReserves uint64
	RealSolReserves, RealTokenReserves       uint64 // from 2025-04
	FeeRecipient                             market.Pubkey
	FeeBasisPoints, Fee                      uint64
	Creator                                  market.Pubkey
	CreatorFeeBasisPoints, CreatorFee        uint64 // from 2025-05
	TrackVolume                              bool
	TotalUnclaimedTokens, TotalClaimedTokens uint64
	CurrentSolVolume                         uint64
	LastUpdateTimestamp                      int64  // from 2025-08
	IxName                                   string // from 2025-10
	MayhemMode                               bool   // from 2026-01
	CashbackFeeBasisPoints, Cashback         uint64 // from 2026-02
	BuybackFeeBasisPoints, BuybackFee        uint64
	Shareholders                             []Shareholder
	QuoteMint                                market.Pubkey // zero: SOL
	QuoteAmount                              uint64
	VirtualQuoteReserves, RealQuoteReserves  uint64 // from 2026-05
	HolderRewardsBasisPoints, HolderRewards  uint64 // from 2026-09
	CreatorFeeUnclaimed                      uint64 // from 2026-10
	program.Tail
}

// Shareholder gets a part of the creator's fee.
type Shareholder struct {
	Address     market.Pubkey
	BasisPoints uint16
}

// Create announces a coin and its curve.
type Create struct {
	Name, Symbol, URI                                           string
	Mint, BondingCurve, User                                    market.Pubkey
	Creator                                                     market.Pubkey
	Timestamp                                                   int64
	VirtualTokenReserves, VirtualSolReserves, RealTokenReserves uint64
	TokenTotalSupply                                            uint64        // base units; from 2025-05
	TokenProgram                                                market.Pubkey // the token program that owns the mint
	IsMayhemMode                                                bool          // from 2025-11
	IsCashbackEnabled                                           bool          // from 2026-02
	QuoteMint                                                   market.Pubkey // zero: SOL
	VirtualQuoteReserves                                        uint64        // from 2026-05
	CreatorFeeBasisPoints                                       uint64
	IsHolderReward                                              bool
	Depth                                                       uint8 // from 2026-10
	program.Tail
}

// Complete says that the curve is sold out: the coin trades no more on it. Answers and files call it Graduated.
type Complete struct {
	User, Mint, BondingCurve market.Pubkey
	Timestamp                int64
	QuoteMint                market.Pubkey // zero: SOL; from 2026-05
	program.Tail
}

// PostCompleteBuy is the rest of a buy that completed the curve: a trade at the price of the pool that opens next.
type PostCompleteBuy struct {
	User, Mint, BondingCurve, QuoteMint             market.Pubkey
	Timestamp                                       int64
	BaseOut, QuoteIn                                uint64
	FeeBasisPoints, Fee                             uint64
	CreatorFeeBasisPoints, CreatorFee, BuybackFee   uint64
	PoolBaseReservesBefore, PoolQuoteReservesBefore uint64
	PoolBaseReservesAfter, PoolQuoteReservesAfter   uint64
	program.Tail
}

// Migration says which PumpSwap pool the coin trades on from now on.
type Migration struct {
	User, Mint                              market.Pubkey
	MintAmount, SolAmount, PoolMigrationFee uint64
	BondingCurve                            market.Pubkey
	Timestamp                               int64
	Pool                                    market.Pubkey
	QuoteMint                               market.Pubkey // zero: SOL; from 2026-05
	program.Tail
}
