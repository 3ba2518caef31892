package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"math"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
	"spinscope/backend/program/registry"
)

// maxProblems is how many problems Audit lists before it gives up.
const maxProblems = 100

// audit is a check under way.
type audit struct {
	v        *view
	ctx      context.Context //nolint:containedctx // lives as long as the call
	problems []string
}

// Audit reads the whole store as of one commit and compares every index and every counter with the records they stand
// for. It lists what does not agree, 100 things at most; an empty list means a sound store. It does not judge whether
// candles and orders follow from the events.
func (s *Store) Audit(ctx context.Context) (problems []string, err error) {
	err = s.read(nil, func(v *view) error {
		a := &audit{v: v, ctx: ctx}
		defer func() { problems = a.problems }() // also when there are too many to go on
		for _, part := range []func() error{a.events, a.mints, a.orders, a.gaps, a.reached, a.log, a.alerts, a.sums} {
			if err := part(); err != nil {
				return err
			}
		}
		return nil
	})
	return problems, err
}

func (a *audit) problem(format string, args ...any) error {
	a.problems = append(a.problems, fmt.Sprintf(format, args...))
	return stopAt(len(a.problems), maxProblems)
}

func (a *audit) rows(table byte, fn func(key, value []byte) error) error {
	return a.v.scan(a.ctx, span{prefix: []byte{table}}, func(key []byte, item *badger.Item) error {
		value, err := a.v.value(item)
		if err != nil {
			return err
		}
		return fn(key, value)
	})
}

func (a *audit) equal(what string, got, want uint64) error {
	if got == want {
		return nil
	}
	return a.problem("%s: counted %d, recorded %d", what, got, want)
}

// events checks that each event has its index rows, and that there are no more rows than events. Looking each row up would
// read the store at as many random places as there are rows, so sums of what the rows must be are compared with sums of
// what they are; only where those differ every row is looked up, to name what is missing.
func (a *audit) events() error {
	var kinds market.KindCounts
	wanted := map[byte]*rowSum{tableMintEvent: {}, tableUserEvent: {}, tableOrderMove: {}}
	err := a.eventRows(func(at market.Position, e *market.Event, id mintID) error {
		kinds.Add(e.Kind(), 1)
		for _, row := range indexRows(at, e, id) {
			wanted[row.key[0]].add(row.key, row.value)
		}
		return nil
	})
	if err != nil {
		return err
	}

	missing := false
	for _, table := range []struct {
		table byte
		name  string
	}{{tableMintEvent, "mints'"}, {tableUserEvent, "users'"}, {tableOrderMove, "orders'"}} {
		var got rowSum
		if err := a.rows(table.table, func(key, value []byte) error { got.add(key, value); return nil }); err != nil {
			return err
		}
		missing = missing || got != *wanted[table.table]
		_ = a.equal("rows of the "+table.name+" index", got.rows, wanted[table.table].rows)
	}

	for _, id := range registry.All() {
		for _, kind := range market.KindsOf(id) {
			_ = a.equal("events of kind "+kind.String(), kinds.Of(kind), a.v.state.kinds.Of(kind))
		}
	}

	if !missing {
		return nil
	}
	return a.missingRows()
}

// eventRows calls fn with every event and its mint's number.
func (a *audit) eventRows(fn func(at market.Position, e *market.Event, id mintID) error) error {
	return a.rows(tableEvent, func(key, value []byte) error {
		at := position(key[1:])
		e, err := decodeEvent(at, value, a.v.s.mintOf)
		if err != nil {
			return a.problem("event at %v: %v", at, err)
		}
		_, id, _, _ := eventID(value)
		return fn(at, &e, id)
	})
}

// missingRows names the events that are not in an index.
func (a *audit) missingRows() error {
	index := map[byte]string{tableMintEvent: "mint's", tableUserEvent: "user's", tableOrderMove: "order's"}
	return a.eventRows(func(at market.Position, e *market.Event, id mintID) error {
		for _, row := range indexRows(at, e, id) {
			value, err := a.v.get(row.key)
			if err == nil && value != nil && bytes.Equal(value, row.value) {
				continue
			}
			if err := a.problem("event at %v: not in its %s index (%v)", at, index[row.key[0]], err); err != nil {
				return err
			}
		}
		return nil
	})
}

