package rest

import (
	"context"

	"spinscope/backend/wire"
)

// USD tells what SOL costs in US dollars.
type USD interface {
	// Rate is what is known now; it fails only with ctx.
	Rate(ctx context.Context) (wire.USD, error)
}

func (a *API) usdRoute() {
	add(a, get("/api/usd", "mints", "What SOL costs in US dollars",
		"For display: from the account of Pyth's SOL/USD feed, which the cluster is asked for when this route is, at most every ten seconds. "+
			"Nothing else here is counted in it."), a.usd)
}

func (a *API) usd(ctx context.Context, _ *query) (wire.USD, error) {
	if a.deps.USD == nil {
		return wire.USD{Asset: "SOL", Stale: true, Message: "there is no cluster to ask"}, nil
	}
	return a.deps.USD.Rate(ctx)
}
