package mintinfo

import (
	"context"
	"errors"
	"fmt"
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
	"spinscope/backend/program/token"
	"spinscope/backend/simnet/launchpad"
	"spinscope/backend/solana"
)

// derive is no address of a real program, but as good as one here, and quick.
func derive(_ market.Pubkey, seeds ...[]byte) (k market.Pubkey, err error) {
	copy(k[:], seeds[len(seeds)-1])
	k[31] = 0xee
	return k, nil
}

// chain is a cluster that knows mints by number.
type chain struct {
	mu       sync.Mutex
	accounts map[market.Pubkey]program.Account
	requests []int // addresses of each
	err      error
	limit    int // addresses that it answers for; 0: any number
}

func mintOf(n int) (k market.Pubkey) {
	k[0], k[1], k[2] = 9, byte(n>>8), byte(n)
	return k
}

// put makes a mint with a name beside it.
func (c *chain) put(n int, name string) market.Pubkey {
	mint := mintOf(n)
	at, _ := derive(market.Pubkey{}, mint[:])
	c.accounts[mint] = program.Account{Owner: token.Program, Data: token.AppendMint(nil, token.Mint{Supply: uint64(n) + 1, Decimals: 6})} //nolint:gosec // small
	c.accounts[at] = program.Account{Owner: token.MetadataProgram, Data: token.AppendMetadata(nil, mint, token.Metadata{Name: name, Symbol: "S", URI: "ipfs://" + name})}
	return mint
}

func (c *chain) read(_ context.Context, addresses ...market.Pubkey) (list []program.Account, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, len(addresses))
	if c.err != nil {
		return nil, c.err
	}
	if c.limit > 0 && len(addresses) > c.limit {
		return nil, errors.New("too many inputs")
	}
	for _, address := range addresses {
		list = append(list, c.accounts[address])
	}
	return list, nil
}

func newChain() *chain { return &chain{accounts: map[market.Pubkey]program.Account{}} }

