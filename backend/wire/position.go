package wire

import (
	"spinscope/backend/market"
	"spinscope/backend/position"
)

// Balance is a total with a sign: a JSON number up to 2^53 to either side of 0, a decimal string beyond.
//
//ts:type number | string
type Balance position.Balance

// MarshalJSON implements json.Marshaler.
func (b Balance) MarshalJSON() ([]byte, error) {
	amount, negative := position.Balance(b).Split()
	text, err := Sum(amount).MarshalJSON()
	if err != nil || !negative {
		return text, err
	}
	if text[0] == '"' {
		return append([]byte(`"-`), text[1:]...), nil
	}
	return append([]byte{'-'}, text...), nil
}

// Holding is what one account's events on one coin come to. Amounts are base units; those of the quote are of what the coin is paid in.
type Holding struct {
	Events          uint64          `json:"events" doc:"Of the account on the coin, that were looked at"`
	Buys            uint64          `json:"buys" doc:"Trades, margin orders' not counted"`
	Sells           uint64          `json:"sells"`
	FirstTime       int64           `json:"first_time" doc:"Block time of the oldest of these events, Unix seconds"`
	LastTime        int64           `json:"last_time"  doc:"And of the newest"`
	HeldAmount      Sum             `json:"held_amount" doc:"Tokens bought and not sold, by the trades that were seen: what was sent from or to the account is in no event"`
	CostAmount      Sum             `json:"cost_amount" doc:"Of the quote, paid for them; a sale takes its share of the cost with it (average cost), rounded down"`
	EntryPrice      *float64        `json:"entry_price" doc:"Cost per whole token that is held, fees not counted; null when none is"`
	EntryPriceExact *string         `json:"entry_price_exact" doc:"The same with every digit, rounded down"`
	ValueAmount     *Sum            `json:"value_amount,omitempty" doc:"Of the quote, what they are worth at the last price, rounded down; what selling would do to it is not counted; left out without a price"`
	Unrealised      *Balance        `json:"unrealised_amount,omitempty" doc:"value_amount less cost_amount; left out without a price"`
	UnrealisedPart  *float64        `json:"unrealised" doc:"The same as a fraction of the cost: 0.25 is a quarter more; null without a cost"`
	Realised        Balance         `json:"realised_amount" doc:"Of the quote: what sales brought less what the tokens sold had cost, and what margin orders won or lost; fee_amount is not taken off"`
	BoughtAmount    Sum             `json:"bought_amount"   doc:"Tokens bought, ever"`
	PaidAmount      Sum             `json:"paid_amount"     doc:"Of the quote, for them"`
	SoldAmount      Sum             `json:"sold_amount"     doc:"Tokens sold, ever"`
	ReceivedAmount  Sum             `json:"received_amount" doc:"Of the quote, for them"`
	Unmatched       Sum             `json:"unmatched_amount" doc:"Of the tokens sold, those that were not seen bought; they are in no profit"`
	UnmatchedQuote  Sum             `json:"unmatched_quote_amount" doc:"Of the quote, what they brought"`
	VolumeAmount    Sum             `json:"volume_amount" doc:"Of the quote, traded by everything, margin orders too"`
	FeeAmount       Sum             `json:"fee_amount" doc:"Of the quote, fees as far as events tell them"`
	FeesUnknown     uint64          `json:"fees_unknown" doc:"Trades whose events tell no fee, as all of SpinPet's"`
	Margin          *MarginHoldings `json:"margin" doc:"Of its margin orders; null when it had none"`
}

// MarginHoldings are what an account's margin orders on one coin come to. Amounts are base units of what the coin is paid in.
type MarginHoldings struct {
	Opened         uint64   `json:"opened"`
	Closes         uint64   `json:"closes"       doc:"In whole or in part"`
	Liquidations   uint64   `json:"liquidations"`
	Unmatched      uint64   `json:"unmatched" doc:"Of closes and liquidations, those of orders that were opened before what was looked at: they are in no profit"`
	PutAmount      Sum      `json:"put_amount"      doc:"Margin put up"`
	ReturnedAmount Sum      `json:"returned_amount" doc:"Given back by closes, margin included"`
	Realised       Balance  `json:"realised_amount" doc:"What closes gave back less the margin they ended; a liquidation loses its margin"`
	OpenOrders     int      `json:"open_orders"`
	OpenMargin     Sum      `json:"open_margin_amount" doc:"Margin of the open orders"`
	Unrealised     *Balance `json:"unrealised_amount,omitempty" doc:"What closing the open orders now would give back less their margin, as profit_sol_amount of /api/liquidations; left out when there are none, or it is not known of one of them"`
}

