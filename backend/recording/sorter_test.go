package recording

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program/spinpet"
)

func key32(n uint64) (k market.Pubkey) {
	binary.BigEndian.PutUint64(k[8:], n)
	return k
}

// events makes a chain's events: one to four in each transaction, of every kind.
func events(r *rand.Rand, transactions int) (list []market.Event) {
	for i := range transactions {
		e := market.Event{
			Position:  market.Position{Slot: market.Slot(100 + i/3), Index: uint32(i % 3)}, //nolint:gosec // small
			BlockTime: int64(1_760_000_000 + i/5), Provisional: r.IntN(9) == 0,
		}
		binary.BigEndian.PutUint64(e.Signature[:], r.Uint64())
		for ordinal := range 1 + r.IntN(4) {
			e.Ordinal, e.Scale, e.Price = uint16(ordinal), 0, market.Price{} //nolint:gosec // small
			mint := key32(r.Uint64N(5))
			switch r.IntN(3) {
			case 0:
				raw := market.U128{Hi: r.Uint64N(1 << 20), Lo: r.Uint64()}
				e.Scale = 26
				e.Price, _ = market.ScalePrice(raw, 26)
				e.Body = &spinpet.BuySell{Payer: key32(7), Mint: mint, TokenAmount: r.Uint64(), LatestPrice: raw}
			case 1:
				e.Body = &spinpet.TokenCreated{Payer: key32(8), Mint: mint, Name: "n", Early: r.IntN(2) == 0}
			case 2:
				e.Body = &spinpet.ForceLiquidate{Payer: key32(9), Mint: mint, Order: key32(10)}
			}

			e.Owner = spinpet.Owner(e.Body)
			list = append(list, e)
		}
	}

	return list
}

// TestAnyOrderComesBackInTheChains adds events in a random order and some twice, with and without the file.
func TestAnyOrderComesBackInTheChains(t *testing.T) {
	for _, memory := range []int{32 << 20, 5000} {
		r := rand.New(rand.NewPCG(1, 1))
		want := events(r, 2000)
		shuffled := slices.Concat(want, want[:50])
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		dir := t.TempDir()
		sorter := New(dir)
		sorter.memory = memory
		for i := range shuffled {
			if err := sorter.Add(&shuffled[i]); err != nil {
				t.Fatal(err)
			}
		}

		if spilled := len(sorter.runs) > 0; spilled != (memory < 1<<20) || sorter.Len() != int64(len(shuffled)) {
			t.Fatal("runs", len(sorter.runs), "events", sorter.Len())
		}
		for range 2 {
			var got []market.Event
			err := sorter.Transactions(t.Context(), func(tx market.Transaction) error {
				for i := range tx.Events {
					e := &tx.Events[i]
					if e.Signature != tx.Signature || e.Slot != tx.Slot || e.Index != tx.Index || e.BlockTime != tx.BlockTime || e.Provisional != tx.Provisional {
						t.Fatalf("%+v in %+v", e, tx)
					}
				}
				got = append(got, tx.Events...)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}

			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%d events, want %d, or others", len(got), len(want))
			}
		}

		if err := sorter.Close(); err != nil {
			t.Fatal(err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Error("files left:", left)
		}
	}
}

func TestFileEndsEarly(t *testing.T) {
	sorter := New(t.TempDir())
	for _, e := range events(rand.New(rand.NewPCG(1, 1)), 10) {
		if err := sorter.Add(&e); err != nil {
			t.Fatal(err)
		}
	}
	errFull := errors.New("full")
	if err := sorter.Transactions(t.Context(), func(market.Transaction) error { return errFull }); !errors.Is(err, errFull) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errFull)
	if err := sorter.Transactions(ctx, func(market.Transaction) error { return nil }); !errors.Is(err, errFull) {
		t.Error(err)
	}
}

// TestNothingIsLeft looks at the directory while a sorter has its file, as a process that is killed then would leave it,
// and after one that did leave one was cleaned up.
func TestNothingIsLeft(t *testing.T) {
	dir := t.TempDir()
	left := func() []os.DirEntry {
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	sorter := New(dir)
	sorter.memory = 5000

	want := events(rand.New(rand.NewPCG(3, 3)), 200)
	for i := range want {
		if err := sorter.Add(&want[i]); err != nil {
			t.Fatal(err)
		}
	}

	if len(sorter.runs) == 0 || runtime.GOOS != "windows" && len(left()) > 0 {
		t.Errorf("%d runs, left: %v", len(sorter.runs), left())
	}

	old := filepath.Join(dir, ".spinscope-events-123")
	if err := os.WriteFile(old, []byte("of a process that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "alerts.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}

	Clean(dir)
	if files := left(); runtime.GOOS != "windows" && len(files) != 1 || files[0].Name() != "alerts.json" {
		t.Error("left:", files)
	}
	got := 0
	if err := sorter.Transactions(t.Context(), func(tx market.Transaction) error { got += len(tx.Events); return nil }); err != nil || got != len(want) {
		t.Error(got, err)
	}

	if err := sorter.Close(); err != nil {
		t.Error(err)
	}
	Clean(filepath.Join(dir, "none"))
}
