package stream

import (
	"encoding/json"
	"testing"

	"spinscope/backend/follow"
	"spinscope/backend/hub"
	"spinscope/backend/market"
)

type nowhere struct{}

func (nowhere) Broadcast(string, string, json.RawMessage, uint64) {}

// One trade of a mint whose ten intervals, price and events are followed: absorbed, encoded and handed over.
func BenchmarkTradeToRooms(b *testing.B) {
	store, commits := newMemory(), hub.New(hub.Options{})
	st := New(Options{Store: store, Commits: follow.New(follow.Options{Log: store, Hub: commits})})
	defer st.commits.Close()

	st.broadcaster.casters = [numSpaces]caster{nowhere{}, nowhere{}}
	s, err := st.connect(spaces()[openSpace], &fakePeer{rooms: newRooms()}, nil)
	if err != nil {
		b.Fatal(err)
	}

	w := newWriter(newMemory(), commits)
	commit := &market.Commit{}
	w.trade(commit, 0)
	change := commit.Candles[0]
	commit.Candles = nil
	for _, interval := range market.StoredIntervals() {
		change.Interval = interval
		commit.Candles = append(commit.Candles, change)
		ask(b, s, "subscribe_kline", object{"symbol": testMints[0].String(), "interval": interval.String()})
	}

	ask(b, s, "subscribe_price", object{"symbol": testMints[0].String()})
	ask(b, s, "subscribe_events")
	b.ReportAllocs()
	for b.Loop() {
		commit.Seq++
		st.broadcaster.mu.Lock()
		st.broadcaster.absorb(commit)
		st.broadcaster.flush()
		st.broadcaster.mu.Unlock()
	}
}

// The same on the whole way from the hub: published, delivered, absorbed, encoded and handed over.
func BenchmarkCommitToRooms(b *testing.B) {
	store, commits := newMemory(), hub.New(hub.Options{})
	st := New(Options{Store: store, Commits: follow.New(follow.Options{Log: store, Hub: commits})})
	defer st.commits.Close()

	st.broadcaster.casters = [numSpaces]caster{nowhere{}, nowhere{}}
	s, err := st.connect(spaces()[openSpace], &fakePeer{rooms: newRooms()}, nil)
	if err != nil {
		b.Fatal(err)
	}

	ask(b, s, "subscribe_price", object{"symbol": testMints[0].String()})
	ask(b, s, "subscribe_events")
	w := newWriter(store, commits)
	made := &market.Commit{}
	w.trade(made, 0)
	b.ReportAllocs()
	for seq := market.Seq(1); b.Loop(); seq++ {
		c := *made
		c.Seq = seq
		commits.Publish(&c)
		if err := st.commits.Deliver(b.Context(), st); err != nil {
			b.Fatal(err)
		}
		st.step()
	}
}
