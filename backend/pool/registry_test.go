package pool

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/program/token"
)

// derive is no address of a real program, but as good as one here, and quick.
func derive(_ market.Pubkey, seeds ...[]byte) (k market.Pubkey, err error) {
	for i, seed := range seeds {
		for j, b := range seed {
			k[(7*i+j)%len(k)] += b
		}
	}
	k[31] = 0xee
	return k, nil
}

// chain is a cluster with pools of coins, by number.
type chain struct {
	t        *testing.T
	mu       sync.Mutex
	accounts map[market.Pubkey]program.Account
	asked    []market.Pubkey
	at       []time.Time // of each request about pools
	err      error
	limit    int // addresses that it answers for; 0: any number
}

func newChain(t *testing.T) *chain {
	t.Helper()
	return &chain{t: t, accounts: map[market.Pubkey]program.Account{}}
}

func coinOf(n int) (k market.Pubkey) {
	k[0], k[1], k[2] = 9, byte(n>>8), byte(n)
	return k
}

// addressOf is that of the pool that a coin moves to, in SOL.
func (c *chain) addressOf(n int) market.Pubkey {
	c.t.Helper()
	address, err := pump.Pool(derive, coinOf(n), market.WrappedSOL)
	if err != nil {
		c.t.Fatal(err)
	}
	return address
}

// put makes the pool of a coin with so many decimals.
func (c *chain) put(n int, decimals uint8) market.Pubkey {
	c.t.Helper()
	address := c.addressOf(n)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.accounts[address] = program.Account{Owner: pumpswap.ProgramID, Data: pumpswap.AppendPool(nil, &pumpswap.PoolAccount{BaseMint: coinOf(n), QuoteMint: market.WrappedSOL})}
	c.accounts[coinOf(n)] = program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Decimals: decimals})}
	return address
}

// other makes a pool of the same two mints that anybody opened.
func (c *chain) other(n int) market.Pubkey {
	c.t.Helper()
	own := c.put(n, 6)
	c.mu.Lock()
	defer c.mu.Unlock()
	address := market.Pubkey{77, byte(n)}
	c.accounts[address] = c.accounts[own]
	return address
}

func (c *chain) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *chain) read(_ context.Context, addresses ...market.Pubkey) (list []program.Account, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if c.limit > 0 && len(addresses) > c.limit {
		return nil, errors.New("too many inputs")
	}
	c.asked, c.at = append(c.asked, addresses...), append(c.at, time.Now())
	for _, address := range addresses {
		list = append(list, c.accounts[address])
	}
	return list, nil
}

// place is where a coin trades.
func place(n int) market.Place {
	return market.Place{Coin: coinOf(n), Pair: market.MustPair(pumpswap.Program, market.WrappedSOL, 6, 9)}
}

// begin runs a registry until the test or end ends it.
func begin(t *testing.T, c *chain, path string) (r *Registry, end func()) {
	t.Helper()
	r = New(Options{Path: path, Read: c.read, Derive: derive, Logger: slog.New(slog.DiscardHandler)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended: %v", err)
		}
	}()
	end = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	t.Cleanup(end)
	return r, end
}

// expect waits until a place is known, and looks whether it is the one.
func expect(t *testing.T, r *Registry, address market.Pubkey, want market.Place, state market.PlaceState) {
	t.Helper()
	var got market.Place
	var is market.PlaceState
	polltest.Until(t, address.String()+" to be known", func() bool {
		got, is = r.At(address)
		return is != market.PlaceAsked
	})
	if got != want || is != state {
		t.Errorf("%s: %+v, %d; want %+v, %d", address, got, is, want, state)
	}
}

