package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// Stats counts what is stored. It is part of every commit and so agrees with the events, also after a crash.
type Stats struct {
	Kinds         [market.NumKinds + 1]uint64 // events by market.Kind; 0 is unused
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
	stats := Stats{
		Kinds: st.kinds, LastEventTime: st.lastEvent, Mints: len(s.directory.entries), Orders: st.orders,
		Candles: st.candles, GapsOpen: st.gapsOpen, Seq: st.Seq,
	}
	for _, n := range st.kinds {
		stats.Total += n
	}
	return stats
}

// DBStats tells how large the database is.
type DBStats struct {
	TreeBytes, ValueLogBytes int64 // of its files; the tree includes the log of what is not in tables yet
	Tables                   int   // files of the tree
	Keys                     uint64
	OpenMints                int // mints with open candles in memory
	Seq                      market.Seq
}

// DBStats are figures on the database. Keys counts those in the files: not the newest ones, still in memory, but old
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

// sizes adds up what the store's files take on disk. Badger's own figures are a minute old and leave out the log of the
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

// Gaps lists the known holes by slot: all, or those that concern a mint (its own and the whole program's), in one state
// or in any.
func (s *Store) Gaps(ctx context.Context, mint *market.Pubkey, state *market.GapState) (gaps []market.Gap, err error) {
	err = s.read(nil, func(v *view) error {
		return v.scan(ctx, span{prefix: []byte{tableGap}}, func(key []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			g, err := decodeGap(key, value)
			if err != nil {
				return err
			}
			if state != nil && g.State != *state || mint != nil && !g.Mint.IsZero() && g.Mint != *mint {
				return nil
			}
			gaps = append(gaps, g)
			return nil
		})
	})
	return gaps, err
}
