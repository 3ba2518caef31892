package market

// Candle is the trading of one mint in [Time, Time+interval).
// Low <= min(Open, Close) <= max(Open, Close) <= High always holds.
type Candle struct {
	Time                   int64 // open time: Unix seconds, a multiple of the interval
	Open, High, Low, Close Price
	Volume                 U128   // base units of the coin traded (Pair)
	QuoteVolume            U128   // base units of the quote traded, such as lamports
	BuyVolume              U128   // base units of the coin bought by takers
	Trades                 uint64 // price events in the bucket
	Final                  bool   // chain time has passed the end
	Provisional            bool   // holds an event whose block time is estimated
	Corrected              bool   // was final and has changed since: tells of the delivery, not of the trades
}

// UpdateType says why a candle is pushed.
type UpdateType uint8

// The update types of protocol.md §3.
const (
	Realtime   UpdateType = iota // the open candle changed
	Final                        // chain time closed it
	Correction                   // a final candle changed
)

// String is the type's name on the wire.
func (t UpdateType) String() string { return [...]string{"realtime", "final", "correction"}[t] }

// CandleChange is one candle as a commit leaves it.
type CandleChange struct {
	Mint     Pubkey
	Interval Interval
	Candle   Candle
	Type     UpdateType
	Removed  bool // a rollback emptied the bucket: Candle is flat with 0 trades and leaves history
	Stamp    Stamp
}

// Stamp tells where an update comes from: the last event behind it, or the chain time that closed a candle.
type Stamp struct {
	Slot       Slot
	BlockTime  int64 // Unix seconds
	ReceivedAt int64 // Unix milliseconds; 0 when read back from the store
}
