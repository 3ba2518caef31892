package ingest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"testing"

	"spinscope/backend/ingest"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
	"spinscope/backend/store"
)

var errPower = errors.New("no power")

// failingStore is a store that fails after some commits, as a crash would.
type failingStore struct {
	*store.Store
	left int // commits until it fails; below 0: never
}

func (w *failingStore) Commit(c *market.Commit) error {
	if w.left == 0 {
		return errPower
	}
	w.left--
	return w.Store.Commit(c)
}

// night is a market of many mints just before midnight.
type night struct {
	t         *testing.T
	dir       string
	store     *failingStore
	writer    *ingest.Ingest
	published []*market.Commit
}

const midnight = int64(20_401) * 86_400

func (n *night) open() {
	n.t.Helper()
	s, err := store.Open(store.Options{Dir: n.dir})
	if err != nil {
		n.t.Fatal(err)
	}
	n.store = &failingStore{s, -1}
	at := s.State()
	n.writer = ingest.New(ingest.Config{
		Programs: []program.Plug{spinpet.New(spinpet.ProgramID)}, Intervals: market.StoredIntervals(), Logger: slog.New(slog.DiscardHandler),
		CloseCandles: 400, Publish: func(c *market.Commit) { n.published = append(n.published, c) },
	}, n.store, ingest.Resume(at))
}

