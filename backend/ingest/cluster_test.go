package ingest_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
)

// watchedCoins are coins that are read by addresses of their own as soon as that is known. Safe for concurrent use.
type watchedCoins struct {
	mu    sync.Mutex
	coins readBy
}

func (w *watchedCoins) Of(coin market.Pubkey) []market.Pubkey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.coins.Of(coin))
}

func (w *watchedCoins) Coins(address market.Pubkey) []market.Pubkey {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.coins.Coins(address)
}

// reading is a cluster that is read into a store.
type reading struct {
	*coinWriter
	feed *solana.Feed
	stop func()
}

func readInto(t *testing.T, net *simnet.Net, dir string, addresses ingest.Addresses) *reading {
	t.Helper()
	d := openCoinWriter(t, dir, addresses)
	feed := solana.New(solana.Config{
		Endpoints: []solana.Endpoint{{RPC: net.RPCURL(), WS: net.WSURL()}}, Program: spinpet.ProgramID, BackfillLimit: 100_000,
		ReconnectInterval: 20 * time.Millisecond, RescanInterval: 200 * time.Millisecond, Logger: slog.New(slog.DiscardHandler),
		Recall: func(_ context.Context, _ market.Pubkey, from, to market.Slot, visit func(market.Transaction) bool) error {
			return d.store.SlotEvents(from, to, func(e *market.Event) error {
				if e.Ordinal == 0 {
					visit(market.Transaction{Signature: e.Signature, Slot: e.Slot, Index: e.Index, BlockTime: e.BlockTime, Provisional: e.Provisional})
				}
				return nil
			})
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- feed.Run(ctx, d.store.State().Checkpoint, d.Apply) }()

	r := &reading{coinWriter: d, feed: feed}
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.stop)

	return r
}

// A coin's curve is followed beside the program on a cluster that drops, repeats and reorders what it tells, and after a
// restart from where it was: every event comes once, candles are those of a reader of the program alone, and those of the
// coin close by its own chain time.
func TestFollowACoinOfACluster(t *testing.T) {
	net := simnet.New(simnet.Config{
		Seed: 11, Rate: 8, Mints: 3, History: 20 * time.Minute, SlotTime: 20 * time.Millisecond, Speed: 20, Start: time.Unix(1_760_000_000, 0),
		Faults: simnet.Faults{Drop: 0.05, Duplicate: 0.1, Reorder: 0.1, Disconnect: 0.002, Fork: 0.05},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- net.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	<-net.Ready()

	watched, dir := &watchedCoins{coins: readBy{}}, t.TempDir()
	r := readInto(t, net, dir, watched)
	var coin, curve market.Pubkey
	polltest.Until(t, "a coin is known", func() bool {
		err := r.store.EventsAfter(market.Position{}, func(e *market.Event) error {
			if created, ok := e.Body.(*spinpet.TokenCreated); ok && coin.IsZero() {
				coin, curve = created.Mint, created.Curve
			}
			return nil
		})
		return err == nil && !coin.IsZero()
	})
	watched.mu.Lock()
	watched.coins[coin] = []market.Pubkey{curve}
	watched.mu.Unlock()
	if err := r.feed.Follow(solana.Following{Address: curve}); err != nil {
		t.Fatal(err)
	}

	polltest.Until(t, "the coin's address has a checkpoint", func() bool { return r.reached()[curve].Checkpoint > 0 })
	r.stop()
	_ = r.store.Close()

	r = readInto(t, net, dir, watched)
	from := r.reached()[curve]
	if err := r.feed.Follow(solana.Following{Address: curve, From: from.Checkpoint}); err != nil {
		t.Fatal(err)
	}

	polltest.Until(t, "it goes on", func() bool { return r.reached()[curve].Checkpoint > from.Checkpoint+300 })
	net.SetFaults(simnet.Faults{})
	net.SetRate(0)
	rest := r.feed.Status().Slot
	polltest.Until(t, "all of it is final", func() bool {
		return r.store.State().Checkpoint > rest+50 && r.reached()[curve].Checkpoint > rest+50
	})

	alone := readInto(t, net, t.TempDir(), nil)
	polltest.Until(t, "the program alone is read", func() bool { return alone.store.State().Checkpoint > rest+50 })
	r.stop()
	alone.stop()
	whole := min(r.reached()[curve].Checkpoint, alone.store.State().Checkpoint)
	got, want := eventsOf(t, r.coinWriter, coin, whole), eventsOf(t, alone.coinWriter, coin, whole)
	if len(want) < 50 || !slices.Equal(got, want) {
		t.Errorf("%d events of the coin, %d of the program's reader", len(got), len(want))
	}

	end := min(r.reached()[curve].ChainTime, alone.store.State().ChainTime)
	for _, interval := range market.AllIntervals() {
		a, b := closedBefore(t, r.coinWriter, coin, interval, end), closedBefore(t, alone.coinWriter, coin, interval, end)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %d candles, %d of the program's reader", interval, len(a), len(b))
		}
	}
}

// eventsOf are the signatures and ordinals of a coin's events up to a slot, in the order of the chain.
func eventsOf(t *testing.T, d *coinWriter, coin market.Pubkey, to market.Slot) (list []market.Event) {
	t.Helper()
	err := d.store.MintEvents(coin, market.Position{}, func(e *market.Event) error {
		if e.Slot <= to {
			list = append(list, market.Event{
				Position: market.Position{Slot: e.Slot, Ordinal: e.Ordinal}, Signature: e.Signature, BlockTime: e.BlockTime, Price: e.Price,
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// closedBefore are a coin's candles that have ended by a time. Whether one was corrected depends on what came late.
func closedBefore(t *testing.T, d *coinWriter, coin market.Pubkey, interval market.Interval, end int64) []market.Candle {
	t.Helper()
	list, err := d.store.CandlesBetween(coin, interval, 0, end-interval.Seconds())
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if !list[i].Final {
			t.Errorf("%s candle %d is open", interval, list[i].Time)
		}
		list[i].Corrected = false
	}
	return list
}
