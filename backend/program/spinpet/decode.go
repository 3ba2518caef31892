package spinpet

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Decode reads one event: discriminator, then Borsh, of exactly the layout's length. With early, TokenCreated has the six
// fields of EarlyProgramID. The body shares no memory with data. It returns program.ErrUnknown or
// program.ErrLayout: another length, a flag that is neither 0 nor 1, an order type that is neither long nor short, or a
// string that is not UTF-8.
func Decode(data []byte, early bool) (market.Body, error) {
	if len(data) < program.DiscriminatorSize {
		return nil, program.ErrUnknown
	}
	f := fields(data[program.DiscriminatorSize:])
	switch binary.BigEndian.Uint64(data) {
	case discBuySell:
		return decodeBuySell(f, len(data))
	case discLongShort:
		return decodeLongShort(f, len(data))
	case discForceLiquidate:
		if len(data) != sizeForceLiquidate {
			return nil, lengthError(KindForceLiquidate, len(data))
		}
		return &ForceLiquidate{Payer: f.key(), Mint: f.key(), Order: f.key()}, nil
	case discFullClose:
		return decodeFullClose(f, len(data))
	case discPartialClose:
		return decodePartialClose(f, len(data))
	case discMilestoneDiscount:
		if len(data) != sizeMilestoneDiscount {
			return nil, lengthError(KindMilestoneDiscount, len(data))
		}
		return &MilestoneDiscount{
			Payer: f.key(), Mint: f.key(), Curve: f.key(),
			SwapFee: f.u16(), BorrowFee: f.u16(), FeeDiscountFlag: f.u8(),
		}, nil
	case discTokenCreated:
		if early {
			return decodeTokenCreatedEarly(f, len(data))
		}
		return decodeTokenCreated(f, len(data))
	}

	return nil, program.ErrUnknown
}

func lengthError(kind market.Kind, length int) error {
	return fmt.Errorf("%s of %d bytes: %w", kind, length, program.ErrLayout)
}

func valueError(kind market.Kind, field string, value uint8) error {
	return fmt.Errorf("%s with %s %d: %w", kind, field, value, program.ErrLayout)
}

func decodeBuySell(f fields, size int) (market.Body, error) {
	if size != sizeBuySell {
		return nil, lengthError(KindBuySell, size)
	}
	if flag := f[64]; flag > 1 {
		return nil, valueError(KindBuySell, "is_buy", flag)
	}
	return &BuySell{
		Payer: f.key(), Mint: f.key(), IsBuy: f.u8() == 1,
		TokenAmount: f.u64(), SolAmount: f.u64(), LatestPrice: f.u128(),
	}, nil
}

func decodeLongShort(f fields, size int) (market.Body, error) {
	if size != sizeLongShort {
		return nil, lengthError(KindLongShort, size)
	}
	if kind := f[112]; kind != market.OrderLong && kind != market.OrderShort {
		return nil, valueError(KindLongShort, "order_type", kind)
	}
	body := &LongShort{Payer: f.key(), Mint: f.key(), Order: f.key(), LatestPrice: f.u128()}
	f.terms(&body.Terms, false)
	return body, nil
}

func decodeFullClose(f fields, size int) (market.Body, error) {
	if size != sizeFullClose {
		return nil, lengthError(KindFullClose, size)
	}
	if flag := f[96]; flag > 1 {
		return nil, valueError(KindFullClose, "is_close_long", flag)
	}
	body := &FullClose{}
	f.close(&body.Close)
	return body, nil
}

// decodePartialClose reads both lengths: 324 bytes, and 340 with two more amounts.
func decodePartialClose(f fields, size int) (market.Body, error) {
	if size != sizePartialClose && size != sizePartialCloseLong {
		return nil, lengthError(KindPartialClose, size)
	}
	if flag := f[96]; flag > 1 {
		return nil, valueError(KindPartialClose, "is_close_long", flag)
	}
	if kind := f[169]; kind != market.OrderLong && kind != market.OrderShort {
		return nil, valueError(KindPartialClose, "order_type", kind)
	}
	body := &PartialClose{Long: size == sizePartialCloseLong}
	f.close(&body.Close)
	f.terms(&body.Terms, body.Long)
	return body, nil
}

