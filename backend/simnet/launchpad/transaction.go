package launchpad

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"

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

// Fact is what happened to a coin, from the market's own account. A price is the fraction of the two reserves after the
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

// Price is the fraction in whole coins and whole units of a quote with so many decimals, rounded down, by arithmetic of its
// own.
func (f *Fact) Price(quoteDecimals uint8) market.Price {
	x := new(big.Int).SetUint64(f.PriceQuote)
	x.Mul(x, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(market.PriceDecimals+tokenDecimals-int(quoteDecimals))), nil))
	x.Quo(x, new(big.Int).SetUint64(f.PriceBase))

	var high, low big.Int
	high.Rsh(x, 64)
	low.Sub(x, low.Lsh(&high, 64))
	return market.Price{Hi: high.Uint64(), Lo: low.Uint64()}
}

// Delivered is the n-th transaction as a source delivers it: its log or, where that was cut, its calls of programs to themselves.
func (tx *Transaction) Delivered(n int, slot market.Slot, blockTime int64) market.Transaction {
	delivered := market.Transaction{
		Signature: sha512.Sum512(binary.LittleEndian.AppendUint64(nil, uint64(n))), Slot: slot, Index: uint32(n), BlockTime: blockTime, //nolint:gosec // small
	}
	if tx.Cut {
		delivered.Logs, delivered.Inner = []string{"Program 11111111111111111111111111111111 invoke [1]", program.TruncatedLine}, []market.SelfCall{}
	}
	tx.tell(&delivered, tx.Calls, 1)
	return delivered
}

func (tx *Transaction) tell(delivered *market.Transaction, calls []Call, depth int) {
	line := func(text string) {
		if !tx.Cut {
			delivered.Logs = append(delivered.Logs, text)
		}
	}
	for i := range calls {
		call := &calls[i]
		line(fmt.Sprintf("Program %s invoke [%d]", call.Program, depth))
		tx.tell(delivered, call.Inner, depth+1)
		for _, event := range call.Events {
			data := program.Append(nil, event)
			line(program.DataPrefix + base64.StdEncoding.EncodeToString(data))
			if tx.Cut {
				delivered.Inner = append(delivered.Inner, market.SelfCall{Program: call.Program, Event: data})
			}
		}
		line(fmt.Sprintf("Program %s success", call.Program))
	}
}