// indexEntry is a row as it must be.
type indexEntry struct{ key, value []byte }

// indexRows are the rows that lead to an event.
func indexRows(at market.Position, e *market.Event, id mintID) []indexEntry {
	rows := []indexEntry{{key: appendMintEventKey(nil, id, at)}}
	if order, ok := e.Order(); ok {
		rows = append(rows, indexEntry{key: appendOrderMoveKey(nil, &order, at)})
	}
	if !e.Owner.IsZero() {
		rows = append(rows, indexEntry{appendUserEventKey(nil, &e.Owner, at), appendID(nil, 0, id)[1:]})
	}
	return rows
}

// rowSum tells one set of rows from another, whatever their order: it holds the sums of two hashes of each.
type rowSum struct{ rows, a, b uint64 }

var sumSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func (s *rowSum) add(key, value []byte) {
	var buf [128]byte
	row := append(append(append(buf[:0], byte(len(key))), key...), value...) //nolint:gosec // keys are short
	s.rows++
	s.a += maphash.Bytes(sumSeeds[0], row)
	s.b += maphash.Bytes(sumSeeds[1], row)
}

// mints checks the counts of every mint's series and that offsets lead where they should.
func (a *audit) mints() error {
	var candles uint64
	err := a.rows(tableMint, func(key, value []byte) error {
		m, err := decodeMint(mintID(binary.BigEndian.Uint32(key[1:])), value)
		if err != nil {
			return a.problem("mint number %d: %v", binary.BigEndian.Uint32(key[1:]), err)
		}
		if err := a.texts(m); err != nil {
			return err
		}
		if err := a.series(seriesID{m.id, eventSeries}, &m.events); err != nil {
			return err
		}

		for i := range m.candles {
			candles += m.candles[i].count
			if err := a.series(seriesID{m.id, byte(i)}, &m.candles[i]); err != nil { //nolint:gosec // below NumStored
				return err
			}
		}

		return nil
	})
	if err != nil {
		return err
	}
	_ = a.equal("stored candles", candles, a.v.state.candles)

	return nil
}

// texts checks a mint's TokenCreated and its open candles.
func (a *audit) texts(m *mintState) error {
	created, err := a.v.newest(appendID(nil, tableCreated, m.id))
	if err != nil {
		return err
	}

	sum := uint64(0)
	if created != nil {
		sum = max(fnv64(created), 1)
	}
	if sum != m.created {
		return a.problem("mint number %d: its TokenCreated is not the one that was stored", m.id)
	}

	open, err := a.v.newest(appendID(nil, tableOpen, m.id))
	if err != nil {
		return err
	}
	if m.hasOpen != (open != nil) {
		return a.problem("mint number %d: its open candles are missing, or too many", m.id)
	}

	return nil
}

// series compares a series' rows with its count, its chunks and its tail.
func (a *audit) series(id seriesID, t *tally) error {
	what := fmt.Sprintf("mint number %d, series %d", id.id, id.series)
	chunks, err := a.v.chunks(id)
	if err != nil {
		return a.problem("%s: %v", what, err)
	}

	if t.tail > 0 {
		chunks = append(chunks, chunk{t.first, t.tail})
	}
	counted := make([]uint64, len(chunks))
	i, rows := 0, uint64(0)
	err = a.v.scan(a.ctx, span{prefix: id.prefix(nil)}, func(key []byte, item *badger.Item) error {
		rows++
		at := id.placeOf(key)
		if at.after(&t.newest) {
			return a.problem("%s: a row above the newest", what)
		}

		if id.series != eventSeries {
			value, err := a.v.value(item)
			if err != nil {
				return err
			}
			if _, _, err := decodeCandle(at.time(), value); err != nil {
				return a.problem("%s, time %d: %v", what, at.time(), err)
			}
		}

		for i+1 < len(chunks) && !chunks[i+1].first.after(&at) {
			i++
		}
		if i < len(chunks) {
			counted[i]++
		}

		return nil
	})
	if err != nil {
		return err
	}

	for i := range chunks {
		_ = a.equal(fmt.Sprintf("%s, chunk %d", what, i), counted[i], chunks[i].count)
	}
	return a.equal(what, rows, t.count)
}