// TestPlaces asks for pools that count and for others, keeps what it learns, and asks nobody for it a second time. A file with
// half a line, with lines of something else and with a pool told twice is read as far as it makes sense.
func TestPlaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "x.pools")
	c := newChain(t)
	own, foreign, large := c.put(1, 6), c.other(2), c.put(3, 19)
	c.accounts[market.Pubkey{5}] = program.Account{Owner: market.Pubkey{1}, Data: []byte{1}}

	r, end := begin(t, c, path)
	for range 2 {
		if _, state := r.At(own); state == market.PlaceUnknown {
			t.Fatal("a pool is unknown at once")
		}
		expect(t, r, own, place(1), market.PlaceCounts)
		expect(t, r, foreign, market.Place{}, market.PlaceOther)
		expect(t, r, large, market.Place{}, market.PlaceOther)
		expect(t, r, market.Pubkey{5}, market.Place{}, market.PlaceOther)
	}
	end()
	asked := len(c.asked)

	text, err := os.ReadFile(path) //nolint:gosec // the test's own
	if err != nil || strings.Count(string(text), "\n") != 4 {
		t.Fatalf("%q, %v", text, err)
	}
	odd := "no line\n{\"pool\":\"x\"}\n" + strings.Split(string(text), "\n")[0] + "\n" + `{"pool":"` + own.String() + `","coin":"half`
	if err := os.WriteFile(path, append(text, odd...), 0o600); err != nil {
		t.Fatal(err)
	}

	r, end = begin(t, c, path)
	expect(t, r, own, place(1), market.PlaceCounts)
	expect(t, r, foreign, market.Place{}, market.PlaceOther)
	expect(t, r, large, market.Place{}, market.PlaceOther)
	end()
	if again, err := os.ReadFile(path); err != nil || string(again) != string(text) { //nolint:gosec // the same
		t.Errorf("the file is %q, was %q; %v", again, text, err)
	}
	if n := len(c.asked); n != asked {
		t.Errorf("%d accounts were asked about again", n-asked)
	}
}

// TestOpenings: an event that opens a pool tells of it before anybody is asked, and so it is after a restart.
func TestOpenings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pools")
	c := newChain(t)
	own, stranger, large := c.addressOf(1), market.Pubkey{8}, c.addressOf(2)
	r, end := begin(t, c, path)
	r.Learn(&pumpswap.CreatePool{Pool: own, BaseMint: coinOf(1), QuoteMint: market.WrappedSOL, BaseMintDecimals: 6, QuoteMintDecimals: 9})
	r.Learn(&pumpswap.CreatePool{Pool: stranger, BaseMint: coinOf(1), QuoteMint: market.WrappedSOL, BaseMintDecimals: 6, QuoteMintDecimals: 9})
	r.Learn(&pumpswap.CreatePool{Pool: large, BaseMint: coinOf(2), QuoteMint: market.WrappedSOL, BaseMintDecimals: 200, QuoteMintDecimals: 9})
	r.Learn(&pump.Trade{Mint: coinOf(1)})

	for range 2 {
		expect(t, r, own, place(1), market.PlaceCounts)
		expect(t, r, stranger, market.Place{}, market.PlaceOther)
		expect(t, r, large, market.Place{}, market.PlaceOther)
		if len(c.asked) > 0 {
			t.Fatalf("%v were asked about", c.asked)
		}
		end()
		r, end = begin(t, c, path)
		polltest.Until(t, "the file is read", func() bool {
			r.mu.RLock()
			defer r.mu.RUnlock()
			return len(r.known) == 3
		})
	}
}

