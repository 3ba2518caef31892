package solana

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"spinscope/backend/market"
)

// ErrConfig is returned by Run for a configuration that cannot work: no endpoint, a bad address, an unknown commitment.
var ErrConfig = errors.New("solana configuration")

// The commitments a cluster can be watched at.
const (
	Processed = "processed"
	Confirmed = "confirmed"
	Finalized = "finalized"
)

// Config says what to watch and where. The zero value of every field but Endpoints and Program has a default.
type Config struct {
	Endpoints  []Endpoint    // tried in order; the first is preferred
	Program    market.Pubkey // whose transactions are read
	Commitment string        // Processed, Confirmed (default) or Finalized

	ReconnectInterval    time.Duration // first pause before connecting again, default 1 s; doubles with jitter up to 60 s
	PingInterval         time.Duration // WebSocket pings, default 15 s
	MaxRequestsPerSecond float64       // RPC requests, the parts of a batch counted singly; 0 = only slowed by 429
	BackfillLimit        int           // signatures looked back on a first start; 0 = none
	IncludeFailed        bool          // deliver failed transactions too, with Failed set

	SilenceTimeout time.Duration // a cluster that shows no new slot for so long counts as down, default 4 s
	RescanInterval time.Duration // between checks of recent finalized slots, default 1 min
	TimeWait       time.Duration // how long a live transaction waits for its block time, default 1 s

	// Admit is told the genesis hash of the chain that an endpoint serves, before anything is read from it. An error, as
	// for a chain other than the stored one, makes the endpoint count as down. It may be nil.
	Admit func(genesis string) error

	// Recall tells a later start which transactions earlier runs delivered from a slot on, so that one rolled back while
	// the program was down is withdrawn. Signature, Slot, Index, BlockTime and Provisional count; logs do not. It may be nil.
	Recall func(ctx context.Context, from market.Slot, visit func(market.Transaction)) error

	Gaps []market.Gap // left open by earlier runs: transactions behind them are asked for again at every rescan

	Logger *slog.Logger // default: discards

	buffered int           // tests lower bufferedTxs
	lookout  time.Duration // tests lower lookoutPause
	recheck  time.Duration // tests lower recheckEvery
}

const (
	maxReconnect  = 60 * time.Second
	lookoutPause  = 1500 * time.Millisecond // at most, between looks at the endpoints while waiting to connect again
	slotTime      = 400 * time.Millisecond
	graceSlots    = 2      // slots that chain time stays behind the newest one
	overlapSlots  = 64     // read again before the checkpoint
	rescanSlots   = 150    // recent finalized slots checked by a rescan
	ledgerSlots   = 600    // finalized slots whose deliveries are remembered
	bufferedTxs   = 20_000 // live transactions kept while history is read
	bufferedBytes = 64 << 20
	maxFrame      = 1 << 20
	maxResponse   = 64 << 20
)

func (c Config) withDefaults() (Config, error) {
	if len(c.Endpoints) == 0 {
		return c, fmt.Errorf("%w: no endpoint", ErrConfig)
	}
	for _, endpoint := range c.Endpoints {
		if err := endpoint.check(); err != nil {
			return c, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	switch c.Commitment {
	case "":
		c.Commitment = Confirmed
	case Processed, Confirmed, Finalized:
	default:
		return c, fmt.Errorf("%w: commitment %q is none of processed, confirmed, finalized", ErrConfig, c.Commitment)
	}
	if c.BackfillLimit < 0 || c.MaxRequestsPerSecond < 0 {
		return c, fmt.Errorf("%w: negative limit", ErrConfig)
	}
	setDefault(&c.ReconnectInterval, time.Second)
	setDefault(&c.PingInterval, 15*time.Second)
	setDefault(&c.SilenceTimeout, 4*time.Second)
	setDefault(&c.RescanInterval, time.Minute)
	setDefault(&c.TimeWait, time.Second)
	setDefault(&c.lookout, lookoutPause)
	setDefault(&c.recheck, recheckEvery)
	if c.buffered == 0 {
		c.buffered = bufferedTxs
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func setDefault(d *time.Duration, value time.Duration) {
	if *d <= 0 {
		*d = value
	}
}

// readable is the commitment for reading history, which exists from confirmed on only.
func (c Config) readable() string {
	if c.Commitment == Processed {
		return Confirmed
	}
	return c.Commitment
}
