package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// cluster is what the service asks. It checks the order of things: the writer knows a coin for as long as it is followed.
type cluster struct {
	t        *testing.T
	mu       sync.Mutex // asked and followed, which the service's goroutine writes
	service  *Service
	fails    int // so many questions are not answered
	asked    []time.Time
	followed []market.Pubkey
	stored   []market.Pubkey // coins of which something is stored
	file     File
	full     bool
	onDemand int                    // coins at most
	wants    map[market.Pubkey]bool // by clients
	slow     time.Duration          // that an answer takes
	progress map[market.Pubkey]Progress
}

var errDown = errors.New("nobody answers")

// coinOf is the coin of a mint: addresses are made up from its first byte.
func coinOf(mint market.Pubkey) program.Coin {
	return program.Coin{
		Mint: mint, Curve: market.Pubkey{mint[0], 1}, Pool: market.Pubkey{mint[0], 2},
		Place: market.Place{Coin: mint, Pair: market.MustPair(2, market.WrappedSOL, 6, 9)}, Program: 1,
	}
}

func (c *cluster) Find(ctx context.Context, mint market.Pubkey) (program.Coin, error) {
	c.mu.Lock()
	c.asked = append(c.asked, time.Now())
	fails := c.fails > 0
	if fails {
		c.fails--
	}

	c.mu.Unlock()
	select {
	case <-time.After(c.slow):
	case <-ctx.Done():
		return program.Coin{}, context.Cause(ctx)
	}

	if fails {
		return program.Coin{}, errDown
	}
	if mint[0] == 51 {
		return program.Coin{}, fmt.Errorf("%s is %w", mint, program.ErrReadWhole)
	}
	if mint[0] >= 100 {
		return program.Coin{}, fmt.Errorf("%s is %w", mint, program.ErrNoCoin)
	}

	return coinOf(mint), nil
}

func (c *cluster) known(address market.Pubkey) bool {
	coins := c.service.Coins(address)
	return len(coins) == 1 && c.service.Follows(coins[0]) && slices.Contains(c.service.Of(coins[0]), address)
}

func (c *cluster) Known(mint market.Pubkey) (program.Coin, bool) {
	return coinOf(mint), slices.Contains(c.stored, mint)
}

// Off says that mints which begin with 60 are of a program of which nothing is read.
func (c *cluster) Off(coin program.Coin) error {
	if coin.Mint[0] == 60 {
		return fmt.Errorf("%s is %w", coin.Mint, program.ErrOff)
	}
	return nil
}

// Whole says that mints which begin with 50 are of the program that is read whole.
func (c *cluster) Whole(mint market.Pubkey) bool { return mint[0] == 50 }

func (c *cluster) Follow(coin program.Coin) error {
	if c.full {
		return errors.New("too many addresses are followed")
	}
	for _, address := range coin.Addresses() {
		if !c.known(address) {
			c.t.Errorf("%s is followed before the writer knows whose it is", address)
		}
		c.mu.Lock()
		c.followed = append(c.followed, address)
		c.mu.Unlock()
	}
	return nil
}

func (c *cluster) Unfollow(coin program.Coin) {
	for _, address := range coin.Addresses() {
		if c.follows(address) && !c.known(address) {
			c.t.Errorf("the writer has forgotten whose %s is, and it is still followed", address)
		}
		c.mu.Lock()
		c.followed = slices.DeleteFunc(c.followed, func(a market.Pubkey) bool { return a == address })
		c.mu.Unlock()
	}
}

func (c *cluster) follows(address market.Pubkey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.followed, address)
}

// addresses are how many are followed, questions when Find was asked.
func (c *cluster) addresses() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.followed)
}

func (c *cluster) questions() []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.asked)
}

func (c *cluster) Progress() map[market.Pubkey]Progress { return c.progress }

// want reports whether a client wants a coin.
func (c *cluster) want(mint market.Pubkey) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wants[mint]
}