// begin runs the asking of accounts, which has wants already.
func begin(t *testing.T, o Options, wants ...market.Pubkey) (b *Accounts, end func()) {
	t.Helper()
	o.Logger = slog.New(slog.DiscardHandler)
	if o.Derive == nil {
		o.Derive = derive
	}

	b = New(o)
	file, err := b.open()
	if err != nil {
		t.Fatal(err)
	}

	for _, mint := range wants {
		b.Want(mint)
		b.Want(mint)
		if _, known := b.Info(mint); known {
			t.Fatalf("%s is known before anybody was asked", mint)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.ask(ctx, file)
	}()
	end = func() {
		cancel()
		<-ended
		file.Close()
	}

	return b, end
}

// TestMintsAreAskedAboutInBatches wants 120 mints, of which some are no mints or have bad accounts: they are asked about fifty at
// once with a pause after each request, and each has what its accounts say and nothing else.
func TestMintsAreAskedAboutInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChain()
		var all []market.Pubkey
		for n := range 120 {
			all = append(all, c.put(n, fmt.Sprint("Coin ", n)))
		}

		nameless, bad, nothing := mintOf(10), mintOf(11), mintOf(12)
		at, _ := derive(market.Pubkey{}, nameless[:])
		delete(c.accounts, at)
		at, _ = derive(market.Pubkey{}, bad[:])
		c.accounts[at] = program.Account{Owner: token.Program, Data: c.accounts[at].Data}
		at, _ = derive(market.Pubkey{}, nothing[:])
		delete(c.accounts, at)
		delete(c.accounts, nothing)

		learned := map[market.Pubkey]string{}
		b, end := begin(t, Options{Path: filepath.Join(t.TempDir(), "x", "mints"), Read: c.read, Learned: func(mint market.Pubkey, uri string) { learned[mint] = uri }}, all...)
		began := time.Now()
		time.Sleep(2*askEvery + askEvery/2)
		synctest.Wait()
		if fmt.Sprint(c.requests) != "[100 100 40]" || time.Since(began) > 3*time.Second {
			t.Errorf("requests of %v addresses in %v", c.requests, time.Since(began))
		}

		for n := range 120 {
			got, known := b.Info(mintOf(n))
			want := market.MintInfo{Name: fmt.Sprint("Coin ", n), Symbol: "S", URI: fmt.Sprint("ipfs://Coin ", n), Supply: uint64(n) + 1, Decimals: 6, Counted: true} //nolint:gosec // small
			switch n {
			case 10, 11:
				want.Name, want.Symbol, want.URI = "", "", ""
			case 12:
				want = market.MintInfo{}
			}
			if !known || got != want || got.Named() != (want.Name != "") {
				t.Errorf("%d: %+v, %v", n, got, known)
			}
		}

		if len(learned) != 117 || learned[mintOf(0)] != "ipfs://Coin 0" {
			t.Errorf("%d names were told", len(learned))
		}
		if asked, named, refused := b.counts.asked.Load(), b.counts.named.Load(), b.counts.refused.Load(); asked != 120 || named != 117 || refused != 1 {
			t.Errorf("%d asked, %d named, %d refused", asked, named, refused)
		}

		// A look an hour later asks again, about these alone: what an account says now counts, and a name that is gone stays.
		time.Sleep(freshFor + time.Second)
		c.mu.Lock()
		c.put(1, "Another name")
		two := mintOf(2)
		at, _ = derive(market.Pubkey{}, two[:])
		delete(c.accounts, at)
		c.mu.Unlock()
		if got, _ := b.Info(mintOf(1)); got.Name != "Coin 1" {
			t.Errorf("%+v", got)
		}

		_, _ = b.Info(two)
		time.Sleep(2 * askEvery)
		synctest.Wait()
		one, _ := b.Info(mintOf(1))
		if other, _ := b.Info(two); one.Name != "Another name" || other.Name != "Coin 2" || c.requests[len(c.requests)-1] > 4 || len(c.requests) > 5 {
			t.Errorf("%+v and %+v after %v", one, other, c.requests)
		}

		end()
	})
}

// TestAClusterThatDoesNotAnswer is asked again, for fewer at once, until it does.
func TestAClusterThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChain()
		var all []market.Pubkey
		for n := range 60 {
			all = append(all, c.put(n, "x"))
		}

		c.limit, c.err = 20, errors.New("not connected")
		b, end := begin(t, Options{Path: filepath.Join(t.TempDir(), "mints"), Read: c.read}, all...)
		time.Sleep(time.Minute)
		c.mu.Lock()
		if asked := len(c.requests); asked < 5 || asked > 10 {
			t.Errorf("%d requests in a minute: %v", asked, c.requests)
		}

		c.err = nil
		c.mu.Unlock()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for n := range 60 {
			if info, _ := b.Info(mintOf(n)); !info.Named() {
				t.Fatalf("%d is not known after %v", n, c.requests)
			}
		}

		end()
	})
}

// TestWhatWasLearnedIsKept: a restart asks nobody again, whatever ended the last run in the middle of a line, and a market that
// is made anew knows nothing.
func TestWhatWasLearnedIsKept(t *testing.T) {
	path, c := filepath.Join(t.TempDir(), "mints"), newChain()
	mint := c.put(1, `A "name" ✓`)
	b, end := begin(t, Options{Path: path, Read: c.read, Every: time.Millisecond}, mint)
	polltest.Until(t, "the answer", func() bool {
		info, _ := b.Info(mint)
		return info.Named()
	})
	end()

	want, _ := b.Info(mint)
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), `"from":"metaplex"`) || !strings.Contains(string(text), `"at":`) {
		t.Fatalf("%s, %v", text, err)
	}

	if err := os.WriteFile(path, append(text, text[:len(text)/2]...), 0o600); err != nil {
		t.Fatal(err)
	}
	b, end = begin(t, Options{Path: path, Read: c.read})
	if info, known := b.Info(mint); info != want || !known {
		t.Errorf("%+v, %v", info, known)
	}

	end()
	if mended, _ := os.ReadFile(path); string(mended) != string(text) {
		t.Errorf("the file is now %s", mended)
	}
	if len(c.requests) != 1 {
		t.Errorf("asked %d times", len(c.requests))
	}

	b, end = begin(t, Options{Path: path, Forget: true})
	if _, known := b.Info(mint); known {
		t.Error("a market that is made anew knows a mint")
	}
	end()
}

