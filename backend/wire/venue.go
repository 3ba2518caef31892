package wire

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Venue answers /api/venue: where a coin trades, as its newest event left it.
type Venue struct {
	MintAccount   string   `json:"mint_account"`
	Program       string   `json:"program" doc:"Where it trades now; empty for a coin that is not known"`
	Venue         string   `json:"venue" enum:"curve,pool," doc:"What its newest price is of; empty before the first"`
	Progress      *float64 `json:"progress" doc:"How much of what the curve began to sell is sold, 0 to 1: at 1 the coin graduates; null in a pool, for a coin that does not graduate, and where it is not known"`
	ForSale       *Amount  `json:"for_sale" doc:"Base units of the coin that the curve began to sell; null likewise"`
	ForSaleSource string   `json:"for_sale_source" enum:"creation,usual," doc:"Who says so: the coin's creation, or, while that is not stored, what is usual for its program; empty without for_sale"`
	BaseReserves  *Sum     `json:"base_reserves" doc:"Base units of the coin that the price is made of, virtual ones included; null where there is no price"`
	QuoteReserves *Sum     `json:"quote_reserves" doc:"Base units likewise of what it is paid in"`
	BaseLeft      *Amount  `json:"base_left" doc:"Base units of the coin that can still be bought here; null where events do not say"`
	QuoteHeld     *Amount  `json:"quote_held" doc:"Base units of what it is paid in that lie here; null where events do not say"`
	Fees          []Fee    `json:"fees" doc:"What the newest trade was charged by rate, or what is charged as of the last change; empty where events do not say"`
	Slot          *uint64  `json:"slot" doc:"Of the event that this is by; null without one, and where it follows from the price"`
	Timestamp     *string  `json:"timestamp" doc:"Of it likewise, its block time"`
}

// Fee is a part of what a trade is charged.
type Fee struct {
	Name string  `json:"name" enum:"pool,protocol,creator,swap,borrow" doc:"Who gets it, or what it is for"`
	Rate float64 `json:"rate" doc:"As a fraction of what is paid: 0.0095 is 0.95 %"`
}

// Shown are the answer's parts that a venue says.
func (v *Venue) Shown(venue *program.Venue) {
	v.Venue = "curve"
	if venue.Pool {
		v.Venue = "pool"
	}
	v.BaseReserves, v.QuoteReserves = new(Sum(venue.Base)), new(Sum(venue.Quote))
	if venue.Held {
		v.BaseLeft, v.QuoteHeld = new(Amount(venue.Left)), new(Amount(venue.Holds))
	}
	for _, fee := range venue.Fees {
		v.Fees = append(v.Fees, Fee{fee.Name, float64(fee.BasisPoints) / 10_000})
	}
}

// Sold are the parts about the way to graduation; with usual the amount is not the creation's own.
func (v *Venue) Sold(left, forSale uint64, usual bool) {
	v.ForSale, v.ForSaleSource = new(Amount(forSale)), "creation"
	if usual {
		v.ForSaleSource = "usual"
	}
	v.Progress = new(SoldShare(left, forSale))
}

// SoldShare is how much of what a curve began to sell is sold, 0 to 1; 0 where it sells nothing.
func SoldShare(left, forSale uint64) float64 {
	if forSale == 0 {
		return 0
	}
	return 1 - float64(min(left, forSale))/float64(forSale)
}

// At is the event that the answer is by.
func (v *Venue) At(event *market.Event) {
	v.Slot, v.Timestamp = new(uint64(event.Slot)), new(Time(event.BlockTime))
}
