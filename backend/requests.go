package backend

import (
	"context"
	"errors"
	"fmt"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/cluster"
	"spinscope/backend/export"
	"spinscope/backend/market"
	"spinscope/backend/offline"
	"spinscope/backend/wire"
)

// ErrNotRunning is returned for requests to a backend that has no open store.
var ErrNotRunning = errors.New("the server is not running")

// ExportCandles writes a mint's candles to a file, whole or not at all, in the format that its name ends in, and returns
// the number of rows. progress is called now and then with the rows so far.
func (b *Backend) ExportCandles(ctx context.Context, mint market.Pubkey, interval market.Interval, path string, progress func(rows int)) (int, error) {
	b.mu.Lock()
	opened := b.store
	b.mu.Unlock()
	if opened == nil {
		return 0, ErrNotRunning
	}

	format, err := export.NamedFormat(path, "")
	if err != nil {
		return 0, err
	}

	from, to := export.Always()
	request := export.Request{
		Kind: export.Candles, Format: format, Mints: []market.Pubkey{mint}, Interval: interval, From: from, To: to,
	}
	rows, err := export.File(ctx, path, offline.Stored{Store: opened}, request, func(p export.Progress) { progress(int(p.Rows)) })
	if err != nil {
		return 0, fmt.Errorf("export %s candles of %s: %w", interval, mint, err)
	}

	return int(rows), nil
}

// LoadHistory reads older history from the cluster while the server runs, and returns when it is stored
// (cluster.Source.LoadHistory).
func (b *Backend) LoadHistory(ctx context.Context, reach cluster.Reach) error {
	b.mu.Lock()
	history := b.history
	b.mu.Unlock()
	if history == nil {
		return ErrNotRunning
	}
	return history(ctx, reach)
}

// SaveAlert adds a rule to the data directory's rule file, or replaces the one with its id, and returns it as it was
// written (alert.File.SaveRule). It works whether or not the backend runs; a running one uses the rule at once.
func (b *Backend) SaveAlert(rule wire.AlertRule) (wire.AlertRule, error) {
	saved, err := alert.At(b.options.DataDir).SaveRule(rule, time.Now())
	if err == nil {
		b.alertRulesChanged()
	}
	return saved, err
}

// DeleteAlert takes a rule out of the rule file. It returns alert.ErrNoRule when there is none with the id.
func (b *Backend) DeleteAlert(id string) error {
	err := alert.At(b.options.DataDir).Remove(id)
	if err == nil {
		b.alertRulesChanged()
	}
	return err
}

func (b *Backend) alertRulesChanged() {
	b.mu.Lock()
	running := b.alerts
	b.mu.Unlock()
	if running != nil {
		running.Changed()
	}
}