func decodeTokenCreated(f fields, size int) (market.Body, error) {
	if size < leastTokenCreated {
		return nil, lengthError(KindTokenCreated, size)
	}
	body := &TokenCreated{
		Payer: f.key(), Mint: f.key(), Curve: f.key(), PoolToken: f.key(), PoolSol: f.key(),
		FeeRecipient: f.key(), BaseFeeRecipient: f.key(), Params: f.key(),
		SwapFee: f.u16(), BorrowFee: f.u16(), FeeDiscountFlag: f.u8(),
	}
	if err := f.names(body); err != nil {
		return nil, err
	}
	return body, nil
}

func decodeTokenCreatedEarly(f fields, size int) (market.Body, error) {
	if size < leastTokenCreatedOld {
		return nil, lengthError(KindTokenCreated, size)
	}
	body := &TokenCreated{Early: true, Payer: f.key(), Mint: f.key(), Curve: f.key()}
	if err := f.names(body); err != nil {
		return nil, err
	}
	return body, nil
}

// fields reads one value after the other. The caller has checked the length, except for the strings'.
type fields []byte

func (f *fields) u8() uint8 {
	value := (*f)[0]
	*f = (*f)[1:]
	return value
}

func (f *fields) u16() uint16 {
	value := binary.LittleEndian.Uint16(*f)
	*f = (*f)[2:]
	return value
}

func (f *fields) u32() uint32 {
	value := binary.LittleEndian.Uint32(*f)
	*f = (*f)[4:]
	return value
}

func (f *fields) u64() uint64 {
	value := binary.LittleEndian.Uint64(*f)
	*f = (*f)[8:]
	return value
}

func (f *fields) u128() market.U128 {
	lo := f.u64()
	return market.U128{Hi: f.u64(), Lo: lo}
}

func (f *fields) key() market.Pubkey {
	key := market.Pubkey(*f)
	*f = (*f)[len(key):]
	return key
}

// close reads what FullClose and PartialClose share.
func (f *fields) close(c *Close) {
	c.Payer, c.UserSolAccount, c.Mint = f.key(), f.key(), f.key()
	c.IsCloseLong = f.u8() == 1
	c.FinalTokenAmount, c.FinalSolAmount, c.UserCloseProfit = f.u64(), f.u64(), f.u64()
	c.LatestPrice = f.u128()
	c.Order = f.key()
}

// terms reads an order's terms; long ones have two amounts more.
func (f *fields) terms(t *market.Terms, long bool) {
	t.OrderType = f.u8()
	t.Mint, t.User = f.key(), f.key()
	t.LockLpStartPrice, t.LockLpEndPrice = f.u128(), f.u128()
	t.LockLpSolAmount, t.LockLpTokenAmount = f.u64(), f.u64()
	t.StartTime, t.EndTime = f.u32(), f.u32()
	if long {
		t.MarginInitSolAmount = f.u64()
	}
	t.MarginSolAmount, t.BorrowAmount, t.PositionAssetAmount = f.u64(), f.u64(), f.u64()
	t.BorrowFee = f.u16()
	if long {
		t.RealizedSolAmount = f.u64()
	}
}

// names reads TokenCreated's three strings, which must be UTF-8 and end with the data. They share one allocation.
func (f *fields) names(body *TokenCreated) error {
	rest := *f
	for _, field := range [...]string{"name", "symbol", "uri"} {
		if len(rest) < 4 || uint64(len(rest)-4) < uint64(binary.LittleEndian.Uint32(rest)) {
			return fmt.Errorf("%s cut in its %s: %w", KindTokenCreated, field, program.ErrLayout)
		}
		end := 4 + int(binary.LittleEndian.Uint32(rest))
		if !utf8.Valid(rest[4:end]) {
			return fmt.Errorf("%s whose %s is not UTF-8: %w", KindTokenCreated, field, program.ErrLayout)
		}
		rest = rest[end:]
	}

	if len(rest) > 0 {
		return fmt.Errorf("%s with %d bytes too many: %w", KindTokenCreated, len(rest), program.ErrLayout)
	}
	var text strings.Builder
	text.Grow(len(*f))
	var ends [3]int
	for i := range ends {
		length := int(f.u32())
		text.Write((*f)[:length])
		*f = (*f)[length:]
		ends[i] = text.Len()
	}

	all := text.String()
	body.Name, body.Symbol, body.URI = all[:ends[0]], all[ends[0]:ends[1]], all[ends[1]:]
	return nil
}