// TestAbsentPlaces: a pool that a node does not have yet is asked about again until it is there; one that never is, is unknown
// after half a minute, is let be for a while, and then asked about again while nobody waits.
func TestAbsentPlaces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pools")
	synctest.Test(t, func(t *testing.T) {
		c := newChain(t)
		late, never := c.addressOf(1), c.addressOf(2)
		r, end := begin(t, c, path)
		defer end()
		look := func(what string, wantLate, wantNever market.PlaceState) {
			t.Helper()
			synctest.Wait()
			if _, state := r.At(late); state != wantLate {
				t.Errorf("%s: the late one is %d", what, state)
			}
			if _, state := r.At(never); state != wantNever {
				t.Errorf("%s: the other is %d", what, state)
			}
		}

		look("at first", market.PlaceAsked, market.PlaceAsked)
		time.Sleep(10 * time.Second)
		look("while it is not there", market.PlaceAsked, market.PlaceAsked)
		c.put(1, 6)
		time.Sleep(15 * time.Second)
		look("when one is there", market.PlaceCounts, market.PlaceAsked)
		time.Sleep(2 * time.Minute)
		look("when the other never comes", market.PlaceCounts, market.PlaceUnknown)

		asked := len(c.asked)
		time.Sleep(5 * time.Minute)
		look("while it is let be", market.PlaceCounts, market.PlaceUnknown)
		if len(c.asked) != asked {
			t.Errorf("it was asked about %d times meanwhile", len(c.asked)-asked)
		}
		if asked > 40 {
			t.Errorf("%d questions about two pools", asked)
		}
		time.Sleep(6 * time.Minute)
		look("later", market.PlaceCounts, market.PlaceUnknown)
		time.Sleep(time.Second)
		synctest.Wait()
		if len(c.asked) != asked+1 {
			t.Errorf("it was asked about %d times then", len(c.asked)-asked)
		}
	})
}

// TestTheClusterIsAskedSlowly: many pools are asked about fifty at once, twice a second at most; a cluster that does not answer,
// or for few at once only, gets them in the end, and meanwhile they are unknown after half a minute.
func TestTheClusterIsAskedSlowly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pools")
	synctest.Test(t, func(t *testing.T) {
		const count = 300
		c := newChain(t)
		c.err = errors.New("429 Too Many Requests")
		r, end := begin(t, c, path)
		defer end()
		var pools []market.Pubkey
		for n := range count {
			pools = append(pools, c.other(n%200))
			pools[n][5] = byte(n / 200)
			c.accounts[pools[n]] = c.accounts[c.addressOf(n%200)]
			r.At(pools[n])
		}

		time.Sleep(20 * time.Second)
		if _, state := r.At(pools[0]); state != market.PlaceAsked {
			t.Errorf("state %d after twenty seconds", state)
		}
		time.Sleep(20 * time.Second)
		if _, state := r.At(pools[0]); state != market.PlaceUnknown {
			t.Errorf("state %d after forty seconds", state)
		}

		c.limit = 10
		c.fail(nil)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		for n := range pools {
			if _, state := r.At(pools[n]); state != market.PlaceOther {
				t.Fatalf("pool %d: state %d", n, state)
			}
		}
		for i := 1; i < len(c.at); i++ {
			if pause := c.at[i].Sub(c.at[i-1]); pause < askEvery {
				t.Fatalf("a question %v after the last one", pause)
			}
		}
	})
}

// TestBounds: no more places wait than are allowed, and the oldest known ones go.
func TestBounds(t *testing.T) {
	c := newChain(t)
	r := New(Options{Read: c.read, Derive: derive, Logger: slog.New(slog.DiscardHandler)})
	for n := range maxWanted {
		if _, state := r.At(coinOf(n)); state != market.PlaceAsked {
			t.Fatalf("place %d: %d", n, state)
		}
	}
	if _, state := r.At(market.Pubkey{1}); state != market.PlaceUnknown {
		t.Errorf("one too many: %d", state)
	}

	r.limit = 2
	for n := range 3 {
		r.Learn(&pumpswap.CreatePool{Pool: market.Pubkey{3, byte(n)}, BaseMint: coinOf(n), QuoteMint: market.WrappedSOL})
	}
	if len(r.known) != 2 || len(r.ages) != 2 {
		t.Errorf("%d are remembered", len(r.known))
	}

	if _, state := New(Options{Logger: slog.New(slog.DiscardHandler)}).At(market.Pubkey{1}); state != market.PlaceUnknown {
		t.Errorf("nobody to ask: %d", state)
	}
}
