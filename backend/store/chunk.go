package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
)

// A series is a run of rows that is read by offset: the candles of one mint and interval, or the events of one mint.
// Its rows are counted in chunks of about chunkRows, each by a row (first place, count); the newest rows, fewer than a
// chunk, are the tail and counted in the mint's record. So an append costs no further write, and page 1,000 is found by
// adding up counts instead of passing every row. A chunk reaches from its first place to the next one's; the lowest
// chunk reaches down without bound. When a chunk is full the one before it, by then on disk, is given marks: the places
// of every 32nd row, so that few rows need passing inside it. A chunk that changes later loses its marks, not its use.

const (
	chunkRows   = 512 // Options.chunkRows if not a test
	eventSeries = 10  // no interval has this number; the others do
	markRows    = 32  // Options.markRows if not a test
)

type seriesID struct {
	id     mintID
	series byte
}

func (s *Store) chunkRows() uint64 { return uint64(s.options.chunkRows) } //nolint:gosec // positive

// size is the length of a place in the series.
func (s seriesID) size() int {
	if s.series == eventSeries {
		return positionSize
	}
	return 8
}

// prefix is the prefix of the series' own rows.
func (s seriesID) prefix(dst []byte) []byte {
	if s.series == eventSeries {
		return appendID(dst, tableMintEvent, s.id)
	}
	return append(appendID(dst, tableCandle, s.id), s.series)
}

func (s seriesID) chunkPrefix(dst []byte) []byte {
	return append(appendID(dst, tableChunk, s.id), s.series)
}

func (s seriesID) chunkKey(dst []byte, first *place) []byte {
	dst = s.chunkPrefix(dst)
	for _, b := range first[:s.size()] {
		dst = append(dst, ^b)
	}
	return dst
}

// chunkOf is the first place in a chunk row's key. It is complemented there, so that reading forward, which Badger is
// faster at, goes from the newest chunk down.
func (s seriesID) chunkOf(key []byte) place {
	p := s.placeOf(key)
	for i := range p[:s.size()] {
		p[i] = ^p[i]
	}
	return p
}

// placeOf is the place in the key of a series' row: its last bytes.
func (s seriesID) placeOf(key []byte) (p place) {
	copy(p[:s.size()], key[len(key)-s.size():])
	return p
}

type chunk struct {
	first place
	count uint64
}

// appendChunk appends a chunk's count and marks: the places of the rows number step, 2·step… in it.
func appendChunk(dst []byte, count, step uint64, marks []byte) []byte {
	dst = binary.AppendUvarint(append(dst, recordVersion), count)
	return append(binary.AppendUvarint(dst, step), marks...)
}

func decodeChunk(value []byte) (count, step uint64, marks []byte, err error) {
	f := record(value)
	count, step = f.uvarint(), f.uvarint()
	marks = f.take(len(f.rest))
	return count, step, marks, f.err("chunk")
}

// chunkList is a series' chunks in a commit that inserts or removes other than at the end.
type chunkList struct {
	whole  bool // all is here; else only what this commit closed
	chunks []chunk
}

// grow counts a new row.
func (w *writer) grow(series seriesID, t *tally, at place) error {
	t.count++
	appended := at.after(&t.newest) || t.newest == (place{})
	if appended {
		t.newest = at
	}

	if t.tail == 0 && appended {
		t.first = at
	}
	if appended {
		w.noteAppended(series, t.tail, &at)
	} else {
		delete(w.s.marks, series)
	}

	if appended || t.tail > 0 && !t.first.after(&at) {
		t.tail++
		if t.tail < w.s.chunkRows() {
			return nil
		}
		return w.closeChunk(series, t)
	}

	list, err := w.chunkList(series)
	if err != nil {
		return err
	}
	if len(list.chunks) == 0 { // all rows are in the tail: it reaches down to this one
		t.first = at
		if t.tail++; t.tail < w.s.chunkRows() {
			return nil
		}
		return w.closeChunk(series, t)
	}

	i := list.find(at)
	list.chunks[i].count++
	return w.putChunk(series, &list.chunks[i])
}

// shrink counts a row out.
func (w *writer) shrink(series seriesID, t *tally, at place) error {
	if t.count == 0 {
		return fmt.Errorf("%w: a row more than was counted", ErrCorrupt)
	}
	t.count--
	delete(w.s.marks, series)
	if t.tail > 0 && !t.first.after(&at) {
		t.tail--
		return nil
	}
	if w.pruned != nil {
		return w.shrinkLow(series, at)
	}

	list, err := w.chunkList(series)
	if err != nil {
		return err
	}
	if len(list.chunks) == 0 {
		return fmt.Errorf("%w: a row outside every chunk", ErrCorrupt)
	}

	i := list.find(at)
	if list.chunks[i].count == 0 {
		return fmt.Errorf("%w: a row more than its chunk counted", ErrCorrupt)
	}
	if list.chunks[i].count--; list.chunks[i].count > 0 {
		return w.putChunk(series, &list.chunks[i])
	}

	first := list.chunks[i].first
	list.chunks = slices.Delete(list.chunks, i, i+1)
	return w.del(w.key(series.chunkKey(w.tail(), &first)))
}

// closeChunk makes the tail a chunk.
func (w *writer) closeChunk(series seriesID, t *tally) error {
	c := chunk{t.first, t.tail}
	t.tail, t.first = 0, place{}
	before := w.noteClosed(series, c)
	if w.chunks == nil {
		w.chunks = map[seriesID]*chunkList{}
	}
	list := w.chunks[series]
	if list == nil {
		list = &chunkList{}
		w.chunks[series] = list
	}
	list.chunks = append(list.chunks, c)
	if !list.whole && len(list.chunks) == 1 { // the newest chunk on disk is the one before, and unchanged
		var err error
		if before.count > 0 {
			err = w.putMarked(series, &before.chunk, before.marks)
		} else {
			err = w.mark(series, &c.first)
		}
		if err != nil {
			return err
		}
	}

	return w.putChunk(series, &c)
}

