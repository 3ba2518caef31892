package stream

import (
	"context"
	"encoding/json"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

// object is a payload as a client writes it.
type object = map[string]any

// ask sends a request and returns the acknowledgement and what else the client got.
func ask(t testing.TB, s *session, event string, args ...any) (ack object, got []parsed) {
	t.Helper()
	calls := 0
	s.request(event, args, func(reply any) {
		calls++
		text, err := json.Marshal(reply)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &ack); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	})
	if calls != 1 {
		t.Fatalf("%s was acknowledged %d times", event, calls)
	}
	return ack, taken(t, s)
}

func taken(t testing.TB, s *session) (got []parsed) {
	t.Helper()
	for _, r := range s.peer.(*fakePeer).take() {
		got = append(got, parse(t, r))
	}
	return got
}

func eventsOf(got []parsed) (names []string) {
	for _, p := range got {
		names = append(names, p.event)
	}
	return names
}

// tick lets the broadcaster absorb and send everything, without Run.
func (b *bench) tick(t testing.TB) {
	t.Helper()
	b.absorbAll(t)
	b.broadcaster.mu.Lock()
	b.flush()
	b.broadcaster.mu.Unlock()
	b.jobs.Wait()
}

func (b *bench) absorbAll(t testing.TB) {
	t.Helper()
	if err := b.deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.jobs.Wait()
}

// deliver lets the broadcaster absorb all that waits, of the log too.
func (b *bench) deliver(ctx context.Context) error {
	for before := ^market.Seq(0); before != b.commits.Cursor(); {
		before = b.commits.Cursor()
		if err := b.commits.Deliver(ctx, b.Stream); err != nil {
			return err
		}
	}
	return nil
}

// trade makes a commit of one trade at a time and price, with its open candle of m1, and publishes it.
func (b *bench) trade(mint market.Pubkey, time int64, price uint64) *market.Commit {
	c := b.tradeCommit(mint, time, price)
	b.memory.commit(c)
	b.hub.Publish(c)
	return c
}

func (b *bench) tradeCommit(mint market.Pubkey, time int64, price uint64) *market.Commit {
	b.writer.slot++
	e := b.writer.event(&spinpet.BuySell{Mint: mint, IsBuy: true, TokenAmount: 5, SolAmount: 7}, 0)
	e.BlockTime, e.Price = time, market.Price(market.U64(price))
	p := e.Price
	return &market.Commit{
		ChainTime: time, Events: []market.Event{e},
		Candles: []market.CandleChange{{
			Mint: mint, Interval: market.M1, Stamp: market.Stamp{Slot: e.Slot, BlockTime: time, ReceivedAt: 1},
			Candle: market.Candle{Time: market.M1.Floor(time), Open: p, High: p, Low: p, Close: p, Trades: 1},
		}},
	}
}

func (b *bench) publish(c *market.Commit) *market.Commit {
	b.memory.commit(c)
	b.hub.Publish(c)
	return c
}

func klineOf(mint market.Pubkey) object { return object{"symbol": mint.String(), "interval": "m1"} }

func with(o object, name string, value any) object {
	copied := object{name: value}
	for key, value := range o {
		if _, ok := copied[key]; !ok {
			copied[key] = value
		}
	}
	return copied
}
