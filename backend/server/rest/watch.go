package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// Watch says which coins are followed by their own addresses.
type Watch interface {
	// Wire lists them, names and gaps left out.
	Wire() []wire.WatchedCoin
	// CoinOf is the coin that an address is followed for.
	CoinOf(address market.Pubkey) (mint market.Pubkey, ok bool)
	// Follows reports whether a coin is followed by its own addresses.
	Follows(coin market.Pubkey) bool
}

func (a *API) watchRoutes() {
	add(a, get("/api/watch", "status", "Coins that are followed by their own addresses", "Which they are the configuration and `spinscope watch` say; no route changes it."), a.watch)
}

func (a *API) watch(ctx context.Context, _ *query) (wire.Watch, error) {
	answer := wire.Watch{Coins: []wire.WatchedCoin{}}
	if a.deps.Watch != nil {
		answer.Coins = append(answer.Coins, a.deps.Watch.Wire()...)
	}
	answer.Total = len(answer.Coins)
	if answer.Total == 0 {
		return answer, nil
	}

	if err := a.nameCoins(ctx, answer.Coins); err != nil {
		return answer, err
	}

	gaps, err := a.deps.Reader.Gaps(ctx, nil, new(market.GapOpen))
	if err != nil {
		return answer, err
	}

	for i := range answer.Coins {
		coin := &answer.Coins[i]
		coin.Holes = []wire.Gap{}
		for j := range gaps {
			if address := gaps[j].Address.String(); address == coin.Addresses.Curve || address == coin.Addresses.Pool {
				coin.Holes = append(coin.Holes, newGap(&gaps[j]))
			}
		}
	}

	return answer, nil
}

// nameCoins adds what the store knows of the coins.
func (a *API) nameCoins(ctx context.Context, coins []wire.WatchedCoin) error {
	mints, byMint := make([]market.Pubkey, 0, len(coins)), map[market.Pubkey]*wire.WatchedCoin{}
	for i := range coins {
		mint, err := market.ParsePubkey(coins[i].Mint)
		if err != nil {
			return err
		}
		mints, byMint[mint] = append(mints, mint), &coins[i]
	}

	tokens, err := a.deps.Reader.Tokens(ctx, mints)
	if err != nil {
		return err
	}

	for i := range coins {
		coins[i].Add(mintInfo(a.deps.Mints, mints[i])) // also of what did not trade yet
	}

	for i := range tokens {
		coin := byMint[tokens[i].Mint]
		if coin.Program != "" {
			coin.Program = tokens[i].Pair.Program().String()
		}
		if created := tokens[i].Created; created != nil {
			coin.Name, coin.Symbol, _ = created.Names()
			coin.NameSource = ""
		}
	}

	return nil
}
