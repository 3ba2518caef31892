package offline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"spinscope/backend/datadir"
	"spinscope/backend/export"
	"spinscope/backend/heap"
	"spinscope/backend/listener"
	"spinscope/backend/market"
	"spinscope/backend/recording"
	"spinscope/backend/solana"
	"spinscope/backend/store"
)

// ErrDemo is returned for an import into the demo market.
var ErrDemo = errors.New("the demo market is made anew at every start, so nothing can be imported into it: name another with --cluster")

// ErrBadLines is returned when a file holds lines that are no events.
var ErrBadLines = errors.New("lines that are no events")

const (
	badLinesShown = 10   // bad lines that an error or a report names
	badLinesLimit = 1000 // after so many a file is not read further

	maxImportedGaps = 100_000 // of a file; what is more is left out
)

// Recorded names a file of exported events.
type Recorded struct {
	Path    string
	Format  export.Format
	SkipBad bool // leave bad lines out; else one refuses the whole file
}

// Imported says what became of a file's events.
type Imported struct {
	Read     int64    // events in the file, repeated lines included
	Stored   uint64   // events that are new in the store
	Known    uint64   // transactions that were there already
	Expired  uint64   // transactions older than retention_days
	Gaps     int      // known gaps that are new in the store
	BadLines int64    // lines left out
	Bad      []string // the first of them, with their numbers

	gaps []market.Gap // of the file
}

// ImportProgress is how far an import has come.
type ImportProgress struct {
	Reading bool // the file is being read; nothing is stored yet
	Done    int64
	Total   int64 // 0 while reading
}

// Import takes a file of exported events into a store that is not in use; without one it makes one. Events that are there
// already are left out, so that an import that was ended by ctx, which is clean, goes on where it was when it is repeated.
// Nothing is stored of a file with bad lines, unless they are to be left out. progress is called now and then.
func Import(ctx context.Context, o Options, file Recorded, progress func(ImportProgress)) (result Imported, err error) {
	if o.Dir.Transient {
		return result, ErrDemo
	}
	if err := o.Dir.CheckProgram(); err != nil {
		return result, err
	}
	if _, err := os.Stat(file.Path); err != nil {
		return result, fmt.Errorf("read the export: %w", err)
	}

	if err := o.Dir.MakeStore(); err != nil {
		return result, err
	}
	defer heap.Limit(heap.Write)()

	opened, err := o.OpenToWrite()
	if err != nil {
		return result, err
	}

	defer datadir.Close(opened, &err)
	recording.Clean(o.Dir.Path)
	sorter := recording.New(o.Dir.Path)
	defer func() {
		if closing := sorter.Close(); closing != nil && err == nil {
			err = fmt.Errorf("remove sorted events: %w", closing)
		}
	}()

	if err := file.Record(ctx, sorter, &result, progress); err != nil {
		return result, err
	}
	in, err := o.Listener(opened, nil)
	if err != nil {
		return result, err
	}

	all := func(*market.Transaction) bool { return false }
	_, err = recording.Take(ctx, in, sorter, all, func(done int64) { progress(ImportProgress{Done: done, Total: result.Read}) })
	if err == nil {
		result.Gaps, err = takeGaps(ctx, opened, in, result.gaps)
	}

	if err == nil || errors.Is(err, datadir.ErrDiskFull) || ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
		if closing := in.Close(); err == nil {
			err = closing
		}
	}

	counters := in.Counters()
	result.Stored, result.Known, result.Expired = counters.Events, counters.Repeats, counters.Expired
	return result, err
}

// Record puts the file's events into the sorter, and what became of its lines into result.
func (r *Recorded) Record(ctx context.Context, sorter *recording.Sorter, result *Imported, progress func(ImportProgress)) error {
	file, err := os.Open(r.Path)
	if err != nil {
		return fmt.Errorf("read the export: %w", err)
	}

	defer file.Close() //nolint:errcheck // only read
	err = export.ReadEvents(ctx, file, r.Format, func(read *export.Read) error {
		if read.Err != nil {
			if errors.Is(read.Err, export.ErrNotEvents) && result.Read == 0 {
				return fmt.Errorf("line %d: %w", read.Line, read.Err)
			}
			result.BadLines++
			if result.BadLines <= badLinesShown {
				result.Bad = append(result.Bad, fmt.Sprintf("line %d: %v", read.Line, read.Err))
			}
			if result.BadLines == badLinesLimit && !r.SkipBad {
				return r.bad(result)
			}
			return nil
		}

		if read.Gap != nil {
			if len(result.gaps) < maxImportedGaps {
				result.gaps = append(result.gaps, *read.Gap)
			}
			return nil
		}

		result.Read++
		if result.Read%10_000 == 0 {
			progress(ImportProgress{Reading: true, Done: result.Read})
		}
		return sorter.Add(&read.Event)
	})
	switch {
	case errors.Is(err, ErrBadLines):
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", r.Path, err)
	case result.BadLines > 0 && !r.SkipBad:
		return r.bad(result)
	}

	return nil
}

func (r *Recorded) bad(result *Imported) error {
	more := ""
	if n := result.BadLines - int64(len(result.Bad)); n > 0 {
		more = fmt.Sprintf("; and %d more", n)
	}
	return fmt.Errorf("%s has %w, nothing was stored: %s%s: mend them, or leave them out with --skip-bad",
		r.Path, ErrBadLines, strings.Join(result.Bad, "; "), more)
}

// takeGaps stores the gaps of a file, but for those that the store knows or can have filled: what lies before a first
// start or was deleted is the origin's own affair, and a transaction that was not shown there may be stored here.
func takeGaps(ctx context.Context, opened *store.Store, in *listener.Listener, gaps []market.Gap) (fresh int, err error) {
	type name struct {
		from, to market.Slot
		mint     market.Pubkey
		cause    string
	}
	stored, err := opened.Gaps(ctx, nil, nil)
	if err != nil {
		return 0, fmt.Errorf("read gaps: %w", err)
	}

	known := map[name]bool{}
	for _, gap := range stored {
		known[name{gap.From, gap.To, gap.Mint, gap.Cause}] = true
	}

	var batch market.Batch
	for _, gap := range gaps {
		key := name{gap.From, gap.To, gap.Mint, gap.Cause}
		if known[key] || gap.Cause == solana.CauseLimit || gap.Cause == store.CauseRetention {
			continue
		}

		known[key] = true
		if signature, ok := solana.MissingIn(&gap); ok {
			found := false
			err := opened.SlotEvents(gap.From, gap.From, func(e *market.Event) error {
				found = found || e.Signature == signature
				return ctx.Err()
			})
			if err != nil {
				return 0, fmt.Errorf("look for transaction %s: %w", signature, err)
			}
			if found {
				continue
			}
		}

		batch.Gaps = append(batch.Gaps, gap)
	}

	if len(batch.Gaps) == 0 {
		return 0, nil
	}
	return len(batch.Gaps), in.Write(ctx, batch)
}
