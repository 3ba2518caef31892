package replay

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/recording"
)

// played is what a replay gave, and when.
type played struct {
	at    time.Duration // of the replay's own clock
	slot  market.Slot
	chain int64
}

// play plays transactions of the given block times, one a slot, on a clock that goes on by a tick at each pause.
func play(t *testing.T, times []int64, speed float64, tick time.Duration) (list []played, chains []int64) {
	t.Helper()
	sorter := recording.New(t.TempDir())
	defer sorter.Close() //nolint:errcheck // in memory

	for i, at := range times {
		e := market.Event{
			Position: market.Position{Slot: market.Slot(100 + i)}, BlockTime: at, //nolint:gosec // small
			Body: &spinpet.ForceLiquidate{Mint: market.Pubkey{1}},
		}
		binary.BigEndian.PutUint64(e.Signature[:], uint64(i))
		if err := sorter.Add(&e); err != nil {
			t.Fatal(err)
		}
	}

	p := &Source{sorter: sorter, from: times[0], to: slices.Max(times), speed: speed}
	now := time.Duration(0)
	clock := &pacer{elapsed: func() time.Duration { return now }, pause: func(ctx context.Context) error {
		now += tick
		return ctx.Err()
	}}
	err := p.play(t.Context(), clock, func(_ context.Context, b market.Batch) error {
		chains = append(chains, b.ChainTime)
		for i := range b.Transactions {
			list = append(list, played{now, b.Transactions[i].Slot, b.ChainTime})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	return list, chains
}

// TestEventsOfASecondAreSpread plays seconds with one, many and no events at two speeds, and expects each event at its
// share of its second, never before, and chain time never before its second nor behind the clock.
func TestEventsOfASecondAreSpread(t *testing.T) {
	const start = 1_760_000_000
	times := []int64{start, start, start, start, start + 1, start + 5, start + 5, start + 6}
	places := []float64{0, .25, .5, .75, 1, 5, 5.5, 6} // seconds of the market
	for _, speed := range []float64{1, 10} {
		const tick = 5 * time.Millisecond
		got, chains := play(t, times, speed, tick)
		if len(got) != len(times) {
			t.Fatalf("%d of %d transactions", len(got), len(times))
		}

		for i, g := range got {
			want := time.Duration(places[i] / speed * float64(time.Second))
			if g.slot != market.Slot(100+i) || g.at < want || g.at > want+2*tick {
				t.Errorf("speed %v: slot %d at %v, want %d at %v", speed, g.slot, g.at, 100+i, want)
			}
			if ahead := g.chain - times[i]; ahead != 0 {
				t.Errorf("speed %v: slot %d came with chain time %d s ahead of its block time", speed, g.slot, ahead)
			}
		}

		if !slices.IsSorted(chains) || !slices.Contains(chains, start+3) || chains[len(chains)-1] != start+6 {
			t.Errorf("speed %v: chain times %v", speed, chains)
		}
	}
}

// Block times that go back, and more transactions in a second than are spread, come in order and at once.
func TestReplayOfOddTimes(t *testing.T) {
	const start = 1_760_000_000
	got, _ := play(t, []int64{start, start + 3, start + 1, start + 3}, 1, 10*time.Millisecond)
	for i, want := range []time.Duration{0, 3 * time.Second, 3 * time.Second, 3 * time.Second} {
		if got[i].slot != market.Slot(100+i) || got[i].at < want || got[i].at > want+30*time.Millisecond { //nolint:gosec // small
			t.Errorf("%d: slot %d at %v, want it at %v", i, got[i].slot, got[i].at, want)
		}
	}
	many := slices.Repeat([]int64{start}, playedSecond+playedSecond/2)
	if got, _ = play(t, many, 1, 10*time.Millisecond); len(got) != len(many) || got[len(many)-1].at > 1100*time.Millisecond || got[playedSecond/2].at < 490*time.Millisecond {
		t.Errorf("%d of %d, the last at %v", len(got), len(many), got[len(got)-1].at)
	}
}
