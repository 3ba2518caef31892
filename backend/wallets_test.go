package backend_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"spinscope/backend/export"
	"spinscope/backend/server/rest"
	"spinscope/backend/store"
)

// account is a position as whoever has an exported file would work it out, with a calculator of any size.
type account struct {
	held, cost, realised, unmatched, unmatching, put, returned *big.Int
	margins                                                    map[string]*big.Int
	events                                                     int
}

// row is the part of a line of exported events that is needed for that.
type row struct {
	Type        string      `json:"event_type"`
	Payer       string      `json:"payer"`
	User        string      `json:"user"`
	Mint        string      `json:"mint_account"`
	Order       string      `json:"order_pda"`
	Buy         bool        `json:"is_buy"`
	Tokens      json.Number `json:"token_amount"`
	Lamports    json.Number `json:"sol_amount"`
	Margin      json.Number `json:"margin_sol_amount"`
	CloseProfit json.Number `json:"user_close_profit"`
}

func whole(n json.Number) *big.Int {
	x, ok := new(big.Int).SetString(string(n), 10)
	if !ok {
		return new(big.Int)
	}
	return x
}

// workOut adds up a file of exported events, in the order of the chain, by account and coin.
func workOut(t *testing.T, path string) map[string]*account {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // only read

	accounts, owners := map[string]*account{}, map[string]string{} // owners of orders
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		who := r.Payer
		switch r.Type {
		case "Gap":
			continue
		case "LongShort", "PartialClose":
			who, owners[r.Order] = r.User, r.User
		case "FullClose", "ForceLiquidate":
			if owner := owners[r.Order]; owner != "" {
				who = owner
			}
			delete(owners, r.Order)
		}
		a := accounts[who+" "+r.Mint]
		if a == nil {
			a = &account{new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int), map[string]*big.Int{}, 0}
			accounts[who+" "+r.Mint] = a
		}
		a.events++
		a.take(&r)
	}
	if lines.Err() != nil {
		t.Fatal(lines.Err())
	}
	return accounts
}

func (a *account) take(r *row) {
	tokens, lamports := whole(r.Tokens), whole(r.Lamports)
	switch {
	case r.Type == "BuySell" && r.Buy:
		a.held.Add(a.held, tokens)
		a.cost.Add(a.cost, lamports)
	case r.Type == "BuySell":
		known := tokens
		if known.Cmp(a.held) > 0 {
			known = new(big.Int).Set(a.held)
		}
		brought := new(big.Int).Mul(lamports, known)
		brought.Quo(brought, tokens)
		a.unmatched.Add(a.unmatched, new(big.Int).Sub(tokens, known))
		a.unmatching.Add(a.unmatching, new(big.Int).Sub(lamports, brought))
		if known.Sign() == 0 {
			return
		}
		part := new(big.Int).Mul(a.cost, known)
		part.Quo(part, a.held)
		a.held = new(big.Int).Sub(a.held, known)
		a.cost.Sub(a.cost, part)
		a.realised.Add(a.realised, brought).Sub(a.realised, part)
	case r.Type == "LongShort":
		a.put.Add(a.put, whole(r.Margin))
		a.margins[r.Order] = whole(r.Margin)
	case r.Type == "PartialClose", r.Type == "FullClose", r.Type == "ForceLiquidate":
		back, before, left := whole(r.CloseProfit), a.margins[r.Order], new(big.Int)
		delete(a.margins, r.Order)
		if r.Type == "PartialClose" {
			left = whole(r.Margin)
			a.margins[r.Order] = left
		}
		a.returned.Add(a.returned, back)
		if before != nil {
			ended := new(big.Int).Sub(before, left)
			if ended.Sign() < 0 {
				ended.SetInt64(0)
			}
			a.realised.Add(a.realised, back).Sub(a.realised, ended)
		}
	}
}

// TestWalletsAgreeWithExportedEvents: what the API says of every wallet and of every coin's traders is what somebody else works
// out from the exported events, to the unit.
func TestWalletsAgreeWithExportedEvents(t *testing.T) {
	o := recordedMarket(t, 7, 1500)
	accounts := workOut(t, exported(t, o, export.JSONL).Path)

	s, err := store.Open(store.Options{Dir: filepath.Join(o.DataDir, o.Config.Solana.Cluster)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // only read
	api := rest.New(rest.Deps{Reader: s})
	ask := func(address string) (data struct {
		Positions, Traders []map[string]any
	},
	) {
		t.Helper()
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, address, http.NoBody))
		var body struct{ Data json.RawMessage }
		decoder := json.NewDecoder(w.Body)
		if err := decoder.Decode(&body); err != nil || w.Code != http.StatusOK {
			t.Fatal(address, w.Code, err)
		}
		numbers := json.NewDecoder(bytes.NewReader(body.Data))
		numbers.UseNumber()
		if err := numbers.Decode(&data); err != nil {
			t.Fatal(err)
		}
		return data
	}

	compare := func(what string, got map[string]any, want *account) {
		t.Helper()
		if fmt.Sprint(got["events"]) != fmt.Sprint(want.events) {
			t.Errorf("%s: %v events, want %d", what, got["events"], want.events)
		}
		for name, amount := range map[string]*big.Int{
			"held_amount": want.held, "cost_amount": want.cost, "realised_amount": want.realised,
			"unmatched_amount": want.unmatched, "unmatched_quote_amount": want.unmatching,
		} {
			if fmt.Sprint(got[name]) != amount.String() {
				t.Errorf("%s: %s is %v, worked out %s", what, name, got[name], amount)
			}
		}
		margin, ok := got["margin"].(map[string]any)
		if !ok {
			margin = map[string]any{"put_amount": "0", "returned_amount": "0"}
		}
		if fmt.Sprint(margin["put_amount"]) != want.put.String() || fmt.Sprint(margin["returned_amount"]) != want.returned.String() {
			t.Errorf("%s: margin %v, worked out %s and %s", what, margin, want.put, want.returned)
		}
	}

	sold, margins, coins := 0, 0, map[string]bool{}
	for name, want := range accounts {
		var who, mint string
		if _, err := fmt.Sscan(name, &who, &mint); err != nil {
			t.Fatal(err)
		}
		coins[mint] = true
		sold += want.unmatched.BitLen()
		margins += want.returned.BitLen()
		positions := ask("/api/wallets/" + who + "?mint=" + mint).Positions
		if len(positions) != 1 {
			t.Fatalf("%s: %d positions", name, len(positions))
		}
		compare(name, positions[0], want)
	}
	for mint := range coins {
		for _, one := range ask("/api/mints/" + mint + "/traders?limit=1000").Traders {
			compare(fmt.Sprint("traders of ", mint, ": ", one["user"]), one, accounts[fmt.Sprint(one["user"], " ", mint)])
		}
	}
	if len(accounts) < 20 || sold == 0 || margins == 0 {
		t.Errorf("%d positions, %d, %d: the test looks at too little", len(accounts), sold, margins)
	}
}