// mark gives marks to the newest chunk of the last commit's state. It ends below upper.
func (w *writer) mark(series seriesID, upper *place) error {
	var list []chunk
	var marks []byte
	step, n := uint64(w.s.options.markRows), uint64(0) //nolint:gosec // positive
	err := w.s.read(nil, func(v *view) error {
		err := v.scan(context.Background(), span{prefix: series.chunkPrefix(nil)}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			count, _, _, err := decodeChunk(value)
			list = append(list, chunk{series.chunkOf(key), count})
			return cmp.Or(err, stopAt(len(list), 2)) // the second reports whether the first is the lowest
		})
		if err != nil || len(list) == 0 {
			return err
		}

		sp := span{prefix: series.prefix(nil)}
		if len(list) > 1 {
			sp.from = append(series.prefix(nil), list[0].first[:series.size()]...)
		}
		return v.scan(context.Background(), sp, func(key []byte, _ *badger.Item) error {
			at := series.placeOf(key)
			if !upper.after(&at) {
				return Stop
			}
			if n > 0 && n%step == 0 {
				marks = append(marks, at[:series.size()]...)
			}
			n++
			return nil
		})
	})
	if err != nil || len(list) == 0 || n != list[0].count {
		return err
	}
	return w.putMarked(series, &list[0], marks)
}

// putMarked stores a chunk with the places of every markRows-th row.
func (w *writer) putMarked(series seriesID, c *chunk, marks []byte) error {
	key := w.key(series.chunkKey(w.tail(), &c.first))
	start := len(w.arena)
	w.arena = appendChunk(w.arena, c.count, uint64(w.s.options.markRows), marks) //nolint:gosec // positive
	return w.put(key, w.arena[start:])
}

func (w *writer) putChunk(series seriesID, c *chunk) error {
	key := w.key(series.chunkKey(w.tail(), &c.first))
	start := len(w.arena)
	w.arena = appendChunk(w.arena, c.count, 0, nil)
	return w.put(key, w.arena[start:])
}

// find is the chunk that a place belongs to. There is one at least.
func (l *chunkList) find(at place) int {
	i, found := slices.BinarySearchFunc(l.chunks, at, func(c chunk, at place) int {
		return slices.Compare(c.first[:], at[:])
	})
	if found {
		return i
	}
	return max(i-1, 0)
}

// chunkList reads a series' chunks for changing. Chunks that grew too large in earlier commits are divided now: what
// they hold can be read from the last commit's state, undisturbed by this one.
func (w *writer) chunkList(series seriesID) (*chunkList, error) {
	list := w.chunks[series]
	if list != nil && list.whole {
		return list, nil
	}

	if w.chunks == nil {
		w.chunks = map[seriesID]*chunkList{}
	}
	next := &chunkList{whole: true}
	err := w.s.read(nil, func(v *view) error {
		var err error
		if next.chunks, err = v.chunks(series); err != nil {
			return err
		}

		for i := 0; i < len(next.chunks); i++ {
			if next.chunks[i].count <= 2*w.s.chunkRows() {
				continue
			}
			parts, err := w.divide(v, series, next.chunks, i)
			if err != nil {
				return err
			}
			next.chunks = slices.Replace(next.chunks, i, i+1, parts...)
			i += len(parts) - 1
		}

		return nil
	})
	if err != nil {
		return nil, err
	}

	if list != nil {
		next.chunks = append(next.chunks, list.chunks...)
	}
	w.chunks[series] = next
	return next, nil
}

// divide cuts one chunk, which is not empty, into parts of chunkRows.
func (w *writer) divide(v *view, series seriesID, all []chunk, i int) ([]chunk, error) {
	c := all[i]
	var parts []chunk
	rest := c.count
	sp := span{prefix: series.prefix(nil)}
	if i > 0 {
		sp.from = append(series.prefix(nil), c.first[:series.size()]...)
	}

	err := v.scan(context.Background(), sp, func(key []byte, _ *badger.Item) error {
		if rest == 0 {
			return Stop
		}
		if n := len(parts); n == 0 && i > 0 {
			parts = append(parts, chunk{first: c.first})
		} else if n == 0 || parts[n-1].count == w.s.chunkRows() { // the lowest chunk holds rows from below its first place too
			parts = append(parts, chunk{first: series.placeOf(key)})
		}
		parts[len(parts)-1].count++
		rest--
		return nil
	})
	if err != nil {
		return nil, err
	}

	if rest != 0 {
		return nil, fmt.Errorf("%w: chunk counts more rows than there are", ErrCorrupt)
	}
	if parts[0].first != c.first { // its row gives way first: another part may begin there
		if err := w.del(w.key(series.chunkKey(w.tail(), &c.first))); err != nil {
			return nil, err
		}
	}

	for j := range parts {
		if err := w.putChunk(series, &parts[j]); err != nil {
			return nil, err
		}
	}

	return parts, nil
}

// chunks are the chunk rows of a series, lowest first.
func (v *view) chunks(series seriesID) (chunks []chunk, err error) {
	err = v.scan(context.Background(), span{prefix: series.chunkPrefix(nil), reverse: true}, func(key []byte, item *badger.Item) error {
		value, err := v.value(item)
		if err != nil {
			return err
		}
		count, _, _, err := decodeChunk(value)
		chunks = append(chunks, chunk{series.chunkOf(key), count})
		return err
	})
	return chunks, err
}
