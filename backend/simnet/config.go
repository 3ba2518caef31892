package simnet

import (
	"log/slog"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/spinpet"
)

// Config describes a cluster. The zero value of a field means what its comment says; Default gives the demo market.
type Config struct {
	Listen  string        // host:port, port 0 for any free one; "" is 127.0.0.1:0
	Seed    int64         // of the market; equal configurations give equal ledgers
	Rate    float64       // transactions per second of chain time, all mints together, at most 10,000; 0 is a market at rest
	Mints   int           // tokens that exist when the live part starts; below 1 is 8
	History time.Duration // chain time before Start that is filled with trading; 0 is none

	// HistoryTransactions spreads about so many transactions evenly over History. 0 lets the market grow towards Rate, so
	// that six hours hold a little under 10,000.
	HistoryTransactions int

	// Coins are those of the launchpad, on pump and PumpSwap, at the beginning; 0 is no launchpad. CoinShare is their part of
	// the transactions, 0 is a half. Derive, needed for them, finds addresses of programs; without it the cluster does not know
	// what the market's own mints call themselves, nor whose they are.
	Coins     int
	CoinShare float64
	Derive    program.Derive

	NewMintEvery     time.Duration // mean chain time between new tokens in the live part, and between further coins; 0 is never
	MaxMints         int           // no tokens are created beyond so many; 0 is Mints + 40
	SlotTime         time.Duration // wall time between slots, at least 1 ms; 0 is 400 ms
	Speed            float64       // chain seconds per wall second; 0 is 1
	Start            time.Time     // chain time of the first live slot; zero is the time of Run
	Program          market.Pubkey // zero is the deployed one; the early one creates tokens in its six-field layout
	Decimals         int           // of latest_price: 28, or 26 as deployments of October 2025 with their longer PartialClose; 0 is 28
	ConfirmedLag     int           // produced blocks between processed and confirmed; 0 is 1
	FinalizedLag     int           // produced blocks between processed and finalized; 0 is 32
	MaxTransactions  int           // older ones are pruned; about 500 bytes each; 0 is 300,000
	Keep             time.Duration // chain time whose ledger the access point at the root has; 0 is all that is not pruned
	QueuedMessages   int           // notifications that may wait for a slow client; 0 is 4096
	MaxSubscriptions int           // of one connection; 0 is 100
	RateLimit        float64       // RPC requests per second and client address, in bursts of ten seconds' worth; 0 is none
	MaxBatch         int           // calls in one request; 0 is 1000
	BatchRefusal     BatchRefusal  // of larger ones, when MaxBatch is set
	Faults           Faults        // what goes wrong
	Logger           *slog.Logger  // nil is silence
}

// Faults says how often things go wrong. Probabilities are 0..1 and per what the comment names; all zero is a cluster
// without faults. They do not change what trades happen, except that Fork moves and adds transactions.
type Faults struct {
	Drop       float64       `json:"drop"`       // per logs notification and subscription: never sent
	Duplicate  float64       `json:"duplicate"`  // per logs notification and subscription: sent twice
	Reorder    float64       `json:"reorder"`    // per logs notification and subscription: sent after those of a later slot
	Truncate   float64       `json:"truncate"`   // per transaction: so chatty that the log is cut before the price event
	Fork       float64       `json:"fork"`       // per block with transactions: abandoned before it is final
	Disconnect float64       `json:"disconnect"` // per connection and slot: the socket is closed
	Silent     float64       `json:"silent"`     // per connection and slot: the socket stays open and says nothing more
	Refuse     float64       `json:"refuse"`     // per subscription request: answered with an error
	Null       float64       `json:"null"`       // per getTransaction of a transaction less than 64 slots old: answered null
	Limit      float64       `json:"limit"`      // per HTTP request: 429 with Retry-After
	Fail       float64       `json:"fail"`       // per HTTP request: 500
	Slow       float64       `json:"slow"`       // per HTTP request: answered after SlowBy
	SlowBy     time.Duration `json:"slow_by"`    // 0 is 2 s
	EmptyList  float64       `json:"empty_list"` // per list of signatures: nothing in it
	ListHole   float64       `json:"list_hole"`  // per list of signatures: its middle third is left out
	ShortList  float64       `json:"short_list"` // per list of signatures: its older half is left out
	LateList   float64       `json:"late_list"`  // per list of signatures: the newest 40 slots are left out
}

// Default is the demo market: eight tokens of every fate with six hours behind them, three transactions a second.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:0", Seed: 1, Rate: 3, Mints: 8, History: 6 * time.Hour, NewMintEvery: 12 * time.Minute,
		SlotTime: 400 * time.Millisecond, Speed: 1, ConfirmedLag: 1, FinalizedLag: 32, MaxTransactions: 100_000,
		QueuedMessages: 4096,
	}
}

// withDefaults replaces what the zero value stands for.
func (c Config) withDefaults() Config {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Mints < 1 {
		c.Mints = 8
	}

	if c.MaxMints < c.Mints {
		c.MaxMints = c.Mints + 40
	}
	if c.SlotTime <= 0 {
		c.SlotTime = 400 * time.Millisecond
	}

	c.SlotTime = max(c.SlotTime, time.Millisecond)
	if c.Speed <= 0 {
		c.Speed = 1
	}
	if c.Program.IsZero() {
		c.Program = spinpet.ProgramID
	}

	if c.Decimals != 26 {
		c.Decimals = 28
	}
	if c.ConfirmedLag <= 0 {
		c.ConfirmedLag = 1
	}

	if c.FinalizedLag <= c.ConfirmedLag {
		c.FinalizedLag = max(32, c.ConfirmedLag+1)
	}
	if c.MaxTransactions <= 0 {
		c.MaxTransactions = 300_000
	}

	if c.QueuedMessages <= 0 {
		c.QueuedMessages = 4096
	}
	if c.MaxSubscriptions <= 0 {
		c.MaxSubscriptions = 100
	}
	if c.CoinShare <= 0 {
		c.CoinShare = 0.5
	}

	if c.Faults.SlowBy <= 0 {
		c.Faults.SlowBy = 2 * time.Second
	}
	if c.History = max(0, c.History); c.History == 0 && c.HistoryTransactions > 0 {
		c.History = 6 * time.Hour
	}

	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Slots is how many slots so much chain time holds, at least one.
func (c *Config) Slots(length time.Duration) market.Slot {
	return market.Slot(max(1, length.Seconds()/(c.SlotTime.Seconds()*c.Speed)))
}
