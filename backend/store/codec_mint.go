package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/spinpet"
)

// place is the sortable end of a row's key within its series: a candle's time (8 bytes, the rest zero) or an event's
// position.
type place [positionSize]byte

func timePlace(t int64) (p place) {
	binary.BigEndian.PutUint64(p[:], orderedTime(t))
	return p
}

func (p place) time() int64 { return timeOf(binary.BigEndian.Uint64(p[:])) }

func positionPlace(at market.Position) (p place) {
	appendPosition(p[:0], at)
	return p
}

func (p *place) after(q *place) bool { return bytes.Compare(p[:], q[:]) > 0 }

// tally counts the rows of a series. The newest rows, not yet in a chunk row, are the tail.
type tally struct {
	count  uint64
	tail   uint64
	newest place // highest place there ever was
	first  place // lower bound of the tail, when there is a tail
}

// mintState is all that changes about a mint with each of its events.
type mintState struct {
	id       mintID
	mint     market.Pubkey
	known    bool // a Token was committed
	hasBook  bool
	created  uint64 // hash of the stored TokenCreated, 0 when there is none
	events   tally
	candles  [market.NumIntervals]tally
	orders   [2]uint64    // by side
	token    market.Token // Created is left nil
	unstored bool         // changed in the commit under way
}

const (
	mintKnown byte = 1 << iota
	mintHasBook
)

func appendMint(dst []byte, m *mintState) []byte {
	var flags byte
	if m.known {
		flags |= mintKnown
	}
	if m.hasBook {
		flags |= mintHasBook
	}
	dst = append(dst, recordVersion, flags)
	dst = append(dst, m.mint[:]...)
	dst = binary.BigEndian.AppendUint64(dst, m.created)
	dst = binary.AppendUvarint(dst, m.events.count)
	dst = binary.AppendUvarint(dst, m.events.tail)
	dst = append(append(dst, m.events.newest[:]...), m.events.first[:]...)
	for i := range m.candles {
		t := &m.candles[i]
		if t.newest == (place{}) {
			dst = append(dst, 0) // never had a row
			continue
		}
		dst = binary.AppendUvarint(dst, t.count+1)
		dst = binary.AppendUvarint(dst, t.tail)
		dst = binary.AppendVarint(dst, t.newest.time())
		if t.tail > 0 {
			dst = binary.AppendVarint(dst, t.newest.time()-t.first.time())
		}
	}
	dst = binary.AppendUvarint(dst, m.orders[sideDown])
	dst = binary.AppendUvarint(dst, m.orders[sideUp])
	t := &m.token
	dst = appendPosition(dst, t.CreatedPosition)
	dst = binary.AppendVarint(dst, t.CreateTime)
	dst = binary.AppendUvarint(dst, uint64(t.SwapFee))
	dst = binary.AppendUvarint(dst, uint64(t.BorrowFee))
	dst = append(dst, t.FeeDiscountFlag)
	dst = appendU128(dst, market.U128(t.LatestPrice))
	dst = binary.AppendVarint(dst, t.LatestTradeTime)
	dst = appendU128(dst, t.TotalSolAmount)
	dst = appendU128(dst, t.TotalMarginSolAmount)
	dst = binary.AppendUvarint(dst, t.TotalLiquidations)
	dst = appendU128(dst, t.TotalCloseProfit)
	dst = binary.AppendUvarint(dst, t.Trades)
	return binary.AppendVarint(dst, t.LastEventTime)
}

func decodeMint(id mintID, value []byte) (*mintState, error) {
	f := record(value)
	flags := f.u8()
	m := &mintState{id: id, known: flags&mintKnown != 0, hasBook: flags&mintHasBook != 0}
	m.mint, m.created = f.key(), f.u64()
	m.events.count, m.events.tail = f.uvarint(), f.uvarint()
	copy(m.events.newest[:], f.take(positionSize))
	copy(m.events.first[:], f.take(positionSize))
	for i := range m.candles {
		t := &m.candles[i]
		count := f.uvarint()
		if count == 0 {
			continue
		}
		t.count, t.tail = count-1, f.uvarint()
		newest := f.varint()
		t.newest = timePlace(newest)
		if t.tail > 0 {
			t.first = timePlace(newest - f.varint())
		}
	}
	m.orders[sideDown], m.orders[sideUp] = f.uvarint(), f.uvarint()
	t := &m.token
	t.Mint = m.mint
	t.CreatedPosition, t.CreateTime = f.position(), f.varint()
	swap, borrow := f.u32Varint(), f.u32Varint()
	if swap > 1<<16-1 || borrow > 1<<16-1 {
		f.bad = true
	}
	t.SwapFee, t.BorrowFee = uint16(swap), uint16(borrow) //nolint:gosec // checked
	t.FeeDiscountFlag = f.u8()
	t.LatestPrice, t.LatestTradeTime = market.Price(f.u128()), f.varint()
	t.TotalSolAmount, t.TotalMarginSolAmount = f.u128(), f.u128()
	t.TotalLiquidations = f.uvarint()
	t.TotalCloseProfit = f.u128()
	t.Trades, t.LastEventTime = f.uvarint(), f.varint()
	return m, f.err("mint")
}

// appendCreated appends a mint's TokenCreated, which is kept apart as it never changes.
func appendCreated(dst []byte, body *market.TokenCreated) []byte {
	var early byte
	if body.Early {
		early = 1
	}
	return spinpet.Append(append(dst, recordVersion, early), body)
}

func decodeCreated(value []byte) (*market.TokenCreated, error) {
	f := record(value)
	early := f.u8()
	if f.bad || early > 1 {
		return nil, fmt.Errorf("%w: unreadable token record", ErrCorrupt)
	}
	body, err := spinpet.Decode(f.rest, early == 1)
	if err != nil {
		return nil, fmt.Errorf("%w: token record: %w", ErrCorrupt, err)
	}
	created, ok := body.(*market.TokenCreated)
	if !ok {
		return nil, fmt.Errorf("%w: token record holds a %s", ErrCorrupt, body.Kind())
	}
	return created, nil
}
