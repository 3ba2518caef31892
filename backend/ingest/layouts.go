package ingest

import (
	"log/slog"
	"maps"
	"slices"
	"sync"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/telemetry"
)

// unreadableAfter is for how long, in seconds of chain time, all events of a program must fail to be read before that is called
// trouble: one that is malformed says nothing, a program whose layouts changed goes on and on.
const unreadableAfter = 600

// layouts watches whether the events that are read still fit what is known of their layouts. The writer's goroutine notes; any
// may ask.
type layouts struct {
	log     *slog.Logger
	failing program.Programs // those with a failure, of the writer's goroutine alone

	mu       sync.Mutex
	longer   map[market.Kind]uint64     // events with something behind the newest known field
	failures map[market.Program]failure // since the last event that could be read
}

// failure is a stretch in which no event of a program could be read.
type failure struct {
	from, to     int64 // block times of the first and the last transaction of it
	transactions int
}

// isTrouble reports whether it goes on for too long. It stays so until an event can be read.
func (f failure) isTrouble() bool { return f.to-f.from >= unreadableAfter }

func newLayouts(log *slog.Logger) *layouts {
	return &layouts{log: log, longer: map[market.Kind]uint64{}, failures: map[market.Program]failure{}}
}

// note takes in a transaction that was read.
func (l *layouts) note(tx *market.Transaction, events []market.Event, report *program.Report) {
	for i := range events {
		e := &events[i]
		if l.failing.Has(e.Program()) {
			l.reads(e.Program())
		}
		if growing, ok := e.Body.(program.Growing); ok && len(growing.Behind().Rest) > 0 {
			l.grew(e, len(growing.Behind().Rest))
		}
	}
	if report.Undecoded == (program.Programs{}) {
		return
	}
	for p := range report.Undecoded.All() {
		if !slices.ContainsFunc(events, func(e market.Event) bool { return e.Program() == p }) {
			l.fails(p, tx)
		}
	}
}

// grew counts an event that is longer than its layout, and says it once for each kind.
func (l *layouts) grew(e *market.Event, by int) {
	kind := e.Body.Kind()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.longer[kind]++
	if l.longer[kind] == 1 {
		l.log.Info("events are longer than their known layout: what is known of them is read, all of them is kept",
			"program", kind.Program().String(), "event", kind.String(), "bytes", by, "sig", e.Signature, "slot", e.Slot)
	}
}

// fails notes a transaction of which no event of the program could be read.
func (l *layouts) fails(p market.Program, tx *market.Transaction) {
	l.failing.Add(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	before, failing := l.failures[p]
	one := failure{from: tx.BlockTime, to: tx.BlockTime, transactions: before.transactions + 1}
	if failing {
		one.from, one.to = min(before.from, one.from), max(before.to, one.to)
	}

	l.failures[p] = one
	if one.isTrouble() && !before.isTrouble() {
		l.log.Error("no event of a program could be read for ten minutes: its layouts must have changed, look for a newer version of this program",
			"program", p.String(), "transactions", one.transactions, "sig", tx.Signature, "slot", tx.Slot)
	}
}

// reads notes that an event of the program could be read.
func (l *layouts) reads(p market.Program) {
	l.failing.Remove(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failures[p].isTrouble() {
		l.log.Info("events of a program can be read again", "program", p.String())
	}
	delete(l.failures, p)
}

// Unreadable are the programs of which no event could be read for ten minutes of chain time or more, and none since.
func (in *Ingest) Unreadable() []market.Program {
	l := in.layouts
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []market.Program
	for _, p := range slices.Sorted(maps.Keys(l.failures)) {
		if l.failures[p].isTrouble() {
			list = append(list, p)
		}
	}
	return list
}

func (l *layouts) collect(m *telemetry.Metrics, programs []market.Program) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, kind := range slices.Sorted(maps.Keys(l.longer)) {
		m.CounterOfEach([]telemetry.Label{{Name: "program", Value: kind.Program().String()}, {Name: "event", Value: kind.String()}},
			"events_longer_total", "Events that are longer than their known layout.", l.longer[kind])
	}

	for _, p := range programs {
		value := 0.0
		if l.failures[p].isTrouble() {
			value = 1
		}
		m.GaugeOf("program", p.String(), "program_unreadable", "1 while no event of the program could be read for ten minutes of chain time or more.", value)
	}
}
