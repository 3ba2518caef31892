package cluster

import (
	"context"
	"log/slog"

	"spinscope/backend/market"
	"spinscope/backend/simnet"
	"spinscope/backend/solana"
)

// Demo is the simulated cluster that the app brings along. It stands in the place of a configured one, and has no past
// before its start.
type Demo struct {
	*Source
	net *simnet.Net
}

// NewDemo makes the simulated cluster and the source that reads it; it does no I/O.
func NewDemo(o Options) *Demo {
	net := simnet.New(demo(o.Config.ProgramID, o.Logger))
	o.Ready = func(ctx context.Context) ([]solana.Endpoint, error) {
		select {
		case <-net.Ready():
			return []solana.Endpoint{{RPC: net.RPCURL(), WS: net.WSURL()}}, nil
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return &Demo{NewSource(o), net}
}

func demo(programID string, log *slog.Logger) simnet.Config {
	cfg := simnet.Default()
	cfg.Program, _ = market.ParsePubkey(programID) // validated
	cfg.Rate = 6                                   // lively enough that the token shown moves every few seconds
	cfg.HistoryTransactions = 9000                 // below the backfill limit, so that a first start has it all
	cfg.Derive, cfg.Logger = solana.ProgramAddress, log
	return cfg
}

// RunNet runs the simulated cluster until ctx ends.
func (d *Demo) RunNet(ctx context.Context) error { return d.net.Run(ctx) }

// Gateway is where the demo's documents on IPFS are asked for, once it runs.
func (d *Demo) Gateway(ctx context.Context) (string, error) {
	select {
	case <-d.net.Ready():
		return d.net.GatewayURL(), nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}
