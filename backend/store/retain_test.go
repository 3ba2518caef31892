package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// slotTime spreads slots over days.
func slotTime(slot market.Slot) int64 { return 100*secondsPerDay + int64(slot)*7200 } //nolint:gosec // a test

// retain is retention as one would write it without a disk.
func (m *model) retain(days int) {
	horizon := max(m.state.ChainTime-m.state.ChainTime%secondsPerDay-int64(days)*secondsPerDay, m.horizon)
	if horizon == m.horizon {
		return
	}

	m.horizon = horizon
	newest := map[market.Pubkey]market.Position{}
	recent := map[market.Pubkey]bool{} // orders with an event above the horizon
	for at, e := range m.events {
		order, ok := e.Order()
		if e.BlockTime >= horizon {
			recent[order] = recent[order] || ok
			continue
		}
		if _, ok := e.Trade(); !ok {
			continue
		}

		best, met := m.events[newest[e.Mint()]]
		if _, known := newest[e.Mint()]; !known || !met ||
			(trade{best.BlockTime, best.Position}).before(trade{e.BlockTime, at}) {
			newest[e.Mint()] = at
		}
	}

	for at, e := range m.events {
		if last, ok := newest[e.Mint()]; e.BlockTime >= horizon || e.Kind() == spinpet.KindTokenCreated || ok && last == at {
			continue
		}
		if order, ok := e.Order(); ok {
			if _, open := m.orders[order]; open || recent[order] {
				continue
			}
		}

		delete(m.events, at)
		sum := m.sums[e.Mint()]
		sum.Count(&e)
		m.sums[e.Mint()] = sum
		m.prunedSlot = max(m.prunedSlot, at.Slot)
	}

	for _, series := range m.stored {
		times := byKey(series)
		for i, c := range times {
			if i+1 < len(times) && times[i+1].Time < horizon {
				delete(series, c.Time)
			}
		}
	}

	key := market.Gap{To: m.prunedSlot, Cause: CauseRetention}
	if _, known := m.gaps[key]; m.prunedSlot != 0 && !known {
		for key := range m.gaps {
			if key.Cause == CauseRetention {
				delete(m.gaps, key)
			}
		}
		gap := key
		gap.State, gap.Seq = market.GapUnfillable, m.state.Seq
		m.gaps[key] = gap
	}
}

// TestRetentionEqualsModel commits at random over weeks of chain time with retention of a random length, killed between
// and within its steps, and compares every query with the naive model.
func TestRetentionEqualsModel(t *testing.T) {
	seeds, commits := uint64(4), 80
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newProperty(t, seed)
			p.days = true
			p.options.RetentionDays = 1 + p.IntN(5)
			p.reopen()
			deleted := 0
			for range commits {
				p.step()
				if p.IntN(6) == 0 {
					before := p.store.Stats()
					p.sweep()
					deleted += int(before.Total - p.store.Stats().Total) //nolint:gosec // a few
					p.compareAll()
					p.compareSums()
				}
			}

			if deleted < 5 || p.model.horizon == 0 {
				t.Fatalf("only %d events were deleted", deleted)
			}
			p.reopen()
			p.compareAll()
			if err := p.store.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// sweep runs retention, killed now and then, to its end.
func (p *property) sweep() {
	p.t.Helper()
	injected := errors.New("injected")
	for kills := p.IntN(3); kills > 0; kills-- {
		left := p.IntN(6)
		fail := func() error {
			if left--; left < 0 {
				return injected
			}
			return nil
		}
		p.store.onSplit, p.store.onSweep = nil, fail
		if p.IntN(2) == 0 {
			p.store.onSplit, p.store.onSweep = fail, nil
		}

		before := p.store.State()
		if err := p.store.Retain(context.Background()); err != nil && !errors.Is(err, injected) {
			p.t.Fatal(err)
		}
		p.reopen()
		check2(p, "state after a kill", p.store.State(), nil, before)
		p.audit()
	}

	if err := p.store.Retain(context.Background()); err != nil {
		p.t.Fatal(err)
	}
	p.model.retain(p.options.RetentionDays)
	for mint := range p.model.ids {
		if p.store.overlay[p.store.id(mint)] == nil {
			p.model.forget(mint) // what a deleted candle hid among the durable ones shows again
		}
	}

	check2(p, "horizon", p.store.Horizon(), nil, p.model.horizon)
}

func (p *property) compareSums() {
	p.t.Helper()
	for mint := range p.model.ids {
		want := p.model.sums[mint]
		want.Mint = mint
		got, err := p.store.Pruned(mint)
		check2(p, "sums of deleted events", got, err, want)
	}
}

// TestRetentionDoesNotHoldUpCommits commits while a large history is deleted; each commit waits for one step at most.
func TestRetentionDoesNotHoldUpCommits(t *testing.T) {
	s := openTest(t, Options{RetentionDays: 1})
	r := newSamples(3)
	const events = 2000
	c := &market.Commit{Seq: 1, ChainTime: slotTime(events)}
	for i := range events {
		at, mint := market.Position{Slot: market.Slot(i)}, mintKey(i%50)
		e := market.Event{
			Position: at, Signature: r.signature(), BlockTime: slotTime(at.Slot), Owner: userKey(i % 9), Scale: 28,
			Price: market.Price(market.U64(uint64(i + 1))),
			Body:  &spinpet.BuySell{Payer: userKey(i % 9), Mint: mint, TokenAmount: 1, SolAmount: 2, LatestPrice: market.U64(uint64(i + 1))},
		}
		c.Events = append(c.Events, e)
	}

	if err := s.Commit(c); err != nil {
		t.Fatal(err)
	}
	steps, during := 0, 0
	s.onSweep = func() error {
		steps++
		if steps%7 == 0 {
			during++
			return s.Commit(&market.Commit{Seq: market.Seq(1 + during), ChainTime: slotTime(events)})
		}
		return nil
	}

	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()

	if err := s.Retain(ctx); err != nil {
		t.Fatal(err)
	}
	left := s.Stats().Total
	if during == 0 || left < 50 || left > 80 { // a trade of each mint and those of a day or two
		t.Fatalf("%d commits while deleting, %d events left", during, left)
	}

	if problems, err := s.Audit(ctx); err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
}

// TestYoungStoreHasASize asks for the size of a store that has no table yet.
func TestYoungStoreHasASize(t *testing.T) {
	s := openTest(t, Options{})
	r := newSamples(1)
	c := &market.Commit{Seq: 1}
	for i := range 100 {
		c.Events = append(c.Events, r.event(mintKey(1), market.Position{Slot: market.Slot(i)}))
	}
	if err := s.Commit(c); err != nil {
		t.Fatal(err)
	}
	stats, err := s.DBStats()
	if err != nil || stats.TreeBytes < 20_000 || stats.TreeBytes > 50<<20 {
		t.Fatalf("%+v %v", stats, err)
	}
}
