package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"

	"spinscope/backend/market"
)

const childDir = "SPINSCOPE_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := commitForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// counted is a commit in which everything says its number: one event, a closed candle, an open one that grows.
func counted(seq market.Seq) *market.Commit {
	r := newSamples(uint64(seq))
	n, mint := int64(seq), mintKey(0)
	e := r.event(mint, market.Position{Slot: market.Slot(seq)})
	open := market.Candle{Time: 0, Trades: uint64(seq)}
	c := &market.Commit{
		Seq: seq, ChainTime: n, Events: []market.Event{e}, Tokens: []market.Token{{Mint: mint, Trades: uint64(seq), LatestTradeTime: n}},
		Candles: []market.CandleChange{
			{Mint: mint, Interval: market.S1, Candle: market.Candle{Time: n, Trades: uint64(seq), Final: true}},
			{Mint: mint, Interval: market.D1, Candle: open},
		},
	}
	if seq%7 == 0 {
		c.OpenCandles, c.Evicted = []market.OpenCandles{{Mint: mint, Open: [market.NumStored][]market.Candle{market.D1: {open}}}}, []market.Pubkey{mint}
	}
	return c
}

// TestReadersSeeWholeCommits reads while commits are made: all that one answer holds is of the commit it names.
func TestReadersSeeWholeCommits(t *testing.T) {
	t.Parallel()
	s := openTest(t, Options{chunkRows: 8, markRows: 3, maxWrites: 6})
	commits := market.Seq(600)
	if testing.Short() {
		commits = 150
	}

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	var wg sync.WaitGroup
	for _, read := range []func() error{s.checkOpen, s.checkClosed, s.checkEvents, s.checkChanged, s.checkStats, s.checkLong} {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := read(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}

	for seq := range commits {
		if err := s.Commit(counted(seq + 1)); err != nil {
			t.Fatal(err)
		}
	}

	cancel()
	wg.Wait()
	if problems, err := s.Audit(context.Background()); err != nil || problems != nil {
		t.Errorf("audit: %v %v", err, problems)
	}
}

func (s *Store) checkOpen() error {
	page, err := s.Candles(context.Background(), mintKey(0), market.D1, CandleQuery{Limit: 5})
	if err != nil || page.Seq == 0 {
		return err
	}
	if len(page.Candles) != 1 || page.Candles[0].Trades != uint64(page.Seq) {
		return fmt.Errorf("open candle of commit %d is %+v", page.Seq, page.Candles)
	}
	return nil
}

func (s *Store) checkClosed() error {
	q := CandleQuery{Limit: 3, Offset: int(s.Seq()) / 2}
	page, err := s.Candles(context.Background(), mintKey(0), market.S1, q)
	if err != nil || page.Seq == 0 {
		return err
	}
	if page.Total != int(page.Seq) || page.Total > q.Offset && page.Candles[0].Time != int64(page.Total-q.Offset) {
		return fmt.Errorf("%d candles at commit %d: offset %d is %+v", page.Total, page.Seq, q.Offset, page.Candles[:1])
	}
	return nil
}

func (s *Store) checkEvents() error {
	page, err := s.Events(context.Background(), mintKey(0), Page{Limit: 1})
	if err != nil || page.Seq == 0 {
		return err
	}
	if page.Total != int(page.Seq) || page.Events[0].Slot != market.Slot(page.Seq) {
		return fmt.Errorf("%d events at commit %d, the newest in slot %d", page.Total, page.Seq, page.Events[0].Slot)
	}
	return nil
}

func (s *Store) checkChanged() error {
	since := s.Seq()
	candles, complete, seq, err := s.ChangedCandles(context.Background(), mintKey(0), market.S1, since, 1000)
	if err != nil || since == 0 {
		return err
	}
	if !complete || len(candles) != int(seq-since)+1 {
		return fmt.Errorf("%d candles changed from commit %d to %d", len(candles), since, seq)
	}
	return nil
}

func (s *Store) checkStats() error {
	stats := s.Stats()
	if stats.Total != uint64(stats.Seq) || stats.Candles != uint64(stats.Seq) {
		return fmt.Errorf("commit %d: %+v", stats.Seq, stats)
	}
	return nil
}

// checkLong reads everything there is while newer commits go by.
func (s *Store) checkLong() error {
	last, count := market.Seq(0), 0
	upTo, complete, err := s.EventsSince(context.Background(), 1, func(seq market.Seq, _ *market.Event) error {
		last = seq
		count++
		return nil
	})
	if err != nil || !complete || last != upTo || count != int(upTo) {
		return fmt.Errorf("%d events up to commit %d of %d, complete %v: %w", count, last, upTo, complete, err)
	}
	return nil
}

// commitForever commits until the process is killed and prints each number once it is committed.
func commitForever(dir string) error {
	s, err := Open(small(Options{Dir: dir, chunkRows: 8, maxWrites: 5}))
	if err != nil {
		return err
	}
	for {
		seq := s.Seq() + 1
		if err := s.Commit(counted(seq)); err != nil {
			return err
		}
		fmt.Println(seq)
	}
}

// TestKilledProcess kills a writing process at random moments. Each commit it reported is there, whole, and no other.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newSamples(9)
	rounds := 8
	if testing.Short() {
		rounds = 3
	}

	for range rounds {
		reported := runChild(t, dir, 1+r.IntN(200))
		s, err := Open(small(Options{Dir: dir}))
		if err != nil {
			t.Fatal(err)
		}

		if s.Seq() < reported {
			t.Fatalf("store stands at %d after commit %d was reported", s.Seq(), reported)
		}
		for _, check := range []func() error{s.checkClosed, s.checkEvents, s.checkStats, s.checkLong} {
			if err := check(); err != nil {
				t.Error(err)
			}
		}

		token, _, err := s.Token(mintKey(0))
		if err != nil || token.Trades != uint64(s.Seq()) {
			t.Errorf("token of commit %d at commit %d: %v", token.Trades, s.Seq(), err)
		}
		if problems, err := s.Audit(context.Background()); err != nil || problems != nil {
			t.Errorf("audit: %v %v", err, problems)
		}

		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// runChild lets a process write until it has reported so many commits, kills it and returns the last report.
func runChild(t *testing.T, dir string, commits int) market.Seq {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // this very test
	child.Env = append(os.Environ(), childDir+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	last, lines := uint64(0), bufio.NewScanner(out)
	for lines.Scan() {
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
		if commits--; commits == 0 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}

	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || commits > 0 {
		t.Fatalf("the process ended by itself: %v", err)
	}
	return market.Seq(last)
}