// orders checks the orders' lists.
func (a *audit) orders() error {
	var orders, listed, users, sum uint64
	err := a.rows(tableOrder, func(key, value []byte) error {
		orders++
		sum ^= sumRow(key, value)
		o, id, err := decodeOrder(value)
		if err != nil {
			return a.problem("order %s: %v", market.Pubkey(key[1:]), err)
		}

		for _, row := range [][]byte{appendOrderListKey(nil, id, &o), appendUserOrderKey(nil, &o)} {
			if value, err := a.v.get(row); err != nil || value == nil {
				return a.problem("order %s: not in list %q (%v)", o.Address, row[:1], err)
			}
		}

		return nil
	})
	if err != nil {
		return err
	}

	if err := a.rows(tableOrderList, func(_, _ []byte) error { listed++; return nil }); err != nil {
		return err
	}
	if err := a.rows(tableUserOrder, func(_, _ []byte) error { users++; return nil }); err != nil {
		return err
	}

	if sum != a.v.state.orderSum {
		_ = a.problem("%v", errOrders)
	}
	_ = a.equal("orders", orders, a.v.state.orders)
	_ = a.equal("orders in the mints' lists", listed, orders)
	_ = a.equal("orders in the users' lists", users, orders)
	return nil
}

func (a *audit) gaps() error {
	var open, sum uint64
	err := a.rows(tableGap, func(key, value []byte) error {
		sum ^= sumRow(key, value)
		g, err := decodeGap(key, value)
		if err != nil {
			return a.problem("gap: %v", err)
		}
		if g.State == market.GapOpen {
			open++
		}
		return nil
	})
	if err != nil {
		return err
	}

	if sum != a.v.state.gapSum {
		_ = a.problem("%v", errGaps)
	}
	return a.equal("open gaps", open, a.v.state.gapsOpen)
}

// log checks that the log and the late table name each other.
func (a *audit) log() error {
	named, rows := uint64(0), uint64(0)
	oldest := market.Seq(math.MaxUint64)
	err := a.rows(tableLog, func(key, value []byte) error {
		seq := market.Seq(binary.BigEndian.Uint64(key[1:]))
		oldest = min(oldest, seq)
		row, err := decodeLog(value)
		if err != nil {
			return a.problem("log of commit %d: %v", seq, err)
		}

		for _, l := range row.late {
			named++
			if value, err := a.v.get(appendLateKey(nil, l.id, l.interval, seq, l.time)); err != nil || value == nil {
				return a.problem("commit %d: a late row is missing (%v)", seq, err)
			}
		}

		return nil
	})
	if err != nil {
		return err
	}

	if oldest < a.v.state.logFrom {
		_ = a.problem("log reaches back to %d, recorded %d", oldest, a.v.state.logFrom)
	}
	if err := a.rows(tableLate, func(_, _ []byte) error { rows++; return nil }); err != nil {
		return err
	}
	return a.equal("late rows", rows, named)
}

// alerts checks that the alerts and the ids that are kept are those that the state of alerts names.
func (a *audit) alerts() error {
	value, err := a.v.newest(keyAlertState)
	if err != nil {
		return err
	}
	state, err := decodeAlertState(value)
	if err != nil {
		return a.problem("state of alerts: %v", err)
	}
	rows := map[byte]uint64{}
	if err := a.rows(tableAlert, func(key, _ []byte) error { rows[key[1]]++; return nil }); err != nil {
		return err
	}
	_ = a.equal("alerts", rows['n'], state.next-state.first)
	_ = a.equal("ids of alerts", rows['i'], state.next-state.oldest)
	return a.equal("ids of alerts by number", rows['o'], state.next-state.oldest)
}

// sums reads the sums of deleted events; the totals show whether they are right.
func (a *audit) sums() error {
	return a.rows(tablePruned, func(_, _ []byte) error { return nil })
}