func (n *night) close() {
	n.t.Helper()
	if err := n.store.Close(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *night) apply(b market.Batch) error { return n.writer.Apply(context.Background(), b) }

// fill gives each mint one trade more than an hour before midnight, so that it has left memory by then; the last 200 trade
// in the day's last minute.
func (n *night) fill(mints int) {
	n.t.Helper()
	if err := n.writer.Recover(); err != nil {
		n.t.Fatal(err)
	}
	var batch market.Batch
	for i := range mints {
		at := midnight - 3*3600 + int64(i)*5000/int64(mints)
		if i >= mints-20 {
			at = midnight - 50
		}
		batch.Transactions = append(batch.Transactions, nightTrade(i, market.Slot(1000+i), at))
		if len(batch.Transactions) == 90 || i == mints-1 {
			batch.ChainTime = at
			if err := n.apply(batch); err != nil {
				n.t.Fatal(err)
			}
			batch.Transactions = nil
		}
	}
}

func nightMint(i int) (mint market.Pubkey) {
	mint[0] = 9
	binary.BigEndian.PutUint32(mint[4:], uint32(i)) //nolint:gosec // small
	return mint
}

func nightTrade(mint int, slot market.Slot, at int64) market.Transaction {
	program := spinpet.ProgramID.String()
	body := &spinpet.BuySell{
		Payer: market.Pubkey{1}, Mint: nightMint(mint), IsBuy: true, TokenAmount: 1_000_000_000, SolAmount: 27_960,
		LatestPrice: market.U128{Hi: 15, Lo: uint64(mint)}, //nolint:gosec // small
	}
	tx := market.Transaction{Slot: slot, BlockTime: at, Logs: []string{
		"Program " + program + " invoke [1]", spinpet.LogLine(body), "Program " + program + " success",
	}}
	binary.BigEndian.PutUint64(tx.Signature[:], uint64(slot))
	return tx
}

// finals lists what was published as final, in order, and holds the promises: once each, seq without gaps, bounded
// commits.
func (n *night) finals() []string {
	n.t.Helper()
	var list []string
	once := map[string]bool{}
	end := int64(0)
	for i, c := range n.published {
		if i > 0 && c.Seq != n.published[i-1].Seq+1 {
			n.t.Errorf("seq %d after %d", c.Seq, n.published[i-1].Seq)
		}
		if len(c.Candles) > 1400 { // 400 to close, and those that 90 trades left open
			n.t.Errorf("commit %d has %d candles", c.Seq, len(c.Candles))
		}

		for _, change := range c.Candles {
			if change.Type != market.Final {
				continue
			}
			if ends := change.Candle.Time + change.Interval.Seconds(); ends < end {
				n.t.Fatalf("a candle that ends at %d is closed after one that ends at %d", ends, end)
			} else {
				end = ends
			}

			what := fmt.Sprint(change.Mint, change.Interval, change.Candle)
			if once[what] {
				n.t.Fatalf("final twice: %s", what)
			}
			once[what] = true
			list = append(list, what)
		}
	}

	return list
}

// stored is every candle of the store.
func (n *night) stored(mints int) (list []string) {
	n.t.Helper()
	for i := range mints {
		for _, interval := range market.AllIntervals() {
			candles, err := n.store.CandlesBetween(nightMint(i), interval, math.MinInt64, math.MaxInt64)
			if err != nil {
				n.t.Fatal(err)
			}
			for _, c := range candles {
				if c.Final != (c.Time+interval.Seconds() <= n.store.State().ChainTime) {
					n.t.Fatalf("%s candle of mint %d: %+v", interval, i, c)
				}
				list = append(list, fmt.Sprint(i, interval, c))
			}
		}
	}

	if problems, err := n.store.Audit(n.t.Context()); err != nil || len(problems) > 0 {
		n.t.Fatal(problems, err)
	}
	return list
}

// TestMidnightOfManyMints closes the day of many mints in commits of a bounded size, in order and once.
func TestMidnightOfManyMints(t *testing.T) {
	const mints = 1200
	n := &night{t: t, dir: t.TempDir()}
	n.open()
	defer n.close()

	n.fill(mints)
	before := n.store.State().Seq
	if err := n.apply(market.Batch{Transactions: []market.Transaction{nightTrade(1, 90_000, midnight-1)}, ChainTime: midnight + 3}); err != nil {
		t.Fatal(err)
	}

	if parts := n.store.State().Seq - before; parts < 3 {
		t.Errorf("the day was closed in %d commits", parts)
	}
	if got := len(n.finals()); got < mints*10 {
		t.Errorf("%d candles became final", got)
	}

	if stats, err := n.store.DBStats(); err != nil || stats.OpenMints > 600 {
		t.Errorf("%d mints in memory after their day ended (%v)", stats.OpenMints, err)
	}
	n.stored(mints)
}

// TestCrashWithinMidnight stops between the commits of one closing, at each of them, and expects what a night without a
// crash leaves: every candle closed, none twice, and late trades corrected.
func TestCrashWithinMidnight(t *testing.T) {
	const mints = 500
	last := market.Batch{Transactions: []market.Transaction{nightTrade(3, 90_000, midnight-1)}, ChainTime: midnight + 3}
	late := market.Batch{Transactions: []market.Transaction{
		nightTrade(7, 90_001, midnight-1), nightTrade(mints-1, 90_002, midnight-1), nightTrade(9, 90_003, midnight+5),
	}, ChainTime: midnight + 90}
	whole := &night{t: t, dir: t.TempDir()}
	whole.open()
	defer whole.close()

	whole.fill(mints)
	if err := whole.apply(last); err != nil {
		t.Fatal(err)
	}
	parts := 0
	for _, c := range whole.published {
		if c.ChainTime >= midnight {
			parts++
		}
	}

	if err := whole.apply(late); err != nil {
		t.Fatal(err)
	}
	want := whole.stored(mints)
	for crash := 1; crash < parts; crash++ {
		n := &night{t: t, dir: t.TempDir()}
		n.open()
		n.fill(mints)
		n.store.left = crash
		if err := n.apply(last); !errors.Is(err, errPower) {
			t.Fatalf("crash %d: %v", crash, err)
		}

		n.close()
		n.open()
		if crash == parts-1 { // and again while the rest is closed
			n.store.left = 0
			if err := n.writer.Recover(); !errors.Is(err, errPower) {
				t.Fatalf("crash in recovery: %v", err)
			}
			n.close()
			n.open()
		}

		if err := n.writer.Recover(); err != nil {
			t.Fatal(err)
		}
		n.stored(mints)
		if err := n.apply(late); err != nil {
			t.Fatal(err)
		}

		if got := n.stored(mints); !slices.Equal(got, want) {
			t.Fatalf("crash after %d of %d commits: %d candles, want %d, or others", crash, parts, len(got), len(want))
		}
		n.close()
	}
}

// TestRecoveryPublishes ends the writer between the commits of one closing, and expects that whoever follows is told of what
// recovery commits as of everything else: each commit of the store, once, in order, as it is stored.
func TestRecoveryPublishes(t *testing.T) {
	const mints = 500
	n := &night{t: t, dir: t.TempDir()}
	n.open()
	n.fill(mints)
	n.store.left = 1
	last := market.Batch{Transactions: []market.Transaction{nightTrade(3, 90_000, midnight-1)}, ChainTime: midnight + 3}
	if err := n.apply(last); !errors.Is(err, errPower) {
		t.Fatal(err)
	}

	n.close()

	n.open()
	defer n.close()

	before := n.store.Seq()
	n.published = nil
	if err := n.writer.Recover(); err != nil {
		t.Fatal(err)
	}

	if len(n.published) < 2 || len(n.finals()) < mints {
		t.Fatalf("%d commits published, with %d candles that became final", len(n.published), len(n.finals()))
	}
	next := 0
	err := n.store.Commits(t.Context(), before+1, func(c *market.Commit) error {
		if next >= len(n.published) {
			t.Fatalf("commit %d was not published", c.Seq)
		}
		if got := n.published[next]; got.Seq != c.Seq || len(got.Candles) != len(c.Candles) || len(got.Events) != len(c.Events) {
			t.Errorf("commit %d with %d candles was published as %d with %d", c.Seq, len(c.Candles), got.Seq, len(got.Candles))
		}
		next++
		return nil
	})
	if err != nil || next != len(n.published) {
		t.Errorf("%d of %d published commits are stored: %v", next, len(n.published), err)
	}
}