// NewHolding is a position on the wire, with a coin's pair and last price. open is what its open orders would win or lose now,
// nil when that is not known.
func NewHolding(p *position.Position, pair market.Pair, price market.Price, open *position.Balance) Holding {
	h := Holding{
		Events: p.Events, Buys: p.Buys, Sells: p.Sells, FirstTime: p.First, LastTime: p.Last,
		HeldAmount: Sum(p.Held), CostAmount: Sum(p.Cost), Realised: Balance(p.Realised()),
		BoughtAmount: Sum(p.Bought), PaidAmount: Sum(p.Paid), SoldAmount: Sum(p.Sold), ReceivedAmount: Sum(p.Received),
		Unmatched: Sum(p.Unmatched), UnmatchedQuote: Sum(p.Unmatching), VolumeAmount: Sum(p.Volume),
		FeeAmount: Sum(p.Fees), FeesUnknown: p.Unknown,
	}
	if entry, ok := p.Entry(pair); ok {
		h.EntryPrice, h.EntryPriceExact = new(entry.Float()), new(entry.String())
	}
	if !price.IsZero() {
		unrealised := p.Unrealised(price, pair)
		h.ValueAmount, h.Unrealised = new(Sum(unrealised.Plus)), new(Balance(unrealised))
		if cost := p.Cost.Float(0); cost > 0 {
			h.UnrealisedPart = new(unrealised.Plus.Float(0)/cost - 1)
		}
	}

	m := &p.Margin
	if m.Opened+m.Closes+m.Liquidated == 0 {
		return h
	}
	h.Margin = &MarginHoldings{
		Opened: m.Opened, Closes: m.Closes, Liquidations: m.Liquidated, Unmatched: m.Unmatched,
		PutAmount: Sum(m.Put), ReturnedAmount: Sum(m.Returned), Realised: Balance(position.Balance{Plus: m.Gain, Minus: m.Loss}),
	}
	var margin market.U128
	orders := m.Open()
	for i := range orders {
		margin = margin.Add(market.U64(orders[i].Terms.MarginSolAmount))
	}
	h.Margin.OpenOrders, h.Margin.OpenMargin = len(orders), Sum(margin)
	if open != nil {
		h.Margin.Unrealised = new(Balance(*open))
	}
	return h
}

// Why what is told of positions may lack something.
const (
	IncompleteOlder   = "older"
	IncompleteGaps    = "gaps"
	IncompleteHistory = "history"
)

// WalletPosition is a wallet's position in one coin.
type WalletPosition struct {
	MintAccount string  `json:"mint_account"`
	Name        *string `json:"name"   doc:"The coin's; null when unknown"`
	Symbol      *string `json:"symbol" doc:"Likewise"`
	Pair
	Decimals   uint8    `json:"decimals" doc:"Of amounts of tokens"`
	Price      *float64 `json:"price" doc:"Of the coin's last trade; null before the first"`
	PriceExact *string  `json:"price_exact" doc:"The same with every digit"`
	Creator    bool     `json:"creator" doc:"The wallet created the coin"`
	Holding
	Incomplete []string `json:"incomplete" enum:"older,gaps,history" doc:"Why something may lack, empty when nothing does but transfers. older: there are older events than were looked at; gaps: the stored history has gaps that may hold trades of the coin; history: the coin is older than the stored history"`
}

// WalletTotal is what a wallet's positions in coins that are paid in one thing come to.
type WalletTotal struct {
	QuoteMint     string  `json:"quote_mint"`
	QuoteSymbol   string  `json:"quote_symbol"`
	QuoteDecimals uint8   `json:"quote_decimals"`
	Positions     int     `json:"positions"`
	ValueAmount   Sum     `json:"value_amount" doc:"Of tokens held, in coins that have a price"`
	CostAmount    Sum     `json:"cost_amount"  doc:"Of all tokens held"`
	Unrealised    Balance `json:"unrealised_amount" doc:"Of tokens held, in coins that have a price"`
	Realised      Balance `json:"realised_amount"`
	VolumeAmount  Sum     `json:"volume_amount"`
	FeeAmount     Sum     `json:"fee_amount"`
	FeesUnknown   uint64  `json:"fees_unknown"`
	OpenOrders    int     `json:"open_orders"`
	OpenMargin    Sum     `json:"open_margin_amount"`
}

// Wallet answers /api/wallets/{address}.
type Wallet struct {
	Address   string           `json:"address"`
	Positions []WalletPosition `json:"positions"`
	Paging
	Totals []WalletTotal `json:"totals" doc:"Of all positions, not only of this page; one for each thing that coins are paid in, which are never added up"`
	Events int           `json:"events" doc:"Events of the wallet that were looked at"`
	Older  bool          `json:"older"  doc:"There are older ones, which were not"`
	Seq    uint64        `json:"seq"    doc:"The commit that the events are of; live pushes after it have a higher one"`
	Store  string        `json:"store,omitempty" doc:"Identity of the store that seq is of"`
}

// CoinTrader is one of those who traded a coin.
type CoinTrader struct {
	User    string   `json:"user"`
	Creator bool     `json:"creator" doc:"This account created the coin"`
	Share   *float64 `json:"share" doc:"What it holds by the trades that were seen, as a fraction of the supply; null when that is not known"`
	Holding
}

// CoinCreator is who created a coin, and what became of it.
type CoinCreator struct {
	User  string   `json:"user"`
	Share *float64 `json:"share" doc:"As of traders"`
	Sold  bool     `json:"sold" doc:"It has sold tokens of the coin"`
	Holding
}

// CoinTraders answers /api/mints/{mint}/traders.
type CoinTraders struct {
	MintAccount string `json:"mint_account"`
	Pair
	Decimals   uint8        `json:"decimals" doc:"Of amounts of tokens"`
	Price      *float64     `json:"price" doc:"Of the last trade; null before the first"`
	PriceExact *string      `json:"price_exact" doc:"The same with every digit"`
	Supply     *Amount      `json:"supply,omitempty" doc:"Base units; left out while it is not known"`
	Traders    []CoinTrader `json:"traders"`
	Paging
	Holders    int          `json:"holders" doc:"How many hold something by the trades that were seen"`
	HeldAmount Sum          `json:"held_amount" doc:"Token base units that they hold"`
	Creator    *CoinCreator `json:"creator" doc:"Null while the creation is not stored"`
	Events     int          `json:"events" doc:"Events of the coin that were looked at"`
	Incomplete []string     `json:"incomplete" enum:"older,gaps,history" doc:"As of a wallet's positions"`
	Seq        uint64       `json:"seq" doc:"The commit that the events are of"`
	Store      string       `json:"store,omitempty" doc:"Identity of the store that seq is of"`
}
