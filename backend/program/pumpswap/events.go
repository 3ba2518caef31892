package pumpswap

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Swap is what a buy and a sell have in common. Base and quote are the pool's own sides, in base units; reserves are
// those before the trade.
type Swap struct {
	located
	Timestamp                                 int64  // Unix seconds, the program's; the block's own time decides a candle
	BaseAmount                                uint64 // out of the pool in a buy, into it in a sell
	Limit                                     uint64 // the most to pay, or the least to get
	UserBaseReserves, UserQuoteReserves       uint64
	PoolBaseReserves, PoolQuoteReserves       uint64
	QuoteAmount                               uint64
	LPFeeBasisPoints, LPFee                   uint64
	ProtocolFeeBasisPoints, ProtocolFee       uint64
	QuoteAmountLPFee                          uint64 // with the pool's fee in a buy, without it in a sell
	UserQuoteAmount                           uint64
	Pool, User                                market.Pubkey
	UserBaseAccount, UserQuoteAccount         market.Pubkey
	ProtocolRecipient, ProtocolRecipientToken market.Pubkey
	CoinCreator                               market.Pubkey
	CoinCreatorFeeBasisPoints, CoinCreatorFee uint64 // from 2025-05
	CashbackFeeBasisPoints, Cashback          uint64 // from 2026-02
	BuybackFeeBasisPoints, BuybackFee         uint64 // from 2026-05
	VirtualQuoteReserves                      market.I128
	CanBoost                                  bool
	BaseSupply                                uint64 // from 2026-08
	HolderRewardsBasisPoints, HolderRewards   uint64 // from 2026-09
	CreatorFeeUnclaimed                       uint64 // from 2026-10
	program.Tail
}

// Buy takes the base side out of a pool.
type Buy struct {
	Swap
	TrackVolume                              bool
	TotalUnclaimedTokens, TotalClaimedTokens uint64
	CurrentSolVolume                         uint64
	LastUpdateTimestamp                      int64 // from 2025-08
	MinBaseAmountOut                         uint64
	IxName                                   string // from 2025-10
}

// Sell gives the base side to a pool.
type Sell struct{ Swap }

// CreatePool opens a pool.
type CreatePool struct {
	Timestamp                           int64
	Index                               uint16
	Creator, BaseMint, QuoteMint        market.Pubkey
	BaseMintDecimals, QuoteMintDecimals uint8
	BaseAmountIn, QuoteAmountIn         uint64
	PoolBaseAmount, PoolQuoteAmount     uint64
	MinimumLiquidity, InitialLiquidity  uint64
	LPTokenAmountOut                    uint64
	PoolBump                            uint8
	Pool, LPMint                        market.Pubkey
	UserBaseAccount, UserQuoteAccount   market.Pubkey
	CoinCreator                         market.Pubkey // from 2025-05
	IsMayhemMode                        bool          // from 2025-11
	CreatorFeeBasisPoints               uint64
	CanEditCreatorFee, IsHolderReward   bool // from 2026-10
	program.Tail
}

// Liquidity is put into a pool or taken out of it: no trade, and no change of the price.
type Liquidity struct {
	located
	Timestamp                           int64
	LPTokenAmount                       uint64
	BaseLimit, QuoteLimit               uint64 // the most to give, or the least to get
	UserBaseReserves, UserQuoteReserves uint64
	PoolBaseReserves, PoolQuoteReserves uint64
	BaseAmount, QuoteAmount             uint64
	LPMintSupply                        uint64
	Pool, User                          market.Pubkey
	UserBaseAccount, UserQuoteAccount   market.Pubkey
	UserPoolAccount                     market.Pubkey
	program.Tail
}

// Deposit puts liquidity into a pool.
type Deposit struct{ Liquidity }

// Withdraw takes liquidity out of a pool.
type Withdraw struct{ Liquidity }

// InitBoost gives a pool virtual reserves of its quote.
type InitBoost struct {
	Timestamp                int64
	Mint, BondingCurve, Pool market.Pubkey
	VirtualQuoteReserves     market.I128
	RealQuoteReserves        uint64
	program.Tail
}

// BoostBuyAndBurn tells of a purchase that was burnt; the Buy beside it is the trade.
type BoostBuyAndBurn struct {
	Timestamp                           int64
	Mint, BondingCurve, Pool, Authority market.Pubkey
	Requested, Used, BaseBurned         uint64
	VirtualQuoteReserves                market.I128
	RealQuoteAfter, BaseAfter           uint64
	VaultRemaining                      uint64
	program.Tail
}
