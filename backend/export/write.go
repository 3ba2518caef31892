package export

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"spinscope/backend/market"
)

// chunk is how many records are read at once: a short store transaction, and about a megabyte of memory.
const chunk = 1000

// encoder writes rows in one format. finish ends the file; it does not close the writer.
type encoder interface {
	row(r *record) error
	finish() error
}

// Write writes the export to w and returns the number of rows. progress, if not nil, is called with the rows so far
// after every chunk. An error leaves w unfinished.
func Write(ctx context.Context, w io.Writer, source Source, req Request, progress func(rows int64)) (int64, error) {
	if err := req.check(); err != nil {
		return 0, err
	}
	buffered := bufio.NewWriterSize(w, 64<<10)
	out, err := newExporter(buffered, &req, progress)
	if err != nil {
		return 0, err
	}
	if req.Kind == Gaps || req.Kind == Events {
		if out.gapsOf, err = out.holes(ctx, source); err != nil {
			return 0, fmt.Errorf("export %s: %w", req.Kind, err)
		}
		if err := out.gaps(market.Pubkey{}); err != nil {
			return out.rows, fmt.Errorf("export %s: %w", req.Kind, err)
		}
	}
	mints := req.Mints
	if len(mints) == 0 {
		mints = source.KnownMints()
	}
	for _, mint := range mints {
		if err := out.mint(ctx, source, mint); err != nil {
			return out.rows, fmt.Errorf("export %s of %s: %w", req.Kind, mint, err)
		}
	}
	if err := out.encoder.finish(); err != nil {
		return out.rows, fmt.Errorf("finish export: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return out.rows, fmt.Errorf("finish export: %w", err)
	}
	return out.rows, nil
}

type exporter struct {
	req      *Request
	record   *record
	encoder  encoder
	progress func(int64)
	rows     int64
	gapsOf   map[market.Pubkey][]hole // of gaps and events only
}

func newExporter(w io.Writer, req *Request, progress func(int64)) (*exporter, error) {
	columns := map[Kind][]column{Candles: candleColumns, Trades: tradeColumns, Events: eventColumns, Orders: orderColumns, Gaps: gapColumns}[req.Kind]
	encode, err := newEncoder(w, req.Format, columns)
	if err != nil {
		return nil, fmt.Errorf("begin export: %w", err)
	}
	if progress == nil {
		progress = func(int64) {}
	}
	return &exporter{req: req, record: newRecord(columns), encoder: encode, progress: progress}, nil
}

func newEncoder(w io.Writer, format Format, columns []column) (encoder, error) {
	switch format {
	case JSONL:
		return &jsonlEncoder{w: w}, nil
	case Parquet:
		return newParquetEncoder(w, columns), nil
	}
	return newCSVEncoder(w, columns)
}

func (x *exporter) mint(ctx context.Context, source Source, mint market.Pubkey) error {
	switch x.req.Kind {
	case Candles:
		return x.candles(ctx, source, mint)
	case Orders:
		return x.orders(ctx, source, mint)
	case Gaps:
		return x.gaps(mint)
	case Events:
		if err := x.gaps(mint); err != nil {
			return err
		}
	}
	return x.events(ctx, source, mint)
}

// put writes the record that fill made; a false fill is skipped.
func (x *exporter) put(fill func(r *record) bool) error {
	x.record.reset()
	if !fill(x.record) {
		return nil
	}
	x.rows++
	return x.encoder.row(x.record)
}

func (x *exporter) candles(ctx context.Context, source Source, mint market.Pubkey) error {
	for from := x.req.From; ; {
		candles, err := source.CandlesFrom(ctx, mint, x.req.Interval, from, x.req.To, chunk)
		if err != nil {
			return err
		}
		for i := range candles {
			err := x.put(func(r *record) bool { putCandle(r, mint, x.req.Interval, &candles[i]); return true })
			if err != nil {
				return err
			}
		}
		x.progress(x.rows)
		if len(candles) < chunk || candles[len(candles)-1].Time >= x.req.To || ctx.Err() != nil {
			return ctx.Err()
		}
		from = candles[len(candles)-1].Time + 1
	}
}

func (x *exporter) events(ctx context.Context, source Source, mint market.Pubkey) error {
	var after market.Position
	for {
		events, err := source.EventsAfter(ctx, mint, after, chunk)
		if err != nil {
			return err
		}
		for i := range events {
			e := &events[i]
			if e.BlockTime < x.req.From || e.BlockTime > x.req.To {
				continue
			}
			err := x.put(func(r *record) bool {
				if x.req.Kind == Trades {
					return putTrade(r, e)
				}
				putEvent(r, e)
				return true
			})
			if err != nil {
				return err
			}
		}
		x.progress(x.rows)
		if len(events) < chunk || ctx.Err() != nil {
			return ctx.Err()
		}
		after = events[len(events)-1].Position
	}
}

func (x *exporter) orders(ctx context.Context, source Source, mint market.Pubkey) error {
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
				if err := x.put(func(r *record) bool { putOrder(r, &orders[i]); return true }); err != nil {
					return err
				}
			}
			x.progress(x.rows)
			if len(orders) < chunk || ctx.Err() != nil {
				break
			}
		}
	}
	return ctx.Err()
}
