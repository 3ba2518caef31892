package usd

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"spinscope/backend/program"
	"spinscope/backend/wire"
)

const (
	askEvery = 10 * time.Second // between two questions to the cluster
	askFor   = 5 * time.Second  // that one of them may take

	// StaleAfter is the age from which a price is not used. The feed is written every minute, and whenever the price moves.
	StaleAfter = 5 * time.Minute
)

// Read is how accounts are read; those of addresses where there is nothing are zero.
type Read = program.ReadAccounts

// Feed tells the price of SOL.
type Feed struct {
	read Read
	log  *slog.Logger
	now  func() time.Time

	asking chan struct{} // holds a token while the cluster is asked

	mu    sync.Mutex
	price Price // Published is 0 before the first
	asked time.Time
	err   error // of the last question
}

// New makes a feed that reads accounts so; nil: there is no cluster to ask. It does no I/O.
func New(read Read, log *slog.Logger) *Feed {
	return &Feed{read: read, log: log.With("component", "usd"), now: time.Now, asking: make(chan struct{}, 1)}
}

// Rate is what SOL costs as far as is known: read now, or within the last ten seconds. It fails only with ctx.
func (f *Feed) Rate(ctx context.Context) (wire.USD, error) {
	if f.read == nil {
		return wire.USD{Asset: "SOL", Account: Address.String(), Stale: true, Message: "there is no cluster to ask"}, nil
	}

	select {
	case f.asking <- struct{}{}:
	case <-ctx.Done():
		return wire.USD{}, context.Cause(ctx)
	}
	f.ask(ctx)
	<-f.asking

	return f.wire(), context.Cause(ctx)
}

// ask asks the cluster unless that was done lately. Whoever gave up waiting leaves it to the next.
func (f *Feed) ask(ctx context.Context) {
	f.mu.Lock()
	lately := f.now().Sub(f.asked) < askEvery && !f.asked.IsZero()
	f.mu.Unlock()
	if lately {
		return
	}

	asking, done := context.WithTimeout(ctx, askFor)
	defer done()
	price, err := f.readPrice(asking)
	if ctx.Err() != nil {
		return
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil && (f.err == nil || f.err.Error() != err.Error()) {
		f.log.InfoContext(ctx, "the price of SOL in US dollars is not known now", "err", err)
	}
	f.asked, f.err = f.now(), err
	if err == nil && price.Published >= f.price.Published { // an endpoint may be behind another
		f.price = price
	}
}

func (f *Feed) readPrice(ctx context.Context) (Price, error) {
	accounts, err := f.read(ctx, Address)
	if err != nil {
		return Price{}, err
	}
	return ReadAccount(&accounts[0])
}

// wire is what is known, in the words of the API.
func (f *Feed) wire() wire.USD {
	f.mu.Lock()
	defer f.mu.Unlock()
	rate := wire.USD{Asset: "SOL", Account: Address.String(), Stale: true}
	if f.err != nil {
		rate.Message = f.err.Error()
	}
	if f.price.Published == 0 {
		return rate
	}

	age := max(0, f.now().Unix()-f.price.Published)
	rate.Price, rate.PriceExact = new(f.price.Float()), new(f.price.String())
	rate.Confidence = new(f.price.ConfidenceFloat())
	rate.PublishTime, rate.Age = new(f.price.Published), &age
	rate.Stale = age > int64(StaleAfter.Seconds())
	if rate.Stale && rate.Message == "" {
		rate.Message = "the feed was not written lately"
	}
	return rate
}