// clients says which coins clients want from now on, alone.
func (c *cluster) clients(mints ...market.Pubkey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wants = map[market.Pubkey]bool{}
	for _, mint := range mints {
		c.wants[mint] = true
	}
}

// watching runs a service over a cluster in a bubble of its own time.
func watching(t *testing.T, c *cluster, mints []market.Pubkey, then func()) {
	synctest.Test(t, func(t *testing.T) {
		c.t = t
		c.service = New(Options{Source: c, Mints: mints, File: c.file, OnDemand: c.onDemand, Logger: slog.New(slog.DiscardHandler)})
		c.service.Serve(c.want)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.service.Run(ctx) }()
		synctest.Wait()
		then()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestWatchedCoinsAreFollowed(t *testing.T) {
	one, two, three, none := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}, market.Pubkey{100}
	c := &cluster{progress: map[market.Pubkey]Progress{
		{1, 1}: {Live: true, Done: 7, Total: 7}, {1, 2}: {Live: true, Done: 3, Total: 3},
		{2, 1}: {Live: true}, {2, 2}: {Done: 4, Total: 9},
		{3, 1}: {Live: true}, {3, 2}: {Refused: "subscription refused"},
	}}
	watching(t, c, []market.Pubkey{one, none, two}, func() {
		if err := c.service.Add(three); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		list := c.service.List()
		if len(list) != 4 || c.addresses() != 6 {
			t.Fatalf("%d coins, %d addresses", len(list), c.addresses())
		}

		for i, want := range []Coin{
			{Mint: one, Coin: coinOf(one), State: Live, Done: 10, Total: 10},
			{Mint: none, State: Refused, Message: none.String() + " is " + program.ErrNoCoin.Error()},
			{Mint: two, Coin: coinOf(two), State: Reading, Done: 4, Total: 9},
			{Mint: three, Coin: coinOf(three), State: Refused, Message: "subscription refused"},
		} {
			if list[i] != want {
				t.Errorf("%+v, want %+v", list[i], want)
			}
		}

		if place, ok := c.service.At(market.Pubkey{2, 2}); !ok || place.Coin != two {
			t.Errorf("%+v trades in the pool", place)
		}
		if _, ok := c.service.At(market.Pubkey{2, 1}); ok {
			t.Error("a curve is taken for a pool")
		}

		if !c.service.Remove(two) || c.service.Remove(two) {
			t.Error("a coin is removed once")
		}
		if c.service.Follows(two) || c.service.Of(two) != nil || c.service.Coins(market.Pubkey{2, 1}) != nil || c.addresses() != 4 {
			t.Error("a removed coin is still followed")
		}

		if _, ok := c.service.At(market.Pubkey{2, 2}); ok {
			t.Error("its pool is still known")
		}
	})
}

// TestAClusterThatDoesNotAnswerIsAskedAgain: with growing pauses, and the coin says why it is not known.
func TestAClusterThatDoesNotAnswerIsAskedAgain(t *testing.T) {
	c := &cluster{fails: 9}
	mint := market.Pubkey{5}
	watching(t, c, []market.Pubkey{mint}, func() {
		if now := c.service.List()[0]; now.State != Unknown || now.Message != errDown.Error() {
			t.Errorf("%+v", now)
		}
		if c.service.Follows(mint) {
			t.Error("it is followed before anybody knows what it is")
		}

		time.Sleep(time.Hour)
		synctest.Wait()
		if now := c.service.List()[0]; now.State != Reading || now.Message != "" || len(c.questions()) != 10 {
			t.Errorf("%+v after %d questions", now, len(c.questions()))
		}

		for i := range len(c.questions()) - 1 {
			want := min(firstPause<<i, lastPause)
			if got := c.questions()[i+1].Sub(c.questions()[i]); got != want {
				t.Errorf("asked again after %v, want %v", got, want)
			}
		}
	})
}

// TestAStoredCoinIsKnownAtOnce: the writer is not told by the program's chain time that the coin's candles are over.
func TestAStoredCoinIsKnownAtOnce(t *testing.T) {
	mint := market.Pubkey{4}
	c := &cluster{t: t, stored: []market.Pubkey{mint}, fails: 100}
	if s := New(Options{Source: c, Mints: []market.Pubkey{mint}, Logger: slog.New(slog.DiscardHandler)}); !s.Follows(mint) || len(s.Of(mint)) != 2 {
		t.Error("the coin is not known before Run")
	}
	watching(t, c, []market.Pubkey{mint}, func() {
		if len(c.questions()) > 0 || c.addresses() != 2 {
			t.Errorf("%d questions, %d addresses", len(c.questions()), c.addresses())
		}
	})
}

// TestACoinOfAProgramThatIsOff: it is refused with the reason, whether anything of it is stored or not, and goes from the list as
// others do.
func TestACoinOfAProgramThatIsOff(t *testing.T) {
	stored, unknown := market.Pubkey{60, 1}, market.Pubkey{60, 2}
	c := &cluster{t: t, stored: []market.Pubkey{stored}}
	watching(t, c, []market.Pubkey{stored}, func() {
		if err := c.service.Add(unknown); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()

		list := c.service.List()
		if len(list) != 2 || c.addresses() != 0 {
			t.Fatalf("%d coins, %d addresses", len(list), c.addresses())
		}
		for _, one := range list {
			if want := (Coin{Mint: one.Mint, State: Refused, Message: one.Mint.String() + " is " + program.ErrOff.Error()}); one != want {
				t.Errorf("%+v, want %+v", one, want)
			}
			if c.service.Follows(one.Mint) || c.service.Of(one.Mint) != nil {
				t.Errorf("%s is followed", one.Mint)
			}
		}

		if !c.service.Remove(stored) || len(c.service.List()) != 1 {
			t.Error("it cannot be removed")
		}
	})
}

// TestTheListIsFollowedWhileItChanges: coins come and go with the file, those of the configuration stay, and a file that makes
// no sense changes nothing.
func TestTheListIsFollowedWhileItChanges(t *testing.T) {
	fixed, one, two := market.Pubkey{1}, market.Pubkey{2}, market.Pubkey{3}
	c := &cluster{file: At(t.TempDir())}
	if err := c.file.Add(one, time.Now()); err != nil {
		t.Fatal(err)
	}

	watching(t, c, []market.Pubkey{fixed}, func() {
		expect := func(what string, mints ...market.Pubkey) {
			t.Helper()
			time.Sleep(2 * lookEvery)
			synctest.Wait()
			var got []market.Pubkey
			for _, coin := range c.service.List() {
				got = append(got, coin.Mint)
			}
			if !slices.Equal(got, mints) || c.addresses() != 2*len(mints) {
				t.Errorf("%s: %v, want %v; %d addresses", what, got, mints, c.addresses())
			}
		}
		change := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		expect("at first", fixed, one)
		change(c.file.Add(two, time.Now()))
		expect("one more", fixed, one, two)
		change(c.file.Remove(one))
		expect("one less", fixed, two)
		change(os.WriteFile(c.file.Path(), []byte("{"), 0o600))
		expect("a file that makes no sense", fixed, two)
		change(os.Remove(c.file.Path()))
		expect("no file", fixed)
	})
}

// TestAFullSourceRefusesTheCoin: and the list says so.
func TestAFullSourceRefusesTheCoin(t *testing.T) {
	c := &cluster{full: true}
	watching(t, c, []market.Pubkey{{1}}, func() {
		if now := c.service.List()[0]; now.State != Refused || now.Message == "" {
			t.Errorf("%+v", now)
		}
	})
}

func TestCoinsAreBounded(t *testing.T) {
	s := New(Options{Source: &cluster{t: t}, Logger: slog.New(slog.DiscardHandler)})
	for n := range MaxCoins {
		if err := s.Add(market.Pubkey{1, byte(n), byte(n >> 8)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Add(market.Pubkey{1}); err != nil {
		t.Errorf("a coin that is watched already: %v", err)
	}
	if err := s.Add(market.Pubkey{9}); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
}
