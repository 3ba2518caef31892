package store

import (
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// seek finds where the row with the given offset stands, counted from the newest (reverse) or from the oldest: the span
// to scan and how many of its first rows to skip, fewer than a chunk or two. t is the series' tally of the same state;
// offset is below t.count.
func (v *view) seek(series seriesID, t *tally, offset int, reverse bool) (sp span, skip int, err error) {
	sp = span{prefix: series.prefix(nil), reverse: reverse}
	if offset < 0 {
		offset = 0
	}
	left := uint64(offset)
	rowOf := func(first place) []byte { return append(series.prefix(nil), first[:series.size()]...) }
	if reverse {
		if left < t.tail {
			return sp, int(left), nil //nolint:gosec // below offset
		}
		left -= t.tail
		if t.tail > 0 {
			sp.from, sp.open = rowOf(t.first), true
		}
	}

	below := false // going down, the chunk under the current one was reached
	lowest := true
	err = v.scan(context.Background(), span{prefix: series.chunkPrefix(nil), reverse: !reverse}, func(key []byte, item *badger.Item) error {
		value, err := v.value(item)
		if err != nil {
			return err
		}

		count, step, marks, err := decodeChunk(value)
		if err != nil {
			return err
		}

		first := series.chunkOf(key)
		if left < count {
			if !reverse && !lowest {
				sp.from = rowOf(first)
			}
			left = sp.toMark(series, left, count, step, marks)
			below = true
			return Stop
		}

		left -= count
		lowest = false
		if reverse {
			sp.from, sp.open = rowOf(first), true
		}

		return nil
	})
	if err != nil {
		return sp, 0, err
	}

	if !below && !reverse && !lowest {
		sp.from = rowOf(t.first) // in the tail
	}
	return sp, int(left), nil //nolint:gosec // below offset
}

// toMark moves the start of the span from a chunk's end to the mark nearest before the row that left names, and returns
// how many rows are left to skip.
func (sp *span) toMark(series seriesID, left, count, step uint64, marks []byte) uint64 {
	size := uint64(series.size()) //nolint:gosec // positive
	if step == 0 || len(marks) == 0 {
		return left
	}
	row, mark := left, left/step // both counted from the chunk's low end
	if sp.reverse {
		row = count - 1 - left
		mark = max((row+step-1)/step, 1)
	}
	if mark == 0 || mark*size > uint64(len(marks)) {
		return left
	}
	sp.from, sp.open = append(series.prefix(nil), marks[(mark-1)*size:mark*size]...), false
	if sp.reverse {
		return mark*step - row
	}
	return row - mark*step
}

// rowsFrom counts the rows of a series at or above a place.
func (v *view) rowsFrom(ctx context.Context, series seriesID, t *tally, at place) (uint64, error) {
	if t.count == 0 || at.after(&t.newest) {
		return 0, nil
	}
	rowOf := func(first place) []byte { return append(series.prefix(nil), first[:series.size()]...) }
	var n uint64  // rows above the chunk that the place lies in
	var end place // where that chunk ends
	inTail := true
	if t.tail == 0 || t.first.after(&at) {
		n = t.tail
		if t.tail > 0 {
			end, inTail = t.first, false
		}
		var last chunk // counted once a lower one is seen: the lowest reaches below its first place
		err := v.scan(ctx, span{prefix: series.chunkPrefix(nil)}, func(key []byte, item *badger.Item) error {
			if last.count > 0 {
				n += last.count
				end, inTail = last.first, false
			}
			value, err := v.value(item)
			if err != nil {
				return err
			}

			last = chunk{first: series.chunkOf(key)}
			if last.count, _, _, err = decodeChunk(value); err != nil {
				return err
			}
			if !last.first.after(&at) {
				return Stop
			}

			return nil
		})
		if err != nil {
			return 0, err
		}
	}

	var upper []byte
	if !inTail {
		upper = rowOf(end)
	}
	sp := span{prefix: series.prefix(nil), from: rowOf(at)}
	err := v.scan(ctx, sp, func(key []byte, _ *badger.Item) error {
		if upper != nil && string(key) >= string(upper) {
			return Stop
		}
		n++
		return nil
	})

	return n, err
}

// mint reads a mint's record.
func (v *view) mint(id mintID) (*mintState, error) {
	var buf [5]byte
	key := appendID(buf[:0], tableMint, id)
	value, version, err := v.versioned(key)
	if want := v.s.mintVersion(id, v.at); err == nil && version != want {
		value, version, err = v.s.newestOf(v.txn, key)
		if err == nil && want != 0 && version != want {
			err = v.s.unreadable(fmt.Errorf("the newest record of mint number %d is missing", id))
		}
	}
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, fmt.Errorf("%w: mint number %d is missing", ErrCorrupt, id)
	}
	return decodeMint(id, value)
}

// mintVersion is the version of a mint's record as of a timestamp; 0 when it has changed since.
func (s *Store) mintVersion(id mintID, at uint64) uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if int(id) > len(s.directory.written) {
		return 0
	}
	if version := s.directory.written[id-1]; version <= at {
		return version
	}
	return 0
}

func errMissingEvent(at market.Position) error {
	return fmt.Errorf("%w: no event at slot %d index %d ordinal %d, which an index names", ErrCorrupt, at.Slot, at.Index, at.Ordinal)
}

func errRow(table string) error { return fmt.Errorf("%w: unreadable %s row", ErrCorrupt, table) }
