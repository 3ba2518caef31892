package export

import (
	"fmt"
	"slices"
	"sync"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
)

// eventTable is the columns of exported events: every field that an event of any kind has, of which most are empty in any
// one row. The names are the wire's, and index, block_time and price_decimals make the row complete: an event can be rebuilt
// from it. The last ones are those of known gaps.
type eventTable struct {
	columns []column
	places  map[string]int
	has     [1 << 8]bool // programs
	sink    eventSink    // reused by put: a table that is written belongs to one goroutine

	// Those that every event has, found once.
	kind, signature, slot, index, ordinal, blockTime, timestamp, provisional, decimals, price int
}

// eventHead and eventEnd stand before and behind the programs' own columns.
var (
	eventHead = []column{
		{"event_type", label, 0},
		{"signature", base58, 0},
		{"slot", count, 0},
		{"index", integer, 0},
		{"ordinal", integer, 0},
		{"block_time", integer, 0},
		{"timestamp", moment, 0},
		{"provisional", flag, 0},
	}
	eventEnd = []column{
		{"from_slot", count, 0},
		{"to_slot", count, 0},
		{"state", label, 0},
		{"cause", text, 0},
		{"from_time", integer, 0},
		{"to_time", integer, 0},
	}
)

// programColumn, and the columns of others than the first program, are only in the table of a market with events of others.
const programColumn = "program"

// newEventTable makes the table of the first program and others; with named it has a column that says which.
func newEventTable(others []market.Program, named bool) *eventTable {
	t := &eventTable{places: map[string]int{}}
	for _, c := range eventHead {
		t.add(c)
	}

	if named {
		t.add(column{programColumn, label, 0})
	}
	for _, id := range append([]market.Program{registry.First}, others...) {
		t.has[id] = true
		for _, c := range registry.Of(id).Columns() {
			t.add(columnOf(c))
		}
	}

	for _, c := range eventEnd {
		t.add(c)
	}

	t.kind, t.signature, t.slot, t.index = t.places["event_type"], t.places["signature"], t.places["slot"], t.places["index"]
	t.ordinal, t.blockTime, t.timestamp = t.places["ordinal"], t.places["block_time"], t.places["timestamp"]
	t.provisional, t.decimals, t.price = t.places["provisional"], t.places["price_decimals"], t.places["price_exact"]
	return t
}

func (t *eventTable) add(c column) {
	if _, ok := t.places[c.name]; !ok {
		t.places[c.name] = len(t.columns)
		t.columns = append(t.columns, c)
	}
}

func columnOf(c program.Column) column {
	types := [...]columnType{
		program.ColumnLabel: label, program.ColumnText: text, program.ColumnForeign: foreign, program.ColumnFlag: flag,
		program.ColumnCount: count, program.ColumnInteger: integer, program.ColumnAmount: amount, program.ColumnRaw: raw,
		program.ColumnPrice: exact,
	}
	scale := 0
	if c.Type == program.ColumnPrice {
		scale = market.PriceDecimals
	}
	return column{c.Name, types[c.Type], scale}
}

// anyEvents is the table of all programs that are understood, for reading.
var anyEvents = sync.OnceValue(func() *eventTable { return newEventTable(others(registry.All()), true) })

// eventsOf is the table for a market with events of those programs.
func eventsOf(programs []market.Program) *eventTable {
	rest := others(programs)
	return newEventTable(rest, len(rest) > 0)
}

func others(programs []market.Program) []market.Program {
	return slices.DeleteFunc(slices.Clone(programs), func(id market.Program) bool { return id == registry.First })
}

// put fills r with an event. It fails when the table has no column for a field: the market came to hold events of a further
// program after the header was written.
func (t *eventTable) put(r *record, e *market.Event) error {
	id := e.Program()
	if !t.has[id] {
		return fmt.Errorf("the market holds events of %s since the export began: export it again", id)
	}

	r.text(t.kind, e.Kind().String())
	r.signature(t.signature, e.Signature)
	r.number(t.slot, uint64(e.Slot))
	r.number(t.index, uint64(e.Index))
	r.number(t.ordinal, uint64(e.Ordinal))
	r.integer(t.blockTime, e.BlockTime)
	r.integer(t.timestamp, e.BlockTime)
	if e.Provisional {
		r.flag(t.provisional, true)
	}

	if id != registry.First {
		r.text(t.places[programColumn], id.String())
	}
	if e.Scale != 0 {
		r.number(t.decimals, uint64(e.Scale))
	}

	if !e.Price.IsZero() {
		r.price(t.price, e.Price)
	}
	t.sink = eventSink{t, r, ""}
	program.EachField(&t.sink, e.Body)
	program.EachPayload(&t.sink, registry.Of(e.Program()), e.Body)
	if t.sink.missing != "" {
		return fmt.Errorf("%s of %s has no column for %s", e.Kind(), id, t.sink.missing)
	}

	return nil
}

// eventSink puts the fields that a body names into their columns.
type eventSink struct {
	t       *eventTable
	r       *record
	missing string // a field that its plug has no column for
}

// at is the field's column. The first stands for one that there is not: the row is refused.
func (s *eventSink) at(name string) int {
	place, ok := s.t.places[name]
	if !ok {
		s.missing = name
	}
	return place
}

func (s *eventSink) Text(name, value string) { s.r.text(s.at(name), value) }

func (s *eventSink) Key(name string, value market.Pubkey) { s.r.key(s.at(name), value) }

func (s *eventSink) Number(name string, value uint64) { s.r.number(s.at(name), value) }

func (s *eventSink) Big(name string, value market.U128) { s.r.decimal(s.at(name), value) }

func (s *eventSink) Flag(name string, value bool) { s.r.flag(s.at(name), value) }

// putGap is putGap for an export of events, where an analyst could not tell a quiet hour from a gap otherwise.
func (t *eventTable) putGap(r *record, g *datedGap) {
	r.text(t.places["event_type"], gapType)
	if !g.Mint.IsZero() {
		r.key(t.places["mint_account"], g.Mint)
	}
	r.number(t.places["from_slot"], uint64(g.From))
	r.number(t.places["to_slot"], uint64(g.To))
	r.text(t.places["state"], g.State.String())
	r.text(t.places["cause"], g.Cause)
	if g.from != 0 {
		r.integer(t.places["from_time"], g.from)
	}
	if g.to != 0 {
		r.integer(t.places["to_time"], g.to)
	}
}
