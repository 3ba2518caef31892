package store

import (
	"encoding/binary"
	"fmt"

	"spinscope/backend/market"
)

// State is where the store stands: what the last commit said.
type State struct {
	Seq        market.Seq
	Slot       market.Slot     // newest slot known
	ChainTime  int64           // Unix seconds
	Checkpoint market.Slot     // a restart reads on after it
	Replay     market.Position // events after it are not in the durable open candles
}

// state is the record that ends every commit. It is written last: what a crash left of a later commit is not read.
type state struct {
	State
	skew      uint64            // Badger's timestamp of a commit is its number plus this
	kinds     market.KindCounts // events by kind; a writer changes a copy of its own
	lastEvent int64             // highest block time of an event, Unix seconds
	lastMint  mintID
	newest    market.Position // highest place of an event there ever was
	logFrom   market.Seq      // the oldest commit in the log
	orders    uint64
	candles   uint64
	gapsOpen  uint64
	gapSum    uint64 // of all gap rows (sumRow); not in the record, but in LAST
	orderSum  uint64 // of all open orders' rows, likewise

	// Retention. Absent from the record while nothing was ever deleted and every kind has its place.
	horizon    int64       // block times below are deleted or will be, Unix seconds
	swept      int64       // the horizon up to which that is done
	prunedSlot market.Slot // highest slot of a deleted event
	gapSlot    market.Slot // end of the gap that stands for them
}

// at is Badger's timestamp of the state.
func (s *state) at() uint64 { return uint64(s.Seq) + s.skew }

func appendState(dst []byte, s *state) []byte {
	dst = append(dst, recordVersion)
	for _, n := range [...]uint64{
		uint64(s.Seq), uint64(s.Slot), uint64(s.Checkpoint), s.skew, uint64(s.lastMint),
		uint64(s.logFrom), s.orders, s.candles, s.gapsOpen,
	} {
		dst = binary.AppendUvarint(dst, n)
	}

	for kind := range market.Kind(placedKinds) {
		dst = binary.AppendUvarint(dst, s.kinds.Of(kind))
	}
	dst = binary.AppendVarint(dst, s.ChainTime)
	dst = binary.AppendVarint(dst, s.lastEvent)
	dst = appendPosition(appendPosition(dst, s.Replay), s.newest)

	named := appendNamedCounts(nil, s.kinds)
	if s.horizon == 0 && len(named) == 0 {
		return dst
	}

	dst = binary.AppendVarint(binary.AppendVarint(dst, s.horizon), s.swept)
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, uint64(s.prunedSlot)), uint64(s.gapSlot))
	return append(dst, named...)
}

func decodeState(value []byte) (s state, err error) {
	f := record(value)
	s.Seq, s.Slot, s.Checkpoint = market.Seq(f.uvarint()), market.Slot(f.uvarint()), market.Slot(f.uvarint())
	s.skew, s.lastMint = f.uvarint(), mintID(f.u32Varint())
	s.logFrom = market.Seq(f.uvarint())
	s.orders, s.candles, s.gapsOpen = f.uvarint(), f.uvarint(), f.uvarint()
	for kind := range market.Kind(placedKinds) {
		if n := f.uvarint(); n != 0 {
			s.kinds = append(s.kinds, market.KindCount{Kind: kind, N: n})
		}
	}

	s.ChainTime, s.lastEvent = f.varint(), f.varint()
	s.Replay, s.newest = f.position(), f.position()
	if len(f.rest) > 0 {
		s.horizon, s.swept = f.varint(), f.varint()
		s.prunedSlot, s.gapSlot = market.Slot(f.uvarint()), market.Slot(f.uvarint())
		f.namedCounts(&s.kinds)
	}

	return s, f.err("state")
}

// logRow is one commit in the log: where its events are, and which rows of the late table it wrote.
type logRow struct {
	events []market.Position
	late   []lateRow
}

// lateRow names a stored candle that was written other than at the end of its series.
type lateRow struct {
	id       mintID
	interval market.Interval
	time     int64
}

func appendLog(dst []byte, row *logRow) []byte {
	dst = append(dst, recordVersion)
	dst = binary.AppendUvarint(dst, uint64(len(row.events)))
	var last market.Position
	for _, p := range row.events {
		dst = binary.AppendVarint(dst, int64(p.Slot-last.Slot)) //nolint:gosec // wraps both ways alike
		dst = binary.AppendUvarint(dst, uint64(p.Index))
		dst = binary.AppendUvarint(dst, uint64(p.Ordinal))
		last = p
	}
	dst = binary.AppendUvarint(dst, uint64(len(row.late)))
	for _, l := range row.late {
		dst = binary.AppendUvarint(dst, uint64(l.id))
		dst = append(dst, byte(l.interval))
		dst = binary.AppendVarint(dst, l.time)
	}
	return dst
}

func decodeLog(value []byte) (row logRow, err error) {
	f := record(value)
	n := f.count(3)
	row.events = make([]market.Position, 0, n)
	var last market.Position
	for range n {
		last.Slot += market.Slot(f.varint()) //nolint:gosec // wraps both ways alike
		last.Index = f.u32Varint()
		ordinal := f.u32Varint()
		if ordinal > 1<<16-1 {
			f.bad = true
		}
		last.Ordinal = uint16(ordinal) //nolint:gosec // checked
		row.events = append(row.events, last)
	}

	for range f.count(3) {
		row.late = append(row.late, lateRow{mintID(f.u32Varint()), market.Interval(f.u8()), f.varint()})
	}
	return row, f.err("log")
}

// formatVersion is the layout of the whole store, in x f. Raise it when records of the old layout cannot be read.
const formatVersion = 2

var formatMagic = []byte("spinscope")

func appendFormat(dst []byte, version uint64) []byte {
	return binary.AppendUvarint(append(dst, formatMagic...), version)
}

func checkFormat(value []byte) error {
	if len(value) < len(formatMagic) || string(value[:len(formatMagic)]) != string(formatMagic) {
		return fmt.Errorf("%w: the directory holds a Badger database of another program; choose another data directory", ErrFormat)
	}
	version, n := binary.Uvarint(value[len(formatMagic):])
	switch {
	case n <= 0:
		return fmt.Errorf("%w: unreadable format record", ErrCorrupt)
	case version > formatVersion:
		return fmt.Errorf("%w: found version %d, this program knows %d; use the newer spinscope that wrote it, or another data directory",
			ErrFormat, version, formatVersion)
	case version < formatVersion:
		return fmt.Errorf("%w: found version %d, this program wants %d; export it with the spinscope that wrote it and import the export here",
			ErrFormat, version, formatVersion)
	}
	return nil
}
