package store

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
)

// Options say where the store is and how it is kept.
type Options struct {
	Dir        string       // created when missing; the store owns everything in it
	SyncWrites bool         // each commit reaches the disk before Commit returns; without it only a power cut can lose any
	Logger     *slog.Logger // nil: no log
	// RetentionDays is how many whole days of chain time are kept beside the current one; 0: everything. Run deletes.
	RetentionDays int
	LogLength     int // commits that EventsSince and ChangedCandles can go back; 0: 200,000

	// Bounds that tests make small to reach them.
	maxWrites int // writes in one Badger transaction; 0: Badger's own limit
	chunkRows int
	markRows  int
	maxCached int
	memTable  int64 // bytes

	checkAfter, checkEvery time.Duration
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
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
	if o.checkEvery == 0 {
		o.checkEvery = checkEvery
	}
	return o
}

const (
	defaultLogLength = 200_000
	memTable         = 8 << 20 // a transaction may hold 15 % of it
)

// badgerOptions are Badger's settings for one process among others on a desktop: about 150 MB of memory at rest,
// whatever the store's size.
func badgerOptions(o *Options) badger.Options {
	return badger.DefaultOptions(o.Dir).
		WithSyncWrites(o.SyncWrites).
		WithLogger(logBridge{o.Logger.With("component", "badger")}).
		WithMetricsEnabled(false).
		WithDetectConflicts(false). // there is one writer
		WithMemTableSize(o.memTable).
		WithNumMemtables(3).
		WithBaseTableSize(4 << 20).
		WithBlockSize(16 << 10).      // compresses better than smaller ones, in less time
		WithValueThreshold(64 << 10). // everything but a monstrous TokenCreated stays in the tree: a scan reads no second file
		WithValueLogFileSize(2 * o.memTable).
		WithNumCompactors(2).
		WithNumLevelZeroTables(8).     // more at once are less often merged with the level below; a read looks into all
		WithCompression(options.ZSTD). // a tenth smaller than Snappy; reads of cached blocks are the same
		WithBlockCacheSize(48 << 20).
		WithIndexCacheSize(32 << 20).
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
