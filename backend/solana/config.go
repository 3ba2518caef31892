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

// Config says what to watch and where. The zero value of every field but Endpoints and Program has a default. Further
// addresses are followed by Feed.Follow.
type Config struct {
	Endpoints  []Endpoint    // tried in order; the first is preferred
	Program    market.Pubkey // whose transactions are read
	Commitment string        // Processed, Confirmed (default) or Finalized

	ReconnectInterval    time.Duration // first pause before connecting again, default 1 s; doubles with jitter up to 60 s
	PingInterval         time.Duration // WebSocket pings, default 15 s
	MaxRequestsPerSecond float64       // RPC requests, the parts of a batch counted singly; 0 = only slowed by 429
	BackfillLimit        int           // signatures looked back on a first start; 0 = none
	IncludeFailed        bool          // deliver failed transactions too, with Failed set
	SelfCalls            bool          // the program tells its events by calling itself too: of a cut log they are asked for

	SilenceTimeout time.Duration // a cluster that shows no new slot for so long counts as down, default 4 s
	RescanInterval time.Duration // between checks of recent finalized slots, default 1 min
	TimeWait       time.Duration // how long a live transaction waits for its block time, default 1 s
	MendInterval   time.Duration // between looks for what gaps miss, default 1 min; doubles up to 30 min while nothing is found

	// Admit is told the genesis hash of the chain that an endpoint serves, before anything is read from it. An error, as
	// for a chain other than the stored one, makes the endpoint count as down. It may be nil.
	Admit func(genesis string) error

	// Recall tells which transactions earlier runs delivered of slots from..to, in order, until visit returns false, and
	// before them the newest one below from if it is at hand: so that what was rolled back while the program was down is
	// rolled back, and lists that leave out what is stored are found out. It tells those that name an address, and others as
	// it likes; of the zero address all. Signature, Slot, Index, BlockTime, Provisional and Addresses count, of which nil
	// stands for the program's; logs do not. It may be called at any time, by several goroutines, and may be nil.
	Recall func(ctx context.Context, address market.Pubkey, from, to market.Slot, visit func(market.Transaction) (more bool)) error

	Gaps []market.Gap // of the program, left open by earlier runs: what they miss is asked for again; others are left out

	Logger *slog.Logger // default: discards

	buffered      int           // tests lower bufferedTxs
	endpointWatch time.Duration // tests lower watchPause
	recheck       time.Duration // tests lower recheckEvery
	refusedPause  time.Duration // tests lower askRefused
}

const (
	maxReconnect  = 60 * time.Second
	watchPause    = 1500 * time.Millisecond // at most, between looks at the endpoints while waiting to connect again
	slotTime      = 400 * time.Millisecond  // until the chain has shown its own
	graceSlots    = 2                       // slots that chain time stays behind the newest one
	overlapSlots  = 64                      // read again before the checkpoint
	rescanSlots   = 150                     // recent finalized slots checked by a rescan
	ledgerSlots   = 600                     // finalized slots whose deliveries are remembered
	bufferedTxs   = 20_000                  // live transactions kept while history is read
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
	setDefault(&c.endpointWatch, watchPause)
	setDefault(&c.recheck, recheckEvery)
	setDefault(&c.refusedPause, askRefused)
	setDefault(&c.MendInterval, mendEvery)
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
