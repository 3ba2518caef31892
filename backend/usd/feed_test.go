package usd

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// cluster keeps the price, and counts who asks.
type cluster struct {
	mu       sync.Mutex
	price    Price
	err      error
	asked    int
	together int // who ask at once
	peak     int
	takes    time.Duration
}

func (c *cluster) read(ctx context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
	c.mu.Lock()
	c.asked++
	c.together++
	c.peak = max(c.peak, c.together)
	takes := c.takes
	c.mu.Unlock()

	defer func() {
		c.mu.Lock()
		c.together--
		c.mu.Unlock()
	}()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}

	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if len(addresses) != 1 || addresses[0] != Address {
		return make([]program.Account, len(addresses)), nil
	}
	return []program.Account{{Owner: Owner, Data: AppendAccount(nil, c.price, 1)}}, nil
}

func (c *cluster) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// TestAskedOnlyWhenSomebodyAsks: nobody, no question; a crowd, one question in ten seconds, however long it takes.
func TestAskedOnlyWhenSomebodyAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{price: Price{Units: 15025, Exponent: -2, Confidence: 5, Published: time.Now().Unix() - 3}, takes: time.Second}
		f := New(c.read, slog.New(slog.DiscardHandler))
		time.Sleep(time.Hour)
		if c.asked != 0 {
			t.Fatalf("asked %d times for nobody", c.asked)
		}
		c.price.Published = time.Now().Unix() - 3

		for round := range 3 {
			var crowd sync.WaitGroup
			for range 50 {
				crowd.Go(func() {
					rate, err := f.Rate(t.Context())
					if err != nil || rate.Price == nil || *rate.Price != 150.25 || *rate.PriceExact != "150.25" || *rate.Confidence != 0.05 || rate.Stale || rate.Message != "" {
						t.Errorf("%+v, %v", rate, err)
					}
				})
			}
			crowd.Wait()
			if c.asked != round+1 || c.peak != 1 {
				t.Fatalf("asked %d times in round %d, %d at once", c.asked, round, c.peak)
			}
			time.Sleep(askEvery)
			c.price.Published = time.Now().Unix()
		}
	})
}

// TestAPriceGrowsStale: the last one stands while the cluster fails, with its age, and is marked once it is old; one that is
// older than what is known is not taken.
func TestAPriceGrowsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{price: Price{Units: 150, Published: time.Now().Unix()}}
		f := New(c.read, slog.New(slog.DiscardHandler))
		look := func(age int64, stale bool, message string, price float64) {
			t.Helper()
			rate, err := f.Rate(t.Context())
			if err != nil || rate.Age == nil || *rate.Age != age || rate.Stale != stale || rate.Message != message || *rate.Price != price {
				t.Errorf("%+v (age %v), %v", rate, rate.Age, err)
			}
		}
		look(0, false, "", 150)

		c.set(func() { c.err = errors.New("nobody answers") })
		time.Sleep(StaleAfter)
		look(300, false, "nobody answers", 150)
		time.Sleep(askEvery)
		look(310, true, "nobody answers", 150)

		c.set(func() { c.err, c.price = nil, Price{Units: 90, Published: c.price.Published - 60} })
		time.Sleep(askEvery)
		look(320, true, "the feed was not written lately", 150)

		c.set(func() { c.price = Price{Units: 90, Published: time.Now().Unix() + 30} }) // this machine's clock is behind
		time.Sleep(askEvery)
		look(0, false, "", 90)
	})
}

// TestNobodyToAsk: without a cluster, or while it is silent, there is no price and the reason is said; who gives up waiting hears
// of that, and the next one asks anew.
func TestNobodyToAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rate, err := New(nil, slog.New(slog.DiscardHandler)).Rate(t.Context())
		if err != nil || rate.Price != nil || !rate.Stale || rate.Message == "" {
			t.Errorf("%+v, %v", rate, err)
		}

		c := &cluster{takes: time.Hour, price: Price{Units: 1, Published: time.Now().Unix()}}
		f := New(c.read, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := f.Rate(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who gave up hears %v", err)
		}

		began := time.Now()
		rate, err = f.Rate(t.Context())
		if err != nil || rate.Price != nil || !rate.Stale || rate.Message == "" || time.Since(began) != askFor || c.asked != 2 {
			t.Errorf("%+v, %v after %v and %d questions", rate, err, time.Since(began), c.asked)
		}
	})
}
