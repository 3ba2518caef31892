package launchpad

import (
	"spinscope/backend/market"
	"spinscope/backend/program"
)

// Transaction is one transaction of the market.
type Transaction struct {
	Payer    market.Pubkey
	Accounts []market.Pubkey // those that it names, programs and payer left out
	Calls    []Call          // top-level instructions
	Failed   bool            // it logged its events and then failed: nothing happened
	Cut      bool            // it logs so much that its log is cut before the first event
	Truth    []Fact          // what happened, in the order of the events; none when it failed
	Created  *Coin           // the coin that it created, nil mostly
}

// Call is the invocation of a program: first those that it calls itself, then its events, each told by a log line and by a
// call of the program to itself.
type Call struct {
	Program     market.Pubkey
	Instruction string // as the program logs it
	Inner       []Call
	Events      []program.Growing
}

// FactKind says what a Fact is.
type FactKind string

// What happens to a coin. Trades in its other pools are told too, as they must not be taken for the coin's own.
const (
	FactCreated   FactKind = "created"
	FactTrade     FactKind = "trade"
	FactCompleted FactKind = "completed"
	FactMigrated  FactKind = "migrated"
	FactOther     FactKind = "other_trade"
)

// Fact is what happened to a coin, from the market's own books. A price is the fraction of the two reserves after the
// trade, both in base units: PriceQuote / PriceBase, times 10^(token decimals − quote decimals) for whole coins.
type Fact struct {
	Kind        FactKind      `json:"kind"`
	Mint        market.Pubkey `json:"mint"`
	Venue       market.Pubkey `json:"venue"` // the curve or the pool
	QuoteMint   market.Pubkey `json:"quote_mint"`
	User        market.Pubkey `json:"user"`
	Buy         bool          `json:"buy"`          // the taker bought the coin
	TokenAmount uint64        `json:"token_amount"` // base units; 0 for what is no trade
	QuoteAmount uint64        `json:"quote_amount"` // base units of the quote, without fees
	PriceQuote  uint64        `json:"price_quote"`
	PriceBase   uint64        `json:"price_base"`
	Symbol      string        `json:"symbol,omitempty"`
}
