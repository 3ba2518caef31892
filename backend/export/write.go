package export

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"spinscope/backend/market"
)

// How many records are read at once: a short store transaction, and about a megabyte of memory.
const chunk = 1000

// encoder writes rows in one format. finish ends the file; it does not close the writer.
type encoder interface {
	row(r *record) error
	finish() error
}

// Progress is how far an export is.
type Progress struct {
	Rows int64
	Part float64 // of the whole that is done, 0 to 1, as far as it can be told before the end: by mints and by times
}

// Left is how much longer an export takes that has come so far in so long; 0 while that cannot be told, as in the first
// seconds and before the first part.
func (p Progress) Left(took time.Duration) time.Duration {
	const least = 3 * time.Second
	if took < least || p.Part <= 0 || p.Part >= 1 {
		return 0
	}
	return time.Duration(float64(took) * (1 - p.Part) / p.Part)
}

// Write writes the export to w and returns the number of rows. progress, if not nil, is called after every chunk. An error
// leaves w unfinished.
func Write(ctx context.Context, w io.Writer, source Source, req Request, progress func(Progress)) (int64, error) {
	if err := req.Check(); err != nil {
		return 0, err
	}
	if _, err := req.Prepare(ctx, source); err != nil {
		return 0, fmt.Errorf("export %s: %w", req.Kind, err)
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	out, err := newExporter(buffered, source, &req, progress)
	if err != nil {
		return 0, err
	}

	if req.Kind == Gaps || req.Kind == Events && !req.Part {
		if out.gapsOf, err = out.datedGaps(ctx, source); err != nil {
			return 0, fmt.Errorf("export %s: %w", req.Kind, err)
		}
		if err := out.gaps(market.Pubkey{}); err != nil {
			return out.rows, fmt.Errorf("export %s: %w", req.Kind, err)
		}
	}

	if err := out.measure(ctx, source); err != nil {
		return 0, fmt.Errorf("export %s: %w", req.Kind, err)
	}
	if err := out.all(ctx, source); err != nil {
		return out.rows, err
	}
	if err := out.encoder.finish(); err != nil {
		return out.rows, fmt.Errorf("finish export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return out.rows, fmt.Errorf("finish export: %w", err)
	}

	return out.rows, nil
}

// all writes what the request is about: of its mints, or of every one that the source knows.
func (x *exporter) all(ctx context.Context, source Source) error {
	if x.req.Kind == Candles {
		return x.candles(ctx, source)
	}

	// Events of all mints follow each other as on the chain, as they are stored: mint by mint each one would have to be
	// looked for.
	together := len(x.req.Mints) == 0 && (x.req.Kind == Events || x.req.Kind == Trades)

	for i, mint := range x.mints {
		var err error
		x.mintsDone = i
		if together {
			err = x.gaps(mint)
		} else {
			err = x.mint(ctx, source, mint)
		}
		if err != nil {
			return fmt.Errorf("export %s of %s: %w", x.req.Kind, mint, err)
		}
	}

	if !together {
		return nil
	}

	x.together = true
	if x.req.Part {
		return x.events(ctx, source.AllEventsAfter)
	}

	counted := make(chan error, 1)
	counting, stop := context.WithCancel(ctx)
	defer stop()

	go func() { counted <- source.CountEvents(counting, nil) }() // meanwhile, as it takes a quarter of the time

	err := x.events(ctx, source.AllEventsAfter)
	if err != nil {
		stop()
	}
	if count := <-counted; err == nil { // the source may be closed when this returns
		err = count
	}

	if err != nil {
		return fmt.Errorf("export %s: %w", x.req.Kind, err)
	}
	return nil
}

// mintsOf are the mints that a request is about, where it names none in an order that does not depend on which came first.
func mintsOf(source Source, req *Request) []market.Pubkey {
	if len(req.Mints) > 0 {
		return req.Mints
	}
	return slices.SortedFunc(slices.Values(source.KnownMints()), func(a, b market.Pubkey) int { return bytes.Compare(a[:], b[:]) })
}

// pairs are those of mints, each once.
func pairs(source Source, mints []market.Pubkey) (list []market.Pair) {
	for _, mint := range mints {
		if pair := source.Pair(mint); !slices.Contains(list, pair) {
			list = append(list, pair)
		}
	}
	return list
}

type exporter struct {
	req      *Request
	mints    []market.Pubkey
	pairOf   func(market.Pubkey) market.Pair
	pairs    []market.Pair // that the columns are made for; not of events and gaps
	record   *record
	table    *eventTable // of events only
	encoder  encoder
	progress func(Progress)
	rows     int64

	start market.Position // no event before or at it is in range

	// For what progress tells: mints that are done, whether events of all mints come together, the block time of the first
	// row of the series that is written, and the newest block time there can be.
	mintsDone   int
	together    bool
	first, last int64
	gapsOf      map[market.Pubkey][]datedGap // of gaps and events only
}

func newExporter(w io.Writer, source Source, req *Request, progress func(Progress)) (*exporter, error) {
	mints := mintsOf(source, req)
	var table *eventTable
	var columns []column
	var known []market.Pair
	switch req.Kind {
	case Events:
		table = eventsOf(source.Programs())
		columns = table.columns
	case Gaps:
		columns = gapColumns
	default:
		known = pairs(source, mints)
		columns = columnsOf(req.Kind, known)
	}

	if req.MarketCap {
		columns = append(slices.Clip(columns), capColumn)
	}

	encode, err := newEncoder(w, req.Format, columns)
	if err != nil {
		return nil, fmt.Errorf("begin export: %w", err)
	}

	if progress == nil {
		progress = func(Progress) {}
	}
	return &exporter{req: req, mints: mints, pairOf: source.Pair, pairs: known, table: table, record: newRecord(columns), encoder: encode, progress: progress}, nil
}

func newEncoder(w io.Writer, format Format, columns []column) (encoder, error) {
	switch format {
	case JSONL:
		return &jsonlEncoder{w: w}, nil
	case Parquet:
		return newParquetEncoder(w, columns), nil
	case Arrow:
		return newArrowEncoder(w, columns)
	}
	return newCSVEncoder(w, columns)
}

func (x *exporter) mint(ctx context.Context, source Source, mint market.Pubkey) error {
	switch x.req.Kind {
	case Orders:
		return x.orders(ctx, source, mint)
	case Gaps:
		return x.gaps(mint)
	case Events:
		if err := x.gaps(mint); err != nil {
			return err
		}
	}

	err := x.events(ctx, func(ctx context.Context, after market.Position, limit int) ([]market.Event, error) {
		return source.EventsAfter(ctx, mint, after, limit)
	})
	if err != nil || x.req.Part {
		return err
	}
	return source.CountEvents(ctx, &mint)
}

// pair is the market of a coin. It fails for one that the columns are not made for: the market came to hold it after the
// header was written.
func (x *exporter) pair(mint market.Pubkey) (market.Pair, error) {
	pair := x.pairOf(mint)
	if !slices.Contains(x.pairs, pair) && pair != (market.Pair{}) {
		return pair, fmt.Errorf("the market holds a coin that is %s since the export began: export it again", pair)
	}
	return pair, nil
}

// put writes the record that fill made; a false fill is skipped.
func (x *exporter) put(fill func(r *record) bool) error {
	x.record.reset()
	if !fill(x.record) {
		return nil
	}
	if x.record.failed != nil {
		return x.record.failed
	}
	x.rows++
	return x.encoder.row(x.record)
}

// events writes what next gives, which is called with the last position that it gave. Of a range it reads what can lie in it.
func (x *exporter) events(ctx context.Context, next func(context.Context, market.Position, int) ([]market.Event, error)) error {
	x.first = 0
	after, end := x.start, x.req.To
	if end < math.MaxInt64-market.ClockSlack {
		end += market.ClockSlack
	}

	read := func(ctx context.Context) ([]market.Event, bool, error) {
		events, err := next(ctx, after, chunk)
		more := len(events) == chunk && events[chunk-1].BlockTime <= end
		if more {
			after = events[chunk-1].Position
		}
		return events, more, err
	}

	return ahead(ctx, read, func(events []market.Event) error {
		for i := range events {
			e := &events[i]
			if e.BlockTime < x.req.From || e.BlockTime > x.req.To {
				continue
			}

			var failed error
			err := x.put(func(r *record) bool {
				if x.req.Kind == Trades {
					var pair market.Pair
					if pair, failed = x.pair(e.Mint()); failed != nil {
						return false
					}
					x.req.supplies.putCap(r, e.Mint(), e.Price)
					return putTrade(r, pair, e)
				}
				x.req.supplies.putCap(r, e.Mint(), e.Price)
				failed = x.table.put(r, e)
				return failed == nil
			})
			if failed != nil {
				err = failed
			}

			if err != nil {
				return err
			}
		}

		if n := len(events); n > 0 {
			x.reached(events[0].BlockTime, events[n-1].BlockTime)
		}
		return nil
	})
}

// startOf is a place before which, and at which, no event has a block time of from or later. It is found by a search: a
// day of a long history is not read from its beginning.
func startOf(ctx context.Context, source Source, from int64) (market.Position, error) {
	if from < math.MinInt64+market.ClockSlack {
		return market.Position{}, nil
	}

	// Below slot low every event is too early: one behind it is, by more than clocks run back.
	low, high := market.Slot(0), market.Slot(math.MaxUint64-1)
	for low < high {
		middle := low + (high-low)/2
		_, next, err := source.TimesAround(ctx, middle, middle)
		switch {
		case err != nil:
			return market.Position{}, err
		case next != 0 && next < from-market.ClockSlack:
			low = middle + 1
		default:
			high = middle
		}
	}

	if low == 0 {
		return market.Position{}, nil
	}
	return market.Position{Slot: low - 1, Index: math.MaxUint32, Ordinal: math.MaxUint16}, nil
}

// measure finds out where events begin that are in range, and what progress is told by.
func (x *exporter) measure(ctx context.Context, source Source) (err error) {
	if x.last, _, err = source.TimesAround(ctx, math.MaxUint64, math.MaxUint64); err != nil {
		return err
	}
	x.last = min(x.last, x.req.To)

	if x.req.Kind == Events || x.req.Kind == Trades {
		x.start, err = startOf(ctx, source, x.req.From)
	}
	return err
}

// reached tells of progress: a chunk was written whose first and last rows have these times. Mints count alike, however
// many rows each has.
func (x *exporter) reached(from, to int64) {
	if x.first == 0 {
		x.first = from
	}
	within := 0.0
	if x.last > x.first && to > x.first {
		within = min(float64(to-x.first)/float64(x.last-x.first), 1)
	}

	part := within
	if n := len(x.mints); !x.together && n > 0 {
		part = (float64(x.mintsDone) + within) / float64(n)
	}
	x.progress(Progress{x.rows, part})
}

// ahead gives what read returns to use, chunk by chunk, and reads the next one meanwhile, until read says that there are no
// more, one of them fails, or ctx ends.
func ahead[T any](ctx context.Context, read func(context.Context) (chunk []T, more bool, err error), use func([]T) error) error {
	reading, stop := context.WithCancel(ctx)
	type answer struct {
		chunk []T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		defer close(answers)
		for more := true; more; {
			var a answer
			a.chunk, more, a.err = read(reading)
			more = more && a.err == nil
			select {
			case answers <- a:
			case <-reading.Done():
				return
			}
		}
	}()
	defer func() { // the source may be closed when this returns
		stop()
		for range answers { //nolint:revive // until the reader has ended
		}
	}()

	for a := range answers {
		if a.err != nil {
			return a.err
		}
		if err := use(a.chunk); err != nil {
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}

	return ctx.Err()
}

func (x *exporter) orders(ctx context.Context, source Source, mint market.Pubkey) error {
	pair, err := x.pair(mint)
	if err != nil {
		return err
	}

	for _, short := range []bool{false, true} {
		for offset := 0; ; offset += chunk {
			orders, err := source.OrdersOf(ctx, mint, short, offset, chunk)
			if err != nil {
				return err
			}

			for i := range orders {
				start := int64(orders[i].Terms.StartTime)
				if start < x.req.From || start > x.req.To {
					continue
				}
				if err := x.put(func(r *record) bool { putOrder(r, pair, &orders[i]); return true }); err != nil {
					return err
				}
			}

			x.reached(x.last, x.last)
			if len(orders) < chunk || ctx.Err() != nil {
				break
			}
		}
	}

	return ctx.Err()
}
