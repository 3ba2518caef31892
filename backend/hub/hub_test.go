package hub

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"spinscope/backend/market"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func commit(seq int) *market.Commit {
	return &market.Commit{Seq: market.Seq(seq), Candles: make([]market.CandleChange, seq%4)}
}

func seqs(commits []*market.Commit) (list []market.Seq) {
	for _, c := range commits {
		list = append(list, c.Seq)
	}
	return list
}

func TestSubscriberSeesWhatComesAfterIt(t *testing.T) {
	h := New(Options{})
	h.Publish(commit(1))
	s := h.Subscribe(SubscribeOptions{})
	defer s.Close()
	if got, err := s.Take(); err != nil || len(got) != 0 {
		t.Fatalf("a new subscriber has %v, %v waiting", seqs(got), err)
	}
	h.Publish(commit(2))
	h.Publish(commit(3))
	got, err := s.Next(t.Context())
	if err != nil || !slices.Equal(seqs(got), []market.Seq{2, 3}) {
		t.Fatalf("got %v, %v", seqs(got), err)
	}
}

func TestNextWaitsAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		s := h.Subscribe(SubscribeOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		results := make(chan error, 3)
		go func() {
			got, err := s.Next(ctx)
			if err == nil && !slices.Equal(seqs(got), []market.Seq{7}) {
				err = errors.New("wrong commit")
			}
			results <- err
			_, err = s.Next(ctx)
			results <- err
			_, err = s.Next(context.Background())
			results <- err
		}()
		synctest.Wait()
		h.Publish(commit(7))
		synctest.Wait()
		cancel()
		synctest.Wait()
		s.Close()
		s.Close()
		for i, want := range []error{nil, context.Canceled, ErrClosed} {
			if got := <-results; !errors.Is(got, want) {
				t.Errorf("Next %d: %v, want %v", i, got, want)
			}
		}
	})
}

func TestLagIsReportedOnceAndTheQueueGoesOn(t *testing.T) {
	h := New(Options{})
	s := h.Subscribe(SubscribeOptions{MaxPending: 10, Name: "slow"})
	defer s.Close()

	for seq := 1; seq <= 40; seq++ {
		h.Publish(&market.Commit{Seq: market.Seq(seq)})
	}
	if stats := h.Stats(); stats.Published != 40 || stats.Subscribers[0] != (SubscriberStats{Name: "slow", Lags: 1}) {
		t.Errorf("stats %+v", stats)
	}

	if _, err := s.Next(t.Context()); !errors.Is(err, ErrLagged) {
		t.Fatalf("got %v, want ErrLagged", err)
	}
	if got, err := s.Take(); err != nil || len(got) != 0 {
		t.Fatalf("after the loss %v, %v", seqs(got), err)
	}

	h.Publish(commit(41))
	if got, err := s.Take(); err != nil || !slices.Equal(seqs(got), []market.Seq{41}) {
		t.Fatalf("got %v, %v", seqs(got), err)
	}
}

func TestOneCommitAboveTheBoundPasses(t *testing.T) {
	h := New(Options{})
	s := h.Subscribe(SubscribeOptions{MaxPending: 2})
	defer s.Close()
	h.Publish(&market.Commit{Seq: 1, Candles: make([]market.CandleChange, 100)})
	if got, err := s.Take(); err != nil || len(got) != 1 {
		t.Fatalf("got %v, %v", seqs(got), err)
	}
}

func TestRepeatIsIgnoredAndAJumpIsALag(t *testing.T) {
	h := New(Options{})
	s := h.Subscribe(SubscribeOptions{})
	defer s.Close()
	h.Publish(commit(5))
	h.Publish(commit(5))
	if got, _ := s.Take(); !slices.Equal(seqs(got), []market.Seq{5}) {
		t.Fatalf("got %v", seqs(got))
	}
	h.Publish(commit(8))
	if _, err := s.Take(); !errors.Is(err, ErrLagged) {
		t.Fatalf("after a jump %v", err)
	}
	if h.Seq() != 8 {
		t.Errorf("Seq() = %d", h.Seq())
	}
}

func TestWake(t *testing.T) {
	s := New(Options{}).Subscribe(SubscribeOptions{})
	defer s.Close()
	s.Wake()
	<-s.Ready()
	if got, err := s.Take(); err != nil || len(got) != 0 {
		t.Fatalf("got %v, %v", seqs(got), err)
	}
}

// Every reader, however slow, ends with the sequence that was committed: from the queue where it kept up, from the store
// (here: log) where it lagged.
func TestReadersFollowAWriterWithoutGaps(t *testing.T) {
	const total, readers = 3000, 8
	h := New(Options{})
	var mu sync.Mutex
	var log []market.Seq
	var group sync.WaitGroup
	for reader := range readers {
		s := h.Subscribe(SubscribeOptions{MaxPending: 1 + reader*40})
		group.Go(func() {
			defer s.Close()
			var seen market.Seq
			for seen < total {
				commits, err := s.Next(t.Context())
				if errors.Is(err, ErrLagged) {
					mu.Lock()
					newest := log[len(log)-1]
					mu.Unlock()
					if newest < seen {
						t.Errorf("reader %d lagged at %d behind the log's %d", reader, seen, newest)
						return
					}
					seen = newest
					continue
				}

				if err != nil {
					t.Error(err)
					return
				}

				for _, c := range commits {
					if c.Seq <= seen {
						continue // read from the log already
					}
					if c.Seq != seen+1 {
						t.Errorf("reader %d: %d after %d", reader, c.Seq, seen)
						return
					}
					seen = c.Seq
				}
			}
		})
	}

	random := rand.New(rand.NewPCG(1, 2))
	for seq := 1; seq <= total; seq++ {
		mu.Lock()
		log = append(log, market.Seq(seq))
		mu.Unlock()
		h.Publish(&market.Commit{Seq: market.Seq(seq), Events: make([]market.Event, random.IntN(5))})
	}

	group.Wait()
	if left := h.Stats().Subscribers; len(left) != 0 {
		t.Errorf("%d subscribers left", len(left))
	}
}
