package market

// Commit is one atomic change: ingest decides it, the store writes it in one transaction, the hub publishes it after.
type Commit struct {
	Seq         Seq
	Slot        Slot    // newest slot known, 0 when unknown
	ChainTime   int64   // Unix seconds; candles ending at or before it are final
	Checkpoint  Slot    // 0 keeps the stored one
	Events      []Event // new ones in chain order
	Removed     []Event // rolled back, or moved (the new place is in Events)
	Candles     []CandleChange
	Orders      []OrderChange
	Tokens      []Token       // mints whose record changed, whole
	OpenCandles []OpenCandles // to keep durably (checkpoints), each mint's whole
	Evicted     []Pubkey      // mints whose open candles are durable and leave memory
	Gaps        []Gap
	Reached     []Reached // how far addresses that are followed beside the program have come, whole
	Replay      Position  // recovery folds events after this position; set with OpenCandles, zero keeps the stored one
}

// Reached is how far an address that is followed beside the program has come: all of its own, as Commit and Batch say it of
// the program.
type Reached struct {
	Address    Pubkey
	Slot       Slot
	ChainTime  int64 // Unix seconds
	Checkpoint Slot
}

// OpenCandles are those of one mint, with its last trade: enough to fold the next trade.
type OpenCandles struct {
	Mint      Pubkey
	Last      Position            // last price event folded, in order of (BlockTime, Position)
	BlockTime int64               // its block time
	Price     Price               // its price: the previous close of every interval
	Open      [NumStored][]Candle // not yet final, oldest first, one or two each
}

// MintMark is a mint and the last commit that was about it.
type MintMark struct {
	Mint Pubkey
	Seq  Seq
}
