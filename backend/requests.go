package backend

import (
	"context"
	"errors"
	"time"

	"spinscope/backend/alert"
	"spinscope/backend/cluster"
	"spinscope/backend/export"
	"spinscope/backend/offline"
	"spinscope/backend/wire"
)

// ErrNotRunning is returned for requests to a backend that has no open store.
var ErrNotRunning = errors.New("the server is not running")

// Export writes what a request asks for to a file, whole or not at all, and its manifest beside it (export.FileWithManifest).
// The format is the one that the file's name ends in; a request that asks for another is refused, and one with a format
// gives it to a name without an ending. progress is called now and then, from the same goroutine.
func (b *Backend) Export(ctx context.Context, request export.Request, path string, progress func(export.Progress)) (export.Manifest, error) {
	b.mu.Lock()
	source := offline.Stored{Store: b.store, Accounts: b.accounts}
	b.mu.Unlock()
	if source.Store == nil {
		return export.Manifest{}, ErrNotRunning
	}

	format, err := export.NamedFormat(path, request.Format)
	if err != nil {
		return export.Manifest{}, err
	}

	request.Format = format
	return export.FileWithManifest(ctx, path, source, request, progress)
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
