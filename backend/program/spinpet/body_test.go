package spinpet

import (
	"math/rand/v2"
	"strings"

	"spinscope/backend/market"
)

// randomBody is a well-formed event with random content.
func randomBody(r *rand.Rand, kind market.Kind, variant bool) market.Body {
	switch kind {
	case KindTokenCreated:
		body := &TokenCreated{
			Payer: randomKey(r), Mint: randomKey(r), Curve: randomKey(r), Early: variant,
			Name: randomText(r), Symbol: randomText(r), URI: randomText(r),
		}
		if !variant {
			body.PoolToken, body.PoolSol, body.Params = randomKey(r), randomKey(r), randomKey(r)
			body.FeeRecipient, body.BaseFeeRecipient = randomKey(r), randomKey(r)
			body.SwapFee, body.BorrowFee, body.FeeDiscountFlag = uint16(r.Uint32()), uint16(r.Uint32()), uint8(r.Uint32())
		}
		return body
	case KindBuySell:
		return &BuySell{
			Payer: randomKey(r), Mint: randomKey(r), IsBuy: variant,
			TokenAmount: r.Uint64(), SolAmount: r.Uint64(), LatestPrice: randomU128(r),
		}
	case KindLongShort:
		return &LongShort{
			Payer: randomKey(r), Mint: randomKey(r), Order: randomKey(r),
			LatestPrice: randomU128(r), Terms: randomTerms(r, false),
		}
	case KindForceLiquidate:
		return &ForceLiquidate{Payer: randomKey(r), Mint: randomKey(r), Order: randomKey(r)}
	case KindFullClose:
		return &FullClose{Close: randomClose(r)}
	case KindPartialClose:
		return &PartialClose{Close: randomClose(r), Terms: randomTerms(r, variant), Long: variant}
	default:
		return &MilestoneDiscount{
			Payer: randomKey(r), Mint: randomKey(r), Curve: randomKey(r),
			SwapFee: uint16(r.Uint32()), BorrowFee: uint16(r.Uint32()), FeeDiscountFlag: uint8(r.Uint32()),
		}
	}
}

func randomTerms(r *rand.Rand, long bool) market.Terms {
	terms := market.Terms{
		OrderType: 1 + uint8(r.UintN(2)), Mint: randomKey(r), User: randomKey(r),
		LockLpStartPrice: randomU128(r), LockLpEndPrice: randomU128(r),
		LockLpSolAmount: r.Uint64(), LockLpTokenAmount: r.Uint64(),
		StartTime: r.Uint32(), EndTime: r.Uint32(),
		MarginSolAmount: r.Uint64(), BorrowAmount: r.Uint64(), PositionAssetAmount: r.Uint64(),
		BorrowFee: uint16(r.Uint32()),
	}
	if long {
		terms.MarginInitSolAmount, terms.RealizedSolAmount = r.Uint64(), r.Uint64()
	}
	return terms
}

func randomClose(r *rand.Rand) Close {
	return Close{
		Payer: randomKey(r), UserSolAccount: randomKey(r), Mint: randomKey(r), IsCloseLong: r.UintN(2) == 0,
		FinalTokenAmount: r.Uint64(), FinalSolAmount: r.Uint64(), UserCloseProfit: r.Uint64(),
		LatestPrice: randomU128(r), Order: randomKey(r),
	}
}

func randomKey(r *rand.Rand) (key market.Pubkey) {
	for i := range key {
		key[i] = byte(r.Uint32())
	}
	return key
}

func randomU128(r *rand.Rand) market.U128 { return market.U128{Hi: r.Uint64(), Lo: r.Uint64()} }

func randomText(r *rand.Rand) string {
	return strings.Repeat([]string{"a", "é", "币", "🔄", "\n", "\x00"}[r.UintN(6)], r.IntN(20))
}
