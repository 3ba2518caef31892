package market

// Kind is the type of an event. The numbers are stored, never renumber them.
type Kind uint8

// The seven events of the program.
const (
	KindTokenCreated Kind = iota + 1
	KindBuySell
	KindLongShort
	KindForceLiquidate
	KindFullClose
	KindPartialClose
	KindMilestoneDiscount
	NumKinds = 7
)

// String is the event_type on the wire.
func (k Kind) String() string {
	if k < KindTokenCreated || k > KindMilestoneDiscount {
		return "Unknown"
	}
	return [...]string{"TokenCreated", "BuySell", "LongShort", "ForceLiquidate", "FullClose", "PartialClose", "MilestoneDiscount"}[k-1]
}

// Event is one event of the program with its place and time. (Signature, Ordinal) identifies it.
type Event struct {
	Position
	Signature   Signature
	BlockTime   int64  // Unix seconds, the chain's
	ReceivedAt  int64  // Unix milliseconds, this machine's; 0 when read back from the store
	Provisional bool   // BlockTime is an estimate, to be corrected
	Scale       uint8  // decimals of the body's raw latest_price; 0 when the kind has no price
	Price       Price  // latest_price normalised; zero when the kind has no price
	Owner       Pubkey // whom the event belongs to: the order's owner for closes and liquidations, else user or payer
	Body        Body   // never nil
}

// Kind is the event's type.
func (e *Event) Kind() Kind { return e.Body.Kind() }

// Mint is the token the event is about.
func (e *Event) Mint() Pubkey { return e.Body.MintAccount() }

// Trade is what a price event does to a candle.
type Trade struct {
	Price       Price
	TokenAmount uint64 // base units
	SolAmount   uint64 // lamports
	Buy         bool   // the taker bought tokens: buys, long opens, short closes
}

// Trade returns the trade that the event stands for; false for kinds without a price and when the price is unset.
func (e *Event) Trade() (Trade, bool) {
	body, ok := e.Body.(interface {
		amounts() (token, sol uint64, buy bool)
	})
	if !ok || e.Price.IsZero() {
		return Trade{}, false
	}
	token, sol, buy := body.amounts()
	return Trade{Price: e.Price, TokenAmount: token, SolAmount: sol, Buy: buy}, true
}

// RawPrice returns the on-chain latest_price and the amounts it can be checked against; false for kinds without one.
func (e *Event) RawPrice() (raw U128, token, sol uint64, ok bool) {
	switch b := e.Body.(type) {
	case *BuySell:
		raw = b.LatestPrice
	case *LongShort:
		raw = b.LatestPrice
	case *FullClose:
		raw = b.LatestPrice
	case *PartialClose:
		raw = b.LatestPrice
	default:
		return U128{}, 0, 0, false
	}
	token, sol, _ = e.Body.(interface {
		amounts() (token, sol uint64, buy bool)
	}).amounts()
	return raw, token, sol, true
}

// Order is the margin order that the event opens, changes or ends; false when it is about none.
func (e *Event) Order() (Pubkey, bool) {
	switch b := e.Body.(type) {
	case *LongShort:
		return b.Order, true
	case *PartialClose:
		return b.Order, true
	case *FullClose:
		return b.Order, true
	case *ForceLiquidate:
		return b.Order, true
	}
	return Pubkey{}, false
}
