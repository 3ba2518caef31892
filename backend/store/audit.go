package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
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
		for _, part := range []func() error{a.events, a.mints, a.orders, a.gaps, a.log} {
			if err := part(); err != nil {
				return err
			}
		}
		problems = a.problems
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

// events checks that each event has its index rows, and that there are no more rows than events.
func (a *audit) events() error {
	var kinds [market.NumKinds + 1]uint64
	var owned, ordered, mintRows, userRows, orderRows uint64
	err := a.rows(tableEvent, func(key, value []byte) error {
		at := position(key[1:])
		e, err := decodeEvent(at, value, a.v.s.mintOf)
		if err != nil {
			return a.problem("event at %v: %v", at, err)
		}
		kinds[e.Kind()]++
		_, id, _, _ := eventID(value)
		if row, err := a.v.get(appendMintEventKey(nil, id, at)); err != nil || row == nil {
			return a.problem("event at %v: not in its mint's index (%v)", at, err)
		}
		if order, ok := e.Order(); ok {
			ordered++
			if row, err := a.v.get(appendOrderMoveKey(nil, &order, at)); err != nil || row == nil {
				return a.problem("event at %v: not in its order's index (%v)", at, err)
			}
		}
		if e.Owner.IsZero() {
			return nil
		}
		owned++
		if row, err := a.v.get(appendUserEventKey(nil, &e.Owner, at)); err != nil || len(row) != 4 || mintID(binary.BigEndian.Uint32(row)) != id {
			return a.problem("event at %v: not in its user's index (%v)", at, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.rows(tableMintEvent, func(_, _ []byte) error { mintRows++; return nil }); err != nil {
		return err
	}
	if err := a.rows(tableUserEvent, func(_, _ []byte) error { userRows++; return nil }); err != nil {
		return err
	}
	if err := a.rows(tableOrderMove, func(_, _ []byte) error { orderRows++; return nil }); err != nil {
		return err
	}
	total := uint64(0)
	for kind, n := range kinds {
		total += n
		_ = a.equal("events of kind "+market.Kind(kind).String(), n, a.v.state.kinds[kind]) //nolint:gosec // a small number
	}
	_ = a.equal("rows of the mints' index", mintRows, total)
	_ = a.equal("rows of the users' index", userRows, owned)
	_ = a.equal("rows of the orders' index", orderRows, ordered)
	return nil
}

// mints checks the counts of every mint's series and that offsets lead where they should.
func (a *audit) mints() error {
	var candles uint64
	err := a.rows(tableMint, func(key, value []byte) error {
		m, err := decodeMint(mintID(binary.BigEndian.Uint32(key[1:])), value)
		if err != nil {
			return a.problem("mint number %d: %v", binary.BigEndian.Uint32(key[1:]), err)
		}
		if err := a.series(seriesID{m.id, eventSeries}, &m.events); err != nil {
			return err
		}
		for i := range m.candles {
			candles += m.candles[i].count
			if err := a.series(seriesID{m.id, byte(i)}, &m.candles[i]); err != nil { //nolint:gosec // below NumIntervals
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
	var orders, listed, users uint64
	err := a.rows(tableOrder, func(key, value []byte) error {
		orders++
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
	_ = a.equal("orders", orders, a.v.state.orders)
	_ = a.equal("orders in the mints' lists", listed, orders)
	_ = a.equal("orders in the users' lists", users, orders)
	return nil
}

func (a *audit) gaps() error {
	var open uint64
	err := a.rows(tableGap, func(key, value []byte) error {
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
