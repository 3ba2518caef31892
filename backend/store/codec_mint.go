package store

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
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
	hasOpen  bool
	created  uint64 // hash of the stored TokenCreated, 0 when there is none
	events   tally
	candles  [market.NumStored]tally
	orders   [2]uint64    // by side
	token    market.Token // Created is left nil
	unstored bool         // changed in the commit under way
}

const (
	mintKnown byte = 1 << iota
	mintHasOpen
)

func appendMint(dst []byte, m *mintState) []byte {
	var flags byte
	if m.known {
		flags |= mintKnown
	}
	if m.hasOpen {
		flags |= mintHasOpen
	}

	if m.token.Pair == (market.Pair{}) {
		dst = append(dst, recordVersion, flags)
	} else {
		dst = appendPair(append(dst, programVersion, flags), m.token.Pair)
	}

	dst = append(dst, m.mint[:]...)
	dst = binary.BigEndian.AppendUint64(dst, m.created)
	dst = binary.AppendUvarint(dst, m.events.count)
	dst = binary.AppendUvarint(dst, m.events.tail)
	dst = append(append(dst, m.events.newest[:]...), m.events.first[:]...)
	for i := range m.candles[:placedIntervals] {
		dst = appendTally(dst, &m.candles[i])
	}

	dst = binary.AppendUvarint(dst, m.orders[sideDown])
	dst = binary.AppendUvarint(dst, m.orders[sideUp])
	dst = appendToken(dst, &m.token)
	return appendNamedTallies(dst, m.candles[:])
}

// appendPair appends a pair, which is not the zero one.
func appendPair(dst []byte, p market.Pair) []byte {
	dst = append(dst, byte(p.Program()), byte(p.BaseDecimals()), byte(p.QuoteDecimals())) //nolint:gosec // market.MaxDecimals at most
	quote := p.Quote()
	return append(dst, quote[:]...)
}

// pair reads what appendPair wrote. One of a program that is not known is refused, as its events are.
func (f *fields) pair() market.Pair {
	program, base, units, quote := market.Program(f.u8()), f.u8(), f.u8(), f.key()
	p, err := market.NewPair(program, quote, base, units)
	if err != nil || p == (market.Pair{}) || p.Quote() != quote || registry.Of(program) == nil {
		f.bad = true // one record is written in one way
	}
	return p
}

// appendToken appends what is known of a mint, without its address, its pair and its TokenCreated.
func appendToken(dst []byte, t *market.Token) []byte {
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

// token reads what appendToken wrote.
func (f *fields) token() (t market.Token) {
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
	return t
}

// appendTally appends the count of a candle series.
func appendTally(dst []byte, t *tally) []byte {
	if t.newest == (place{}) {
		return append(dst, 0) // never had a row
	}
	dst = binary.AppendUvarint(dst, t.count+1)
	dst = binary.AppendUvarint(dst, t.tail)
	dst = binary.AppendVarint(dst, t.newest.time())
	if t.tail > 0 {
		dst = binary.AppendVarint(dst, t.newest.time()-t.first.time())
	}
	return dst
}

func (f *fields) tally() (t tally) {
	count := f.uvarint()
	if count == 0 {
		return t
	}
	t.count, t.tail = count-1, f.uvarint()
	newest := f.varint()
	t.newest = timePlace(newest)
	if t.tail > 0 {
		t.first = timePlace(newest - f.varint())
	}
	return t
}

func decodeMint(id mintID, value []byte) (*mintState, error) {
	f := &fields{rest: value}
	version, flags := f.u8(), f.u8()
	m := &mintState{id: id, known: flags&mintKnown != 0, hasOpen: flags&mintHasOpen != 0}
	var pair market.Pair
	switch version {
	case recordVersion:
	case programVersion:
		pair = f.pair()
	default:
		f.bad = true
	}

	m.mint, m.created = f.key(), f.u64()
	m.events.count, m.events.tail = f.uvarint(), f.uvarint()
	copy(m.events.newest[:], f.take(positionSize))
	copy(m.events.first[:], f.take(positionSize))
	for i := range m.candles[:placedIntervals] {
		m.candles[i] = f.tally()
	}

	m.orders[sideDown], m.orders[sideUp] = f.uvarint(), f.uvarint()
	m.token = f.token()
	m.token.Mint, m.token.Pair = m.mint, pair
	f.namedTallies(m.candles[:])
	return m, f.err("mint")
}

// appendCreated appends a mint's creation, which is kept apart as it never changes.
func appendCreated(dst []byte, body market.Creation) []byte {
	id := body.Kind().Program()
	if id == unnamedProgram {
		dst = append(dst, recordVersion)
	} else {
		dst = append(dst, programVersion, byte(id))
	}
	at := len(dst)
	dst, variant := registry.Of(id).Append(append(dst, 0), body)
	if variant {
		dst[at] = 1
	}
	return dst
}

func decodeCreated(value []byte) (market.Creation, error) {
	f := &fields{rest: value}
	id := unnamedProgram
	switch f.u8() {
	case recordVersion:
	case programVersion:
		id = market.Program(f.u8())
	default:
		f.bad = true
	}

	variant := f.u8()
	plug := registry.Of(id)
	if f.bad || variant > 1 || plug == nil {
		return nil, fmt.Errorf("%w: unreadable token record", ErrCorrupt)
	}

	body, err := plug.Restore(f.rest, variant == 1)
	if err != nil {
		return nil, fmt.Errorf("%w: token record: %w", ErrCorrupt, err)
	}

	created, ok := body.(market.Creation)
	if !ok {
		return nil, fmt.Errorf("%w: token record holds a %s", ErrCorrupt, body.Kind())
	}
	return created, nil
}
