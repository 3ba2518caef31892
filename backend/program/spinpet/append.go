package spinpet

import (
	"encoding/base64"
	"encoding/binary"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Append appends the event's bytes to dst: discriminator, then Borsh. It is the inverse of Decode: a TokenCreated with
// Early gets the six-field layout, a PartialClose with Long the 340 bytes. Any other type of body appends nothing.
func Append(dst []byte, body market.Body) []byte {
	switch b := body.(type) {
	case *TokenCreated:
		return appendTokenCreated(dst, b)
	case *BuySell:
		dst = appendKeys(dst, discBuySell, &b.Payer, &b.Mint)
		dst = append(dst, boolByte(b.IsBuy))
		dst = appendU64s(dst, b.TokenAmount, b.SolAmount)
		return appendU128(dst, b.LatestPrice)
	case *LongShort:
		dst = appendKeys(dst, discLongShort, &b.Payer, &b.Mint, &b.Order)
		dst = appendU128(dst, b.LatestPrice)
		return appendTerms(dst, &b.Terms, false)
	case *ForceLiquidate:
		return appendKeys(dst, discForceLiquidate, &b.Payer, &b.Mint, &b.Order)
	case *FullClose:
		return appendClose(dst, discFullClose, &b.Close)
	case *PartialClose:
		return appendTerms(appendClose(dst, discPartialClose, &b.Close), &b.Terms, b.Long)
	case *MilestoneDiscount:
		dst = appendKeys(dst, discMilestoneDiscount, &b.Payer, &b.Mint, &b.Curve)
		dst = binary.LittleEndian.AppendUint16(dst, b.SwapFee)
		dst = binary.LittleEndian.AppendUint16(dst, b.BorrowFee)
		return append(dst, b.FeeDiscountFlag)
	}

	return dst
}

// LogLine is the log line by which the program emits the event.
func LogLine(body market.Body) string {
	return program.DataPrefix + base64.StdEncoding.EncodeToString(Append(nil, body))
}

func appendTokenCreated(dst []byte, b *TokenCreated) []byte {
	dst = appendKeys(dst, discTokenCreated, &b.Payer, &b.Mint, &b.Curve)
	if !b.Early {
		for _, key := range [...]*market.Pubkey{&b.PoolToken, &b.PoolSol, &b.FeeRecipient, &b.BaseFeeRecipient, &b.Params} {
			dst = append(dst, key[:]...)
		}
		dst = binary.LittleEndian.AppendUint16(dst, b.SwapFee)
		dst = binary.LittleEndian.AppendUint16(dst, b.BorrowFee)
		dst = append(dst, b.FeeDiscountFlag)
	}
	for _, text := range [...]string{b.Name, b.Symbol, b.URI} {
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(text))) //nolint:gosec // a name of 4 GiB does not exist
		dst = append(dst, text...)
	}
	return dst
}

func appendKeys(dst []byte, disc uint64, keys ...*market.Pubkey) []byte {
	dst = binary.BigEndian.AppendUint64(dst, disc)
	for _, key := range keys {
		dst = append(dst, key[:]...)
	}
	return dst
}

func appendClose(dst []byte, disc uint64, c *Close) []byte {
	dst = appendKeys(dst, disc, &c.Payer, &c.UserSolAccount, &c.Mint)
	dst = append(dst, boolByte(c.IsCloseLong))
	dst = appendU64s(dst, c.FinalTokenAmount, c.FinalSolAmount, c.UserCloseProfit)
	dst = appendU128(dst, c.LatestPrice)
	return append(dst, c.Order[:]...)
}

func appendTerms(dst []byte, t *market.Terms, long bool) []byte {
	dst = append(dst, t.OrderType)
	dst = append(dst, t.Mint[:]...)
	dst = append(dst, t.User[:]...)
	dst = appendU128(dst, t.LockLpStartPrice)
	dst = appendU128(dst, t.LockLpEndPrice)
	dst = appendU64s(dst, t.LockLpSolAmount, t.LockLpTokenAmount)
	dst = binary.LittleEndian.AppendUint32(dst, t.StartTime)
	dst = binary.LittleEndian.AppendUint32(dst, t.EndTime)
	if long {
		dst = appendU64s(dst, t.MarginInitSolAmount)
	}
	dst = appendU64s(dst, t.MarginSolAmount, t.BorrowAmount, t.PositionAssetAmount)
	dst = binary.LittleEndian.AppendUint16(dst, t.BorrowFee)
	if long {
		dst = appendU64s(dst, t.RealizedSolAmount)
	}
	return dst
}

func appendU64s(dst []byte, values ...uint64) []byte {
	for _, value := range values {
		dst = binary.LittleEndian.AppendUint64(dst, value)
	}
	return dst
}

func appendU128(dst []byte, value market.U128) []byte { return appendU64s(dst, value.Lo, value.Hi) }

func boolByte(set bool) byte {
	if set {
		return 1
	}
	return 0
}
