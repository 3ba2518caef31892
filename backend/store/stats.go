package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Stats counts what is stored. It is part of every commit and so agrees with the events, also after a crash.
type Stats struct {
	Kinds         market.KindCounts // events by kind
	Total         uint64
	LastEventTime int64 // highest block time of an event there ever was, Unix seconds; 0 without any
	Mints         int   // seen in any event
	Orders        uint64
	Candles       uint64 // stored, that is final ones
	GapsOpen      uint64
	Seq           market.Seq
}

// Stats are the counters as of the last commit.
func (s *Store) Stats() Stats {
	s.mu.RLock()
	defer s.mu.RUnlock()
	st := &s.state
	return Stats{
		Kinds: st.kinds, Total: st.kinds.Total(), LastEventTime: st.lastEvent, Mints: len(s.directory.entries), Orders: st.orders,
		Candles: st.candles, GapsOpen: st.gapsOpen, Seq: st.Seq,
	}
}

// Programs are those of which there are events as of the last commit.
func (s *Store) Programs() []market.Program {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var programs []market.Program
	for _, c := range s.state.kinds { // ascending
		if id := c.Kind.Program(); len(programs) == 0 || programs[len(programs)-1] != id {
			programs = append(programs, id)
		}
	}
	return programs
}

// DBStats tells how large the database is.
type DBStats struct {
	TreeBytes, ValueLogBytes int64 // of its files; the tree includes the log of what is not in tables yet
	Tables                   int   // files of the tree
	Keys                     uint64
	OpenMints                int // mints with open candles in memory
	Seq                      market.Seq
}

// DBStats are metrics of the database. Keys counts those in the files: not the newest ones, still in memory, but old
// versions too that have not been thrown out yet.
func (s *Store) DBStats() (stats DBStats, err error) {
	grab := func() { stats.OpenMints = len(s.overlay) }
	err = s.read(grab, func(v *view) error {
		stats.Seq = v.seq
		var err error
		if stats.TreeBytes, stats.ValueLogBytes, err = s.sizes(); err != nil {
			return err
		}
		for _, table := range s.db.Tables() {
			stats.Tables++
			stats.Keys += uint64(table.KeyCount)
		}
		return nil
	})
	return stats, err
}

// sizes adds up what the store's files take on disk. Badger's own metrics are a minute old and leave out the log of the
// memtable, which is all that a young store has; Badger makes these files far larger than what is in them.
func (s *Store) sizes() (tree, valueLog int64, err error) {
	entries, err := os.ReadDir(s.options.Dir)
	if err != nil {
		return 0, 0, fmt.Errorf("list store files: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil { // deleted meanwhile
			continue
		}
		if filepath.Ext(entry.Name()) == ".vlog" {
			valueLog += onDisk(info)
		} else {
			tree += onDisk(info)
		}
	}
	return tree, valueLog, nil
}

// Gaps lists the known gaps by slot: all, or those that concern a mint (its own and the whole program's), in one state
// or in any. Which mint an address is of that is followed beside the program the store does not know: its gaps are among all,
// and a mint's when they name it.
func (s *Store) Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) (gaps []market.Gap, err error) {
	err = s.read(nil, func(v *view) error {
		sum := uint64(0)
		err := v.scan(ctx, span{prefix: []byte{tableGap}}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}

			sum ^= sumRow(key, value)
			g, err := decodeGap(key, value)
			if err != nil {
				return err
			}
			if state != nil && g.State != *state || mint != nil && g.Mint != *mint && !(g.Mint.IsZero() && g.Address.IsZero()) {
				return nil
			}
			gaps = append(gaps, g)

			return nil
		})
		if err == nil && sum != v.state.gapSum {
			err = v.s.unreadable(errGaps)
		}

		return err
	})

	return gaps, err
}

var errGaps = errors.New("the known gaps are not those that were stored")

// sumRow is what a row adds to the sum over all rows of its table, in which their order does not matter: adding it once
// more takes it out.
func sumRow(key, value []byte) uint64 {
	return fnv64(slices.Concat(key, value))
}

// sumRows is the sum over all rows of a table.
func (s *Store) sumRows(table byte) (sum uint64, err error) {
	err = s.read(nil, func(v *view) error {
		return v.scan(context.Background(), span{prefix: []byte{table}}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			sum ^= sumRow(key, value)
			return err
		})
	})
	return sum, err
}
