package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// entry is what is kept in memory of every mint, about 110 bytes: what the lists of mints are sorted by, and its pair.
type entry struct {
	mint       market.Pubkey
	created    bool
	createdAt  market.Position
	createTime int64       // Unix seconds, 0: its TokenCreated is not stored
	lastTrade  int64       // Unix seconds, 0: never traded
	volume     market.U128 // ever, by weight
	pair       market.Pair
}

// directory holds all mints by number and by address, and the lists sorted from them.
type directory struct {
	ids     map[market.Pubkey]mintID
	entries []entry      // number n is at n-1
	touched []market.Seq // likewise: the last commit since the opening that was about the mint, or the one opened at
	written []uint64     // likewise: the version of its record in Badger

	sorting sync.Mutex // guards lists; taken under the store's read lock
	lists   [numLists]sorted
}

// The sorted lists, of created mints and of all that were created or traded. Each is brought up to date when somebody
// asks for it.
const (
	listCreated    = iota // newest first
	listTraded            // latest trade first
	listVolume            // highest volume first
	listAllCreated        // as above; those whose creation is not stored come last
	listAllTraded
	listAllVolume
	numLists
)

// listOf is the list that an order of mints is read from.
func listOf(order MintSort, all bool) int {
	list := listCreated
	switch order {
	case LastTradeDesc:
		list = listTraded
	case VolumeDesc:
		list = listVolume
	}
	if all {
		list += listAllCreated - listCreated
	}
	return list
}

// sorted is a list as of some commit, and the mints that changed since.
type sorted struct {
	ids     []mintID
	changed map[mintID]struct{}
	built   bool
}

func (d *directory) entry(id mintID) *entry { return &d.entries[id-1] }

func (d *directory) mark(id mintID) market.MintMark {
	return market.MintMark{Mint: d.entry(id).mint, Seq: d.touched[id-1]}
}

// add gives a new mint the next number.
func (d *directory) add(mint market.Pubkey) mintID {
	id := mintID(len(d.entries) + 1) //nolint:gosec // 2^32 mints are not reached
	d.entries = append(d.entries, entry{mint: mint})
	d.touched = append(d.touched, 0)
	d.written = append(d.written, 0)
	d.ids[mint] = id
	return id
}

// update takes over what the commit seq changed about a mint.
func (d *directory) update(m *mintState, seq market.Seq) {
	e := d.entry(m.id)
	d.touched[m.id-1] = seq
	next := entry{
		mint: e.mint, created: m.created != 0, createdAt: m.token.CreatedPosition, createTime: m.token.CreateTime,
		lastTrade: m.token.LatestTradeTime, volume: m.token.Pair.Weight(m.token.TotalSolAmount), pair: m.token.Pair,
	}
	if *e == next {
		return
	}
	*e = next
	for i := range d.lists {
		if d.lists[i].built {
			d.lists[i].changed[m.id] = struct{}{}
		}
	}
}

func (d *directory) listed(list int, e *entry) bool {
	return e.created || list >= listAllCreated && e.lastTrade != 0
}

// compare orders two mints in a list. The number breaks ties, so that the order is total.
func (d *directory) compare(list int, a, b mintID) int {
	return compareEntries(list, d.entry(a), d.entry(b), a, b)
}

func compareEntries(list int, x, y *entry, a, b mintID) int {
	var order int
	switch list {
	case listCreated, listAllCreated:
		order = cmp.Or(cmp.Compare(y.createTime, x.createTime), y.createdAt.Compare(x.createdAt))
	case listTraded, listAllTraded:
		order = cmp.Compare(y.lastTrade, x.lastTrade)
	case listVolume, listAllVolume:
		order = y.volume.Cmp(x.volume)
	}
	return cmp.Or(order, cmp.Compare(b, a))
}

// list returns a list in order; it belongs to the directory and is valid under its lock. Mints that changed are taken
// out and merged in again, which costs one pass and no sort.
func (d *directory) list(list int) []mintID {
	l := &d.lists[list]
	order := func(a, b mintID) int { return d.compare(list, a, b) }
	if !l.built {
		*l = sorted{built: true, changed: map[mintID]struct{}{}}
		for i := range d.entries {
			if d.listed(list, &d.entries[i]) {
				l.ids = append(l.ids, mintID(i+1)) //nolint:gosec // a mint's number
			}
		}
		slices.SortFunc(l.ids, order)
		return l.ids
	}

	if len(l.changed) == 0 {
		return l.ids
	}
	moved := make([]mintID, 0, len(l.changed))
	for id := range l.changed {
		if d.listed(list, d.entry(id)) {
			moved = append(moved, id)
		}
	}

	slices.SortFunc(moved, order)
	merged := make([]mintID, 0, len(l.ids)+len(moved))
	for _, id := range l.ids {
		if _, changed := l.changed[id]; changed {
			continue
		}
		for len(moved) > 0 && order(moved[0], id) < 0 {
			merged, moved = append(merged, moved[0]), moved[1:]
		}
		merged = append(merged, id)
	}

	l.ids = append(merged, moved...)
	clear(l.changed)
	return l.ids
}

// loadDirectory reads all mints.
func (s *Store) loadDirectory() error {
	s.directory = directory{ids: map[market.Pubkey]mintID{}}
	return s.read(nil, func(v *view) error {
		err := v.scan(context.Background(), span{prefix: []byte{tableMint}}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}

			m, err := decodeMint(mintID(binary.BigEndian.Uint32(key[1:])), value)
			if err != nil {
				return err
			}
			if id := s.directory.add(m.mint); id != m.id {
				return fmt.Errorf("%w: mint number %d where %d is due", ErrCorrupt, m.id, id)
			}

			s.directory.update(m, s.state.Seq)
			s.directory.written[m.id-1] = item.Version()
			return nil
		})
		if err == nil && len(s.directory.entries) != int(s.state.lastMint) {
			err = fmt.Errorf("%w: %d mints where %d are due", ErrCorrupt, len(s.directory.entries), s.state.lastMint)
		}

		if err != nil {
			return damaged(err)
		}
		return nil
	})
}

// KnownMints lists every mint that any stored event was about, in the order of their first appearance.
func (s *Store) KnownMints() []market.Pubkey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	mints := make([]market.Pubkey, len(s.directory.entries))
	for i := range s.directory.entries {
		mints[i] = s.directory.entries[i].mint
	}
	return mints
}

// Pair is the market of a coin, in whose units its amounts, volumes and candles are; the zero Pair for one that the store does
// not know. Unlike what is read from the disk it costs next to nothing.
func (s *Store) Pair(mint market.Pubkey) market.Pair {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if id := s.id(mint); id != 0 {
		return s.directory.entry(id).pair
	}
	return market.Pair{}
}

// id is a mint's number under the lock; 0 when the store never saw the mint.
func (s *Store) id(mint market.Pubkey) mintID { return s.directory.ids[mint] }

// mintOf is the address of a mint's number.
func (s *Store) mintOf(id mintID) (market.Pubkey, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if id == 0 || int(id) > len(s.directory.entries) {
		return market.Pubkey{}, false
	}
	return s.directory.entries[id-1].mint, true
}
