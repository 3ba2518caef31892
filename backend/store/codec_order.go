package store

import (
	"encoding/binary"

	"spinscope/backend/market"
)

func appendOrder(dst []byte, o *market.Order, id mintID) []byte {
	t := &o.Terms
	dst = append(dst, recordVersion, t.OrderType, o.Scale)
	dst = binary.BigEndian.AppendUint32(dst, uint32(id))
	for _, key := range [...]*market.Pubkey{&o.Address, &o.MintAccount, &t.Mint, &t.User} {
		dst = append(dst, key[:]...)
	}
	dst = appendU128(dst, t.LockLpStartPrice)
	dst = appendU128(dst, t.LockLpEndPrice)
	for _, amount := range [...]uint64{
		t.LockLpSolAmount, t.LockLpTokenAmount, uint64(t.StartTime), uint64(t.EndTime), t.MarginInitSolAmount,
		t.MarginSolAmount, t.BorrowAmount, t.PositionAssetAmount, uint64(t.BorrowFee), t.RealizedSolAmount,
	} {
		dst = binary.AppendUvarint(dst, amount)
	}
	dst = appendU128(dst, market.U128(o.LatestPrice))
	return binary.AppendVarint(dst, o.LatestTradeTime)
}

func decodeOrder(value []byte) (o market.Order, id mintID, err error) {
	f := record(value)
	t := &o.Terms
	t.OrderType, o.Scale = f.u8(), f.u8()
	id = mintID(f.u32())
	o.Address, o.MintAccount, t.Mint, t.User = f.key(), f.key(), f.key(), f.key()
	t.LockLpStartPrice, t.LockLpEndPrice = f.u128(), f.u128()
	t.LockLpSolAmount, t.LockLpTokenAmount = f.uvarint(), f.uvarint()
	t.StartTime, t.EndTime = f.u32Varint(), f.u32Varint()
	t.MarginInitSolAmount, t.MarginSolAmount = f.uvarint(), f.uvarint()
	t.BorrowAmount, t.PositionAssetAmount = f.uvarint(), f.uvarint()

	fee := f.u32Varint()
	if fee > 1<<16-1 {
		f.bad = true
	}
	t.BorrowFee = uint16(fee) //nolint:gosec // checked
	t.RealizedSolAmount = f.uvarint()
	o.LatestPrice, o.LatestTradeTime = market.Price(f.u128()), f.varint()
	return o, id, f.err("order")
}

// appendGap appends what the gap's key does not hold.
func appendGap(dst []byte, g *market.Gap) []byte {
	dst = append(dst, recordVersion, byte(g.State))
	dst = binary.AppendUvarint(dst, uint64(g.Seq))
	return append(dst, g.Cause...)
}

// appendGapKey makes a gap's key: a gap is the same when its slots, its mint, its cause and its address are. The program's
// own gaps have no address in it.
func appendGapKey(dst []byte, g *market.Gap) []byte {
	dst = append(dst, tableGap)
	dst = binary.BigEndian.AppendUint64(dst, uint64(g.From))
	dst = binary.BigEndian.AppendUint64(dst, uint64(g.To))
	dst = append(dst, g.Mint[:]...)
	dst = binary.BigEndian.AppendUint64(dst, fnv64([]byte(g.Cause)))
	if g.Address.IsZero() {
		return dst
	}
	return append(dst, g.Address[:]...)
}

func decodeGap(key, value []byte) (market.Gap, error) {
	k := fields{rest: key}
	k.u8()
	g := market.Gap{From: market.Slot(k.u64()), To: market.Slot(k.u64()), Mint: k.key()}
	k.u64()
	if len(k.rest) > 0 {
		g.Address = k.key()
	}
	f := record(value)
	g.State, g.Seq = market.GapState(f.u8()), market.Seq(f.uvarint())
	if k.bad || g.State > market.GapUnfillable {
		f.bad = true
	}
	g.Cause = string(f.take(len(f.rest)))
	return g, f.err("gap")
}

// fnv64 is the 64-bit FNV-1a hash, written out because it is stored: hash/maphash differs from run to run.
func fnv64(data []byte) uint64 {
	sum := uint64(14695981039346656037)
	for _, b := range data {
		sum = (sum ^ uint64(b)) * 1099511628211
	}
	return sum
}
