package ingest

import (
	"sync/atomic"

	"spinscope/backend/program"
	"spinscope/backend/telemetry"
)

type counters struct {
	events, repeats, moved, late, badTime, badPrice, malformed, foreign, truncated, breaks, rechecks, expired, unfollowed atomic.Uint64
}

func (c *counters) report(r program.Report) {
	c.malformed.Add(uint64(r.Malformed))
	c.foreign.Add(uint64(r.Foreign))
	if r.Truncated {
		c.truncated.Add(1)
	}
}

// Counters are totals since the start.
type Counters struct {
	Events    uint64 // committed
	Repeats   uint64 // transactions known already
	Moved     uint64 // transactions whose place or time changed
	Late      uint64 // trades that made candles be built anew
	BadTime   uint64 // transactions left out for want of a usable block time
	BadPrice  uint64 // prices that contradict their amounts, or do not fit
	Malformed uint64 // data lines of the program with a known discriminator and the wrong length or content
	Foreign   uint64 // data lines that look like events and are not the program's
	Truncated uint64 // transactions whose logs the cluster cut
	Expired   uint64 // transactions older than what is kept
	Breaks    uint64 // trades whose price does not follow from the one before them
	Rechecks  uint64 // times the source was asked to look at recent slots again

	Unfollowed uint64 // events of coins that nobody follows, of programs that are read by coin
}

// Counters returns the totals; safe from any goroutine.
func (in *Ingest) Counters() Counters {
	c := &in.counters
	return Counters{
		Events: c.events.Load(), Repeats: c.repeats.Load(), Moved: c.moved.Load(), Late: c.late.Load(),
		BadTime: c.badTime.Load(), BadPrice: c.badPrice.Load(), Malformed: c.malformed.Load(),
		Foreign: c.foreign.Load(), Truncated: c.truncated.Load(), Expired: c.expired.Load(),
		Breaks: c.breaks.Load(), Rechecks: c.rechecks.Load(),
		Unfollowed: c.unfollowed.Load(),
	}
}

// Collect is a telemetry.Collector.
func (in *Ingest) Collect(m *telemetry.Metrics) {
	in.layouts.collect(m, in.programs)
	c := in.Counters()
	m.Counter("ingest_events_total", "Events committed since the start.", c.Events)
	m.Counter("ingest_repeats_total", "Transactions that were known already.", c.Repeats)
	m.Counter("ingest_moved_total", "Transactions whose place or time changed.", c.Moved)
	m.Counter("ingest_late_trades_total", "Trades that made candles be built anew.", c.Late)
	m.Counter("ingest_bad_time_total", "Transactions left out for want of a usable block time.", c.BadTime)
	m.Counter("ingest_bad_price_total", "Prices that contradict their amounts, or do not fit.", c.BadPrice)
	m.Counter("ingest_malformed_total", "Data lines of the program that do not fit their layout.", c.Malformed)
	m.Counter("ingest_foreign_total", "Data lines that look like events and are not the program's.", c.Foreign)
	m.Counter("ingest_truncated_total", "Transactions whose logs the cluster cut.", c.Truncated)
	m.Counter("ingest_price_breaks_total", "Trades whose price does not follow from the one before them.", c.Breaks)
	m.Counter("ingest_rechecks_total", "Times that a broken price chain had recent slots read again.", c.Rechecks)
}
