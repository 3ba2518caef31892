package store

import (
	"encoding/binary"

	"spinscope/backend/market"
)

// Table prefixes, the first byte of every key. docs/storage.md has the whole layout.
const (
	tableMeta      = 'x' // x f format · x s state · x i identity
	tableEvent     = 'e' // e slot8 index4 ordinal2
	tableMintEvent = 'm' // m mint4 slot8 index4 ordinal2
	tableUserEvent = 'u' // u user32 slot8 index4 ordinal2
	tableOrderMove = 'y' // y order32 slot8 index4 ordinal2
	tableMint      = 'n' // n mint4
	tableCreated   = 't' // t mint4
	tableCandle    = 'c' // c mint4 interval1 time8
	tableLate      = 'k' // k mint4 interval1 seq8 time8
	tableOpen      = 'b' // b mint4
	tableOrder     = 'o' // o order32
	tableOrderList = 'l' // l mint4 side1 price16 order32
	tableUserOrder = 'w' // w user32 start4 order32
	tableLog       = 'q' // q seq8
	tableGap       = 'g' // g from8 to8 mint32 cause8, and address32 of a gap of an address
	tableReached   = 'f' // f address32
	tableChunk     = 'r' // r mint4 series1 first14
	tablePruned    = 'p' // p mint4
)

const positionSize = 8 + 4 + 2

var (
	keyFormat   = []byte{tableMeta, 'f'}
	keyState    = []byte{tableMeta, 's'}
	keyIdentity = []byte{tableMeta, 'i'}
)

// mintID is a mint's short number: 1 for the first one seen, then one more each; never reused.
type mintID uint32

func appendPosition(dst []byte, p market.Position) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(p.Slot))
	dst = binary.BigEndian.AppendUint32(dst, p.Index)
	return binary.BigEndian.AppendUint16(dst, p.Ordinal)
}

// position reads what appendPosition wrote; b holds positionSize bytes or more.
func position(b []byte) market.Position {
	return market.Position{
		Slot:    market.Slot(binary.BigEndian.Uint64(b)),
		Index:   binary.BigEndian.Uint32(b[8:]),
		Ordinal: binary.BigEndian.Uint16(b[12:]),
	}
}

// orderedTime maps a time to bytes that sort as the times do, negative ones too.
func orderedTime(t int64) uint64 { return uint64(t) ^ 1<<63 } //nolint:gosec // a bijection is wanted

func timeOf(ordered uint64) int64 { return int64(ordered ^ 1<<63) } //nolint:gosec // the inverse

func appendID(dst []byte, table byte, id mintID) []byte {
	return binary.BigEndian.AppendUint32(append(dst, table), uint32(id))
}

func appendEventKey(dst []byte, p market.Position) []byte {
	return appendPosition(append(dst, tableEvent), p)
}

func appendMintEventKey(dst []byte, id mintID, p market.Position) []byte {
	return appendPosition(appendID(dst, tableMintEvent, id), p)
}

func appendUserPrefix(dst []byte, user *market.Pubkey) []byte {
	return append(append(dst, tableUserEvent), user[:]...)
}

func appendUserEventKey(dst []byte, user *market.Pubkey, p market.Position) []byte {
	return appendPosition(appendUserPrefix(dst, user), p)
}

func appendOrderMovePrefix(dst []byte, order *market.Pubkey) []byte {
	return append(append(dst, tableOrderMove), order[:]...)
}

func appendOrderMoveKey(dst []byte, order *market.Pubkey, p market.Position) []byte {
	return appendPosition(appendOrderMovePrefix(dst, order), p)
}

func appendCandlePrefix(dst []byte, id mintID, interval market.Interval) []byte {
	return append(appendID(dst, tableCandle, id), byte(interval))
}

func appendCandleKey(dst []byte, id mintID, interval market.Interval, t int64) []byte {
	return binary.BigEndian.AppendUint64(appendCandlePrefix(dst, id, interval), orderedTime(t))
}

func appendLatePrefix(dst []byte, id mintID, interval market.Interval) []byte {
	return append(appendID(dst, tableLate, id), byte(interval))
}

func appendLateKey(dst []byte, id mintID, interval market.Interval, seq market.Seq, t int64) []byte {
	dst = binary.BigEndian.AppendUint64(appendLatePrefix(dst, id, interval), uint64(seq))
	return binary.BigEndian.AppendUint64(dst, orderedTime(t))
}

func appendOrderKey(dst []byte, order *market.Pubkey) []byte {
	return append(append(dst, tableOrder), order[:]...)
}

// Sides of a mint's order list.
const (
	sideDown byte = iota // longs
	sideUp               // shorts
)

func side(orderType uint8) byte {
	if orderType == market.OrderShort {
		return sideUp
	}
	return sideDown
}

func appendOrderListPrefix(dst []byte, id mintID, side byte) []byte {
	return append(appendID(dst, tableOrderList, id), side)
}

// appendOrderListKey makes the list row of an order. Longs are listed from the highest price down, so their price is
// stored complemented: both lists are read forward.
func appendOrderListKey(dst []byte, id mintID, o *market.Order) []byte {
	list := side(o.Terms.OrderType)
	price := o.Terms.LockLpStartPrice
	if list == sideDown {
		price.Hi, price.Lo = ^price.Hi, ^price.Lo
	}
	dst = appendOrderListPrefix(dst, id, list)
	dst = binary.BigEndian.AppendUint64(dst, price.Hi)
	dst = binary.BigEndian.AppendUint64(dst, price.Lo)
	return append(dst, o.Address[:]...)
}

func appendUserOrderPrefix(dst []byte, user *market.Pubkey) []byte {
	return append(append(dst, tableUserOrder), user[:]...)
}

func appendUserOrderKey(dst []byte, o *market.Order) []byte {
	dst = appendUserOrderPrefix(dst, &o.Terms.User)
	dst = binary.BigEndian.AppendUint32(dst, o.Terms.StartTime)
	return append(dst, o.Address[:]...)
}

func appendLogKey(dst []byte, seq market.Seq) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tableLog), uint64(seq))
}