// TestOnlySoManyMintsAreKept: those learned first go, also from the file.
func TestOnlySoManyMintsAreKept(t *testing.T) {
	b := New(Options{Path: filepath.Join(t.TempDir(), "mints"), Logger: slog.New(slog.DiscardHandler), Derive: derive})
	b.limit = 3
	file, err := b.open()
	if err != nil {
		t.Fatal(err)
	}

	for round := range 1200 { // often enough that the file is made anew
		for n := range 5 {
			mints, entries := []market.Pubkey{mintOf(n)}, []entry{{at: int64(round)}}
			b.mu.Lock()
			b.put(mints[0], entries[0])
			b.mu.Unlock()
			if err := file.Append(linesOf(mints, entries)); err != nil {
				t.Fatal(err)
			}
		}
	}

	file.Close()

	again := New(b.options)
	again.limit = 3
	file, err = again.open()
	if err != nil {
		t.Fatal(err)
	}

	file.Close()
	for n, want := range []bool{false, false, true, true, true} {
		if b.Known(mintOf(n)) != want || again.Known(mintOf(n)) != want {
			t.Errorf("%d is known: %v, after a restart %v", n, b.Known(mintOf(n)), again.Known(mintOf(n)))
		}
	}

	text, _ := os.ReadFile(b.options.Path)
	read, err := Load(b.options.Path)
	if at := read.Supply(&market.Token{Mint: mintOf(4)}); err != nil || at.Source != market.SupplyUnknown || read.Known(mintOf(1)) || !read.Known(mintOf(2)) {
		t.Errorf("read alone: %+v, %v", at, err)
	}
	if after, _ := os.ReadFile(b.options.Path); string(after) != string(text) {
		t.Error("reading changed the file")
	}
	if strings.Count(string(text), "\n") != 3 {
		t.Errorf("%d lines", strings.Count(string(text), "\n"))
	}
}

// TestEveryAgeOfCoins: coins of the launchpad have their names beside their mints, or in them.
func TestEveryAgeOfCoins(t *testing.T) {
	world, err := launchpad.New(launchpad.Config{Seed: 3, Coins: 8, MaxCoins: 8, Derive: solana.ProgramAddress})
	if err != nil {
		t.Fatal(err)
	}
	for now := 0.0; len(world.Coins()) < 8; now++ {
		world.Next(now)
	}

	read := func(_ context.Context, addresses ...market.Pubkey) (list []program.Account, _ error) {
		for _, address := range addresses {
			account, _ := world.Account(address)
			list = append(list, account)
		}
		return list, nil
	}

	b := New(Options{Read: read, Derive: solana.ProgramAddress, Logger: slog.New(slog.DiscardHandler)})
	var mints []market.Pubkey
	for _, c := range world.Coins() {
		mints = append(mints, c.Mint)
	}

	entries, err := b.read(t.Context(), mints)
	if err != nil {
		t.Fatal(err)
	}
	from := map[string]int{}
	for i, c := range world.Coins() {
		info := entries[i].info
		from[entries[i].from]++
		if info.Name != c.Name || info.Symbol != c.Symbol || info.URI != c.URI || !info.Counted || info.Supply != 1_000_000_000_000_000 || info.Decimals != 6 {
			t.Errorf("%s (%s): %+v", c.Name, c.Symbol, info)
		}
	}

	if from[fromMetaplex] != 6 || from[fromExtension] != 2 {
		t.Errorf("%v", from)
	}
}
