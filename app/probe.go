//go:build desktop

package app

import (
	"context"
	"sync"

	"spinscope/backend/cluster"
	"spinscope/backend/config"
)

// EndpointQuestion is an endpoint to be tried, as it stands in the dialog.
type EndpointQuestion struct {
	Cluster    string              `json:"cluster"`
	Endpoint   config.FormEndpoint `json:"endpoint"` // empty for the cluster's own
	ProgramID  string              `json:"program_id"`
	Commitment string              `json:"commitment"`
}

// probes are the endpoints being tried. The zero value has none. Safe for concurrent use.
type probes struct {
	mu   sync.Mutex
	next int
	stop map[int]context.CancelFunc
}

// begin gives a context that ends with stopAll, and how to leave.
func (t *probes) begin() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.Background())
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stop == nil {
		t.stop = map[int]context.CancelFunc{}
	}
	t.next++
	id := t.next
	t.stop[id] = cancel
	return ctx, func() {
		cancel()
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.stop, id)
	}
}

func (t *probes) stopAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, stop := range t.stop {
		stop()
	}
}

// TestEndpoint tries an endpoint as the feed would use it, for at most ten seconds. Masked addresses stand for the stored
// ones.
func (a *App) TestEndpoint(question EndpointQuestion) cluster.Report {
	now := a.server.settings()
	stored := now.Config
	if file, err := config.ReadFile(now.Origin.File); err == nil {
		stored = config.Overlay(file.Config, now.Config, now.Origin.Fixed)
	}

	endpoint, problem := question.Endpoint.Unmask(stored)
	if problem != nil {
		return cluster.Report{Problem: problem.Key + ": " + problem.Hint(), Checks: []cluster.Check{}}
	}

	ctx, done := a.probes.begin()
	defer done()

	report, err := cluster.Try(ctx, now.DataDir, cluster.Choice{
		Cluster: question.Cluster, Endpoint: endpoint, ProgramID: question.ProgramID, Commitment: question.Commitment,
	})
	if err != nil {
		return cluster.Report{Problem: "stopped", Checks: []cluster.Check{}}
	}
	return report
}

// StopTests ends every TestEndpoint that is under way.
func (a *App) StopTests() { a.probes.stopAll() }
