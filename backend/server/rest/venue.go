package rest

import (
	"context"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/registry"
	"spinscope/backend/store"
	"spinscope/backend/ticker"
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
	venue, event, err := newestVenue(ctx, a.deps.Reader, token.Mint)
	if err != nil || event == nil {
		return err
	}

	answer.Shown(&venue)
	answer.At(event)
	if forSale, usual := forSaleOf(token, &venue); forSale > 0 {
		answer.Sold(venue.Left, forSale, usual)
	}
	return nil
}

// newestVenue is a coin's venue by its newest event that says it; nil where none of those looked at does.
func newestVenue(ctx context.Context, reader Reader, mint market.Pubkey) (venue program.Venue, event *market.Event, err error) {
	// The newest says it nearly always.
	for _, limit := range [...]int{2, maxLooked} {
		page, err := reader.Events(ctx, mint, store.Page{Limit: limit})
		if err != nil {
			return venue, nil, err
		}
		for i := range page.Events {
			if venued, ok := page.Events[i].Body.(program.Venued); ok {
				if venue, ok = venued.Venue(); ok {
					return venue, &page.Events[i], nil
				}
			}
		}
	}
	return program.Venue{}, nil, nil
}

// forSaleOf is how many base units a coin's curve began to sell, by its creation or, with usual, by what its program does; 0 for a
// coin that is on no curve, and where that is not known.
func forSaleOf(token *market.Token, venue *program.Venue) (forSale uint64, usual bool) {
	if venue.Pool || !venue.Held {
		return 0, false
	}
	if created, ok := token.Created.(program.Venued); ok {
		if first, ok := created.Venue(); ok && first.ForSale > 0 {
			return first.ForSale, false
		}
	}
	return venue.ForSale, true
}

// TickerFacts tell a ticker.Cache what /api/venue and the accounts of mints say; info may be nil.
func TickerFacts(reader Reader, info func(market.Pubkey) market.MintInfo) ticker.Facts {
	return ticker.Facts{Info: info, Progress: func(ctx context.Context, token *market.Token) (float64, bool, error) {
		if _, priced := registry.Of(token.Pair.Program()).(program.PricedVenue); priced {
			return 0, false, nil // no coin of it graduates
		}
		venue, event, err := newestVenue(ctx, reader, token.Mint)
		if err != nil || event == nil {
			return 0, false, err
		}
		forSale, _ := forSaleOf(token, &venue)
		return wire.SoldShare(venue.Left, forSale), forSale > 0, nil
	}}
}
