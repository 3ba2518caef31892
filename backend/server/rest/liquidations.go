package rest

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"spinscope/backend/liquidation"
	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// maxMet is how many orders of a side are looked at, the nearest first.
const maxMet = 5000

func (a *API) liquidationRoute() {
	add(a, get("/api/liquidations", "orders", "What a moving price liquidates",
		"Open margin orders of both sides, the nearest first: how far each is, what trades must move until it falls, what falls up to it and with it, and what it is worth now. "+
			fmt.Sprintf("Of each side the %d nearest are looked at.", maxMet),
		some(keyParam("mint", "Mint address", true), &huma.Param{
			Name: "limit", In: "query", Description: "Orders of each side; more than 1000 gives 1000",
			Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0), Default: defaultLimit},
		})), a.liquidations)
}

func (a *API) liquidations(ctx context.Context, q *query) (*wire.Liquidations, error) {
	mint := q.key("mint")
	_, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}

	answer := &wire.Liquidations{MintAccount: mint.String()}
	token, _, err := a.token(ctx, mint)
	if err != nil {
		return nil, err
	}
	answer.Price, answer.PriceExact = lastPrice(&token)
	if token.Created != nil {
		answer.SwapFee = &token.SwapFee
	}

	if answer.Down, err = a.met(ctx, &token, mint, false, limit); err != nil {
		return nil, err
	}
	answer.Up, err = a.met(ctx, &token, mint, true, limit)
	return answer, err
}

// met are the orders of one side.
func (a *API) met(ctx context.Context, token *market.Token, mint market.Pubkey, shorts bool, limit int) (side wire.LiquidationSide, err error) {
	side.Orders = []wire.LiquidationOrder{}
	curve, curved := registry.Of(token.Pair.Program()).(program.Curved)
	if !curved {
		return side, nil
	}
	found, err := a.deps.Reader.MintOrders(ctx, mint, shorts, store.Page{Limit: maxMet})
	if err != nil {
		return side, err
	}

	walked := liquidation.Walk(curve, token.LatestPrice, shorts, found.Orders)
	values := make([]liquidation.Worth, min(limit, len(walked.Orders)))
	for i := range values {
		values[i] = liquidation.Value(curve, token.LatestPrice, token.SwapFee, walked.Orders[i].Order, token.Pair)
	}
	side = wire.NewLiquidationSide(&walked, found.Total, token.LatestPrice, values, limit)

	orders := make([]market.Order, len(side.Orders))
	for i := range orders {
		orders[i] = *walked.Orders[i].Order
	}
	named, err := a.wireOrders(ctx, orders)
	for i := range named {
		side.Orders[i].Order = named[i]
	}
	return side, err
}
