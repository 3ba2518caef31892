package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/store"
	"spinscope/backend/wire"
)

// maxLooked is how many of a coin's newest events are looked at for one that says where it trades: others, such as deposits
// to its pool, can come in a row.
const maxLooked = 200

// feeUnit is what the fees of a token's record are counted in: 1 of 100000.
const feeUnit = 100_000

func (a *API) venueRoute() {
	add(a, get("/api/venue", "mints", "Where a coin trades: its curve or pool, how near graduation it is, and what a trade is charged",
		"By the newest stored event of the coin that says so.", some(keyParam("mint", "Mint address", true))), a.venue)
}

func (a *API) venue(ctx context.Context, q *query) (*wire.Venue, error) {
	mint := q.key("mint")
	if q.err != nil {
		return nil, q.err
	}
	token, known, err := a.token(ctx, mint)
	answer := &wire.Venue{MintAccount: mint.String(), Fees: []wire.Fee{}}
	if err != nil || !known {
		return answer, err
	}

	answer.Program = token.Pair.Program().String()
	if format, ok := registry.Of(token.Pair.Program()).(program.PricedVenue); ok {
		venueOfPrice(answer, format, &token)
		return answer, nil
	}
	return answer, a.venueOfEvents(ctx, answer, &token)
}

// venueOfPrice is where a coin trades whose curve follows from its price.
func venueOfPrice(answer *wire.Venue, format program.PricedVenue, token *market.Token) {
	if venue, err := format.VenueAt(token.LatestPrice); err == nil {
		answer.Shown(&venue)
	}
	if token.Created != nil {
		answer.Fees = []wire.Fee{
			{Name: "swap", Rate: float64(token.SwapFee) / feeUnit}, {Name: "borrow", Rate: float64(token.BorrowFee) / feeUnit},
		}
	}
}

// venueOfEvents is where a coin trades whose events say it.
func (a *API) venueOfEvents(ctx context.Context, answer *wire.Venue, token *market.Token) error {
	page, err := a.deps.Reader.Events(ctx, token.Mint, store.Page{Limit: maxLooked})
	if err != nil {
		return err
	}

	for i := range page.Events {
		venued, ok := page.Events[i].Body.(program.Venued)
		if !ok {
			continue
		}
		venue, ok := venued.Venue()
		if !ok {
			continue
		}
		answer.Shown(&venue)
		answer.At(&page.Events[i])
		progress(answer, token, &venue)
		return nil
	}
	return nil
}

// progress is how near graduation a coin on its curve is.
func progress(answer *wire.Venue, token *market.Token, venue *program.Venue) {
	if venue.Pool || !venue.Held {
		return
	}

	if created, ok := token.Created.(program.Venued); ok {
		if first, ok := created.Venue(); ok && first.ForSale > 0 {
			answer.Sold(venue.Left, first.ForSale, false)
			return
		}
	}
	if venue.ForSale > 0 {
		answer.Sold(venue.Left, venue.ForSale, true)
	}
}
