package solana

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/polltest"
	"spinscope/backend/program"
	"spinscope/backend/program/pumpcoin"
	"spinscope/backend/simnet/launchpad"
)

// TestCoinsAreFoundByTheirMint finds every coin of a simulated launchpad by the accounts that the cluster keeps, and says of
// other addresses what they are.
func TestCoinsAreFoundByTheirMint(t *testing.T) {
	net := coinCluster(t)
	endpoints := []Endpoint{{RPC: "http://127.0.0.1:1", WS: "ws://127.0.0.1:1"}, {RPC: net.RPCURL(), WS: net.WSURL()}} // the first is dead
	read := func(ctx context.Context, addresses ...market.Pubkey) ([]program.Account, error) {
		return Accounts(ctx, endpoints, "confirmed", addresses...)
	}
	find := func(mint market.Pubkey) (program.Coin, error) {
		return pumpcoin.Find(t.Context(), mint, read, ProgramAddress)
	}

	venues := map[market.Pubkey]map[launchpad.FactKind]market.Pubkey{}
	quotes := map[market.Pubkey]market.Pubkey{}
	completed := map[market.Pubkey]bool{}
	for _, entry := range coinLedger(t, net) {
		for _, f := range entry.Coins {
			if venues[f.Mint] == nil {
				venues[f.Mint] = map[launchpad.FactKind]market.Pubkey{}
			}
			venues[f.Mint][f.Kind], quotes[f.Mint] = f.Venue, f.QuoteMint
			completed[f.Mint] = completed[f.Mint] || f.Kind == launchpad.FactCompleted
		}
	}

	graduated := 0
	var curve market.Pubkey
	for mint, venue := range venues {
		coin, err := find(mint)
		if err != nil {
			t.Fatal(err)
		}
		curve = coin.Curve
		if coin.Mint != mint || coin.Curve != venue[launchpad.FactCreated] || coin.Place.Coin != mint || coin.Place.Pair.Quote() != quotes[mint] {
			t.Errorf("%+v, created at %s, paid in %s", coin, venue[launchpad.FactCreated], quotes[mint])
		}

		if coin.Completed != completed[mint] {
			t.Errorf("%s is completed: %t, in the ledger %t", mint, coin.Completed, completed[mint])
		}
		if pool, ok := venue[launchpad.FactMigrated]; ok {
			graduated++
			if coin.Pool != pool {
				t.Errorf("the pool of %s is %s, in the ledger %s", mint, coin.Pool, pool)
			}
		}
	}

	if graduated < 2 || len(venues) < 6 {
		t.Errorf("%d coins, %d graduated", len(venues), graduated)
	}

	for name, c := range map[string]struct {
		address market.Pubkey
		err     error
		words   string
	}{
		"nothing":      {market.Pubkey{1, 2, 3}, program.ErrNoMint, "there is nothing at this address"},
		"a curve":      {curve, program.ErrNoMint, "it is an account of the program 6EF8"},
		"another coin": {market.USDC, program.ErrNoCoin, "pump has no curve of it"},
	} {
		if _, err := find(c.address); !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAccountsOfNoEndpoint: where nobody answers, the error names who was asked last.
func TestAccountsOfNoEndpoint(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := Accounts(ctx, []Endpoint{{RPC: "http://127.0.0.1:1/?api-key=secret", WS: "ws://127.0.0.1:1"}}, "confirmed", market.Pubkey{1}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if _, err := Accounts(ctx, nil, "confirmed", market.Pubkey{1}); err == nil {
		t.Error("nobody was asked, and nothing went wrong")
	}
	if _, err := Accounts(ctx, nil, "confirmed", make([]market.Pubkey, MaxAccounts+1)...); err == nil {
		t.Error("more accounts than a node answers for")
	}
}

// TestAccountsOverTheConnection reads accounts over the connection that a feed has, and fails while there is none.
func TestAccountsOverTheConnection(t *testing.T) {
	net := coinCluster(t)
	feed := New(Config{
		Endpoints: []Endpoint{{RPC: net.RPCURL(), WS: net.WSURL()}}, Program: market.Pubkey{9}, Commitment: Confirmed, Logger: slog.New(slog.DiscardHandler),
	})
	if _, err := feed.Accounts(t.Context(), market.USDC); !errors.Is(err, ErrNotConnected) {
		t.Errorf("before it runs: %v", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- feed.Run(ctx, 0, func(context.Context, market.Batch) error { return nil }) }()
	var list []program.Account
	polltest.Until(t, "a connection", func() bool {
		var err error
		list, err = feed.Accounts(ctx, market.USDC, market.Pubkey{1})
		return err == nil
	})
	if len(list) != 2 || len(list[0].Data) != 82 || !list[1].Owner.IsZero() {
		t.Errorf("%+v", list)
	}

	if _, err := feed.Accounts(ctx, make([]market.Pubkey, MaxAccounts+1)...); err == nil {
		t.Error("more accounts than a node answers for")
	}

	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := feed.Accounts(t.Context(), market.USDC); !errors.Is(err, ErrNotConnected) {
		t.Errorf("after it ran: %v", err)
	}
}
