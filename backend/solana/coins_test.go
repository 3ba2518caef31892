package solana

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/pump"
	"spinscope/backend/program/pumpswap"
	"spinscope/backend/simnet"
	"spinscope/backend/simnet/launchpad"
)

// TestCoinsOfTheSimulatedCluster reads every transaction of a simulated launchpad as a node gives it, log and self-calls,
// and compares what is read with the cluster's ledger: whole where the log was cut, too.
func TestCoinsOfTheSimulatedCluster(t *testing.T) {
	net := coinCluster(t)
	rpc := newRPC(Endpoint{RPC: net.RPCURL(), WS: net.WSURL()}, 0, time.Millisecond)
	t.Cleanup(rpc.close)
	reader := program.NewReader(pump.New(), pumpswap.New())
	pools := map[market.Pubkey]pumpswap.Pool{}
	facts, cut, failed, loud := 0, 0, 0, 0

	ledger := coinLedger(t, net)
	answers, calls := make([]found, len(ledger)), make([]*call, len(ledger))
	for i := range ledger {
		calls[i] = transactionCall(ledger[i].Signature, "confirmed", &answers[i])
	}

	if err := rpc.do(t.Context(), 3, calls...); err != nil {
		t.Fatal(err)
	}
	if err := firstError(calls); err != nil {
		t.Fatal(err)
	}

	for i := range ledger {
		entry, one := &ledger[i], &answers[i]
		if !one.known {
			t.Fatalf("%s is not known", entry.Signature)
		}
		if one.tx.Failed != entry.Failed {
			t.Fatalf("%s failed: %t, in the ledger %t", entry.Signature, one.tx.Failed, entry.Failed)
		}

		if one.tx.Failed {
			failed++
			continue // what it logged did not happen
		}

		if one.tx.Inner == nil {
			t.Fatalf("%s has no inner instructions", entry.Signature)
		}
		whole, report := reader.Read(nil, &one.tx)
		if report.Truncated {
			t.Fatalf("%s is read as one that lost events: %+v", entry.Signature, report)
		}

		got := factsOf(t, whole, pools)
		if want := shorten(entry.Coins); !slices.Equal(got, want) {
			t.Fatalf("%s (cut %t):\n%v, in the ledger\n%v", entry.Signature, entry.Truncated, got, want)
		}
		facts += len(got)

		// The log alone tells the same, as far as it is whole.
		one.tx.Inner = nil
		logged, report := reader.Read(nil, &one.tx)
		switch {
		case entry.Truncated:
			cut++
			if !report.Truncated {
				t.Fatalf("the cut log of %s is taken for whole", entry.Signature)
			}
		case !slices.Equal(factsOf(t, logged, pools), got):
			t.Fatalf("%s: log and self-calls tell two stories", entry.Signature)
		default:
			loud++
		}
	}

	if facts < 1000 || cut < 2 || failed < 50 || loud < 1000 {
		t.Errorf("%d facts, %d cut logs, %d failed and %d whole transactions: too few to say anything", facts, cut, failed, loud)
	}
}

// TestCoinsByTheirAddresses: curve and pool are listed by address, and the market's own program does not list them.
func TestCoinsByTheirAddresses(t *testing.T) {
	net := coinCluster(t)
	ledger := coinLedger(t, net)
	byVenue := map[market.Pubkey][]market.Signature{}
	for _, entry := range ledger {
		for _, f := range entry.Coins {
			if list := byVenue[f.Venue]; len(list) == 0 || list[len(list)-1] != entry.Signature {
				byVenue[f.Venue] = append(list, entry.Signature)
			}
		}
	}

	if len(byVenue) < 8 {
		t.Fatalf("%d venues", len(byVenue))
	}
	for venue, want := range byVenue {
		listed := map[string]bool{}
		for before := ""; ; {
			options := map[string]any{"commitment": "confirmed"}
			if before != "" {
				options["before"] = before
			}
			var page []struct {
				Signature string `json:"signature"`
			}
			askCluster(t, net, "getSignaturesForAddress", &page, venue.String(), options)
			for _, one := range page {
				listed[one.Signature] = true
			}

			if len(page) < 1000 {
				break
			}
			before = page[len(page)-1].Signature
		}

		for _, signature := range want {
			if !listed[signature.String()] {
				t.Fatalf("%s is not listed for %s", signature, venue)
			}
		}
	}

	var own []struct {
		Signature market.Signature `json:"signature"`
	}
	status := struct {
		Program string `json:"program"`
	}{}
	askCluster(t, net, "simnet_status", &status)
	askCluster(t, net, "getSignaturesForAddress", &own, status.Program, map[string]any{"commitment": "confirmed"})
	for _, one := range own {
		if i := slices.IndexFunc(ledger, func(e simnet.LedgerTransaction) bool { return e.Signature == one.Signature }); i >= 0 {
			t.Fatalf("%s of the launchpad is listed for the market's program", one.Signature)
		}
	}
}

