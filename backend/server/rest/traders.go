package rest

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/position"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// Answers about a coin's traders are made from a fold of its events that is used again: for tradersAge even when the coin traded
// meanwhile, which the answer's seq says, and of the maxTradersKept coins that were asked for last.
const (
	tradersAge     = 2 * time.Second
	maxTradersKept = 4
)

// tradersCache keeps the newest folds, the last one used at the end.
type tradersCache struct {
	mu   sync.Mutex
	kept []*tradersOf
}

type tradersOf struct {
	mint    market.Pubkey
	at      time.Time
	history store.History
	traders position.Traders
}

// tradersOrderNames are those of tradersOrders; without one it is the first.
var (
	tradersOrderNames = []string{"realised_desc", "volume_desc", "held_desc"}
	tradersOrders     = map[string]position.Order{
		"realised_desc": position.ByRealised, "volume_desc": position.ByVolume, "held_desc": position.ByHeld,
	}
)

func (a *API) traders(ctx context.Context, q *query) (*wire.CoinTraders, error) {
	mint := q.inPath("mint")
	order := q.choice("order_by", tradersOrderNames...)
	page, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}

	found, err := a.foldTraders(ctx, mint)
	if err != nil {
		return nil, err
	}
	token, _, err := a.token(ctx, mint)
	if err != nil {
		return nil, err
	}
	gaps, err := a.lasting(ctx)
	if err != nil {
		return nil, err
	}

	ranked := found.traders.Ranked(tradersOrders[order])
	facts := wire.NewMintFacts(&token, mintInfo(a.deps.Mints, mint))
	creator, created := creatorOf(&token)
	answer := &wire.CoinTraders{
		MintAccount: mint.String(), Pair: wire.NewPair(token.Pair), Decimals: uint8(token.Pair.BaseDecimals()), Supply: facts.Supply, //nolint:gosec // market.MaxDecimals at most
		Traders: []wire.CoinTrader{}, Paging: wire.NewPaging(len(ranked), page, limit), HeldAmount: wire.Sum(found.traders.Held()),
		Events: found.history.Seen, Incomplete: a.incomplete(mint, &token, found.history.More, gaps),
		Seq: uint64(found.history.Seq), Store: a.deps.Reader.ID(),
	}
	answer.Price, answer.PriceExact = lastPrice(&token)
	for _, one := range ranked {
		if !one.Held.IsZero() {
			answer.Holders++
		}
	}

	onWire := func(p *position.Position) (wire.Holding, *float64) {
		return wire.NewHolding(p, token.Pair, token.LatestPrice, openWorth(p, &token)), shareOf(p.Held, facts.Supply)
	}
	for _, one := range onPage(ranked, page, limit) {
		row := wire.CoinTrader{User: one.Account.String(), Creator: created && one.Account == creator}
		row.Holding, row.Share = onWire(one.Position)
		answer.Traders = append(answer.Traders, row)
	}
	if created {
		p := found.traders.Of(creator)
		answer.Creator = &wire.CoinCreator{User: creator.String(), Sold: p.Sells > 0}
		answer.Creator.Holding, answer.Creator.Share = onWire(p)
	}

	return answer, nil
}

// shareOf is an amount as a fraction of the supply; nil when that is not known.
func shareOf(held market.U128, supply *wire.Amount) *float64 {
	if supply == nil || *supply == 0 {
		return nil
	}
	share := held.Float(0) / float64(*supply)
	if math.IsInf(share, 0) {
		return nil
	}
	return &share
}

// foldTraders folds the newest events of a coin, or gives what was folded lately.
func (a *API) foldTraders(ctx context.Context, mint market.Pubkey) (*tradersOf, error) {
	if err := a.enterFold(ctx); err != nil {
		return nil, err
	}
	defer a.leaveFold()
	if kept := a.traded.get(mint, a.deps.Reader.State().Seq, a.deps.Now()); kept != nil {
		return kept, nil
	}

	found := &tradersOf{mint: mint}
	history, err := a.deps.Reader.MintHistory(ctx, mint, maxFolded, func(e *market.Event) error {
		found.traders.Fold(e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read events of %s: %w", mint, err)
	}
	found.history, found.at = history, a.deps.Now()
	a.traded.put(found)
	return found, nil
}

// get is the fold of a coin that may be used again; nil when there is none.
func (c *tradersCache) get(mint market.Pubkey, seq market.Seq, now time.Time) *tradersOf {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, one := range c.kept {
		if age := now.Sub(one.at); one.mint == mint && (one.history.Seq == seq || age >= 0 && age < tradersAge) {
			c.kept = append(append(c.kept[:i:i], c.kept[i+1:]...), one)
			return one
		}
	}
	return nil
}

func (c *tradersCache) put(fresh *tradersOf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := make([]*tradersOf, 0, maxTradersKept)
	for _, one := range c.kept {
		if one.mint != fresh.mint {
			kept = append(kept, one)
		}
	}
	if len(kept) == maxTradersKept {
		kept = kept[1:]
	}
	c.kept = append(kept, fresh)
}
