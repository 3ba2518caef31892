package store

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"spinscope/backend/market"
)

// Options say where the store is and how it is kept.
type Options struct {
	Dir string // created when missing; the store owns everything in it
	// ReadOnly opens a store that is there without a change to its directory; Commit then takes candles only, into
	// memory. Several may read at once, and none while one writes.
	ReadOnly bool
	// Repair opens a store whose newest changes are lost with a log that is gone or cut short: it goes on from what is there,
	// under another identity.
	Repair     bool
	SyncWrites bool         // each commit reaches the disk before Commit returns; without it only a power cut can lose any
	Logger     *slog.Logger // nil: no log
	// RetentionDays is how many whole days of chain time are kept beside the current one; 0: everything. Run deletes.
	RetentionDays int
	// Intervals are those whose candles are written; nil: all stored ones. The others are merged from them.
	Intervals []market.Interval
	// Addresses are those that a coin's trades name beside its program's, none for a coin that is read with its program: the
	// candles of a coin that is followed by them are final by how far they have come. Nil: there is no such coin.
	Addresses func(mint market.Pubkey, pair market.Pair) []market.Pubkey
	// Whole are the addresses of programs of which all coins are kept, as they are told: candles of coins that have Addresses, and
	// are not followed by them, are final by how far those have come. Nil: there are none.
	Whole []market.Pubkey
	// Follows reports whether a coin is followed by its Addresses now; it must be quick, and may be called from any goroutine. Nil:
	// every coin that ever was.
	Follows func(mint market.Pubkey) bool
	// Lean keeps resident memory small, mapped tables included, at the price of reading again from the disk what is needed
	// again: for commands that go through a store once.
	Lean bool

	LogLength int // commits that EventsSince and ChangedCandles can go back; 0: 200,000

	// Bounds that tests make small to reach them.
	maxWrites int // writes in one Badger transaction; 0: Badger's own limit
	chunkRows int
	markRows  int
	maxCached int
	memTable  int64 // bytes
	logBytes  int64 // of the commit log; 0: see commitLogLimit

	checkAfter, checkEvery, goneEvery time.Duration

	bootID func() string
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Intervals == nil {
		o.Intervals = market.StoredIntervals()
	}

	if o.LogLength <= 0 {
		o.LogLength = defaultLogLength
	}
	if o.chunkRows == 0 {
		o.chunkRows = chunkRows
	}

	if o.markRows == 0 {
		o.markRows = markRows
	}
	if o.maxCached == 0 {
		o.maxCached = maxCached
	}

	if o.memTable == 0 {
		o.memTable = memTable
	}
	if o.checkAfter == 0 {
		o.checkAfter = checkAfter
	}

	if o.bootID == nil {
		o.bootID = bootID
	}
	if o.goneEvery == 0 {
		o.goneEvery = goneEvery
	}

	if o.checkEvery == 0 {
		o.checkEvery = checkEvery
	}
	return o
}

const (
	defaultLogLength = 200_000
	memTable         = 8 << 20 // a transaction may hold 15 % of it
)

// What a Lean store keeps in memory of its tables' blocks and indexes, in bytes.
const (
	leanBlocks  = 8 << 20
	leanIndexes = 16 << 20
)

// leanTable is the size of the tables that a Lean store writes, in bytes. Badger holds each table that it merges in memory
// until it is whole, unpacked and packed, several at once, and keeps the memory of eight of them for the next ones. It
// takes this memory in pieces of 1, 2, 4 and 8 MB: a table of this size, and one of leanMemTable, mostly need the first
// three. What needs the fourth keeps it from then on. A server merges such tables into larger ones in time.
const leanTable = 384 << 10

// How a Lean store is written to: as a rule by an import or a backfill, which bring millions of rows in random order of
// their keys. Each level that rows pass on their way down is written some ten times, so they go straight to the lowest
// one, many tables of them together; the price is that a read looks into more tables until then.
const (
	leanMemTable  = 2 << 20   // its table is built in memory, unpacked and packed, and some of them at once
	leanLevelZero = 112       // tables that wait to be merged, 1 MB each; at twice as many writes wait
	leanBaseLevel = 512 << 20 // bytes up to which the lowest level is the only one
)

// shrinkMemTable makes the memtables of a Lean store small, unless logs are left of a store that was not closed: Badger
// ends the process when a log holds more than a memtable.
func (o *Options) shrinkMemTable(found *survey) {
	if o.Lean && len(found.logs) == 0 {
		o.memTable = min(o.memTable, leanMemTable)
	}
}

// badgerOptions are Badger's settings for one process among others on a desktop: about 150 MB of memory at rest,
// whatever the store's size.
func badgerOptions(o *Options) badger.Options {
	blocks, indexes, table := int64(24<<20), int64(32<<20), int64(4<<20)
	levelZero := 8 // more at once are less often merged with the level below; a read looks into all
	base := badger.DefaultOptions(o.Dir)

	if o.Lean {
		blocks, indexes, table = leanBlocks, leanIndexes, leanTable
		base.TableSizeMultiplier = 1 // tables are as large at the lower levels
		levelZero, base.NumLevelZeroTablesStall = leanLevelZero, 2*leanLevelZero
		base.BaseLevelSize = leanBaseLevel
	}

	return base.
		WithReadOnly(o.ReadOnly).
		WithSyncWrites(o.SyncWrites).
		WithLogger(logBridge{o.Logger.With("component", "badger")}).
		WithMetricsEnabled(false).
		WithDetectConflicts(false). // there is one writer
		WithMemTableSize(o.memTable).
		WithNumMemtables(3).
		WithBaseTableSize(table).
		WithBlockSize(16 << 10).      // compresses better than smaller ones, in less time
		WithValueThreshold(64 << 10). // everything but a monstrous TokenCreated stays in the tree: a scan reads no second file
		WithValueLogFileSize(2 * o.memTable).
		WithNumCompactors(2).
		WithNumLevelZeroTables(levelZero).
		WithCompression(options.ZSTD). // a tenth smaller than Snappy; reads of cached blocks are the same
		WithBlockCacheSize(blocks).
		WithIndexCacheSize(indexes).
		WithChecksumVerificationMode(options.OnBlockRead).
		WithNumGoroutines(2)
}

// logBridge gives Badger's log to slog. Its routine messages are of no use to a user.
type logBridge struct{ log *slog.Logger }

func (l logBridge) Errorf(format string, args ...any) {
	l.log.Error("badger error", "err", clean(format, args))
}

func (l logBridge) Warningf(format string, args ...any) {
	l.log.Warn("badger warning", "err", clean(format, args))
}

func (l logBridge) Infof(format string, args ...any) {
	l.log.Debug("badger info", "text", clean(format, args))
}

func (l logBridge) Debugf(format string, args ...any) {
	l.log.Debug("badger debug", "text", clean(format, args))
}

func clean(format string, args []any) string {
	return strings.TrimSpace(fmt.Sprintf(format, args...))
}

// latest is a Badger timestamp above all others.
const latest = math.MaxUint64
