package simnet

import (
	"math"

	"spinscope/backend/program"
	"spinscope/backend/usd"
)

// The price of SOL in US dollars that the cluster keeps: it goes round a middle twice a day, and a little faster beside that.
const (
	dollars      = 180.0
	dollarsSwing = 4.0
	dollarsAt    = 8 // digits after the point
)

// dollarAccount is the account of the price, as of the newest block; the chain is locked.
func (n *Net) dollarAccount() program.Account {
	var at int64
	if b := n.chain.at(n.chain.processed); b != nil {
		at = b.time
	}
	if at <= 0 {
		return program.Account{}
	}

	const day = 86_400
	turn := 2 * math.Pi * float64(at%day) / day
	price := dollars + dollarsSwing*math.Sin(2*turn) + dollarsSwing/8*math.Sin(97*turn)
	return program.Account{Owner: usd.Owner, Data: usd.AppendAccount(nil, usd.Price{
		Units: int64(math.Round(price * math.Pow10(dollarsAt))), Confidence: 5_000_000, Exponent: -dollarsAt, Published: at,
	}, n.chain.processed)}
}
