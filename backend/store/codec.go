package store

import (
	"encoding/binary"
	"fmt"
	"math"

	"spinscope/backend/market"
)

// recordVersion is the first byte of every value. A reader refuses any other; a new layout gets a new number and, if it
// cannot be told apart record by record, a new formatVersion.
const recordVersion = 1

// programVersion is the first byte of records that name their program: of events and creations of every program but the
// first, and of mints with another pair than the zero one. The records that were there before there were others do not.
const (
	programVersion = 2
	unnamedProgram = market.Program(0)
)

// appendU128 appends x in groups of seven bits, lowest first, the top bit set on all but the last byte.
func appendU128(dst []byte, x market.U128) []byte {
	for x.Hi != 0 {
		dst = append(dst, byte(x.Lo)|0x80)
		x.Lo = x.Lo>>7 | x.Hi<<57
		x.Hi >>= 7
	}
	return binary.AppendUvarint(dst, x.Lo)
}

// fields reads a record front to back. After the first short or bad read every further one gives zero values, and err
// tells of it, so that a decoder checks once at its end.
type fields struct {
	rest []byte
	bad  bool
}

// record starts to read a value and checks its version byte.
func record(value []byte) *fields {
	f := &fields{rest: value}
	if f.u8() != recordVersion {
		f.bad = true
	}
	return f
}

// err is nil when the record was read to its exact end.
func (f *fields) err(what string) error {
	if f.bad || len(f.rest) != 0 {
		return fmt.Errorf("%w: unreadable %s record", ErrCorrupt, what)
	}
	return nil
}

func (f *fields) take(n int) []byte {
	if f.bad || n < 0 || n > len(f.rest) {
		f.bad = true
		return nil
	}
	taken := f.rest[:n]
	f.rest = f.rest[n:]
	return taken
}

func (f *fields) u8() uint8 {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *fields) u32() uint32 {
	if b := f.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (f *fields) u64() uint64 {
	if b := f.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (f *fields) key() (k market.Pubkey) {
	copy(k[:], f.take(len(k)))
	return k
}

func (f *fields) position() market.Position {
	if b := f.take(positionSize); b != nil {
		return position(b)
	}
	return market.Position{}
}

func (f *fields) uvarint() uint64 {
	x, n := binary.Uvarint(f.rest)
	if n <= 0 {
		f.bad = true
		return 0
	}
	f.take(n)
	return x
}

func (f *fields) varint() int64 {
	x, n := binary.Varint(f.rest)
	if n <= 0 {
		f.bad = true
		return 0
	}
	f.take(n)
	return x
}

// count reads a number of things that take at least size bytes each, so that no record can ask for more memory than
// its own length warrants.
func (f *fields) count(size int) int {
	n := f.uvarint()
	if f.bad || n > uint64(len(f.rest)/size) {
		f.bad = true
		return 0
	}
	return int(n) //nolint:gosec // bounded by len
}

func (f *fields) u128() market.U128 {
	var x market.U128
	for shift := uint(0); ; shift += 7 {
		b := f.u8()
		group := uint64(b & 0x7f)
		switch {
		case f.bad || shift > 126 || shift == 126 && group > 3:
			f.bad = true
			return market.U128{}
		case shift < 64:
			x.Lo |= group << shift
			x.Hi |= group >> (64 - shift) // a shift of 64 or more gives 0
		default:
			x.Hi |= group << (shift - 64)
		}

		if b&0x80 == 0 {
			return x
		}
	}
}

func (f *fields) u32Varint() uint32 {
	x := f.uvarint()
	if x > math.MaxUint32 {
		f.bad = true
		return 0
	}
	return uint32(x)
}