// coinCluster is a cluster at rest with a launchpad's history.
func coinCluster(t *testing.T) *simnet.Net {
	t.Helper()
	net := simnet.New(simnet.Config{
		Seed: 7, Rate: 2, Mints: 2, History: 2 * time.Hour, HistoryTransactions: 8_000, Coins: 6, CoinShare: 0.8, Derive: ProgramAddress,
		Start: time.Unix(1_790_000_000, 0),
	})
	net.SetRate(0)

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- net.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-net.Ready():
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}

	return net
}

// coinLedger is every transaction of the launchpad, the failed ones too.
func coinLedger(t *testing.T, net *simnet.Net) (list []simnet.LedgerTransaction) {
	t.Helper()
	after := ""
	for {
		var page simnet.LedgerPage
		askCluster(t, net, "simnet_ledger", &page, map[string]any{"after": after, "limit": 5000})
		for _, entry := range page.Transactions {
			if entry.Coin {
				list = append(list, entry)
			}
		}
		if after = page.Next; after == "" {
			return list
		}
	}
}

func askCluster(t *testing.T, net *simnet.Net, method string, to any, params ...any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		t.Fatal(err)
	}

	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, net.RPCURL(), strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}

	defer response.Body.Close() //nolint:errcheck // read only
	answer := struct {
		Result any `json:"result"`
		Error  any `json:"error"`
	}{Result: to}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.Error != nil {
		t.Fatalf("%s: %v, %v", method, err, answer.Error)
	}
}

// factsOf says what events tell in one line each; the pools of the events are kept in pools.
func factsOf(t *testing.T, events []market.Event, pools map[market.Pubkey]pumpswap.Pool) (list []string) {
	t.Helper()
	line := func(kind launchpad.FactKind, mint market.Pubkey, base, quote uint64, buy bool) {
		list = append(list, fmt.Sprint(kind, mint, base, quote, buy))
	}
	swap := func(pool market.Pubkey, of func(pumpswap.Pool) (pumpswap.Trade, error)) {
		p := pools[pool]
		if p.BaseMint.IsZero() {
			return // another pool of the coin, which no event opened
		}
		trade, err := of(p)
		if err != nil {
			t.Fatal(err)
		}
		line(launchpad.FactTrade, p.Coin(), trade.Base, trade.Quote, trade.Buy)
	}
	for i := range events {
		switch e := events[i].Body.(type) {
		case *pump.Create:
			line(launchpad.FactCreated, e.Mint, 0, 0, false)
		case *pump.Trade:
			base, quote, buy := e.Amounts()
			line(launchpad.FactTrade, e.Mint, base, quote, buy)
		case *pump.PostCompleteBuy:
			base, quote, buy := e.Amounts()
			line(launchpad.FactTrade, e.Mint, base, quote, buy)
		case *pump.Complete:
			line(launchpad.FactCompleted, e.Mint, 0, 0, false)
		case *pump.Migration:
			line(launchpad.FactMigrated, e.Mint, 0, 0, false)
		case *pumpswap.CreatePool:
			pools[e.Pool] = e.Sides()
		case *pumpswap.Buy:
			swap(e.Pool, e.Trade)
		case *pumpswap.Sell:
			swap(e.Pool, e.Trade)
		}
	}

	return list
}

// shorten says the same of the ledger's facts, those of other pools left out.
func shorten(facts []launchpad.Fact) (list []string) {
	for i := range facts {
		if f := &facts[i]; f.Kind != launchpad.FactOther {
			list = append(list, fmt.Sprint(f.Kind, f.Mint, f.TokenAmount, f.QuoteAmount, f.Buy))
		}
	}
	return list
}
