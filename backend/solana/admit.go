package solana

import (
	"context"
	"fmt"
)

// greetings is how often a new connection's first question is asked: an endpoint that is gone is left soon for the next.
const greetings = 2

// admit asks whose chain the endpoint serves and lets the configuration decide on it.
func (c *shared) admit(ctx context.Context, rpc *rpcClient, endpoint Endpoint) error {
	if c.config.Admit == nil {
		return nil
	}
	var genesis string
	question := genesisCall(&genesis)
	if err := rpc.do(ctx, greetings, question); err != nil {
		return fmt.Errorf("ask %s for its chain: %w", endpoint, err)
	}
	if err := firstError([]*call{question}); err != nil {
		return fmt.Errorf("ask %s for its chain: %w", endpoint, err)
	}
	if err := c.config.Admit(genesis); err != nil {
		return fmt.Errorf("%s: %w", endpoint, err)
	}
	return nil
}
