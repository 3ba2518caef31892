package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Pruned sums up the events of a mint that retention deleted: the trades, volumes, margins, liquidations and profits that
// the mint's totals hold beside those of its stored events. The other fields are empty.
func (s *Store) Pruned(mint market.Pubkey) (sum market.Token, err error) {
	var id mintID
	err = s.read(func() { id = s.id(mint) }, func(v *view) error {
		value, err := v.newest(appendID(nil, tablePruned, id))
		if err != nil || value == nil {
			return err
		}
		sum, err = decodePruned(value)
		return err
	})
	sum.Mint = mint
	return sum, err
}

// prunedOf is a mint's sums for changing.
func (w *writer) prunedOf(id mintID) (*market.Token, error) {
	if sum := w.pruned[id]; sum != nil {
		return sum, nil
	}
	value, err := w.get(appendID(make([]byte, 0, 5), tablePruned, id))
	if err != nil {
		return nil, err
	}
	sum := &market.Token{}
	if value != nil {
		if *sum, err = decodePruned(value); err != nil {
			return nil, err
		}
	}
	w.pruned[id] = sum
	return sum, nil
}

func (w *writer) writePruned() error {
	for id, sum := range w.pruned {
		key := w.key(appendID(w.tail(), tablePruned, id))
		start := len(w.arena)
		w.arena = appendPruned(w.arena, sum)
		if err := w.put(key, w.arena[start:]); err != nil {
			return err
		}
	}
	return nil
}

func appendPruned(dst []byte, sum *market.Token) []byte {
	dst = binary.AppendUvarint(append(dst, recordVersion), sum.Trades)
	dst = appendU128(appendU128(dst, sum.TotalSolAmount), sum.TotalMarginSolAmount)
	return appendU128(binary.AppendUvarint(dst, sum.TotalLiquidations), sum.TotalCloseProfit)
}

func decodePruned(value []byte) (sum market.Token, err error) {
	f := record(value)
	sum.Trades = f.uvarint()
	sum.TotalSolAmount, sum.TotalMarginSolAmount = f.u128(), f.u128()
	sum.TotalLiquidations = f.uvarint()
	sum.TotalCloseProfit = f.u128()
	return sum, f.err("pruned")
}

// lowChunk finds the chunk that a place belongs to by one look at the last state, where chunkList would read them all:
// deleting visits the low end of long series again and again. Chunks changed in this step come from memory.
func (w *writer) lowChunk(series seriesID, at place) (found chunk, err error) {
	err = w.s.read(nil, func(v *view) error {
		prefix := series.chunkPrefix(nil)
		look := func(sp span) error {
			return v.scan(context.Background(), sp, func(key []byte, item *badger.Item) error {
				first := series.chunkOf(key)
				if left, changed := w.low[lowID{series, first}]; changed {
					if left == 0 {
						return nil
					}
					found = chunk{first, left}
					return Stop
				}

				value, err := v.value(item)
				if err != nil {
					return err
				}

				count, _, _, err := decodeChunk(value)
				if err != nil {
					return err
				}
				found = chunk{first, count}
				return Stop
			})
		}
		if err := look(span{prefix: prefix, from: series.chunkKey(nil, &at)}); err != nil || found.count > 0 {
			return err
		}

		return look(span{prefix: prefix, reverse: true}) // below all chunks: the lowest reaches down to it
	})
	if err == nil && found.count == 0 {
		err = fmt.Errorf("%w: a row outside every chunk", ErrCorrupt)
	}

	return found, err
}

type lowID struct {
	series seriesID
	first  place
}

// shrinkLow counts a deleted row out of its chunk.
func (w *writer) shrinkLow(series seriesID, at place) error {
	c, err := w.lowChunk(series, at)
	if err != nil {
		return err
	}
	c.count--
	if w.low == nil {
		w.low = map[lowID]uint64{}
	}
	w.low[lowID{series, c.first}] = c.count
	if c.count > 0 {
		return w.putChunk(series, &c)
	}
	return w.del(w.key(series.chunkKey(w.tail(), &c.first)))
}
