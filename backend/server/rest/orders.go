package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

func (a *API) orderRoutes() {
	add(a, get("/api/mint_orders", "orders", "Open margin orders of a mint",
		"up_orders are shorts by ascending, down_orders longs by descending lock_lp_start_price.",
		some(keyParam("mint", "Mint address", true), choiceParam("type", "", true, "up_orders", "down_orders")), pageParams()), a.mintOrders)
	add(a, get("/api/user_orders", "orders", "Open margin orders of a user", "",
		some(keyParam("user", "User address", true), keyParam("mint", "Only orders of this mint", false),
			choiceParam("order_by", "", false, "start_time_desc", "start_time_asc")), pageParams()), a.userOrders)
}

func (a *API) mintOrders(ctx context.Context, q *query) (*wire.MintOrders, error) {
	mint := q.key("mint")
	side := q.must("type", "up_orders", "down_orders")
	page, limit := q.paging()
	if q.err != nil {
		return nil, q.err
	}
	found, err := a.deps.Reader.MintOrders(ctx, mint, side == "up_orders", store.Page{Offset: wire.Offset(page, limit), Limit: limit})
	if err != nil {
		return nil, err
	}
	orders, err := a.wireOrders(ctx, found.Orders)
	if err != nil {
		return nil, err
	}
	return &wire.MintOrders{Orders: orders, Paging: wire.NewPaging(found.Total, page, limit), OrderType: side, MintAccount: mint.String()}, nil
}

func (a *API) userOrders(ctx context.Context, q *query) (*wire.UserOrders, error) {
	user, mint := q.key("user"), q.maybeKey("mint")
	page, limit, at := q.page("start_time_desc", "start_time_asc")
	if q.err != nil {
		return nil, q.err
	}
	found, err := a.deps.Reader.UserOrders(ctx, user, mint, at)
	if err != nil {
		return nil, err
	}
	orders, err := a.wireOrders(ctx, found.Orders)
	if err != nil {
		return nil, err
	}
	return &wire.UserOrders{Orders: orders, Paging: wire.NewPaging(found.Total, page, limit), User: user.String(), MintAccount: keyText(mint)}, nil
}

// wireOrders is orders on the wire, with the names and pictures of their tokens.
func (a *API) wireOrders(ctx context.Context, orders []market.Order) ([]wire.Order, error) {
	var mints []market.Pubkey
	seen := map[market.Pubkey]*market.Token{}
	for i := range orders {
		if mint := orders[i].MintAccount; !has(seen, mint) {
			seen[mint] = nil
			mints = append(mints, mint)
		}
	}

	if len(mints) > 0 {
		tokens, err := a.deps.Reader.Tokens(ctx, mints)
		if err != nil {
			return nil, err
		}
		for i := range tokens {
			seen[tokens[i].Mint] = &tokens[i]
		}
	}

	out := make([]wire.Order, len(orders))
	for i := range orders {
		out[i] = wire.NewOrder(&orders[i])
		if token := seen[orders[i].MintAccount]; token != nil && token.Created != nil {
			name, symbol, _ := token.Created.Names()
			out[i].Name, out[i].Symbol = &name, &symbol
		}
		if a.deps.Metadata != nil {
			if data := a.deps.Metadata.URIData(orders[i].MintAccount); data != nil {
				out[i].Image = data.Image
			}
		}
	}

	return out, nil
}

func has[K comparable, V any](m map[K]V, key K) bool {
	_, ok := m[key]
	return ok
}
